"""Signing in and out."""

from console.pages import Page, public, signed_in
from console.sign_in.leaving import hide_names, sign_out
from console.sign_in.welcome import enter_demo, front_door, sign_in

PAGES: tuple[Page, ...] = (
    public("/", front_door),
    public("/sign-in", sign_in),
    public("/sign-in/demo", enter_demo, ("POST",)),
    signed_in("/sign-out", sign_out, methods=("POST",)),
    signed_in("/hide-names", hide_names, methods=("POST",)),
)
