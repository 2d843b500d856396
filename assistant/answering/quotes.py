"""Answers without a model: the sentences of the passages that fit a question best, each cited."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import partial

from assistant.answering.contradictions import Contradiction
from assistant.answering.pages import page_of
from assistant.answering.terms import folded, terms
from assistant.answering.units import Unit, cleaned, context_terms, units_of
from assistant.domain.answers import Citation, Passage, Question
from assistant.domain.catalogue import sentence
from assistant.domain.french import french_date
from assistant.domain.links import standing_of

_MOST_QUOTES = 5
_MOST_PER_PASSAGE = 2
_QUOTE_CHARS = 420
_START_CHARS = 300
_SHORTEST_WORDS = 4
_LEAST_SHARE_OF_BEST = 0.55
"""A quote weaker than this share of the best one is left out."""
_CONTEXT_WEIGHT = 0.35
_RANK_WEIGHT = 0.15
_FIGURE_WEIGHT = 0.25
_LARGEST_OVERLAP = 0.8
_FIGURES = (
    (
        r"dates?|quand|echeances?|annees?",
        r"\d{1,2}(?:er)? (?:janv|fev|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec)|\d/\d|\b(?:19|20)\d\d\b",
    ),
    (
        r"montants?|plafonds?|planchers?|couts?|prix|budgets?|sommes?|combien",
        r"\d\s*(?:€|k€|m€|euros)",
    ),
    (r"taux|pourcentages?", r"\d\s*%"),
    (
        r"delais?|durees?|combien de temps",
        r"(?:\d|un|deux|trois|quatre|six|douze|quinze) (?:jours?|semaines?|mois|ans?|annees?|heures?)\b",
    ),
    (r"nombre|combien|seuils?|ages?", r"\d"),
)
"""What a question asks for by these words, and what a sentence that tells it looks like."""
_ASKED = tuple((re.compile(rf"\b(?:{asked})\b"), re.compile(told)) for asked, told in _FIGURES)
_WORDS_FOR_FIGURES = frozenset(
    terms(
        "date échéance montant somme nombre durée délai année coût prix tarif part total horaire temps"
    )
)
_WORDS_FOR_FIGURES_WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class Quotes:
    """A search-only answer."""

    text: str
    citations: tuple[Citation, ...]
    """Empty when nothing supports an answer; `text` then says so."""


def quote_answer(
    question: Question,
    *,
    passages: Sequence[Passage],
    contradictions: Sequence[Contradiction] = (),
) -> Quotes:
    """The answer without a model: up to five quotes, grouped by document.

    Args:
        question: One that stands alone.
        passages: Where the quotes come from.
        contradictions: What passages disagree about; all sides are quoted when one of them is, before
            anything else and the newest first.

    Returns:
        Text and one citation per passage quoted; without citations when no passage shares enough
        of the question's words, with a text that says so and names the nearest documents.
    """
    units = [unit for passage in passages for unit in units_of(passage)]
    weights = _weights(question, passages=passages)
    if not weights:
        return Quotes(text=no_evidence(passages), citations=())
    chosen = _choose(units, weights=weights, question=question, count=len(passages))
    if not chosen:
        return Quotes(text=no_evidence(passages), citations=())
    sides = _sides_beside(chosen, contradictions=contradictions)
    return _composed([*sides, *(unit for unit in chosen if unit.text not in _texts(sides))])


def best_quote(statement: str, *, passage: Passage) -> str:
    """The words of a passage to show for a statement: its nearest sentence, else its beginning."""
    wanted = set(terms(statement))
    units = units_of(passage)
    best = max(units, key=lambda unit: len(wanted & unit.terms), default=None)
    if best is not None and wanted & best.terms:
        return _shortened(best.text, limit=_QUOTE_CHARS)
    return _shortened(cleaned(passage.chunk.text), limit=_START_CHARS)


def cited(passage: Passage, *, quote: str) -> Citation:
    """The citation of a passage by some of its words, at their page."""
    page = page_of(quote, chunk=passage.chunk)
    return Citation(passage.marker, passage.chunk, quote, passage.also, page)


def nearest_titles(passages: Sequence[Passage]) -> list[str]:
    """Titles of the documents of the first passages, three at most, each once."""
    titles = dict.fromkeys(_title([passage]) for passage in passages)
    return list(titles)[:3]


def no_evidence(passages: Sequence[Passage]) -> str:
    """Says that nothing found answers, which documents are nearest, and what to do next."""
    return f"{sentence('answer_no_evidence')}\n\n{way_on(passages)}"


def way_on(passages: Sequence[Passage]) -> str:
    """What every refusal ends on: the nearest documents, if any, and what to do next."""
    lines: list[str] = []
    titles = nearest_titles(passages)
    if titles:
        lines += [sentence("answer_nearest"), *(f"- {title}" for title in titles), ""]
    return "\n".join([*lines, sentence("answer_next_step")])


def _title(passages: Sequence[Passage]) -> str:
    """Of one document, with what is to know of any of its passages."""
    chunk = passages[0].chunk
    title = cleaned(chunk.title)
    day = french_date(chunk.date) if chunk.date else ""
    standings = dict.fromkeys(cleaned(standing_of(passage.chunk)) for passage in passages)
    facts = ", ".join(filter(None, (day, *standings)))
    return f"{title} ({facts})" if facts else title


def _weights(question: Question, *, passages: Sequence[Passage]) -> dict[str, float]:
    """Weight of each term of the question: the rarer among the passages, the heavier."""
    held = [context_terms(passage) | set(terms(passage.chunk.text)) for passage in passages]
    weights: dict[str, float] = {}
    for term in terms(question.text):
        frequency = sum(term in words for words in held)
        share = _WORDS_FOR_FIGURES_WEIGHT if term in _WORDS_FOR_FIGURES else 1.0
        weights[term] = share * math.log(1 + (len(held) + 1) / (frequency + 1))
    return weights


def _coverage(words: set[str] | frozenset[str], *, weights: dict[str, float]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in words) / total


def _choose(
    units: Sequence[Unit], *, weights: dict[str, float], question: Question, count: int
) -> list[Unit]:
    asked = [told for asks, told in _ASKED if asks.search(folded(question.text))]
    score = partial(_score, weights=weights, asked=asked, count=count)
    ranked = sorted(units, key=lambda unit: (-score(unit), unit.passage.marker))
    chosen: list[Unit] = []
    for unit in ranked:
        if len(chosen) == _MOST_QUOTES or score(unit) <= 0:
            break
        if chosen and score(unit) < _LEAST_SHARE_OF_BEST * score(chosen[0]):
            break
        per_passage = sum(other.passage is unit.passage for other in chosen)
        if per_passage < _MOST_PER_PASSAGE and not any(_repeats(unit, other) for other in chosen):
            chosen.append(unit)
    return chosen


def _sides_beside(chosen: Sequence[Unit], *, contradictions: Sequence[Contradiction]) -> list[Unit]:
    """The sentences of all sides of the disagreements in which a chosen quote takes part."""
    quoted = {unit.passage.marker for unit in chosen}
    return [
        Unit(side.passage, side.words, frozenset(terms(side.words)))
        for each in contradictions
        if quoted & {side.passage.marker for side in each.sides}
        for side in each.sides
    ]


def _texts(units: Sequence[Unit]) -> set[str]:
    return {unit.text for unit in units}


def _score(
    unit: Unit, *, weights: dict[str, float], asked: Sequence[re.Pattern[str]], count: int
) -> float:
    own = _coverage(unit.terms, weights=weights)
    if own <= 0 or len(unit.text.split()) < _SHORTEST_WORDS:
        return 0.0
    around = _coverage(context_terms(unit.passage) - unit.terms, weights=weights)
    tells_figure = any(told.search(folded(unit.text)) for told in asked)
    rank = 1 - (unit.passage.marker - 1) / count
    return own + _CONTEXT_WEIGHT * around + _FIGURE_WEIGHT * tells_figure + _RANK_WEIGHT * rank


def _repeats(unit: Unit, other: Unit) -> bool:
    union = unit.terms | other.terms
    numbers = {term for term in unit.terms ^ other.terms if any(sign.isdigit() for sign in term)}
    return not numbers and len(unit.terms & other.terms) >= _LARGEST_OVERLAP * len(union)


def _composed(chosen: Sequence[Unit]) -> Quotes:
    groups: dict[str, list[Unit]] = {}
    for unit in chosen:
        groups.setdefault(unit.passage.chunk.document_id, []).append(unit)
    blocks: list[str] = []
    citations: dict[int, Citation] = {}
    for units in sorted(groups.values(), key=partial(_is_followed, among=groups)):
        lines = [f"**{_title([unit.passage for unit in units])}**"]
        for unit in sorted(units, key=lambda unit: unit.passage.chunk.ordinal):
            quote = _shortened(unit.text, limit=_QUOTE_CHARS)
            marker = unit.passage.marker
            lines.append(f"- « {quote} » [{marker}]")
            citations.setdefault(marker, cited(unit.passage, quote=quote))
        blocks.append("\n".join(lines))
    ordered = tuple(citations[marker] for marker in sorted(citations))
    return Quotes(text="\n\n".join(blocks), citations=ordered)


def _is_followed(units: Sequence[Unit], *, among: Container[str]) -> bool:
    """True when what took the place of a document is quoted too: that one comes first."""
    successors = (unit.passage.chunk.successor for unit in units)
    return any(each is not None and each.document_id in among for each in successors)


def _shortened(text: str, *, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit].rsplit(' ', 1)[0]} […]"
