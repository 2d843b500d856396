"""Where two sentences about one thing disagree by a negation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.facts import flat
from assistant.answering.terms import terms

_WORD = re.compile(r"[a-z0-9œæ]+'?")
_NEGATORS_TEXT = "pas plus jamais aucun aucune aucunement ni guere rien nul nulle point"
_NEGATORS = frozenset(_NEGATORS_TEXT.split())
_PRONOUNS = frozenset(
    ["se", "s'", "en", "y", "l'", "le", "la", "les", "lui", "leur", "m'", "me", "nous", "vous"]
)
_WINDOW = 7
"""Words after a verb among which the second half of its negation stands."""
_REACH = 12
"""Words after a verb among which its topic stands."""
_TOPIC_TERMS = 4


def disagreement(first: str, second: str) -> str:
    """The word that one sentence denies and the other says of the same thing; empty when none."""
    left, right = words_of(first), words_of(second)
    return _denied_only_in(left, right) or _denied_only_in(right, left)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case without accents, an elided one with its apostrophe."""
    return _WORD.findall(flat(text))


def _denied_only_in(denying: Sequence[str], saying: Sequence[str]) -> str:
    for at in denied(denying):
        about = topic(denying, at)
        if not about:
            continue
        same = [
            place
            for place, word in enumerate(saying)
            if word == denying[at] and about[0] in topic(saying, place)
        ]
        if same and not denied(saying).intersection(same):
            return denying[at]
    return ""


def topic(words: Sequence[str], at: int) -> list[str]:
    """What a word is said of: the first terms after it."""
    after = (word for word in words[at + 1 : at + _REACH] if word not in _NEGATORS)
    return terms(" ".join(after))[:_TOPIC_TERMS]


def denied(words: Sequence[str]) -> set[int]:
    """The places of the words that others deny."""
    return {place for at in range(len(words)) for place in _denied_by(words, at)}


def _denied_by(words: Sequence[str], at: int) -> list[int]:
    """The place of the word that the word at a place denies."""
    if at + 1 >= len(words):
        return []
    if words[at] == "non":
        return [at + 1]
    if words[at] not in {"ne", "n'"}:
        return []
    verb = at + 1
    while verb < len(words) - 1 and words[verb] in _PRONOUNS:
        verb += 1
    after = words[verb + 1 : verb + _WINDOW]
    around = {*after, *words[max(at - 4, 0) : at]}
    is_only = any(word in {"que", "qu'"} for word in after) and not around & _NEGATORS
    return [] if is_only else [verb]
