"""The half of the questions to choose on, the half to report, and what of it shares nothing with the first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from eval.questions import JudgedQuestion


@dataclass(frozen=True, slots=True)
class Halves:
    """Questions of a set by id."""

    even: frozenset[str]
    """To choose on."""
    odd: frozenset[str]
    """To report."""
    apart: frozenset[str]
    """Those of the odd ones of which no even one has a right document or an intent.

    The others may be served well by what was chosen for their like.
    """


def hash_half(id: str) -> int:
    """0 or 1, from the hash of an id: 0 is fitted on, 1 reported."""
    return hashlib.sha256(id.encode()).digest()[0] % 2


def halves_of(questions: Iterable[JudgedQuestion]) -> Halves:
    """Some questions by half."""
    listed = list(questions)
    even = [each for each in listed if hash_half(each.id) == 0]
    odd = [each for each in listed if hash_half(each.id) == 1]
    documents = {name for each in even for name in each.judged}
    intents = {name for each in even for name in each.groups}
    apart = (
        each.id
        for each in odd
        if documents.isdisjoint(each.judged) and intents.isdisjoint(each.groups)
    )
    return Halves(
        frozenset(each.id for each in even),
        frozenset(each.id for each in odd),
        frozenset(apart),
    )
