"""One person of a referral: name, addresses and what makes contact with them safe, shown on asking and logged."""

from __future__ import annotations

from starlette.responses import Response

from casework.referral.page.reading import person_page
from console.asked import Asked
from console.referral.looking import of_referral


@of_referral
async def show_person(asked: Asked, reference: str) -> Response:
    """Show how a person is reached; nothing of it while names are hidden."""
    participant = asked.request.path_params["participant"]
    if asked.names_hidden:
        return asked.show("referral/person_hidden.html", reference=reference, participant=participant)
    found = await person_page(asked.session, reference, participant)
    return asked.show("referral/person.html", head=found.head, person=found.person, contact=found.contact)
