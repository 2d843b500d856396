"""Pairs of passages made by rule from real ones, with a question: do the two sources disagree about it?"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from assistant.domain.answers import Passage
from assistant.domain.ids import ChunkId, DocumentId
from eval.verification_changes import other_of_kind, reworded
from eval.verification_pairs import SEED, read_passages, sentences_of

FIGURES = ("rate", "amount", "date", "duration")
DISAGREEING = (*FIGURES, "one_document")
"""Kinds of pairs of which one passage says another figure of the same thing."""
AGREEING = ("same", "unrelated", "elsewhere", "other_year", "other_area")
_ASKS = {
    "rate": "Quel est le taux :",
    "amount": "Quel est le montant :",
    "date": "À quelle date :",
    "duration": "Quel est le délai :",
}
_AREAS = ("de l'Ain", "du Var", "de la Creuse", "du Cantal", "de l'Orne", "du Gers")
_CONTENT = re.compile(r"\b[^\W\d_]{4,}\b")
_LEAST_ASKED, _MOST_ASKED = 3, 6
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and two passages that were found for it."""

    source: str
    kind: str
    """One of DISAGREEING and AGREEING."""
    question: str
    passages: tuple[Passage, Passage]

    @property
    def is_even(self) -> bool:
        """The half on which thresholds are fitted; the other one is reported."""
        digest = hashlib.sha256(f"{self.source}{self.kind}{self.question}".encode()).digest()
        return digest[0] % 2 == 0


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence with one figure of a kind, and a lie about it."""

    passage: Passage
    sentence: str
    figure: str
    """One of FIGURES."""
    changed: str
    """The sentence with another figure."""
    question: str

    def telling(self, sentence: str) -> Passage:
        """Its passage with another sentence in the place of its own."""
        chunk = self.passage.chunk
        text = " ".join(chunk.text.split()).replace(self.sentence, sentence)
        return replace(self.passage, chunk=replace(chunk, text=text))


def make_pairs(source: str, *, per_kind: int, documents: int, seed: int = SEED) -> list[Pair]:
    """Pairs of one source, the same ones for the same seed.

    Args:
        source: One of `verification_pairs.SOURCES`.
        per_kind: Pairs of each kind wanted; fewer where the texts offer fewer.
        documents: How many of its documents are read, at most.
        seed: Of all choices.
    """
    chance = random.Random(f"{seed} {source}")
    files = read_passages(source, documents=documents, chance=chance)
    facts = [fact for file in files for passage in file for fact in _facts(passage, chance=chance)]
    chance.shuffle(facts)
    return [
        Pair(source, kind, question, (one, replace(other, marker=2)))
        for kind in (*DISAGREEING, *AGREEING)
        for question, one, other in islice(_made(kind, facts, chance=chance), per_kind)
    ]


def _facts(passage: Passage, *, chance: random.Random) -> Iterator[Fact]:
    for sentence in sentences_of(passage):
        for figure in FIGURES:
            changed = other_of_kind(figure)(sentence, chance)
            words = [*dict.fromkeys(_CONTENT.findall(sentence))]
            if changed is None or len(words) < _LEAST_ASKED:
                continue
            count = min(_MOST_ASKED, max(_LEAST_ASKED, len(words) // 2))
            places = sorted(chance.sample(range(len(words)), count))
            question = f"{_ASKS[figure]} {' '.join(words[at] for at in places)} ?"
            yield Fact(passage, sentence, figure, changed, question)


def _made(
    kind: str, facts: Sequence[Fact], *, chance: random.Random
) -> Iterator[tuple[str, Passage, Passage]]:
    make = _MAKERS.get(kind, _changed)
    for fact in facts:
        is_of_kind = kind not in FIGURES or fact.figure == kind
        found = make(fact, facts, chance) if is_of_kind else None
        if found:
            yield found


_Made = tuple[str, Passage, Passage] | None
"""A question and two passages, None when the rule does not fit."""


def _changed(fact: Fact, _: Sequence[Fact], chance: random.Random) -> _Made:
    lie = reworded(fact.changed, chance) or fact.changed
    return fact.question, fact.telling(fact.sentence), _of_other_document(fact.telling(lie))


def _one_document(fact: Fact, _: Sequence[Fact], chance: random.Random) -> _Made:
    del chance
    return fact.question, fact.telling(fact.sentence), _of_other_passage(fact.telling(fact.changed))


def _same(fact: Fact, _: Sequence[Fact], chance: random.Random) -> _Made:
    again = reworded(fact.sentence, chance)
    if again is None:
        return None
    return fact.question, fact.telling(fact.sentence), _of_other_document(fact.telling(again))


def _unrelated(fact: Fact, facts: Sequence[Fact], chance: random.Random) -> _Made:
    return _beside(fact, facts, chance, is_same_document=False)


def _elsewhere(fact: Fact, facts: Sequence[Fact], chance: random.Random) -> _Made:
    return _beside(fact, facts, chance, is_same_document=True)


def _beside(
    fact: Fact, facts: Sequence[Fact], chance: random.Random, *, is_same_document: bool
) -> _Made:
    """Its passage and another one with a figure of the same kind."""
    own = fact.passage.chunk
    others = [
        each.passage
        for each in facts
        if each.figure == fact.figure
        and each.passage.chunk.id != own.id
        and (each.passage.chunk.document_id == own.document_id) is is_same_document
    ]
    return (fact.question, fact.passage, chance.choice(others)) if others else None


def _other_year(fact: Fact, _: Sequence[Fact], chance: random.Random) -> _Made:
    if _YEAR.search(fact.sentence):
        return None
    year = chance.randint(2015, 2022)
    one, other = (f"En {when}, {_lower(what)}" for when, what in _both(fact, year, year + 1))
    return fact.question, fact.telling(one), _of_other_document(fact.telling(other))


def _other_area(fact: Fact, _: Sequence[Fact], chance: random.Random) -> _Made:
    here, there = chance.sample(_AREAS, 2)
    one, other = (
        f"Dans le département {where}, {_lower(what)}" for where, what in _both(fact, here, there)
    )
    question = f"{fact.question.removesuffix(' ?')} dans le département {here} ?"
    return question, fact.telling(one), _of_other_document(fact.telling(other))


def _both(fact: Fact, one: object, other: object) -> list[tuple[object, str]]:
    return [(one, fact.sentence), (other, fact.changed)]


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _of_other_document(passage: Passage) -> Passage:
    document = DocumentId(f"{passage.chunk.document_id} (2)")
    other = _of_other_passage(passage)
    return replace(other, chunk=replace(other.chunk, document_id=document))


def _of_other_passage(passage: Passage) -> Passage:
    chunk = replace(passage.chunk, id=ChunkId(f"{passage.chunk.id} (2)"))
    return replace(passage, chunk=chunk)


_MAKERS: dict[str, Callable[[Fact, Sequence[Fact], random.Random], _Made]] = {
    "one_document": _one_document,
    "same": _same,
    "unrelated": _unrelated,
    "elsewhere": _elsewhere,
    "other_year": _other_year,
    "other_area": _other_area,
}
