"""Which statements of an answer need a source, and for what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum, auto

from assistant.answering.facts import Fact, facts_of, flat
from assistant.answering.prompt import refusal
from assistant.answering.statements import Shape, Statement
from assistant.answering.terms import terms
from assistant.domain.marks import MarkKind

_LEAST_TERMS = 3
"""A sentence of fewer terms and without facts states nothing."""
_MARKUP = re.compile(r"\[\d+\]|[*_`]+")
_SPEAK = (
    r"(?:indique|precise|traite|parle|concerne|porte|mentionne|evoque|aborde|decri[tv]e?|presente|permette?|"
    r"contienne?|contient|permet|dise|dit|prevoi[te]|montre|confirme)(?:nt)?"
)
_OPENERS = re.compile(
    r"(?:(?:bonjour|bonsoir|merci|bien sur|certainement|d'accord|effectivement|en effet|absolument)\b[\s,.!:]*"
    r"|je (?:vous |peux vous |tiens a vous )?(?:confirme|informe|rappelle|indique|signale|precise|dire)r? "
    r"(?:que |qu')"
    r"|(?:sachez|notez|savez-vous|saviez-vous|il faut savoir|veuillez noter) (?:que |qu')"
    r"|(?:d'apres|selon) (?:les|ces|le|la|ce|cette|vos) (?:passages?|documents?|extraits?|sources?)\b"
    r"(?: fournis| disponibles)?,?\s"
    r"|(?:les|ces|le|la|ce|cette) (?:passages?|documents?|extraits?|sources?)(?: \w+)? "
    rf"{_SPEAK} (?:que |qu')"
    r"|voici [^:.]{1,80} ?: (?=\S))+"
)
"""What may stand before a statement without making it less of one."""
_FREE = re.compile(
    r"(?:n'hesitez pas|je (?:reste|peux|vous|suis|n'ai)|nous restons|voici|voila|en esperant|cordialement|"
    r"bonne (?:journee|continuation|soiree)|souhaitez-vous|pour (?:plus|davantage) d|"
    r"a votre (?:disposition|service)|"
    r"si vous (?:avez (?:d'autres|une autre|besoin|des|encore)|souhaitez|voulez)|"
    r"(?:les|ces|aucun des|le|la) (?:(?:passages?|extraits?|sources?)\b|(?:documents?|informations?)"
    rf"(?: (?:fourni|disponible|consulte|cite|trouve|transmi)\w*| ci-dessus)* (?:n'|(?:ne|{_SPEAK})\b)))"
)
"""Beginnings of sentences that speak to the reader or of the documents, and state nothing but figures."""
_TOLD_BY_QUESTIONS = frozenset({MarkKind.AMOUNT, MarkKind.PERCENTAGE})


class Need(Enum):
    """What a source has to support in a statement."""

    NOTHING = auto()
    FIGURES = auto()
    """Its figures, dates and references: it is a title, announces something, or speaks to the reader."""
    ALL = auto()


def need_of(statement: Statement) -> Need:
    """What a reader would want the source of."""
    plain = " ".join(_MARKUP.sub("", statement.text).split())
    words = flat(plain)
    opener = _OPENERS.match(words)
    said = words[opener.end() :] if opener else words
    if words.startswith(flat(refusal())) or _FREE.match(said) or _is_lead(statement, plain=plain):
        return _figures(told_figures(plain))
    if plain.endswith("?") and not opener:
        return _figures(fact for fact in facts_of(plain) if fact.kind in _TOLD_BY_QUESTIONS)
    states = statement.shape is not Shape.ROW and len(terms(said)) >= _LEAST_TERMS
    return Need.ALL if states or facts_of(plain) else Need.NOTHING


def leads(statement: Statement) -> bool:
    """True for a title and for what announces the next paragraph, whose sources are its own."""
    return _is_lead(statement, plain=_MARKUP.sub("", statement.text).rstrip())


def told_figures(text: str) -> list[Fact]:
    """The figures, dates and references of a text, save small numbers that count what it announces."""
    return [
        fact
        for fact in facts_of(text)
        if fact.kind is not MarkKind.NAME and not _is_count(fact, text=text)
    ]


def _is_count(fact: Fact, *, text: str) -> bool:
    """True for the figure of « Voici les 3 conditions » or « Article 4 », not for that of « Pièces : 3 »."""
    return fact.kind is MarkKind.NUMBER and len(fact.words) == 1 and ":" not in text[: fact.start]


def _is_lead(statement: Statement, *, plain: str) -> bool:
    is_title = statement.shape is Shape.HEADING and not plain.endswith((".", "!"))
    return is_title or plain.endswith(":")


def _figures(facts: Iterable[Fact]) -> Need:
    return Need.FIGURES if any(True for _ in facts) else Need.NOTHING
