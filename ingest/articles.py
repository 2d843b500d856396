"""Numbers of articles: those that a sentence changes, and those that a passage holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ingest.cleaning import fold
from ingest.headings import article_label

_SUFFIX = r"(?:\s?(?:er|bis|ter|quater)\b)?"
_NUMBER = rf"(?:\d{{1,3}}(?:[.-]\d{{1,3}})*{_SUFFIX}|premier\b|unique\b)"
_NAMED = re.compile(
    rf"(?:\bl['’]|\bles\s|\bdes\s|\baux\s|\bd['’]|\bson\s|\bses\s)articles?\s(?:n\s?[°º]\s?)?"
    rf"({_NUMBER}(?:(?:\s?,\s?|\s(?:et|ou|à)\s)(?:l['’]article\s)?{_NUMBER})*)"
    r"(?!\s(?:d(?:u|e\sla|e\sl['’]|es)\s?)(?:code|loi|d[ée]cret|ordonnance|constitution|pr[ée]sent))",
    re.IGNORECASE,
)
_CHANGE = (
    r"(?:modifi|remplac|compl[èeé]t|abrog|supprim|ajout|ins[èeé]r|r[ée]dig|annul|substitu|amend)\w*"
)
_BEFORE = re.compile(rf"\b{_CHANGE}[^.;:]{{0,60}}$", re.IGNORECASE)
_AFTER = re.compile(rf"^[^.;]{{0,160}}?\b(?:est|sont|ainsi|et)\s(?:\w+\s)?{_CHANGE}", re.IGNORECASE)
_PLACE_ONLY = re.compile(
    r"\b(?:apr[èe]s|avant|par|selon|sens\sde|application\sde|vis[ée]e?s?\s[àa]|pr[ée]vue?s?\s[àa]|"
    r"mentionn[ée]e?s?\s[àa]|conform[ée]ment\s[àa])\s?$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"«[^»]*(?:»|$)")
_RANGE = re.compile(r"^(\d{1,3}) a (\d{1,3})$")
_MAX_RANGE = 50
_DIGITS = re.compile(r"\d+")


def articles_changed(sentence: str) -> tuple[str, ...]:
    """Numbers of the articles that a sentence says it changes, in one spelling, each once.

    Words in quotation marks are the new text, and what comes after "après l'article" is only a place:
    neither counts; no more do articles of codes, laws, or of the act that speaks.
    """
    text = _QUOTED.sub("«»", sentence)
    found = [
        match for match in _NAMED.finditer(text) if not _PLACE_ONLY.search(text[: match.start()])
    ]
    ends = [*(match.start() for match in found[1:]), len(text)]
    changed = (
        match.group(1)
        for match, end in zip(found, ends, strict=False)
        if _AFTER.search(text[match.end() : end]) or _BEFORE.search(text[: match.start()])
    )
    return tuple(dict.fromkeys(number for listed in changed for number in _numbers(listed)))


def articles_held(section: Iterable[str], *, text: str) -> frozenset[str]:
    """Numbers of the articles that a passage belongs to or holds, spelt as by `articles_changed`.

    Args:
        section: Headings above the passage.
        text: Its words; a line that begins with "Article 3" opens an article.
    """
    labels = filter(None, map(article_label, (*section, *text.split("\n"))))
    return frozenset(_spelling(re.sub(r"^\S+\s+", "", label)) for label in labels)


def in_order(numbers: Iterable[str]) -> tuple[str, ...]:
    """Numbers of articles as they follow each other in a text: 2, 4, 4bis, 10."""
    return tuple(sorted(numbers, key=lambda each: (int((_DIGITS.match(each) or ["0"])[0]), each)))


def _numbers(listed: str) -> Iterator[str]:
    for part in re.split(r"\s?,\s?|\s(?:et|ou)\s", listed):
        words = re.sub(r"l['’]article\s", "", part, flags=re.IGNORECASE)
        bounds = _RANGE.match(fold(words))
        if bounds is None:
            yield _spelling(words)
            continue
        first, last = int(bounds.group(1)), int(bounds.group(2))
        yield from map(str, range(first, min(last, first + _MAX_RANGE) + 1))


def _spelling(number: str) -> str:
    plain = re.sub(r"\s", "", fold(number)).rstrip(".")
    return "1" if plain in ("premier", "1er", "i", "ier") else plain
