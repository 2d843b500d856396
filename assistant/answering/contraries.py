"""Where two sentences about one thing disagree by a bound, a period, a side of a date or a modality.

« au moins 3 » and « au plus 3 », « 100 € par mois » and « par an », « avant » and « après le 31 mars »,
« peut » and « doit », « facultatif » and « obligatoire ».
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from assistant.answering.facts import Figure, figures_of, flat
from assistant.answering.polarity import topic, words_of

_FILLER = r"(?: (?:de|d'|du|des|un|une|le|la|les|a|au|l'annee|mois|fin|debut))*"
_LOW = (
    r"(?:au moins|au minimum|minimum|plus d[e']|superieure?s?(?: ou egale?s?)? a|a partir d[eu]|a compter d[eu]"
    r"|apres|des|depuis|au plus tot)"
)
_HIGH = (
    r"(?:au plus(?: tard)?|au maximum|maximum|moins d[e']|inferieure?s?(?: ou egale?s?)? a|avant|d'ici"
    r"|jusqu'(?:a|au|en)|dans la limite d[e']|plafonnee?s? a)"
)
_BOUNDS = [
    (
        re.compile(rf"(?<![a-z-]){before}{_FILLER}\s?\Z"),
        re.compile(rf"\A(?: [a-z'-]+){{0,2}}? {after}(?![a-z-]| (?:tard|tot|pres|vite|d))"),
    )
    for before, after in (
        (_LOW, r"(?:au moins|au minimum|minimum|(?:ou|et) plus)"),
        (_HIGH, r"(?:au plus|au maximum|maximum|(?:ou|et) moins)"),
    )
]
"""Low, then high bounds: as they stand just before a figure, and just after."""
_COUNTED = re.compile(r"\A (?:[a-z]+ )?(?:avant|apres|suivant|precedant|qui)\b")
"""« 15 jours avant »: the later, the fewer; such a bound may be said either way."""
_DENYING = re.compile(r"(?<![a-z])(?:ne|n'|pas|sans|ni|jamais|hors)(?![a-z])")
_REACH_CHARS = 40
_PERIOD = re.compile(
    r"(?:(?:\bpar|\bchaque|\btous les|\btoutes les|/) ?(an|annee|mois|jour|semaine|trimestre|semestre|heure)s?\b"
    r"|\b(annuel|mensuel|trimestriel|semestriel|hebdomadaire|journalier|quotidien)(?:le|ne)?s?\b)"
)
_PERIODS = {
    "annee": "an", "annuel": "an", "mensuel": "mois", "trimestriel": "trimestre",
    "semestriel": "semestre", "hebdomadaire": "semaine", "journalier": "jour", "quotidien": "jour",
}  # fmt: skip
_MUST = frozenset(("doit", "doivent", "devra", "devront"))
_MAY = frozenset(("peut", "peuvent", "pourra", "pourront"))
_DUE = re.compile(r"\b(?:obligatoire(?:s|ment)?|imperatif|imperative|imperativement)\b")
_FREE = re.compile(r"\b(?:facultati(?:f|ve)s?|facultativement|optionnel(?:le)?s?)\b")


@dataclass(frozen=True, slots=True)
class _Bounded:
    figure: Figure
    is_high: bool
    words: str
    """With its bound, as written."""


def contrary(first: str, second: str) -> str:
    """The words of one sentence that say the contrary of the other, of the same thing; empty when none."""
    return (
        _bound(first, second)
        or _period(first, second)
        or _modality(words_of(first), words_of(second))
        or _duty(flat(first), flat(second))
    )


def _bound(first: str, second: str) -> str:
    pairs = product(_bounded(first), _bounded(second))
    return next(
        (
            one.words
            for one, other in pairs
            if one.is_high != other.is_high and one.figure.agrees_with(other.figure)
        ),
        "",
    )


def _bounded(text: str) -> Iterator[_Bounded]:
    plain = flat(text)
    for figure in figures_of(text, also_unstated=True):
        start = figure.fact.start
        end = start + len(figure.fact.words)
        before, after = plain[max(start - _REACH_CHARS, 0) : start], plain[end:]
        if not figure.fact.words or _DENYING.search(before) or _COUNTED.match(after):
            continue
        found = [(form.search(before), later.match(after)) for form, later in _BOUNDS]
        sides = [is_high for is_high, either in enumerate(found) if any(either)]
        if len(sides) == 1:
            lead, tail = found[sides[0]]
            first = start - len(lead[0]) if lead else start
            words = text[first : end + (tail.end() if tail else 0)]
            yield _Bounded(figure, bool(sides[0]), words.strip())


def _period(first: str, second: str) -> str:
    """The period that one sentence tells, when the other tells a figure of it for another period."""
    told = [
        {next(filter(None, match.groups())): match[0] for match in _PERIOD.finditer(flat(text))}
        for text in (first, second)
    ]
    one, other = (
        {_PERIODS.get(word, word): words for word, words in each.items()} for each in told
    )
    if not one or not other or one.keys() & other.keys():
        return ""
    pairs = product(figures_of(first), figures_of(second))
    is_same = any(left.agrees_with(right) for left, right in pairs)
    return next(iter(one.values())) if is_same else ""


def _modality(first: Sequence[str], second: Sequence[str]) -> str:
    """The verb by which one sentence obliges to what the other allows, or the other way round."""
    for own, others in ((_MUST, _MAY), (_MAY, _MUST)):
        for at in _places(own, first):
            about = topic(first, at)[:1]
            same = [
                second[place]
                for place in _places(_MUST | _MAY, second)
                if about and topic(second, place)[:1] == about
            ]
            if same and others.issuperset(same):
                return first[at]
    return ""


def _places(verbs: frozenset[str], words: Sequence[str]) -> list[int]:
    """Where verbs stand that are not denied, nor limited by « que »."""
    return [
        at
        for at, word in enumerate(words)
        if word in verbs and not {"ne", "n'"}.intersection(words[max(at - 3, 0) : at])
    ]


def _duty(first: str, second: str) -> str:
    if _DENYING.search(first) or _DENYING.search(second):
        return ""
    for own, others in ((_DUE, _FREE), (_FREE, _DUE)):
        said = own.search(first)
        if said and others.search(second) and not (others.search(first) or own.search(second)):
            return said[0]
    return ""
