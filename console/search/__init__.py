"""Searching for referrals."""

from console.navigation import WORKERS
from console.pages import Page, signed_in
from console.search.searching import search_page
from schemas.people import Role

PAGES: tuple[Page, ...] = (signed_in("/search", search_page, WORKERS | {Role.PARTNER}, ("GET", "POST")),)
