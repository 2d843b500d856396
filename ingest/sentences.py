"""French sentence borders, by rules and without any model or download."""

from __future__ import annotations

import re

_ABBREVIATION_LIST = (
    "m mm mme mmes mlle mlles dr pr me mes st ste sts art al cf p pp n no nos vol chap ch fig tab éd ed "
    "av bd bld boul pl r rte tél tel fax réf ref env max min nb hab resp dép dept circ arr adm ann obs "
    "jan janv févr fév avr juil sept oct nov déc ex alin sq suiv par paragr sect "
    "l d a o c dir gén secr int ext anc inf sup vs"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_STRONG = re.compile(
    r"[.!?…]+(?:\s?[»”\")\]])*(?=\s)|\n{2,}|\n(?=\s*(?:[-–—•▪◦➢*]|\d{1,2}[.)°]|[a-z]\))\s)|[;:](?=\s*\n)"
)
_LAST_WORD = re.compile(r"([^\W\d_][\w.'’-]*|\d+)$")
_NUMBERED_LINE = re.compile(r"(?:^|\n)\s*(?:\d{1,3}|[IVXLC]{1,6}|[A-Za-z])$")
_OPENING = '«“"([-–—•'


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a French text.

    Abbreviations ("M.", "art.", "cf."), initials, references ("L. 1111-2"), numbers and numbered
    headings do not end a sentence; a blank line, a bullet and a list that opens on the next line do.

    Returns:
        Half-open character ranges, ascending, disjoint, stripped of white space, that together hold
        every non-blank character. Empty for blank text.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _STRONG.finditer(text):
        if match.end() > start and _ends_sentence(text, match=match, start=start):
            _append_stripped(spans, text, bounds=(start, match.end()))
            start = match.end()
    _append_stripped(spans, text, bounds=(start, len(text)))
    return spans


def _append_stripped(spans: list[tuple[int, int]], text: str, *, bounds: tuple[int, int]) -> None:
    start, end = bounds
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


def _ends_sentence(text: str, *, match: re.Match[str], start: int) -> bool:
    mark = match.group()
    if mark[0] in "\n;:":
        return True
    following = text[match.end() :].lstrip()[:2]
    if not following:
        return False
    first = following[0]
    if first.islower() or first in ",;:)":
        return False
    if mark[0] != "." or mark.startswith(".."):
        return first.isupper() or first.isdigit() or first in _OPENING
    return not _is_abbreviation(text[start : match.start()], following=following)


def _is_abbreviation(before: str, *, following: str) -> bool:
    found = _LAST_WORD.search(before)
    if found is None:
        return False
    word = re.split("['’]", found.group().lower())[-1]
    if word.isdigit():
        return bool(_NUMBERED_LINE.search(before))
    if len(word) == 1 or _NUMBERED_LINE.search(before):
        return True
    if "." in word and all(len(part) <= 1 for part in re.split(r"[.-]+", word)):
        return following[0].isdigit() or following[0].isupper()
    if word == "etc":
        return False
    return word in _ABBREVIATIONS
