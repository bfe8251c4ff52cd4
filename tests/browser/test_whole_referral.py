"""A whole referral by clicks alone: somebody harmed asks to be called, and four people lead it to its follow-up."""

from __future__ import annotations

from datetime import datetime

from playwright.async_api import Page, expect

from schemas.areas import LONDON
from tests.browser.caseload import AREA, CASEWORKER, FACILITATOR, SUPERVISOR, Caseload
from tests.browser.conftest import Desks
from tests.browser.hands import begin_step, fill_in, go_on, open_referral, record, take_step

CO_FACILITATOR = f"{AREA}-fa-2"
FORM = "2026.1"


async def test_a_referral_goes_from_the_public_form_to_its_follow_up(
    desks: Desks, caseload: Caseload
) -> None:
    reference = await ask_to_be_called(await desks.sit_down(None, phone=True), AREA)
    supervisor = await desks.sit_down(SUPERVISOR)
    await allocate(supervisor, reference, CASEWORKER)
    caseworker = await desks.sit_down(CASEWORKER)
    await reach_and_inform(caseworker, reference)
    await assess(caseworker)
    await sign_off(supervisor, reference)
    await ask_the_person_responsible(caseworker)
    await choose_a_method(caseworker, FACILITATOR, CO_FACILITATOR)
    facilitator = await desks.sit_down(FACILITATOR)
    await prepare_and_be_refused(facilitator, reference)
    await override(supervisor, reference)
    await take_step(facilitator, "record_activity_held")
    await take_step(facilitator, "record_follow_up", participant="h1", contact="check_in")
    await expect(facilitator.locator(".rj-identity")).to_contain_text("Follow-up")


async def ask_to_be_called(page: Page, area: str) -> str:
    """Answer the public form on a telephone, and return the reference that it ends with."""
    await page.goto("/self-referral")
    await go_on(page)
    answers = {
        "messages": {"leave_message": "no"},
        "others": {"others": "nobody"},
        "times": {"hours": "morning"},
        "ways": {"ways": "phone", "phone": "07700 900771"},
        "about": {"who": "harmed"},
        "area": {"area": area},
        "name": {"name": "Perdita Invented"},
    }
    while (name := page.url.rpartition("/")[2]) != "check":
        await fill_in(page, answers.get(name, {}))
        await go_on(page)
    await go_on(page)
    return (await page.locator(".govuk-panel strong").inner_text()).strip()


async def allocate(page: Page, reference: str, caseworker: str) -> None:
    """Find it among what nobody has yet, and give it to a caseworker."""
    await page.goto("/team")
    await page.get_by_role("link", name="nobody's yet").click()
    await page.get_by_role("link", name=reference).first.click()
    await take_step(page, "record_duplicate_check")
    await take_step(page, "allocate", caseworker=caseworker)


async def reach_and_inform(page: Page, reference: str) -> None:
    """Reach the person harmed from one's worklist, inform them, and record that they want to take part."""
    await page.goto("/my-work")
    await page.get_by_role("listitem").filter(has_text=reference).get_by_role("button").first.click()
    await fill_in(page, {"channel": "phone", "outcome": "reached", "note": "She asked for a call on Monday."})
    await record(page)
    await inform(page, "h1")
    await take_step(page, "record_interest", participant="h1", interest="interested")
    await consent(page, "h1", "take_part")
    await consent(page, "h1", "share_risk_information", agencies="probation")
    await take_step(page, "begin_risk_assessment")


async def inform(page: Page, participant: str) -> None:
    """Record that somebody was told what restorative justice is."""
    offered = {"interpreter_offered": "true", "legal_advice_offered": "true"}
    await take_step(page, "record_information_given", participant=participant, channel="phone", **offered)


async def consent(page: Page, participant: str, purpose: str, **more: str) -> None:
    """Record a consent in writing."""
    given = {"participant": participant, "purpose": purpose, "form": "written", "form_version": FORM}
    await take_step(page, "give_consent", **given, **more)


async def assess(page: Page) -> None:
    """Answer all factors about the person harmed and between the two, one of them high, and give the verdict."""
    for about in ("Perdita I.", "The two together"):
        await begin_step(page, "record_risk_assessment")
        await page.get_by_role("navigation", name="Who is assessed").get_by_role("link", name=about).click()
        for factor in await page.locator(".rj-factor").all():
            await factor.get_by_label("Low", exact=True).check()
        await page.locator("#factor-threats").get_by_label("High").check()
        await record(page)
    await take_step(page, "record_risk_verdict", verdict="proceed_indirect")


async def sign_off(page: Page, reference: str) -> None:
    """Read it all on one page, and sign it off."""
    await page.goto("/team")
    await (
        page.get_by_role("row")
        .filter(has_text=reference)
        .get_by_role("button", name="Read and decide")
        .click()
    )
    await page.get_by_label("I sign it off").check()
    await go_on(page)
    await expect(page.locator("main")).to_contain_text(f"Recorded: your decision on {reference}")


async def ask_the_person_responsible(page: Page) -> None:
    """Reach the person responsible, who acknowledges the facts and consents."""
    await page.get_by_role("link", name="Overview").click()
    await take_step(page, "record_contact_attempt", participant="r1", channel="phone", outcome="reached")
    await inform(page, "r1")
    await take_step(page, "record_acknowledgement", participant="r1", acknowledges="true")
    await consent(page, "r1", "take_part")
    await take_step(page, "begin_preparation")


async def choose_a_method(page: Page, facilitator: str, co_facilitator: str) -> None:
    """Letters, to which both consent, and who facilitates."""
    who = {"facilitator": facilitator, "co_facilitator": co_facilitator, "advanced_practitioner": "true"}
    await take_step(page, "assign_facilitators", **who)
    await take_step(page, "choose_method", method="letter")
    for participant in ("h1", "r1"):
        await consent(page, participant, "method_indirect")


async def prepare_and_be_refused(page: Page, reference: str) -> None:
    """Prepare both, confirm that the risk stands, book the exchange, and be told what stands in its way."""
    await open_referral(page, reference)
    for participant in ("h1", "r1"):
        await take_step(page, "record_preparation_meeting", participant=participant, channel="in_person")
    await take_step(page, "reconfirm_risk")
    now = datetime.now(LONDON)
    day = {"starts_at-day": f"{now.day}", "starts_at-month": f"{now.month}", "starts_at-year": f"{now.year}"}
    await take_step(page, "book_activity", **day, **{"starts_at-time": f"{now:%H:%M}"})
    # It begins with this minute, before the risk was confirmed.
    await begin_step(page, "record_activity_held")
    await go_on(page)
    await expect(page.get_by_role("alert")).to_contain_text("a supervisor must override this with a reason")
    await page.get_by_role("link", name=f"Back to {reference}").click()


async def override(page: Page, reference: str) -> None:
    """Let it count all the same, with a reason."""
    await open_referral(page, reference)
    await take_step(
        page, "override_gate", gate="risk_reconfirmation", reason="It was confirmed by telephone."
    )
