"""Erasing a referral: what will follow, in words, then the reason and its reference, typed as a check."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from console.asked import Asked
from console.errors import Errors
from console.referral.looking import of_referral
from operations.erasure import erase, erasure_prospect
from schemas.reading.reference import parse_reference
from schemas.vocabulary import ErasureReason

REASONS: Mapping[ErasureReason, str] = {
    ErasureReason.REQUEST: "Somebody whom it is about asked for it",
    ErasureReason.RETENTION: "It was kept for as long as it is to be kept",
    ErasureReason.COURT_ORDER: "A court ordered it",
    ErasureReason.ENTERED_IN_ERROR: "It was entered in error",
}
"""Why a referral is erased, as people choose among them."""


@of_referral
async def show_erasing(asked: Asked, reference: str) -> Response:
    """Say what will follow from erasing a referral, and ask why."""
    return await _page(asked, reference, Errors())


@of_referral
async def erase_referral(asked: Asked, reference: str) -> Response:
    """Erase a referral and lead on to what is left of it. Sent twice, it is erased once."""
    reason, errors = asked.posted_text("reason"), Errors()
    if reason not in set(ErasureReason):
        errors.add("reason", "Choose why it is erased.")
    if not _is_reference(asked.posted_text("reference"), reference):
        errors.add("reference", f"Type the reference of this referral: {reference}.")
    if errors:
        return await _page(asked, reference, errors)
    await erase(asked.session.referrals, reference, ErasureReason(reason), asked.session.member.id)
    return asked.redirect(f"/referrals/{reference}")


def _is_reference(typed: str, reference: str) -> bool:
    try:
        return parse_reference(typed) == reference
    except ValueError:
        return False


async def _page(asked: Asked, reference: str, errors: Errors) -> Response:
    found = await erasure_prospect(asked.session, reference, names=not asked.names_hidden)
    if found.already:
        return asked.redirect(f"/referrals/{reference}")
    return asked.show(
        "acting/erase.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        reference=reference,
        closing=found.closing,
        reasons=REASONS,
        reason=asked.posted_text("reason"),
        errors=errors,
    )
