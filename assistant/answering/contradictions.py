"""Passages that state other figures or dates for the same thing: found by rule, shown side by side.

Nothing is decided: the reader sees both, the newest first. Precision counts more than recall, for a
false alarm makes a right answer look wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import combinations, product

from assistant.answering.facts import Figure, figures_of
from assistant.answering.terms import folded, named_terms, terms
from assistant.answering.units import Unit, context_terms, units_of
from assistant.domain.answers import Notice, Passage
from assistant.domain.french import french_date
from assistant.domain.marks import MarkKind

_ASKS: dict[MarkKind, re.Pattern[str]] = {
    MarkKind.PERCENTAGE: re.compile(r"\b(?:taux|pourcentages?|part|quotite)\b"),
    MarkKind.AMOUNT: re.compile(
        r"\b(?:montants?|plafonds?|plafonne\w*|plancher|prix|couts?|tarifs?|sommes?|franchise)\b"
    ),
    MarkKind.DATE: re.compile(r"\b(?:dates?|quand|echeances?|jusqu'a|avant quel|quel jour)\b"),
    MarkKind.DURATION: re.compile(r"\b(?:delais?|durees?|temps)\b"),
}
"""By which words a question asks for a kind of figure."""
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_MOST_PASSAGES = 6
"""Passages compared, best first: figures further down are rarely about the same thing."""
_MOST_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on two sentences speak of the same thing; `python -m eval contradictions` measures them."""

    coverage: float = 0.6
    """Share of the question's words that each passage must hold, its title and headings included."""
    rate_words: int = 1
    """Words of the question, or "taux", that each of two sentences about a rate must hold. Documents
    hold few rates."""
    other_words: int = 2
    """The same for amounts, dates and durations, of which documents hold many."""
    most_figures: int = 3
    """A sentence with more figures of a kind is a list, of which none can be told to be the one asked for."""
    same_words: float = 0.7
    """Share of common words from which two sentences of one document speak of the same thing."""


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Side:
    """What one passage says."""

    passage: Passage
    words: str
    """Its sentence, as one plain line."""
    figure: str
    """The figures or dates of the kind in question, as written."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two or more passages that disagree."""

    sides: tuple[Side, ...]
    """The newest first; undated ones last, in order of rank."""


def find_contradictions(
    question: str, *, passages: Sequence[Passage], thresholds: Thresholds = THRESHOLDS
) -> tuple[Contradiction, ...]:
    """What the first passages disagree about that the question asks, two things at most.

    Documents disagree when each holds the question's words, all its names among them, and the
    sentences of theirs that are nearest to it give other figures of the kind it asks for, not told
    of other years. Within one document the two sentences must besides say the same but for the
    figure.
    """
    compared = [(passage, units_of(passage)) for passage in passages[:_MOST_PASSAGES]]
    found: list[Contradiction] = []
    for kind in _asked(question):
        sides = _sides(question, kind=kind, compared=compared, thresholds=thresholds)
        pairs = [
            pair
            for pair in combinations(sides, 2)
            if _disagree(*pair, kind=kind, same_words=thresholds.same_words)
        ]
        chosen = {side.passage.marker: side for pair in pairs for side in pair}
        if chosen:
            found.append(Contradiction(tuple(sorted(chosen.values(), key=_newest_first))))
    return tuple(found[:_MOST_SHOWN])


def contradiction_notice(contradiction: Contradiction) -> Notice:
    """The sentence that names both sources of a disagreement, with their dates."""
    return Notice(
        "sources_disagree", {"sides": " ; ".join(_told(side) for side in contradiction.sides)}
    )


def _told(side: Side) -> str:
    chunk = side.passage.chunk
    day = f", {french_date(chunk.date)}" if chunk.date else ""
    return f"{side.figure} [{side.passage.marker}] (« {chunk.title} »{day})"


def _newest_first(side: Side) -> tuple[int, int]:
    day = side.passage.chunk.date or date.min
    return (-day.toordinal(), side.passage.marker)


def _asked(question: str) -> list[MarkKind]:
    plain = folded(question)
    return [kind for kind, asks in _ASKS.items() if asks.search(plain)]


def _sides(
    question: str,
    *,
    kind: MarkKind,
    compared: Sequence[tuple[Passage, list[Unit]]],
    thresholds: Thresholds,
) -> list[Side]:
    """What each passage says of the kind asked for, in its sentence nearest to the question.

    Of one document only the passages nearest to the question count, equal ones all.
    """
    wanted = set(terms(question))
    needed = thresholds.rate_words if kind is MarkKind.PERCENTAGE else thresholds.other_words
    fewest, names = min(needed, len(wanted)), named_terms(question)
    found: list[tuple[int, Side]] = []
    nearest: dict[str, int] = {}
    for passage, units in compared:
        held = context_terms(passage).union(*(unit.terms for unit in units))
        telling = [unit for unit in units if _figures(unit.text, kind=kind)]
        best = max(telling, key=partial(_nearness, wanted=wanted, kind=kind), default=None)
        shared = _nearness(best, wanted=wanted, kind=kind) if best else 0
        figures = dict.fromkeys(
            each.fact.words for each in _figures(best.text if best else "", kind=kind)
        )
        is_told = fewest <= shared and len(figures) <= thresholds.most_figures
        covers = _covers(held, wanted=wanted, least=thresholds.coverage)
        if best is None or not is_told or not covers or not names <= held:
            continue
        found.append((shared, Side(passage, best.text, ", ".join(figures))))
        document = passage.chunk.document_id
        nearest[document] = max(shared, nearest.get(document, 0))
    return [side for shared, side in found if shared == nearest[side.passage.chunk.document_id]]


def _covers(held: set[str], *, wanted: set[str], least: float) -> bool:
    """True when a passage holds enough of the question's words, be it without those of digits.

    « 15 salariés » is answered by « de 10 à 19 salariés ».
    """
    words = {term for term in wanted if not term.isdigit()}
    return any(len(asked & held) >= least * len(asked) for asked in (wanted, words))


def _nearness(unit: Unit, *, wanted: set[str], kind: MarkKind) -> int:
    """Words of the question that a sentence holds, and one more when it names the kind of figure."""
    names_kind = _ASKS[kind].search(folded(unit.text)) is not None
    return len(wanted & unit.terms) + names_kind


def _disagree(one: Side, other: Side, *, kind: MarkKind, same_words: float) -> bool:
    figures = [_figures(side.words, kind=kind) for side in (one, other)]
    if any(left.agrees_with(right) for left, right in product(*figures)):
        return False
    rests = [
        _without(side.words, figures=found)
        for side, found in zip((one, other), figures, strict=True)
    ]
    years = [set(_YEAR.findall(rest)) for rest in rests]
    if years[0] and years[1] and not years[0] & years[1]:
        return False
    if one.passage.chunk.document_id != other.passage.chunk.document_id:
        return True
    words = [set(terms(rest)) for rest in rests]
    return len(words[0] & words[1]) >= same_words * len(words[0] | words[1])


def _figures(text: str, *, kind: MarkKind) -> list[Figure]:
    """The figures of a kind that a sentence states; of dates, those that tell a day."""
    found = [each for each in figures_of(text) if each.fact.kind is kind]
    return [each for each in found if kind is not MarkKind.DATE or each.is_day]


def _without(text: str, *, figures: Sequence[Figure]) -> str:
    for each in reversed(figures):
        start = each.fact.start
        text = f"{text[:start]} {text[start + len(each.fact.words) :]}"
    return text
