"""French dates in documents and file names, and the one that dates the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

from ingest.cleaning import fold

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan",
            "fevrier fevr fev",
            "mars",
            "avril avr",
            "mai",
            "juin",
            "juillet juil",
            "aout",
            "septembre sept sep",
            "octobre oct",
            "novembre nov",
            "decembre dec",
        ),
        start=1,
    )
    for name in names.split()
}
"""Folded names of the months and their abbreviations, to their numbers from 1."""
_UNIT_LIST = (
    "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf vingt"
)
_UNITS = _UNIT_LIST.split()
NUMBER_WORDS = {
    **{word: value for value, word in enumerate(_UNITS)},
    "premier": 1,
    "1er": 1,
    "vingt et un": 21,
    "vingt-et-un": 21,
    "trente": 30,
    "trente et un": 31,
    "trente-et-un": 31,
    **{f"vingt-{_UNITS[unit]}": 20 + unit for unit in range(2, 10)},
    **{f"vingt {_UNITS[unit]}": 20 + unit for unit in range(2, 10)},
}
"""Numbers in letters up to 31, folded."""
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_NUMBER = "|".join(sorted(map(re.escape, NUMBER_WORDS), key=len, reverse=True))
_LONG = re.compile(rf"\b(\d{{1,2}})\s?(?:er)?[\s_-]+({_MONTH})\.?[\s_-]+((?:19|20)\d{{2}})\b")
_SHORT = re.compile(r"(?<![\d/.-])(\d{1,2})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?((?:19|20)\d{2})(?!\d)")
_ISO = re.compile(r"(?<!\d)((?:19|20)\d{2})-(\d{2})-(\d{2})(?!\d)")
_IN_WORDS = re.compile(
    rf"l'an\s+(?:deux\s+mil(?:le)?\s+({_NUMBER})|((?:19|20)\d{{2}}))[\s,]+(?:et\s+)?(?:le\s+)?(?:\w+di\s+|dimanche\s+)?"
    rf"(\d{{1,2}}|{_NUMBER})\s?(?:er)?\s+({_MONTH})\b"
)
_NAME_DATES = (
    (re.compile(r"(?<!\d)((?:19|20)\d{2})[-_. ]?([01]\d)[-_. ]?([0-3]\d)(?!\d)"), (0, 1, 2)),
    (re.compile(r"(?<!\d)([0-3]?\d)[-_. ]([01]?\d)[-_. ]((?:19|20)\d{2})(?!\d)"), (2, 1, 0)),
    (re.compile(r"(?<!\d)([0-3]\d)([01]\d)((?:19|20)\d{2})(?!\d)"), (2, 1, 0)),
    (re.compile(r"^([0-4]\d)([01]\d)([0-3]\d)(?!\d)"), (0, 1, 2)),
)
_SESSION = re.compile(
    r"(?:seance|session|reunion|assemblee|conseil|commission permanente|pleniere|comite|bureau|"
    r"visioconference)"
    r"\b[^.;\n]{0,90}$"
)
_ACT = re.compile(
    r"(deliberation|arrete|decision|convention|avenant|proces-verbal|compte[ -]rendu|circulaire|"
    r"instruction|decret)"
    r"\b[^.;\n]{0,60}\b(?:du|le)\s+(?:\w+di\s+)?$"
)
_SIGNED = re.compile(
    r"(?:fait|signe|adopte|approuve|vote|delibere|arrete)[^.;\n]{0,60}\ble\s*:?\s*(?:\w+di\s+)?$"
)
_PLACE = re.compile(r"(?:^|\n|, ?)(?:a\s)?[a-z' -]{2,40},? le\s*:?\s*(?:\w+di\s+)?$")
_VERSION = re.compile(
    r"(?:date|mise? a jour|version|edition|publication|publiee?|derniere modification|verifiee?|document)"
    r"\b[^.;\n]{0,40}$"
)
_SESSION_SCORE = 100.0
_ACT_SCORE = 90.0
_LATER_CUES = ((_SIGNED, 80.0), (_PLACE, 65.0), (_VERSION, 60.0))
_ACT_CHARS = 800
_VISA = re.compile(r"\W*(?:vu|considerant|attendu|visa)\b")
_FOREIGN = re.compile(
    r"(?:\bvu\b|considerant|\bloi\b|decret|ordonnance|\bcode\b|convo[cq]|precedente?|derniere seance|"
    r"approbation|affich|transmis|recu |depose|\bne[e]? le|"
    r"avant le|jusqu'au|"
    r"a compter|a partir|prochaine?|au plus tard|echeance|arrete prefectoral|modifie|"
    r"publie au)[^.;\n]{0,90}$"
)
_EARLIER = re.compile(r"(?:proces-verbal|compte[ -]rendu) de la [^.;\n]{0,60}$")
_OPENING_CHARS = 400
_HEAD_CHARS = 5000
_TAIL_CHARS = 2500
_CONTEXT_CHARS = 130
_PLAIN_HEAD_CHARS = 1200
_PLAIN_SCORE = 10.0
_WORDS_SCORE = 110
_TITLE_SCORE = 105
_FIRST_YEAR, _LAST_YEAR = 1950, 2045


def document_date(text: str, *, title: str, name: str, today: date | None = None) -> date | None:
    """The date of a document: of its session, signature or version, else the one of its file name.

    Dates of the laws it refers to, of its convocation or of its posting do not count. A first date that
    nothing around explains counts less than the one of the file name. A day still to come, such as the
    one of an event that the document announces, never dates it.

    Args:
        text: All its text, in reading order.
        title: Its title.
        name: File name as ingested, used when nothing inside dates the document.
        today: The last day that may date it; None is the present one, in UTC.
    """
    last = today or datetime.now(UTC).date()
    in_title = [(_TITLE_SCORE, found) for _, found in _dates(_folded(title))]
    head, tail = _folded(text[:_HEAD_CHARS]), _folded(text[_HEAD_CHARS:][-_TAIL_CHARS:])
    folded_title = _folded(title)
    scored = [
        *in_title,
        *_scored(head, is_head=True, title=folded_title),
        *_scored(tail, is_head=False, title=folded_title),
    ]
    past = [each for each in scored if each[1] <= last]
    best = max(past, key=lambda item: item[0], default=None)
    in_name = name_date(name)
    if in_name is not None and in_name > last:
        in_name = None
    if best is None or (best[0] <= _PLAIN_SCORE and in_name is not None):
        return in_name
    return best[1]


def dates_in(text: str) -> list[date]:
    """The whole dates (day, month and year) written in a short text, in order."""
    return [found for _, found in _dates(_folded(text))]


def name_date(name: str) -> date | None:
    """The date written in a file name, None when there is none."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    for _, found in _dates(_folded(stem).replace("_", " ")):
        return found
    for pattern, order in _NAME_DATES:
        for match in pattern.finditer(stem):
            parts = match.groups()
            year, month, day = (int(parts[index]) for index in order)
            found = _date(year + 2000 if year < 100 else year, month=month, day=day)
            if found is not None:
                return found
    return None


