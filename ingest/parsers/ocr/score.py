"""How much a text looks like French, without a dictionary: to choose between two readings of one page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ingest.cleaning import fold

_EDGES = "«»\"“”'’()[]{}.,;:!?…-–—/•*|_~=<>°"
_PART = re.compile(r"['’\-–/.@_&]+")
_VOWELS = frozenset("aeiouy")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}")
_SAME = re.compile(r"(.)\1\1")
_NUMBER = re.compile(r"[+-]?\d[\d.,:/°%€-]*(?:er|e|re|h|m|km|kg|€|%)?\d*", re.I)
_SHORT_LIST = (
    "a à y l d n s c j m t e b p r v i x au ce de du en et eu il je la le là ma me ne ni on or ou où "
    "pu sa se si su ta te tu un va vu n° no m. mm cf ex ii iv vi xi ca ha km kg nb ok id up as es é "
    "ai ait"
)
_SHORT = frozenset(_SHORT_LIST.split())
_FUNCTION_WORD_LIST = (
    "le la les l un une des de du d et ou à au aux en par pour sur dans avec qui que qu ce ces cette "
    "est sont il elle a ont n ne pas se s son sa ses leur plus être été"
)
_FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())
_FUNCTION_SHARE = 0.2
_SHAPE_WEIGHT = 0.8
_MIN_MEAN_LETTERS = 3.2
_MAX_ACRONYM = 6


def text_quality(words: Iterable[str]) -> float:
    """How well words are formed, in [0, 1]: about .9 and more for French prose, below .6 for noise.

    The share of characters in words of a French shape (with a vowel, one case, no endless run of
    consonants) counts for most, the share of articles and prepositions for the rest; words that are
    too short on average lower both.
    """
    total = good = letters = count = functional = 0
    for word in words:
        total += len(word)
        bare = word.strip(_EDGES)
        if not bare:
            continue
        count += 1
        letters += len(bare)
        good += len(word) if is_well_formed(bare) else 0
        functional += any(part in _FUNCTION_WORDS for part in _PART.split(bare.lower()))
    if not count:
        return 0.0
    shape, function = good / total, min(functional / count / _FUNCTION_SHARE, 1.0)
    brevity = min(letters / count / _MIN_MEAN_LETTERS, 1.0)
    return brevity * (_SHAPE_WEIGHT * shape + (1 - _SHAPE_WEIGHT) * function)


def text_worth(words: Iterable[str]) -> float:
    """Quality and quantity of a reading together: the greater of two readings of one page is the better."""
    held = list(words)
    well_formed = sum(len(word) for word in held if is_well_formed(word))
    return text_quality(held) ** 2 * well_formed


def is_well_formed(word: str) -> bool:
    """True for a number or a word of a French shape, marks around it left aside."""
    bare = word.strip(_EDGES)
    if not bare:
        return False
    if _NUMBER.fullmatch(bare):
        return True
    return all(_is_french_shape(part) for part in _PART.split(bare) if part)


def _is_french_shape(part: str) -> bool:
    if part.isdigit() or part.lower() in _SHORT:
        return True
    if len(part) < 3 or not part.isalpha():
        return part.isupper() and part.isalnum() and len(part) >= 2
    if not (part.islower() or part.isupper() or part[1:].islower()):
        return False
    folded = fold(part)
    if part.isupper() and len(part) <= _MAX_ACRONYM:
        return True
    return (
        any(char in _VOWELS for char in folded)
        and not _CONSONANTS.search(folded)
        and not _SAME.search(folded)
    )
