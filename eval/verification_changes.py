"""Rules that change one thing in a real sentence, or say it otherwise without changing anything.

They know nothing of how the product finds facts: what it misses here, it misses in an answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

Change = Callable[[str, random.Random], str | None]
"""A sentence changed, None when the rule finds nothing to change in it."""

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_FIGURE = r"\d+(?:[ \u00a0\u202f]\d{3})*(?:,\d+)?"
_AMOUNT = re.compile(rf"(?<![\w,./-])({_FIGURE})(?=[ \u00a0\u202f]?(?:€|k€|M€|euros?\b))")
_DATE = re.compile(rf"\b(?:(\d{{1,2}})(?:er)? )?({'|'.join(_MONTHS)}) ((?:19|20)\d\d)\b")
_SHORT_DATE = re.compile(r"\b(\d{1,2})/(\d{2})/((?:19|20)\d\d)\b")
_RATE = re.compile(rf"(?<![\w,./-])({_FIGURE})(?=[ \u00a0\u202f]?%)")
_DURATION = re.compile(r"(?<![\w,./-])\d{1,3}(?= (?:jours?|semaines?|mois|ans?|années?|heures?)\b)")
_YEAR = re.compile(r"(?<![\w,./-])(?:19|20)\d\d(?![\w,./-]|\.\d)")
_NUMBER = re.compile(rf"(?<![\w,./°-])({_FIGURE})(?![\w/°,-]|\.\d)")
_NAME = re.compile(
    r"(?<=[a-zéèàùç,] )[A-ZÉÈ][a-zéèêàçôûîï]{3,}(?:-[A-ZÉÈ][a-zéèê]+)*\b|(?<=[a-zé] )[A-Z]{3,}\b"
)
_VERBS = {
    "est": "n'est pas", "sont": "ne sont pas", "peut": "ne peut pas", "peuvent": "ne peuvent pas",
    "doit": "ne doit pas", "doivent": "ne doivent pas", "a": "n'a pas", "ont": "n'ont pas",
    "sera": "ne sera pas", "seront": "ne seront pas", "permet": "ne permet pas",
    "permettent": "ne permettent pas", "concerne": "ne concerne pas", "était": "n'était pas",
    "comprend": "ne comprend pas", "devra": "ne devra pas", "bénéficie": "ne bénéficie pas",
}  # fmt: skip
_VERB = re.compile(rf"(?<=[\wéè)] )({'|'.join(_VERBS)})(?= [\wéàêé])")
_NEGATION = re.compile(r"\b(?:ne |n['’])(\w+) (?:pas|plus|jamais) (?=\w)")
_SYNONYMS = (
    ("afin de", "pour"), ("ainsi que", "et"), ("lorsque", "quand"), ("toutefois", "cependant"),
    ("notamment", "en particulier"), ("dans le cadre de", "lors de"), ("également", "aussi"),
    ("en cas de", "s'il y a"), ("à compter du", "à partir du"), ("par ailleurs", "de plus"),
    ("c'est-à-dire", "autrement dit"), ("si", "lorsque"), ("mais", "cependant"), ("car", "puisque"),
    ("selon", "d'après"), ("avant", "préalablement à"), ("pendant", "durant"), ("ou", "ou bien"),
)  # fmt: skip
_NOUN = re.compile(r"(?<=[ '])(?:le|la) ([a-zéèêàçôûîï]{4,}[^sxz\W\d])(?= )")
_ASIDE = re.compile(r" \([^()\d]{4,80}\)|, [^,.;:()\d]{8,80},(?= )|, [^,.;:()\d]{8,80}(?=\.$)")
_FRONT = re.compile(r"([A-ZÀÉÈ][^,;:()«»]{6,80}), ([a-zéàêl'][^,;:()«»]{15,})\.")


def reworded(sentence: str, chance: random.Random) -> str | None:
    """The same said otherwise: function words, order, plural, an aside dropped, an opening added."""
    rules = [_synonyms, _plural, _without_aside, _turned, _introduced]
    chance.shuffle(rules)
    done = 0
    for rule in rules:
        changed = rule(sentence)
        if changed != sentence:
            sentence, done = changed, done + 1
        if done == 2:
            break
    return sentence if done else None


def other_number(sentence: str, chance: random.Random) -> str | None:
    """Another number, neither amount nor part of a date."""
    taken = [
        match.span()
        for rule in (_AMOUNT, _DATE, _SHORT_DATE, _YEAR)
        for match in rule.finditer(sentence)
    ]
    free = [
        match
        for match in _NUMBER.finditer(sentence)
        if not any(start <= match.start() < end for start, end in taken)
    ]
    return _with(sentence, free, change=_other_figure, chance=chance)


def other_amount(sentence: str, chance: random.Random) -> str | None:
    """Another amount of money."""
    return _with(sentence, [*_AMOUNT.finditer(sentence)], change=_other_figure, chance=chance)


def other_of_kind(kind: str) -> Change:
    """A rule that changes the one figure of a kind; a sentence with none or several is left out.

    Args:
        kind: "rate", "amount", "date" (a day) or "duration".
    """
    pattern = {"rate": _RATE, "amount": _AMOUNT, "date": _DATE, "duration": _DURATION}[kind]
    change = _other_day if kind == "date" else _other_figure

    def rule(sentence: str, chance: random.Random) -> str | None:
        found = [*pattern.finditer(sentence)]
        if len(found) != 1 or (kind == "date" and not found[0][1]):
            return None
        return _with(sentence, found, change=change, chance=chance)

    return rule


def other_date(sentence: str, chance: random.Random) -> str | None:
    """Another day, month or year."""
    whole = [*_DATE.finditer(sentence), *_SHORT_DATE.finditer(sentence)]
    if whole:
        return _with(sentence, whole, change=_other_day, chance=chance)
    return _with(sentence, [*_YEAR.finditer(sentence)], change=_other_year, chance=chance)


def negated(sentence: str, chance: random.Random) -> str | None:
    """The contrary: a negation taken away, else one put before a common verb."""
    if found := list(_NEGATION.finditer(sentence)):
        match = chance.choice(found)
        return f"{sentence[: match.start()]}{match[1]} {sentence[match.end() :]}"
    found = [match for match in _VERB.finditer(sentence) if not _is_denied(sentence, match)]
    return _with(sentence, found, change=lambda match, _: _VERBS[match[0]], chance=chance)


def other_name(names: Sequence[str]) -> Change:
    """A rule that puts a name of other documents in the place of one."""

    def change(sentence: str, chance: random.Random) -> str | None:
        found = [*_NAME.finditer(sentence)]
        return _with(sentence, found, change=lambda _, dice: dice.choice(names), chance=chance)

    return change


def exchanged(sentence: str, chance: random.Random, *, passage: str) -> str | None:
    """A number of a sentence replaced by one that the passage says of something else."""
    own = set(_NUMBER.findall(sentence))
    others = sorted({match[1] for match in _NUMBER.finditer(passage)} - own)
    if not others:
        return None
    found = [*_NUMBER.finditer(sentence)]
    return _with(sentence, found, change=lambda _, dice: dice.choice(others), chance=chance)


def names_in(text: str) -> list[str]:
    """The names that `other_name` would replace."""
    return _NAME.findall(text)


def _with(
    sentence: str,
    found: Sequence[re.Match[str]],
    *,
    change: Callable[[re.Match[str], random.Random], str],
    chance: random.Random,
) -> str | None:
    if not found:
        return None
    match = chance.choice(found)
    return f"{sentence[: match.start()]}{change(match, chance)}{sentence[match.end() :]}"


def _other_figure(match: re.Match[str], chance: random.Random) -> str:
    """Other digits in the same form."""
    while True:
        digits = [chance.choice("123456789") if sign.isdigit() else sign for sign in match[0]]
        if chance.random() < 0.5:
            at = chance.choice([i for i, sign in enumerate(match[0]) if sign.isdigit()])
            digits = [
                new if i == at else old
                for i, (old, new) in enumerate(zip(match[0], digits, strict=True))
            ]
        changed = "".join(digits)
        if changed != match[0]:
            return changed


def _other_day(match: re.Match[str], chance: random.Random) -> str:
    day, month, year = match.groups()
    part = chance.choice(["day", "month", "year"] if day else ["month", "year"])
    if part == "year":
        year = str(int(year) + chance.choice([-3, -2, -1, 1, 2, 3]))
    if part == "day":
        day = str(chance.choice([n for n in range(2, 29) if n != int(day)]))
    if month.isdigit():
        if part == "month":
            month = f"{chance.choice([n for n in range(1, 13) if n != int(month)]):02}"
        return f"{day}/{month}/{year}"
    if part == "month":
        month = chance.choice([name for name in _MONTHS if name != month])
    return " ".join(filter(None, (day, month, year)))


def _other_year(match: re.Match[str], chance: random.Random) -> str:
    return str(int(match[0]) + chance.choice([-7, -3, -2, -1, 1, 2, 3, 7]))


def _is_denied(sentence: str, match: re.Match[str]) -> bool:
    return re.search(r"\b(?:ne|n['’]|se|en|y|qui) ?$", sentence[: match.start()]) is not None


def _synonyms(sentence: str) -> str:
    for word, other in _SYNONYMS:
        changed = re.sub(rf"(?<=[ (]){word}(?= )", other, sentence, count=1)
        if changed != sentence:
            return changed
    return sentence


def _plural(sentence: str) -> str:
    return _NOUN.sub(r"les \1s", sentence, count=1)


def _without_aside(sentence: str) -> str:
    return _ASIDE.sub("", sentence, count=1)


def _turned(sentence: str) -> str:
    match = _FRONT.fullmatch(sentence)
    if match is None:
        return sentence
    front = match[1][0].lower() + match[1][1:]
    return f"{match[2][0].upper()}{match[2][1:]}, {front}."


def _introduced(sentence: str) -> str:
    first = sentence.split(maxsplit=1)[0]
    if first.lower() not in {"le", "la", "les", "un", "une", "ces", "cette", "ce", "il", "elle"}:
        return sentence
    return f"Selon ce document, {sentence[0].lower()}{sentence[1:]}"
