"""A referral that goes to another area, where the year has one: offered, then taken over, refused or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lifecycle.case.transfer import who_knows_of_it
from lifecycle.people.consents import in_force
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.referral import TransferOffer
from schemas.vocabulary import Purpose, Stage
from simulation.year.chances import TransferEnd
from simulation.year.duties.consents import consents
from simulation.year.duties.table import WORDS, Case, Todo, duty


@duty()
def transfers(case: Case) -> Iterator[Todo]:
    referral = case.referral
    if referral.transfer_offer is not None:
        yield _answer(case, referral.transfer_offer)
    elif case.course.moves_in is referral.stage and not case.times("transfer_offered"):
        others = [area for area in case.teams if area is not referral.area]
        if others:
            yield from _offer(case, case.pick("moves to", others))


def _offer(case: Case, area: Area) -> Iterator[Todo]:
    asked = who_knows_of_it(case.referral)
    if not all(in_force(case.referral, each, Purpose.TRANSFER) for each in asked):
        for person in asked:
            yield from consents(case, person, Purpose.TRANSFER)
        return
    yield Todo("offer_transfer", case.supervisor, 3, lambda at: c.OfferTransfer(area=area, reason=WORDS))


def _answer(case: Case, offer: TransferOffer) -> Todo:
    there = case.teams[offer.area]
    gets = None if case.pick("owned later", range(4)) == 0 else case.pick("gets", there.caseworkers).id

    def command(at: datetime) -> Command:
        match case.course.transfer:
            case TransferEnd.ACCEPTED:
                return c.AcceptTransfer(caseworker=gets)
            case TransferEnd.REFUSED:
                return c.RefuseTransfer(reason=WORDS)
            case TransferEnd.WITHDRAWN:
                return c.WithdrawTransferOffer(reason=WORDS)

    by = case.supervisor if case.course.transfer is TransferEnd.WITHDRAWN else there.supervisors[0].id
    return Todo(f"transfer/{offer.area}", by, 4, command)


@duty(*(set(Stage) - {Stage.RECEIVED, Stage.CLOSED}))
def nobody_has_it(case: Case) -> Iterator[Todo]:
    """A referral that was taken over without a caseworker gets one."""
    if case.referral.caseworker is None:
        gets = case.pick("gets", case.team.caseworkers).id
        yield Todo(
            f"gets/{case.referral.area}",
            case.supervisor,
            2,
            lambda at: c.Reassign(caseworker=gets, reason=WORDS),
        )
