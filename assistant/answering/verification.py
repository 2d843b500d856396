"""Compares each statement of an answer with the passages it cites.

Facts first (figures, dates, references, names must stand in the passages), then what is said of being in
force, then negation against the nearest sentence, then the share of its words that the passages hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.answering.contraries import contrary
from assistant.answering.facts import Fact, Holdings, facts_of, flat
from assistant.answering.polarity import disagreement
from assistant.answering.sourcing import Need, leads, need_of, told_figures
from assistant.answering.statements import Statement, StatementReader
from assistant.answering.terms import terms
from assistant.domain.answers import Passage
from assistant.domain.documents import LinkKind
from assistant.domain.french import french_date
from assistant.domain.links import standing_of
from assistant.domain.marks import Mark, MarkKind
from ingest.sentences import split_sentences

LEAST_COVERAGE = 0.34
"""Fitted by `python -m eval verification` on its even pairs: share of a statement's terms, whole passage
and nearest sentence averaged, below which it is another thing."""
_LEAST_TERMS = 3
"""A statement of fewer terms is not judged by them."""
_NEAR = 0.5
"""Share of a statement's terms that a sentence must hold for its negation to be compared."""
_SAME = 0.8
"""Share of a statement's words without figures that a sentence holds when it says the same."""
_FROM_ABOVE = frozenset({MarkKind.NAME, MarkKind.DATE, MarkKind.NUMBER, MarkKind.REFERENCE})
"""Facts that a title or heading may tell; its bare figures are no amounts."""
_GRAVITY = tuple(MarkKind)
_MARKUP = re.compile(r"\[\d+\]|[*_`]+")
_FIGURES = re.compile(r"\d+")
"""A file's name may tell a town that its text takes for granted, but its figures prove nothing."""
_IN_FORCE = re.compile(r"(?<!pas )(?<!plus )(?<!jamais )\ben vigueur\b")


