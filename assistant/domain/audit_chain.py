"""The entries of the audit log: what each holds, how it is hashed, and what breaks their chain.

An entry is hashed as the JSON object of all its fields but the hash, as RFC 8785 writes it: keys
sorted, no spaces, UTF-8. `details` is in it as the text it is kept as.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, cast

FIRST_PREVIOUS: Final = "0" * 64
"""What stands for the hash before the first entry."""
FORMAT: Final = 1
"""Of the serialisation; part of what is hashed."""
WITHHELD: Final = "withheld"
"""Stands for a detail that is no id, state, code or count."""

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_REST = _TIME.removeprefix("%Y")
_WORDS = re.compile(r"[a-z0-9_.:-]+(?: [a-z0-9_.:-]+)*")
_LONGEST = 200
_LARGEST = 2**53 - 1
"""The greatest integer that every reader of JSON keeps."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. Its texts are those of the table, so that what was tampered with can still be read."""

    number: int
    """From 1, without gaps."""
    id: str
    """Random; names the entry to readers who may not learn how many others there are."""
    time: str
    """In UTC to the microsecond, as `time_text` writes it: texts sort as times do."""
    act: str
    tenant: str
    """Id of the tenant that it concerns; empty when nobody knows."""
    actor: str
    """Pseudonym of who did it, or "system"; empty for who is not signed in."""
    subject: str
    """Id of the thing, or pseudonym of the person, that it was done to; may be empty."""
    details: str
    """Ids, states and counts as a JSON object with sorted keys and no spaces."""
    previous: str = FIRST_PREVIOUS
    """Hash of the entry before."""
    hash: str = ""
    """SHA-256 of `serialised`, hexadecimal."""

    @property
    def facts(self) -> dict[str, str | int]:
        """The details; none when their text was tampered with."""
        with suppress(ValueError):
            found: Any = json.loads(self.details)
            if isinstance(found, dict):
                return cast("dict[str, str | int]", found)
        return {}

    @property
    def moment(self) -> datetime:
        """The time, aware; the year 1970 when its text was tampered with."""
        return _moment(self.time)


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain at some time, kept apart from the table."""

    time: str
    """When it was noted, as `time_text` writes it."""
    number: int
    hash: str

    @property
    def moment(self) -> datetime:
        """The time, aware; the year 1970 when its text was tampered with."""
        return _moment(self.time)


class FaultKind(StrEnum):
    """What is wrong with the first entry that does not hold."""

    MISSING = "missing"
    """The number that should follow is not there: removed, or the order was changed."""
    CHANGED = "changed"
    """Its hash is not that of its fields."""
    UNLINKED = "unlinked"
    """It does not continue the entry before it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the chain breaks first."""

    number: int
    kind: FaultKind


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the whole chain found."""

    entries: int
    """How many hold, from the first on."""
    last: Head | None
    """The last of those that hold; None when there is none."""
    fault: Fault | None
    lost_heads: tuple[Head, ...]
    """Heads noted apart that the chain no longer holds; those beyond a fault cannot be told."""

    @property
    def is_whole(self) -> bool:
        """True when nothing was changed, removed, inserted, reordered or cut off, as far as heads tell."""
        return self.fault is None and not self.lost_heads


def time_text(moment: datetime) -> str:
    """A time as entries keep it: `2026-11-28T09:30:00.000000Z`."""
    there = moment.astimezone(UTC)
    # C libraries differ in whether they pad a year, and texts of other lengths do not sort.
    return f"{there.year:04}{there.strftime(_REST)}"


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def details_text(details: Mapping[str, str | int]) -> str:
    """Details as entries keep them; a value that could be a text of somebody is withheld."""
    return _json({str(_told(name)): _told(value) for name, value in details.items()})


def serialised(entry: AuditEntry) -> bytes:
    """What the hash of an entry is made of."""
    held = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name != "hash"}
    return _json({**held, "format": FORMAT}).encode()


def chained(entry: AuditEntry, *, after: AuditEntry | None) -> AuditEntry:
    """An entry as the next one after another, with its number and hashes."""
    number = 1 if after is None else after.number + 1
    previous = FIRST_PREVIOUS if after is None else after.hash
    linked = replace(entry, number=number, previous=previous)
    return replace(linked, hash=sha256(serialised(linked)).hexdigest())


def walk(entries: Iterable[AuditEntry], *, heads: Iterable[Head]) -> Verdict:
    """Walk along the chain to its first fault.

    Args:
        entries: All of them, by number.
        heads: What was noted apart; each must be an entry of the chain that holds.
    """
    wanted: dict[int, list[Head]] = {}
    for head in heads:
        wanted.setdefault(head.number, []).append(head)
    last: AuditEntry | None = None
    fault: Fault | None = None
    lost: list[Head] = []
    for entry in entries:
        fault = _fault_of(entry, after=last)
        if fault is not None:
            break
        last = entry
        lost += [head for head in wanted.pop(entry.number, ()) if head.hash != entry.hash]
    if fault is None:
        lost += _flat(wanted)
    found = None if last is None else Head(last.time, last.number, last.hash)
    return Verdict(0 if last is None else last.number, found, fault, tuple(lost))


def _fault_of(entry: AuditEntry, *, after: AuditEntry | None) -> Fault | None:
    right = chained(entry, after=after)
    if entry.number != right.number:
        return Fault(right.number, FaultKind.MISSING)
    if entry.previous != right.previous:
        return Fault(entry.number, FaultKind.UNLINKED)
    return None if entry.hash == right.hash else Fault(entry.number, FaultKind.CHANGED)


def _flat(wanted: Mapping[int, list[Head]]) -> Iterator[Head]:
    for number in sorted(wanted):
        yield from wanted[number]


def _told(value: str | int) -> str | int:
    if isinstance(value, int):
        return min(max(int(value), -_LARGEST), _LARGEST)
    is_plain = not value or (len(value) <= _LONGEST and _WORDS.fullmatch(value) is not None)
    return value if is_plain else WITHHELD


def plain_id(text: str) -> str:
    """An id as entries keep it; anything that is no id is withheld."""
    return text if not text or (" " not in text and _told(text) == text) else WITHHELD


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