def _folded(text: str) -> str:
    return re.sub(r"[ \t]+", " ", fold(text))


def _scored(text: str, *, is_head: bool, title: str) -> Iterator[tuple[float, date]]:
    if is_head:
        for match in _IN_WORDS.finditer(text):
            found = _date_in_words(match)
            if found is not None:
                yield _WORDS_SCORE, found
    for position, found in _dates(text):
        score = _cue_score(text, position=position, is_head=is_head, title=title)
        if score:
            yield score - position / 10_000, found


def _cue_score(text: str, *, position: int, is_head: bool, title: str) -> float:
    before = text[max(position - _CONTEXT_CHARS, 0) : position]
    line = text[max(text.rfind("\n", 0, position), text.rfind(";", 0, position)) + 1 : position]
    is_earlier = position > _OPENING_CHARS and _EARLIER.search(before)
    if is_earlier or _FOREIGN.search(before) or _VISA.match(line):
        return 0.0
    if is_head and _SESSION.search(before):
        return _SESSION_SCORE
    act = _ACT.search(before)
    if is_head and act is not None and position < _ACT_CHARS and act.group(1) in title:
        return _ACT_SCORE
    if act is None:
        for cue, score in _LATER_CUES:
            if cue.search(before):
                return score
    return _PLAIN_SCORE if is_head and act is None and position < _PLAIN_HEAD_CHARS else 0.0


def _dates(text: str) -> list[tuple[int, date]]:
    found: list[tuple[int, date | None]] = []
    for match in _LONG.finditer(text):
        day, month, year = match.groups()
        found.append((match.start(), _date(int(year), month=MONTHS[month], day=int(day))))
    for match in _SHORT.finditer(text):
        day, month, year = match.groups()
        found.append((match.start(), _date(int(year), month=int(month), day=int(day))))
    for match in _ISO.finditer(text):
        year, month, day = match.groups()
        found.append((match.start(), _date(int(year), month=int(month), day=int(day))))
    return sorted((position, value) for position, value in found if value is not None)


def _date_in_words(match: re.Match[str]) -> date | None:
    words, digits, day, month = match.groups()
    year = 2000 + NUMBER_WORDS[words] if words else int(digits)
    return _date(year, month=MONTHS[month], day=int(day) if day.isdigit() else NUMBER_WORDS[day])


def _date(year: int, *, month: int, day: int) -> date | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
