"""What is sealed opens in its place and nowhere else, whatever is made of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    NexusSerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)

from runtime.sealing.codec import (
    OLD_BEGINS_WITHIN,
    OLD_READ_WITHIN,
    ReferralCodec,
    may_stand,
    reference_of,
)
from runtime.sealing.converter import referral_converter
from runtime.sealing.places import ENCODING, NOT_ENCRYPTED, PayloadRefused, Place, is_refused, mark, take_mark
from stores.keys.referral_keys import DataKey, KeyStore

REFERENCE = "RJ-7KQ4-M2XD"
ID = f"referral/{REFERENCE}"
SECRET = Payload(metadata={"encoding": b"json/plain", "hint": b"kept"}, data=b'"Canary"')
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)


class OwnKeys(KeyStore):
    """A key for whatever is asked, the same each time; another for another salt."""

    def __init__(self, salt: bytes = b"ours", since: datetime = EARLIER) -> None:
        self._salt = salt
        self._since = since

    async def get(self, reference: str) -> DataKey:
        return DataKey(reference, (self._salt + reference.encode()).ljust(32, b".")[:32])

    async def places_named_since(self) -> datetime:
        return self._since


KEYS = OwnKeys()


def of_workflow(workflow_id: str = ID, namespace: str = "default") -> WorkflowSerializationContext:
    return WorkflowSerializationContext(namespace=namespace, workflow_id=workflow_id)


def of_activity(workflow_id: str | None = ID) -> ActivitySerializationContext:
    return ActivitySerializationContext(
        namespace="default",
        activity_id="1",
        activity_type="carry",
        activity_task_queue="referrals",
        workflow_id=workflow_id,
        workflow_type=None,
        is_local=False,
    )


def codec(context: SerializationContext, place: Place, keys: KeyStore = KEYS) -> ReferralCodec:
    return ReferralCodec(keys).with_context(context).at(place)


async def sealed(
    place: Place = Place.UPDATE, context: SerializationContext | None = None, keys: KeyStore = KEYS
) -> Payload:
    [one] = await codec(context or of_workflow(), place, keys).encode([SECRET])
    return one


async def sealed_before(reference: str = REFERENCE, keys: KeyStore = KEYS) -> Payload:
    """As it was until seals named their place."""
    key = await keys.get(reference)
    data = key.seal(SECRET.SerializeToString(), reference.encode())
    return Payload(metadata={"encoding": ENCODING, "encryption-key-id": reference.encode()}, data=data)


async def test_a_payload_is_sealed_whole_and_names_its_key_and_place() -> None:
    one, again = await sealed(), await sealed()
    assert b"Canary" not in one.SerializeToString()
    assert b"kept" not in one.SerializeToString()
    assert one.data != again.data
    assert dict(one.metadata) == {
        "encoding": ENCODING,
        "encryption-key-id": REFERENCE.encode(),
        "seal-version": b"2",
        "seal-place": b"update",
    }
    assert await codec(of_workflow(), Place.UPDATE).decode([one]) == [SECRET]


@pytest.mark.parametrize("place", Place)
async def test_what_is_sealed_for_one_place_opens_at_no_other(place: Place) -> None:
    one = await sealed(place)
    for other in Place:
        reader = codec(of_workflow(), other)
        if other is place:
            assert await reader.decode([one]) == [SECRET]
            continue
        with pytest.raises(PayloadRefused):
            await reader.decode([one])
        # Nor when it says that it is.
        relabelled = Payload(metadata={**one.metadata, "seal-place": other.encode()}, data=one.data)
        with pytest.raises(PayloadRefused):
            await reader.decode([relabelled])
        [unread] = await reader.open_for_workflow([relabelled])
        assert is_refused(unread)


@pytest.mark.parametrize(
    "elsewhere",
    [
        of_workflow("referral/RJ-7KQ4-M2XE"),
        of_workflow(f"{ID}/notice/12-1"),
        of_workflow(f"{ID}/"),
        of_workflow("service/digest"),
        of_workflow(namespace="default2"),
        # The same letters, divided otherwise.
        of_workflow(ID[1:], namespace="defaultr"),
    ],
)
async def test_what_is_sealed_for_one_workflow_opens_in_no_other(elsewhere: SerializationContext) -> None:
    one = await sealed()
    with pytest.raises(PayloadRefused):
        await codec(elsewhere, Place.UPDATE).decode([one])
    [unread] = await codec(elsewhere, Place.UPDATE).open_for_workflow([one])
    assert is_refused(unread)
    moved = Payload(metadata={**one.metadata, "encryption-key-id": b"RJ-7KQ4-M2XE"}, data=one.data)
    with pytest.raises(PayloadRefused):
        await codec(elsewhere, Place.UPDATE).decode([moved])


async def test_an_activity_and_its_workflow_share_what_passes_between_them() -> None:
    [answer] = await ReferralCodec(KEYS).with_context(of_activity()).encode([SECRET])
    [opened] = await codec(of_workflow(), Place.ACTIVITY_ANSWER).open_for_workflow([answer])
    assert take_mark(opened) == b"activity answer"
    assert opened == SECRET
    with pytest.raises(PayloadRefused):
        await ReferralCodec(KEYS).with_context(of_activity()).decode([answer])
    argument = await sealed(Place.ACTIVITY)
    assert await ReferralCodec(KEYS).with_context(of_activity()).decode([argument]) == [SECRET]


async def test_only_a_start_of_a_days_workflow_is_sealed_for_its_schedule() -> None:
    run = of_workflow("service/digest-2026-11-26T08:30:00Z")
    start = await sealed(Place.START, of_workflow("service/digest"))
    assert await codec(run, Place.START).decode([start]) == [SECRET]
    update = await sealed(Place.UPDATE, of_workflow("service/digest"))
    with pytest.raises(PayloadRefused):
        await codec(run, Place.UPDATE).decode([update])
    with pytest.raises(PayloadRefused):
        await codec(of_workflow("service/reassign/a/b"), Place.START).decode([start])


@pytest.mark.parametrize(
    "context",
    [
        None,
        of_workflow(),
        of_workflow("somebody"),
        of_workflow("referral/"),
        of_activity(),
        of_activity(None),
        NexusSerializationContext(endpoint="e", service="s", operation="o"),
    ],
)
async def test_nothing_in_the_clear_is_read_in_any_context(context: SerializationContext | None) -> None:
    reader = ReferralCodec(KEYS)
    reader = reader.with_context(context) if context else reader
    with capture_logs() as said, pytest.raises(PayloadRefused):
        await reader.decode([SECRET])
    [alert] = said
    assert alert["alert"] == "payload_refused"
    assert b"Canary".decode() not in str(alert)
    [unread] = await reader.open_for_workflow([SECRET])
    assert dict(unread.metadata) == {"encoding": NOT_ENCRYPTED}
    assert unread.data == b""


@pytest.mark.parametrize("context", [of_workflow("somebody"), of_workflow("referral/"), of_activity(None)])
async def test_a_context_without_a_referral_never_encodes(context: SerializationContext) -> None:
    with pytest.raises(PayloadRefused, match="Nothing is sent to Temporal unencrypted"):
        await ReferralCodec(KEYS).with_context(context).encode([SECRET])


async def test_another_installations_seal_is_refused() -> None:
    for other in (await sealed(keys=OwnKeys(b"theirs")), await sealed_before(keys=OwnKeys(b"theirs"))):
        with pytest.raises(PayloadRefused):
            await codec(of_workflow(), Place.UPDATE).decode([other])
        [unread] = await codec(of_workflow(), Place.UPDATE).open_for_workflow([other])
        assert is_refused(unread)


async def test_what_was_refused_stays_refused_when_it_is_passed_on() -> None:
    refused = Payload(metadata={"encoding": NOT_ENCRYPTED})
    [passed_on] = await codec(of_workflow(), Place.ACTIVITY).encode([refused])
    reader = referral_converter(KEYS).with_context(of_activity())
    with pytest.raises(PayloadRefused):
        await reader.decode([passed_on])


# Seals of before


async def test_an_old_seal_is_read_in_what_began_before_and_begins_nothing_after() -> None:
    [opened] = await codec(of_workflow(), Place.UPDATE).open_for_workflow([await sealed_before()])
    place = take_mark(opened)
    assert opened == SECRET
    in_time = (EARLIER + OLD_BEGINS_WITHIN - timedelta(seconds=1)).timestamp()
    too_late = (EARLIER + OLD_BEGINS_WITHIN + timedelta(seconds=1)).timestamp()
    assert may_stand(place, [Place.UPDATE], in_time)
    assert not may_stand(place, [Place.UPDATE], too_late)


async def test_an_old_seal_does_not_become_a_new_one_or_the_other_way_about() -> None:
    old, new = await sealed_before(), await sealed()
    old.metadata["seal-version"], old.metadata["seal-place"] = b"2", b"update"
    del new.metadata["seal-version"], new.metadata["seal-place"]
    for forged in (old, new):
        [unread] = await codec(of_workflow(), Place.UPDATE).open_for_workflow([forged])
        assert is_refused(unread)


async def test_callers_and_activities_read_an_old_seal_for_a_month() -> None:
    old = await sealed_before()
    lately = OwnKeys(since=datetime.now(UTC) - OLD_READ_WITHIN + timedelta(hours=1))
    assert await codec(of_activity(), Place.ACTIVITY, lately).decode([old]) == [SECRET]
    with pytest.raises(PayloadRefused, match="older version"):
        await codec(of_activity(), Place.ACTIVITY).decode([old])


def test_an_unmarked_payload_stands_nowhere() -> None:
    assert not may_stand(None, list(Place), 0)


# Whatever comes

anything = st.builds(
    Payload,
    metadata=st.dictionaries(
        st.sampled_from(
            ["encoding", "encryption-key-id", "seal-version", "seal-place", "rj-place", "messageType"]
        )
        | st.text(max_size=20),
        st.sampled_from(
            [ENCODING, NOT_ENCRYPTED, b"json/plain", REFERENCE.encode(), b"2", b"3", b"update", b"old until "]
        )
        | st.binary(max_size=200),
        max_size=8,
    ),
    data=st.binary(max_size=300),
)


def refused_alike(payload: Payload) -> None:
    """By callers and activities by the one declared exception, and by a workflow by one that nobody can read."""

    async def look() -> None:
        for context in (of_workflow(), of_activity()):
            reader = ReferralCodec(KEYS).with_context(context)
            for place in Place:
                with pytest.raises(PayloadRefused):
                    await reader.at(place).decode([payload])
            [unread] = await reader.open_for_workflow([payload])
            assert is_refused(unread)

    asyncio.run(look())


@given(anything)
def test_whatever_a_stranger_sends_is_refused_and_nothing_else_happens(payload: Payload) -> None:
    refused_alike(payload)


ONE = asyncio.run(sealed())
OLD = asyncio.run(sealed_before())


@given(st.sampled_from([ONE, OLD]), st.data())
def test_one_bit_that_is_altered_is_noticed(original: Payload, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, len(original.data) * 8 - 1))
    altered = bytearray(original.data)
    altered[bit // 8] ^= 1 << bit % 8
    refused_alike(Payload(metadata=dict(original.metadata), data=bytes(altered)))


@given(st.sampled_from([ONE, OLD]), st.data())
def test_what_is_cut_off_or_added_to_is_noticed(original: Payload, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(original.data) - 1))
    refused_alike(Payload(metadata=dict(original.metadata), data=original.data[:kept]))
    more = data.draw(st.binary(min_size=1, max_size=100))
    refused_alike(Payload(metadata=dict(original.metadata), data=original.data + more))


@given(st.binary(max_size=300))
def test_what_is_sealed_and_is_no_payload_is_refused(plain: bytes) -> None:
    async def look() -> None:
        key = await KEYS.get(REFERENCE)
        context = of_workflow()
        [template] = await codec(context, Place.UPDATE).encode([SECRET])
        bound = ReferralCodec(KEYS).with_context(context)._bound
        assert bound is not None
        forged = Payload(metadata=dict(template.metadata), data=key.seal(plain, bound.data[b"update"]))
        try:
            await codec(context, Place.UPDATE).decode([forged])
        except PayloadRefused:
            [unread] = await codec(context, Place.UPDATE).open_for_workflow([forged])
            assert is_refused(unread)

    asyncio.run(look())


async def test_metadata_of_any_size_are_refused_at_once() -> None:
    huge = Payload(metadata={**ONE.metadata, "seal-place": b"x" * 3_000_000}, data=ONE.data)
    with pytest.raises(PayloadRefused):
        await codec(of_workflow(), Place.UPDATE).decode([huge])
    many = Payload(metadata={str(number): b"x" for number in range(50_000)}, data=b"")
    with pytest.raises(PayloadRefused):
        await codec(of_workflow(), Place.UPDATE).decode([many])


@pytest.mark.parametrize(
    ("workflow_id", "reference"),
    [
        ("referral/RJ-7KQ4-M2XD", "RJ-7KQ4-M2XD"),
        ("referral/RJ-7KQ4-M2XD/notice/12", "RJ-7KQ4-M2XD"),
        ("service/digest-2026-11-26", "installation"),
        ("referral/", None),
        ("referral", None),
        ("other/RJ-7KQ4-M2XD", None),
        ("", None),
    ],
)
def test_the_reference_in_a_workflow_id(workflow_id: str, reference: str | None) -> None:
    assert reference_of(workflow_id) == reference


def test_a_key_at_hand_is_used_without_waiting() -> None:
    encoding = codec(of_workflow(), Place.UPDATE).encode([SECRET])
    with pytest.raises(StopIteration):
        encoding.send(None)


def test_a_mark_is_never_sent() -> None:
    async def look() -> None:
        marked = Payload()
        marked.CopyFrom(SECRET)
        mark(marked, Place.QUERY.encode())
        [one] = await ReferralCodec(KEYS).with_context(of_workflow()).encode([marked])
        assert await codec(of_workflow(), Place.QUERY).decode([one]) == [SECRET]

    asyncio.run(look())
