"""The funnel: how far referrals came, counted from the event log alone, each figure with the rule it is counted by.

A step that was taken back by a correction does not count. An erased referral still does, for nothing is counted from
what is Sensitive. That a person is one harmed or responsible is told by their id, which begins with h or r.

A referral that another area took over counts in each area for what happened there: from when it was received, or taken
over, until another area took it over. Two figures need both sides (`both_consented`, `prepared`): they count in the
area where the second of the two happened, as the first still holds. An item counts where it was agreed, and as
completed wherever it was completed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.areas import Area
from schemas.base import Model
from schemas.vocabulary import ClosureReason, Method, Source, Stage, Verdict
from stores.database import Pool


class Figure(Model):
    """One figure.

    Attributes:
        name: a stable name for scripts.
        counts: what is counted: referrals, or items of agreements.
        rule: when one counts.
        count: how many.
    """

    name: str
    counts: str
    rule: str
    count: int


class Closures(Model):
    """How many referrals are closed for one reason, having left one stage."""

    reason: ClosureReason
    stage: Stage
    count: int


class Funnel(Model):
    """All figures, in the order of the lifecycle, and the closures, most first."""

    figures: tuple[Figure, ...]
    closures: tuple[Closures, ...]

    def count(self, name: str) -> int:
        """The figure of that name."""
        return next(figure.count for figure in self.figures if figure.name == name)


CLOSURES_RULE = (
    "The referral is closed now; where it was reopened and closed again, its last closing counts. "
    "The stage is the one it left."
)


@dataclass(frozen=True)
class _Counted:
    """A figure as it is asked: `where` is a condition on what is known of one referral, one row of _FACTS."""

    name: str
    rule: str
    where: str


def _said(kind: str, **fields: str) -> str:
    """SQL: whether a referral has an event of that kind with those fields, that happened in the area asked for."""
    return _held(kind, **fields, here="")


def _held(kind: str, **fields: str) -> str:
    """SQL: the same, wherever it happened."""
    here = ["here"] if fields.pop("here", None) is not None else []
    conditions = [
        f"kind = '{kind}'",
        *(f"body ->> '{field}' {test}" for field, test in fields.items()),
        *here,
    ]
    return f"coalesce(bool_or({' AND '.join(conditions)}), FALSE)"


def _last(kind: str, field: str) -> str:
    """SQL: the value a field had when an event of that kind last gave one in the area asked for."""
    given = f"here AND kind = '{kind}' AND body ->> '{field}' IS NOT NULL"
    return f"(array_agg(body ->> '{field}' ORDER BY sequence DESC) FILTER (WHERE {given}))[1]"


def _any_of(methods: Sequence[Method]) -> str:
    listed = ", ".join(f"'{method}'" for method in methods)
    return f"IN ({listed})"


_H, _R = "LIKE 'h%'", "LIKE 'r%'"
_DIRECT = _any_of([method for method in Method if method.direct])
_INDIRECT = _any_of([method for method in Method if not method.direct])
_OWN_CONSENT = {"purpose": "= 'take_part'", "by_guardian": "IS NULL"}

# What is known of each referral: a column each.
_FACTS = {
    "received": _said("referral_received"),
    "received_by_transfer": _said("transfer_accepted"),
    "transferred_away": "bool_or(left_it)",
    "linked": _said("referral_received", linked_to="IS NOT NULL"),
    "attempted": _said("contact_attempted", participant=_H),
    "informed": _said("information_given", participant=_H),
    "contacted": _said("contact_attempted", participant=_H, outcome="= 'reached'"),
    "interested": _said("interest_recorded", participant=_H, interest="= 'interested'"),
    "verdict": _last("risk_verdict_given", "verdict"),
    "plea": _last("court_updated", "plea"),
    "adjourned": _last("court_updated", "adjourned"),
    "approached": _said("contact_attempted", participant=_R),
    "acknowledged": _said("facts_acknowledged", acknowledges="= 'true'"),
    "harmed_consented": _said("consent_given", participant=_H, **_OWN_CONSENT),
    "consented": _said("consent_given", participant=_R, form="= 'written'", **_OWN_CONSENT),
    "harmed_consent_held": _held("consent_given", participant=_H, **_OWN_CONSENT),
    "consent_held": _held("consent_given", participant=_R, form="= 'written'", **_OWN_CONSENT),
    "harmed_prepared": _said("preparation_meeting_held", participant=_H),
    "responsible_prepared": _said("preparation_meeting_held", participant=_R),
    "harmed_preparation_held": _held("preparation_meeting_held", participant=_H),
    "responsible_preparation_held": _held("preparation_meeting_held", participant=_R),
    "direct_held": _said("activity_held", method=_DIRECT),
    "indirect_held": _said("activity_held", method=_INDIRECT),
    "agreement": _said("agreement_made"),
    "closed": (
        "coalesce((array_agg(kind ORDER BY sequence DESC)"
        " FILTER (WHERE here AND kind IN ('referral_closed', 'referral_reopened')))[1] = 'referral_closed', FALSE)"
    ),
    "reopened": _said("referral_reopened"),
}

_FUNNEL = (
    _Counted("received", "A referral was sent to the service.", "received"),
    _Counted(
        "received_by_transfer",
        "The service took it over from another area; it is not counted as received there as well.",
        "received_by_transfer",
    ),
    _Counted("transferred_away", "Another area took it over.", "transferred_away"),
    _Counted("re_referred", "It takes up an earlier, closed referral to which it is linked.", "linked"),
    _Counted("attempted", "An attempt was made to reach a person harmed.", "attempted"),
    _Counted("contacted", "An attempt reached a person harmed.", "contacted"),
    _Counted("informed", "A person harmed was told what restorative justice is.", "informed"),
    _Counted("interested", "A person harmed said, at any time, that they are interested.", "interested"),
    _Counted("undecided", "The last word of a person harmed is that they are undecided.", "undecided"),
    _Counted("declined", "The last word of a person harmed is no.", "declined"),
    *(
        _Counted(
            f"assessed_{verdict}",
            f"The last verdict of the risk assessment is: {verdict.replace('_', ' ')}.",
            f"verdict = '{verdict}'",
        )
        for verdict in Verdict
    ),
    _Counted("plea_guilty", "The last plea recorded is guilty.", "plea = 'guilty'"),
    _Counted("adjourned", "The last court news is that sentencing was adjourned.", "adjourned = 'true'"),
    _Counted("approached", "An attempt was made to reach a person responsible.", "approached"),
    _Counted("acknowledged", "A person responsible acknowledged the basic facts.", "acknowledged"),
    _Counted(
        "consented",
        "A person responsible consented in writing to take part, withdrawn later or not.",
        "consented",
    ),
    _Counted(
        "both_consented",
        "A person responsible consented in writing, and a person harmed consented, to take part.",
        "consent_held AND harmed_consent_held AND (consented OR harmed_consented)",
    ),
    _Counted(
        "prepared",
        "A person harmed and a person responsible each had a preparation meeting.",
        "harmed_preparation_held AND responsible_preparation_held AND (harmed_prepared OR responsible_prepared)",
    ),
    _Counted("direct_held", "The two sides met, in person or by video, wholly or partly.", "direct_held"),
    _Counted("indirect_held", "An indirect exchange was held, wholly or partly.", "indirect_held"),
    _Counted("agreements", "An outcome agreement was made.", "agreement"),
    _Counted("closed", "Closed now.", "closed"),
    _Counted("reopened", "It was reopened at least once.", "reopened"),
)

_ITEMS = (
    _Counted("agreement_items", "An item of an outcome agreement.", "TRUE"),
    _Counted("items_completed", "An item that was recorded as completed.", "completed"),
)

# The kinds of events that anything is counted by: a quarter of all events.
_KINDS = sorted(
    {kind for sql in _FACTS.values() for kind in re.findall(r"kind = '(\w+)'", sql)}
    | {"referral_received", "transfer_accepted", "interest_recorded", "agreement_made"}
    | {"referral_closed", "referral_reopened"}
)

# What counts: the events of the referrals asked for, without those of steps that were taken back. A referral was in an
# area from `since` to before `until`; what happened elsewhere before that is known, and does not count here.
_COUNTED = f"""
candidate AS (
    -- A referral is in its own area, or has been in another one.
    SELECT reference FROM referral WHERE $1::text [] IS NULL OR area = ANY($1)
    UNION SELECT reference FROM event WHERE kind = 'transfer_accepted'
),
asked AS (
    SELECT reference FROM event JOIN candidate USING (reference)
    WHERE sequence = 1
        AND ($2::text IS NULL OR body ->> 'source' = $2) AND ($3::text [] IS NULL OR reference = ANY($3))
        AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5)
),
been AS (
    SELECT reference, body ->> 'area' AS area, sequence AS since,
        lead(sequence, 1, 9223372036854775807) OVER (PARTITION BY reference ORDER BY sequence) AS until
    FROM event JOIN asked USING (reference) WHERE kind IN ('referral_received', 'transfer_accepted')
),
stay AS (
    SELECT reference, since, until FROM been WHERE $1::text [] IS NULL OR area = ANY($1)
),
gone AS (
    SELECT reference, (body ->> 'corrects')::bigint AS step FROM event WHERE kind = 'step_corrected'
),
known AS (
    SELECT event.*, sequence >= since AS here, until < 9223372036854775807 AS left_it
    FROM event JOIN stay USING (reference)
    WHERE sequence < until AND kind = ANY(ARRAY[{", ".join(f"'{kind}'" for kind in _KINDS)}])
        AND NOT EXISTS (SELECT FROM gone WHERE gone.reference = event.reference AND gone.step = event.step)
),
counted AS (
    SELECT * FROM known WHERE here
)
"""  # noqa: S608


def _counts(figures: Sequence[_Counted]) -> str:
    return ", ".join(f"count(*) FILTER (WHERE {each.where}) AS {each.name}" for each in figures)


# Nothing from outside stands in these queries: they are put together of the constants above.
_REFERRALS_SQL = f"""
WITH {_COUNTED},
last_word AS (
    SELECT DISTINCT ON (reference, body ->> 'participant') reference, body ->> 'interest' AS interest FROM counted
    WHERE kind = 'interest_recorded' AND body ->> 'participant' {_H}
    ORDER BY reference, body ->> 'participant', sequence DESC
),
words AS (
    SELECT reference, bool_or(interest = 'undecided') AS undecided, bool_or(interest = 'declined') AS declined
    FROM last_word GROUP BY reference
),
facts AS (
    SELECT reference, {", ".join(f"{sql} AS {name}" for name, sql in _FACTS.items())} FROM known GROUP BY reference
)
SELECT {_counts(_FUNNEL)} FROM facts LEFT JOIN words USING (reference)
"""  # noqa: S608

_ITEMS_SQL = f"""
WITH {_COUNTED},
items AS (
    SELECT reference, item ->> 'id' AS id FROM counted, json_array_elements(body -> 'items') AS item
    WHERE kind = 'agreement_made'
),
completed AS (
    SELECT DISTINCT reference, body ->> 'item' AS id FROM event JOIN asked USING (reference)
    WHERE NOT EXISTS (SELECT FROM gone WHERE gone.reference = event.reference AND gone.step = event.step)
    AND kind = 'agreement_item_settled' AND body ->> 'outcome' = 'completed'
),
facts AS (
    SELECT completed.id IS NOT NULL AS completed FROM items LEFT JOIN completed USING (reference, id)
)
SELECT {_counts(_ITEMS)} FROM facts
"""  # noqa: S608

_CLOSURES_SQL = f"""
WITH {_COUNTED},
last_turn AS (
    SELECT DISTINCT ON (reference) kind, body FROM counted
    WHERE kind IN ('referral_closed', 'referral_reopened') ORDER BY reference, sequence DESC
)
SELECT body ->> 'reason' AS reason, body ->> 'stage' AS stage, count(*) AS count FROM last_turn
WHERE kind = 'referral_closed' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""  # noqa: S608