class Evidence:
    """A passage as statements are compared with it; each view is made once, when needed."""

    def __init__(self, passage: Passage, *, is_successor: bool = False) -> None:
        """Take a passage; `is_successor` when its document is known to have replaced another."""
        self._is_successor = is_successor
        self.marker = passage.marker
        chunk = passage.chunk
        day = french_date(chunk.date) if chunk.date else ""
        file = _FIGURES.sub("", chunk.file)
        around = (chunk.title, *chunk.locator.section, day, standing_of(chunk), file)
        self._around = "\n".join(filter(None, around))
        self._chunk = chunk
        self._holdings: dict[int, Holdings] = {}

    def holds(self, fact: Fact) -> bool:
        """True when it supports a fact, by its text or by what stands above it."""
        return self._whole.holds(fact) or self._holds_above(fact)

    def holds_at(self, sentence: int, fact: Fact) -> bool:
        """True when one of its sentences supports a fact, or what stands above it."""
        if sentence not in self._holdings:
            text = self.sentences[sentence][0]
            self._holdings[sentence] = Holdings(text, day=self._chunk.date)
        return self._holdings[sentence].holds(fact) or self._holds_above(fact)

    @cached_property
    def _whole(self) -> Holdings:
        return Holdings(self._chunk.text, day=self._chunk.date)

    @cached_property
    def _above(self) -> Holdings:
        return Holdings(self._around)

    def _holds_above(self, fact: Fact) -> bool:
        return fact.kind in _FROM_ABOVE and self._above.holds(fact)

    @cached_property
    def terms(self) -> frozenset[str]:
        """Its terms, with those of its title and headings."""
        return frozenset(terms(f"{self._around}\n{self._chunk.text}"))

    @cached_property
    def sentences(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Its sentences with their terms."""
        text = self._chunk.text
        pieces = (text[start:end] for start, end in split_sentences(text))
        return tuple((piece, frozenset(terms(piece))) for piece in pieces)

    @cached_property
    def says_in_force(self) -> bool:
        """True when it says that something is in force, or took another's place, and still stands."""
        successor = self._chunk.successor
        is_past = successor is not None and successor.kind is not LinkKind.MODIFIES
        if is_past or self._chunk.status is not None:
            return False
        return self._is_successor or _IN_FORCE.search(flat(self._chunk.text)) is not None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a statement is not supported."""

    kind: MarkKind
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement read once, to be compared with several passages."""

    text: str
    """Without markers and emphasis."""
    facts: tuple[Fact, ...]
    terms: frozenset[str]
    says_in_force: bool

    @classmethod
    def of(cls, statement: str) -> Claim:
        """Read one sentence, item or row."""
        text = _MARKUP.sub("", statement)
        in_force = _IN_FORCE.search(flat(text)) is not None
        return cls(text, tuple(facts_of(text)), frozenset(terms(text)), in_force)


def compare(
    claim: Claim, evidence: Sequence[Evidence], *, least_coverage: float = LEAST_COVERAGE
) -> Problem | None:
    """What is wrong with a statement, None when the passages support it.

    Args:
        claim: The statement.
        evidence: The passages it cites, at least one.
        least_coverage: In [0, 1]; below it, the passages speak of something else.
    """
    facts = [fact for fact in claim.facts if not any(each.holds(fact) for each in evidence)]
    if facts:
        return _missing(facts)
    if claim.says_in_force and not any(each.says_in_force for each in evidence):
        return Problem(MarkKind.IN_FORCE)
    near, sentence = _nearest(claim.terms, evidence)
    is_judged = len(claim.terms) >= _LEAST_TERMS
    if is_judged and _coverage(claim.terms, evidence, near=near) < least_coverage:
        return Problem(MarkKind.MEANING)
    if exchanged := _elsewhere(claim, evidence):
        return Problem(MarkKind.EXCHANGED, exchanged)
    if near >= _NEAR and (
        words := disagreement(claim.text, sentence) or contrary(claim.text, sentence)
    ):
        return Problem(MarkKind.NEGATION, (words,))
    return None


def coverage(claim: Claim, evidence: Sequence[Evidence]) -> float:
    """How much of a statement's terms the passages hold, in [0, 1].

    The mean of the share that all their words hold and of the one that their nearest sentence holds.
    """
    return _coverage(claim.terms, evidence, near=_nearest(claim.terms, evidence)[0])


def _coverage(wanted: frozenset[str], evidence: Sequence[Evidence], *, near: float) -> float:
    held = frozenset[str]().union(*(each.terms for each in evidence))
    return (len(wanted & held) / max(len(wanted), 1) + near) / 2


def _nearest(wanted: frozenset[str], evidence: Sequence[Evidence]) -> tuple[float, str]:
    """The sentence that holds most of some terms, and which share of them."""
    best, found = 0, ""
    for each in evidence:
        for sentence, held in each.sentences:
            shared = len(wanted & held)
            if shared > best:
                best, found = shared, sentence
    return best / max(len(wanted), 1), found


def _elsewhere(claim: Claim, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Words that no sentence holds among those which say all the rest of a statement.

    Empty when no sentence of the passages is so near: the statement then sums several up.
    """
    others = frozenset(term for term in claim.terms if not _is_figure(term))
    least = max(_SAME * len(others), _LEAST_TERMS)
    fewest: tuple[str, ...] = ()
    for each in evidence if claim.facts else ():
        for at, (_, held) in enumerate(each.sentences):
            if len(others & held) < least:
                continue
            lacking = tuple(fact.words for fact in claim.facts if not each.holds_at(at, fact))
            if not lacking:
                return ()
            fewest = min(fewest or lacking, lacking, key=len)
    return fewest


def _is_figure(term: str) -> bool:
    return any(map(str.isdigit, term))


def _missing(facts: Sequence[Fact]) -> Problem:
    kind = min((fact.kind for fact in facts), key=_GRAVITY.index)
    return Problem(kind, tuple(dict.fromkeys(fact.words for fact in facts)))


class Verifier:
    """Marks the statements of one answer while it streams; any cut of it gives the same marks.

    A statement with markers is judged as soon as it is complete, one without at the end of its
    paragraph, whose other citations may support it.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        successors = {
            chunk.successor.document_id
            for chunk in (passage.chunk for passage in passages)
            if chunk.successor and chunk.successor.kind is not LinkKind.MODIFIES
        }
        self._evidence = {
            passage.marker: Evidence(passage, is_successor=passage.chunk.document_id in successors)
            for passage in passages
        }
        self._reader = StatementReader()
        self._removed: list[int] = []
        self._unsourced: list[Statement] = []
        self._block: dict[int, None] = {}
        self._last: Statement | None = None
        self._marks: list[Mark] = []

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks so far, in order of the text."""
        return tuple(sorted(self._marks, key=lambda mark: mark.start))

    def remove(self, place: int) -> None:
        """Note that a marker of no passage was removed at an offset of the text, before it is fed."""
        self._removed.append(place)

    def feed(self, piece: str) -> list[Mark]:
        """The marks that this piece of the text makes certain."""
        return self._kept(self._judge(self._reader.feed(piece)))

    def finish(self, *, is_whole: bool = True) -> list[Mark]:
        """The last marks; the last statement of an answer that was cut is not judged."""
        rest = self._reader.finish()
        marks = self._kept(self._judge(rest if is_whole else rest[:-1]))
        marks += self._kept(self._close_block())
        last = self._last
        is_marked = last is not None and last.start in {mark.start for mark in self._marks}
        if self._removed and last and not is_marked and is_whole:
            marks += self._kept(iter([_mark(last, Problem(MarkKind.UNKNOWN_SOURCE))]))
        return marks

    def _kept(self, found: Iterator[Mark]) -> list[Mark]:
        marks = list(found)
        self._marks += marks
        return marks

    def _judge(self, statements: Sequence[Statement]) -> Iterator[Mark]:
        for statement in statements:
            if statement.opens_block and not (self._last and leads(self._last)):
                yield from self._close_block()
            self._last = statement
            self._block.update(dict.fromkeys(statement.markers))
            if self._has_unknown(statement):
                yield _mark(statement, Problem(MarkKind.UNKNOWN_SOURCE))
            elif cited := self._known(statement.markers):
                claim = Claim.of(statement.text)
                if (problem := compare(claim, cited)) is not None:
                    yield self._misplaced(statement, claim) or _mark(statement, problem)
            elif need_of(statement) is not Need.NOTHING:
                self._unsourced.append(statement)

    def _close_block(self) -> Iterator[Mark]:
        cited = self._known(tuple(self._block))
        for statement in self._unsourced:
            if not cited or not _is_supported(statement, cited):
                yield _mark(statement, Problem(MarkKind.UNCITED))
        self._unsourced, self._block = [], {}

    def _has_unknown(self, statement: Statement) -> bool:
        own = [place for place in self._removed if place <= statement.end]
        self._removed = self._removed[len(own) :]
        return bool(own)

    def _known(self, markers: Sequence[int]) -> list[Evidence]:
        return [self._evidence[marker] for marker in markers if marker in self._evidence]

    def _misplaced(self, statement: Statement, claim: Claim) -> Mark | None:
        """The mark of a statement that other passages support than those it cites."""
        for marker, evidence in self._evidence.items():
            if marker not in statement.markers and compare(claim, [evidence]) is None:
                return _mark(statement, Problem(MarkKind.MISPLACED), found_in=(marker,))
        return None


def _is_supported(statement: Statement, cited: Sequence[Evidence]) -> bool:
    """True when the sources of its paragraph hold what a statement without markers needs."""
    claim = Claim.of(statement.text)
    if need_of(statement) is Need.ALL:
        return compare(claim, cited) is None
    return all(any(each.holds(fact) for each in cited) for fact in told_figures(claim.text))


def _mark(statement: Statement, problem: Problem, *, found_in: tuple[int, ...] = ()) -> Mark:
    return Mark(
        kind=problem.kind,
        sentence=statement.text,
        start=statement.start,
        end=statement.end,
        words=problem.words,
        markers=statement.markers,
        found_in=found_in,
    )
