"""The chain of audit entries: what is hashed, what is withheld, and that no tampering goes unseen."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.audit_chain import (
    WITHHELD,
    AuditEntry,
    Fault,
    FaultKind,
    Head,
    chained,
    details_text,
    plain_id,
    serialised,
    time_text,
    walk,
)

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
FIELDS = [each.name for each in fields(AuditEntry) if each.name != "number"]


def chain(length: int, *, of: str = "a") -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(length):
        time = time_text(NOON + timedelta(seconds=number))
        blank = AuditEntry(0, f"{of}{number}", time, "key.created", "t", "p", "s", "{}")
        entries.append(chained(blank, after=entries[-1] if entries else None))
    return entries


def head_of(entry: AuditEntry) -> Head:
    return Head(time_text(NOON), entry.number, entry.hash)


def test_what_is_hashed_is_the_documented_text() -> None:
    details = details_text({"status": 403, "code": "forbidden"})
    blank = AuditEntry(0, "e-1", time_text(NOON), "access.refused", "t-1", "p-1", "s-1", details)

    [first] = [chained(blank, after=None)]

    expected = (
        '{"act":"access.refused","actor":"p-1","details":"{\\"code\\":\\"forbidden\\",'
        '\\"status\\":403}","format":1,"id":"e-1","number":1,"previous":"' + "0" * 64 + '",'
        '"subject":"s-1","tenant":"t-1","time":"2026-11-28T12:00:00.000000Z"}'
    )
    assert serialised(first) == expected.encode()
    assert first.hash == hashlib.sha256(expected.encode()).hexdigest()
    assert first.facts == {"code": "forbidden", "status": 403}
    assert first.moment == NOON


def test_times_are_kept_in_utc_and_sort_as_texts() -> None:
    paris = NOON.astimezone(timezone(timedelta(hours=2)))

    assert time_text(paris) == time_text(NOON) == "2026-11-28T12:00:00.000000Z"
    assert time_text(NOON - timedelta(microseconds=1)) < time_text(NOON)
    assert time_text(NOON.replace(year=26)) == "0026-11-28T12:00:00.000000Z" < time_text(NOON)


@pytest.mark.parametrize(
    "text",
    [
        "Zoé Payet",
        "zoe@exemple.fr",
        "Quel est le délai ?",
        "quel est le délai",
        "x" * 201,
        "a\nb",
        "=1+1",
    ],
)
def test_what_could_be_a_name_or_a_text_is_withheld(text: str) -> None:
    assert details_text({"value": text}) == f'{{"value":"{WITHHELD}"}}'
    assert plain_id(text) == WITHHELD


def test_ids_states_codes_and_counts_are_kept() -> None:
    told = {
        "roles": "agent tenant_admin",
        "count": 3,
        "id": "8c85f270-85d7",
        "none": "",
        "n": -(2**80),
    }

    kept = AuditEntry(0, "", "", "", "", "", "", details_text(told)).facts

    assert kept == {**told, "n": -(2**53 - 1)}


def test_a_tampered_entry_can_still_be_read() -> None:
    broken = replace(chain(1)[0], details="{", time="hier")

    assert broken.facts == {}
    assert replace(broken, details="[1]").facts == {}
    assert broken.moment.year == 1970


def test_an_intact_chain_is_whole_with_all_its_heads() -> None:
    entries = chain(6)

    verdict = walk(entries, heads=map(head_of, entries))

    assert verdict.is_whole
    assert (verdict.entries, verdict.last) == (
        6,
        Head(entries[-1].time, 6, entries[-1].hash),
    )
    assert walk([], heads=[]).is_whole


@given(st.data())
def test_a_changed_entry_is_found(data: st.DataObject) -> None:
    entries = chain(data.draw(st.integers(1, 12)))
    place = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(FIELDS))
    value = data.draw(st.text(max_size=80))
    changed = replace(entries[place], **{field: value})
    if changed == entries[place]:
        return

    entries[place] = changed

    fault = walk(entries, heads=[]).fault
    assert fault is not None
    assert fault.number == place + 1
    assert fault.kind in {FaultKind.CHANGED, FaultKind.UNLINKED}


@given(st.data())
def test_an_entry_changed_with_its_hash_is_found_at_the_next_or_by_a_head(
    data: st.DataObject,
) -> None:
    entries = chain(data.draw(st.integers(1, 12)))
    place = data.draw(st.integers(0, len(entries) - 1))
    heads = [head_of(entries[-1])]
    forged = replace(entries[place], actor="somebody else")
    entries[place] = chained(forged, after=entries[place - 1] if place else None)

    verdict = walk(entries, heads=heads)

    assert not verdict.is_whole
    if place + 1 < len(entries):
        assert verdict.fault == Fault(place + 2, FaultKind.UNLINKED)
    else:
        assert verdict.lost_heads == tuple(heads)


@given(st.data())
def test_a_chain_forged_to_its_end_is_found_by_a_head(data: st.DataObject) -> None:
    entries = chain(data.draw(st.integers(1, 12)))
    place = data.draw(st.integers(0, len(entries) - 1))
    noted = data.draw(st.integers(place, len(entries) - 1))
    heads = [head_of(entries[noted])]
    entries[place] = replace(entries[place], actor="somebody else")
    for number in range(place, len(entries)):
        entries[number] = chained(entries[number], after=entries[number - 1] if number else None)

    verdict = walk(entries, heads=heads)

    assert verdict.fault is None
    assert verdict.lost_heads == tuple(heads)


@given(st.data())
def test_a_removed_entry_is_found(data: st.DataObject) -> None:
    entries = chain(data.draw(st.integers(2, 12)))
    place = data.draw(st.integers(0, len(entries) - 2))
    del entries[place]

    assert walk(entries, heads=[]).fault == Fault(place + 1, FaultKind.MISSING)


@given(st.data())
def test_entries_removed_and_numbered_anew_are_found(data: st.DataObject) -> None:
    entries = chain(data.draw(st.integers(2, 12)))
    place = data.draw(st.integers(0, len(entries) - 2))
    del entries[place]
    entries = [replace(each, number=number) for number, each in enumerate(entries, start=1)]

    fault = walk(entries, heads=[]).fault
    assert fault is not None
    assert fault.number == place + 1


@given(st.data())
def test_another_order_is_found(data: st.DataObject) -> None:
    entries = chain(data.draw(st.integers(2, 12)))
    order = data.draw(st.permutations(range(len(entries))))
    if order == sorted(order):
        return
    moved = [replace(entries[each], number=number) for number, each in enumerate(order, start=1)]

    assert walk(moved, heads=[]).fault is not None


@given(st.data())
def test_an_inserted_entry_is_found(data: st.DataObject) -> None:
    entries = chain(data.draw(st.integers(1, 12)))
    place = data.draw(st.integers(0, len(entries) - 1))
    planted = chained(chain(1, of="z")[0], after=entries[place - 1] if place else None)
    after = [replace(each, number=each.number + 1) for each in entries[place:]]
    renumbered = [*entries[:place], planted, *after]

    assert walk(renumbered, heads=[]).fault is not None
    assert walk([replace(entries[0], number=0), *entries], heads=[]).fault == Fault(
        1, FaultKind.MISSING
    )


@given(st.data())
def test_an_end_cut_off_is_found_by_a_head_and_not_without(data: st.DataObject) -> None:
    entries = chain(data.draw(st.integers(1, 12)))
    kept = data.draw(st.integers(0, len(entries) - 1))
    heads = [head_of(each) for each in entries]

    verdict = walk(entries[:kept], heads=heads)

    assert walk(entries[:kept], heads=[]).is_whole
    assert verdict.fault is None
    assert [head.number for head in verdict.lost_heads] == list(range(kept + 1, len(entries) + 1))


def test_heads_beyond_a_fault_are_not_called_lost() -> None:
    entries = chain(5)
    heads = [head_of(each) for each in entries]
    del entries[2]

    assert walk(entries, heads=heads).lost_heads == ()
