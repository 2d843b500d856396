"""French words reduced to comparable terms: folded, without elisions and stop words, lightly stemmed.

Used to choose sentences; the index has its own, heavier analysis.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TOKEN = re.compile(r"[a-z0-9]+(?:[.\-/][a-z0-9]+)*")
_ELISION = re.compile(r"\b(?:l|d|j|m|t|s|n|c|qu|jusqu|lorsqu|puisqu|quoiqu)['’]")
_NUMBER_WITH_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}\b)")
_NAME = re.compile(r"(?<![.?!«\"] )(?<!^)\b[A-ZÀ-Ý][\w’'-]+|\b[A-Z]{2,}\b")
"""A capital inside a sentence, or an acronym."""
_STOP_WORDS_TEXT = """
a ai aient ainsi alors au aucun aucune aussi autre autres aux avant avec avez avoir avons
ayant bien c ce ceci cela celle celles celui ces cet cette ceux chaque ci comme comment
concernant d dans de depuis des devra doit doivent donc dont du elle elles en encore entre
est et etaient etait etant ete etes etre eu faire fait faut font hors il ils j je jusque l
la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui m ma mais me
meme memes mes moi mon n ne ni non nos notre nous on ont or ou par parmi pas pendant peut
peuvent plus pour pourquoi quand que quel quelle quelles quels qui quoi s sa sans se selon
sera seront ses si soient soit son sont sous suivant sur t ta te tel telle telles tels tes
toi ton tous tout toute toutes tres tu un une va vers vos votre vous y combien existe dit
dire est-ce y-a-t-il indique precise
"""
_STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())
_SUFFIXES = (
    "issement", "atrice", "ateur", "ation", "ement", "ment", "able", "ible", "ique", "aire", "ite", "ive",
    "if", "euse", "eur", "ier", "ee", "er", "ent", "ez", "ir", "e",
)  # fmt: skip
_SHORTEST_STEM = 4
_SHORTEST_PLURAL = 4
_LONGEST_STEM = 8
"""Longer stems are cut: "satellite" and "satellitaire" are one term."""


def folded(text: str) -> str:
    """Lower case, without accents, elisions and spaces inside numbers."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return _NUMBER_WITH_SPACES.sub("", _ELISION.sub("", plain.replace("œ", "oe")))


def terms(text: str) -> list[str]:
    """The terms of a text in order, with repetitions; references such as "l.1111-2" stay whole."""
    return [_stem(token) for token in _TOKEN.findall(folded(text)) if token not in _STOP_WORDS]


def named_terms(text: str) -> set[str]:
    """The terms of the names in a text, such as a town, a department or an acronym."""
    return {term for name in _NAME.findall(text) for term in terms(name)}


@lru_cache(maxsize=20_000)
def _stem(token: str) -> str:
    if any(sign.isdigit() for sign in token):
        return token
    return _without_suffix(_singular(token))[:_LONGEST_STEM]


def _without_suffix(singular: str) -> str:
    for suffix in _SUFFIXES:
        if singular.endswith(suffix) and len(singular) - len(suffix) >= _SHORTEST_STEM:
            return singular[: -len(suffix)].rstrip("e")
    return singular.rstrip("e") if len(singular) >= _SHORTEST_STEM else singular


def _singular(token: str) -> str:
    if len(token) < _SHORTEST_PLURAL:
        return token
    if token.endswith("aux") and not token.endswith("eaux"):
        return f"{token[:-3]}al"
    return token[:-1] if token[-1] in "sx" else token
