"""What may answer for each document at each instant, and what answers and disks show instead.

Every document carries a marker, each of its revisions another, each of its parts a third, so that one
answer tells which revisions of which documents it shows, and whether they are whole.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.schemas.search import SearchResult

NOBODY: Final = ""
"""Stands, among the revisions that may answer, for none."""
_LETTERS: Final = "bcdfghjklm"
"""Of markers: no ending that a stemmer takes off, and no digit that a tokenizer splits at."""
_MARKERS = re.compile(rf"zqd[{_LETTERS}]{{4}}|zqr[{_LETTERS}]{{5}}|zqp[{_LETTERS}]{{2}}")
_FILLER = (
    "La commune prend cette mesure utile aux habitants du quartier, selon les moyens dont elle dispose"
    " cette année, et en rend compte à la séance suivante de son assemblée."
)


def document_marker(number: int) -> str:
    """The word that only one document carries."""
    return "zqd" + _letters(number, width=4)


def revision_marker(number: int) -> str:
    """The word that only one revision of one document carries."""
    return "zqr" + _letters(number, width=5)


def text_of(document: str, revision: str, *, parts: int) -> str:
    """A document in Markdown, each part of which is one passage."""
    articles = [
        f"## Article {part + 1}\n\n{document} {revision} {_part(part)}. {_FILLER}"
        for part in range(parts)
    ]
    return "\n\n".join([f"# Règlement {document}", *articles])


def _part(number: int) -> str:
    return "zqp" + _letters(number, width=2)


def _letters(number: int, *, width: int) -> str:
    return "".join(_LETTERS[int(digit)] for digit in f"{number:0{width}}")


@dataclass
class Shown:
    """What something shows of one document."""

    owners: set[str] = field(default_factory=set[str])
    """Ids of the documents that carry its marker."""
    parts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Passages by (revision, part)."""

    @property
    def revisions(self) -> set[str]:
        return {revision for revision, _ in self.parts}


def shown_by(passages: Iterable[tuple[str, str]]) -> dict[str, Shown]:
    """What passages, told as (id of the document, text), show by marker of the document."""
    shown: defaultdict[str, Shown] = defaultdict(Shown)
    for owner, text in passages:
        document = revision = ""
        for word in _MARKERS.findall(text):
            if word.startswith("zqd"):
                document = word
            elif word.startswith("zqr"):
                revision = word
            elif revision:
                shown[document].owners.add(owner)
                shown[document].parts[revision, word] += 1
    return dict(shown)


def passages_of(results: Iterable[SearchResult]) -> list[tuple[str, str]]:
    """An answer as `shown_by` takes it."""
    return [(each.document_id, each.text) for each in results]


class Expectations:
    """Which revisions may answer for each document, since when. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: defaultdict[str, list[tuple[float, frozenset[str]]]] = defaultdict(list)
        self._parts: dict[str, int] = {}

    @property
    def documents(self) -> list[str]:
        """All that were ever expected."""
        with self._lock:
            return list(self._moments)

    def tell(self, revision: str, *, parts: int) -> None:
        """How long a revision is."""
        self._parts[revision] = parts

    def allow(self, document: str, revisions: frozenset[str]) -> None:
        """From now on only these may answer; `NOBODY` among them allows that none does."""
        with self._lock:
            self._moments[document].append((time.monotonic(), revisions))

    def between(self, document: str, begun: float, ended: float) -> frozenset[str]:
        """All that were allowed at some instant of a time."""
        with self._lock:
            moments = list(self._moments[document])
        before = [revisions for at, revisions in moments if at <= begun]
        within = [revisions for at, revisions in moments if begun < at <= ended]
        held = before[-1] if before else frozenset({NOBODY})
        return held.union(*within)

    def faults(
        self, shown: Mapping[str, Shown], *, asked: Iterable[str], begun: float, ended: float
    ) -> list[str]:
        """What is wrong with an answer.

        Args:
            shown: What it shows.
            asked: Documents that it was asked for, of which nothing may lack.
            begun: When it was asked.
            ended: When it was there.
        """
        wanted = frozenset(asked)
        found: list[str] = []
        for document in sorted(wanted | shown.keys()):
            allowed = self.between(document, begun, ended)
            found += self._faults_of(
                document,
                shown.get(document, Shown()),
                allowed=allowed,
                is_asked=document in wanted,
            )
        return found

    def _faults_of(
        self, document: str, shown: Shown, *, allowed: frozenset[str], is_asked: bool
    ) -> list[str]:
        where = f"{document} shows {sorted(shown.parts)} of {sorted(shown.owners)}, may {sorted(allowed)}"
        if not shown.parts:
            return [f"gap: {where}"] if is_asked and NOBODY not in allowed else []
        found: list[str] = []
        if len(shown.revisions) > 1 or len(shown.owners) > 1 or max(shown.parts.values()) > 1:
            found.append(f"double: {where}")
        if shown.revisions - allowed:
            found.append(f"ghost: {where}")
        if is_asked and any(
            sum(1 for each, _ in shown.parts if each == revision) != self._parts.get(revision)
            for revision in shown.revisions & allowed
        ):
            found.append(f"gap: not whole: {where}")
        return found


def kinds(faults: Sequence[str]) -> set[str]:
    """Of what kind faults are."""
    return {fault.partition(":")[0] for fault in faults}