async def funnel(
    pool: Pool,
    *,
    areas: Collection[Area] | None = None,
    source: Source | None = None,
    references: Sequence[str] | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
) -> Funnel:
    """Count the funnel.

    Args:
        areas: only referrals of these areas; None: of all.
        source: only referrals that this kind of agency, or the person themselves, sent.
        references: only these referrals.
        since: only referrals that were sent to the service then or later, aware; all that became of them counts.
        before: only referrals that were sent to the service before then, aware.
    """
    async with pool.snapshot() as connection:
        wanted = (list(areas) if areas is not None else None, source, references, since, before)
        [of_referrals] = await connection.fetch(_REFERRALS_SQL, *wanted)
        [of_items] = await connection.fetch(_ITEMS_SQL, *wanted)
        closures = await connection.fetch(_CLOSURES_SQL, *wanted)
    figures = [
        Figure(name=each.name, counts="referrals", rule=each.rule, count=of_referrals[each.name])
        for each in _FUNNEL
    ]
    items = [
        Figure(name=each.name, counts="items", rule=each.rule, count=of_items[each.name]) for each in _ITEMS
    ]
    # Items belong after the agreements that they are part of.
    after = 1 + next(place for place, figure in enumerate(figures) if figure.name == "agreements")
    return Funnel(
        figures=(*figures[:after], *items, *figures[after:]),
        closures=tuple(Closures.model_validate(dict(row)) for row in closures),
    )
