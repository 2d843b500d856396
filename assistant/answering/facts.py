"""Facts of a French text that can be compared exactly: figures, dates, references and names.

Two ways to write one value are equal ("1,5 M€" and "1 500 000 euros"; "03/03/2024" and "3 mars
2024"); a value that a source only writes without its unit (a table) is equal too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from assistant.answering.terms import terms
from assistant.domain.marks import MarkKind
from ingest.dates import MONTHS, NUMBER_WORDS

Key = tuple[str | int, ...]
"""One thing that a source may hold."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a sentence states and that its source must hold."""

    kind: MarkKind
    """AMOUNT, PERCENTAGE, DATE, DURATION, NUMBER, REFERENCE or NAME."""
    words: str
    """As written."""
    start: int
    """Offset of its first character."""
    ways: tuple[tuple[Key, ...], ...]
    """A source supports it by holding all keys of one of these."""


@dataclass(frozen=True, slots=True)
class _Found:
    fact: Fact
    held: tuple[Key, ...]
    is_stated: bool
    """False for what only counts in a source, such as a number in letters without unit."""


class Holdings:
    """What a source holds, to look facts up."""

    def __init__(self, text: str, *, day: date | None = None) -> None:
        """Read a source once.

        Args:
            text: All its text, title and headings included.
            day: The date it bears, if any.
        """
        self._keys: set[Key] = {key for found in _scan(text) for key in found.held}
        if day is not None:
            self._keys.update(_day_keys((day.year, day.month, day.day)))
        words = _WORD.findall(flat(text))
        self._keys.update(("w", word) for word in words)
        self._keys.update(("w", word[:-1]) for word in words if word[-1] in "sx")
        self._initials = (_initials(words), _initials(word for word in words if len(word) > 3))

    def holds(self, fact: Fact) -> bool:
        """True when the source supports a fact."""
        return any(all(map(self._has, way)) for way in fact.ways)

    def _has(self, key: Key) -> bool:
        if key in self._keys:
            return True
        return key[0] == "initials" and any(str(key[1]) in letters for letters in self._initials)


def facts_of(sentence: str) -> list[Fact]:
    """The facts that a sentence states, in order of their words."""
    found = [each.fact for each in _scan(sentence) if each.is_stated]
    return sorted([*found, *_names(sentence)], key=lambda fact: fact.start)


def flat(text: str) -> str:
    """Lower case without accents, straight quotes and hyphens, plain spaces; offsets are kept."""
    return text.translate(_FLAT)


def _flat_char(char: str) -> str:
    plain = unicodedata.normalize("NFD", char.lower())[0]
    if plain.isspace() and plain != "\n":
        return " "
    return {"’": "'", "‘": "'", "–": "-", "—": "-", "‑": "-", "‐": "-", "−": "-"}.get(plain, plain)


_FLAT = {code: _flat_char(chr(code)) for code in (*range(0x250), *range(0x2000, 0x2070), 0x2212)}
_WORD = re.compile(r"[^\W_]+")
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_TENS = {"quarante": 40, "cinquante": 50, "soixante": 60, "cent": 100, "mille": 1000}
_IN_LETTERS: dict[str, int] = {**NUMBER_WORDS, **_TENS, "une": 1, "quinzaine": 15}
_LETTERS = "|".join(sorted(map(re.escape, _IN_LETTERS), key=len, reverse=True))
_UNIT = (
    r"(?:\s?(?:(?P<percent>%|pour\s?cents?\b)|(?P<scale>k|md|m)\s?(?P<currency>€|eur(?:os?)?\b)"
    r"|(?P<many>milliers?|millions?|milliards?)\b(?P<of>\s(?:d'|de\s)euros?\b)?"
    r"|(?P<euros>€|euros?\b|eur\b)|(?P<time>ans?|annees?|mois|semaines?|jours?|heures?|h|minutes?|min|mn)"
    r"(?![a-z])))?"
)
_FACT = re.compile(
    r"(?<![a-z0-9])(?:"
    rf"(?:(?P<first>\d{{1,2}})(?:er)?\s?(?:au|et|ou|-)\s?(?:le\s)?)?(?P<day>\d{{1,2}}|premier)\s?(?:er)?\s"
    rf"(?P<month>{_MONTH})\b\.?(?:\s(?P<year>(?:19|20)\d\d)\b)?"
    rf"|(?P<only_month>{_MONTH})\.?\s(?P<month_year>(?:19|20)\d\d)\b"
    r"|(?P<short_day>\d{1,2})(?P<sep>[/.-])(?P<short_month>\d{1,2})(?P=sep)(?P<short_year>(?:19|20)?\d\d)"
    r"(?![\d/-])"
    r"|(?P<iso>(?:19|20)\d\d-\d\d-\d\d)(?!\d)"
    r"|[lrd]\.?\s?\*?(?P<code>\d+(?:-\d+)+|\d{3,})"
    r"|n\s?[°o]s?\s?(?P<numbered>\d+(?:[-/.]\d+)*)"
    r"|(?P<reference>(?:19|20)\d\d[-/](?!(?:19|20)\d\d\b)\d{2,6}|\d+(?:\.\d+){2,})(?!\d)"
    r"|(?:(?P<value>(?:[1-9]\d{0,2}(?:[ .]\d{3})+(?!\d)|\d+)(?:[,.]\d+)?)(?!\d|[a-gi-wyz]\d)"
    rf"|(?P<letters>{_LETTERS})\b(?:\s\(\d+\))?)"
    rf"{_UNIT})"
)
_ROMAN = re.compile(r"(?<!\w)([IVX]{1,7})(?:e|er|ème)(?!\w)")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}
_HYPHENATED = re.compile(r"(?<![\d-])\d+(?:[-/.]\d+)+")
_SCALES = {"k": 1_000, "m": 1_000_000, "md": 1_000_000_000}
_MANY = {"millier": 1_000, "million": 1_000_000, "milliard": 1_000_000_000}
_TIMES = (
    ("an", "month", 12), ("mois", "month", 1), ("semaine", "day", 7), ("jour", "day", 1),
    ("h", "minute", 60), ("m", "minute", 1),
)  # fmt: skip
_CAPITAL = re.compile(r"(?<![^\W_])[A-ZÀ-ÖØ-ÞŒ][^\W_]*(?:[-‑][^\W\d_]{2,}(?![^\W_]))*")
_OPENING = re.compile(r"(?:\A|[.!?…:;|•]\s|[«“\"(\[]\s?|\n)[\s«“\"(\[*_|•–—-]*\Z")
_ELIDED_OPENING = re.compile(r"[A-ZÀ-Þ][’']\Z")
_NOT_NAMES_TEXT = """
etat region regions departement departements commune communes mairie conseil president presidente
maire prefet prefete prefecture article articles titre chapitre annexe code loi decret arrete monsieur
madame mme mm mr m le la les l un une des du de d et ou en au aux ce cette ces il elle ils elles oui
non euro euros eur ht ttc nb cf attention note remarque important source sources document documents
passage passages collectivite collectivites service services
"""
_NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split())
"""Capitalised words that sentences use whatever their source calls the thing."""


def _scan(text: str) -> Iterator[_Found]:
    plain = flat(text)
    for match in _FACT.finditer(plain):
        yield from _read(match, text=text)
    for match in _HYPHENATED.finditer(plain):
        yield _only_held(("r", match[0].rstrip(".")))
    for match in _ROMAN.finditer(text):
        value = str(_roman(match[1]))
        fact = Fact(MarkKind.NUMBER, match[0], match.start(), ((("any", value),),))
        yield _Found(fact, (("any", value), ("n", value, "")), is_stated=True)


def _only_held(*keys: Key) -> _Found:
    return _Found(Fact(MarkKind.NUMBER, "", 0, ()), keys, is_stated=False)


def _read(match: re.Match[str], *, text: str) -> Iterator[_Found]:
    if match["month"] or match["only_month"] or match["short_day"] or match["iso"]:
        yield from _read_date(match, text=text)
    elif number := match["code"] or match["reference"] or match["numbered"]:
        yield _reference(match, number=number, text=text)
    else:
        yield _number(match, text=text)


def _fact(
    match: re.Match[str], *, kind: MarkKind, text: str, ways: tuple[tuple[Key, ...], ...]
) -> Fact:
    return Fact(kind, text[match.start() : match.end()].strip(), match.start(), ways)


def _read_date(match: re.Match[str], *, text: str) -> Iterator[_Found]:
    year, month, day = _parts_of_date(match)
    if not (1 <= month <= 12 and (day is None or 1 <= day <= 31)):
        yield _reference(match, number=match[0], text=text)
        return
    yield _dated(match, (year, month, day), text=text)
    if match["first"]:
        yield _dated(match, (year, month, int(match["first"])), text=text)


def _parts_of_date(match: re.Match[str]) -> tuple[int | None, int, int | None]:
    if match["month"]:
        day = 1 if match["day"] == "premier" else int(match["day"])
        return int(match["year"]) if match["year"] else None, MONTHS[match["month"]], day
    if match["only_month"]:
        return int(match["month_year"]), MONTHS[match["only_month"]], None
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return year, month, day
    year = int(match["short_year"])
    return year + 2000 if year < 100 else year, int(match["short_month"]), int(match["short_day"])


def _dated(match: re.Match[str], parts: tuple[int | None, int, int | None], *, text: str) -> _Found:
    year, month, day = parts
    ways: tuple[tuple[Key, ...], ...]
    if year is None:
        ways = ((("dm", month, day or 0),),)
    elif day is None:
        ways = ((("my", year, month),),)
    else:
        ways = (
            (("dmy", year, month, day),),
            (("undated", month, day), ("any", str(year))),
        )
    fact = _fact(match, kind=MarkKind.DATE, text=text, ways=ways)
    return _Found(fact, _held_date((year, month, day)), is_stated=True)


def _held_date(parts: tuple[int | None, int, int | None]) -> tuple[Key, ...]:
    year, month, day = parts
    if year is None:
        return ("dm", month, day or 0), ("undated", month, day or 0)
    if day is None:
        return ("my", year, month), ("any", str(year))
    return _day_keys((year, month, day))


def _day_keys(parts: tuple[int, int, int]) -> tuple[Key, ...]:
    year, month, day = parts
    return ("dmy", year, month, day), ("dm", month, day), ("my", year, month), ("any", str(year))


def _reference(match: re.Match[str], *, number: str, text: str) -> _Found:
    ways: tuple[tuple[Key, ...], ...] = ((("r", number),), (("any", number),))
    fact = _fact(match, kind=MarkKind.REFERENCE, text=text, ways=ways)
    parts = [("any", part) for part in re.split(r"[-/.]", number)]
    return _Found(fact, (("r", number), ("any", number), *parts), is_stated=True)


def _number(match: re.Match[str], *, text: str) -> _Found:
    raw = _raw_value(match)
    kind, unit, factor = _unit(match, raw=raw)
    bare, value = _shown(raw), _shown(raw * factor)
    held: tuple[Key, ...] = (("n", value, unit), ("any", value), ("any", bare))
    ways: tuple[tuple[Key, ...], ...] = ((("any", value),),)
    if unit:
        ways = ((("n", value, unit),), (("n", value, ""),), (("n", bare, ""),))
    return _Found(
        _fact(match, kind=kind, text=text, ways=ways),
        held,
        is_stated=not match["letters"] or bool(unit),
    )


def _raw_value(match: re.Match[str]) -> Decimal:
    if match["letters"]:
        return Decimal(_IN_LETTERS[match["letters"]])
    digits = match["value"].replace(" ", "")
    whole, comma, decimals = digits.partition(",")
    if not comma and not re.fullmatch(r"\d{1,3}(?:\.\d{3})+", whole):
        whole, _, decimals = whole.partition(".")
    return Decimal(f"{whole.replace('.', '')}.{decimals.replace('.', '') or 0}")


def _unit(match: re.Match[str], *, raw: Decimal) -> tuple[MarkKind, str, int]:
    """Kind, canonical unit and how many of it make one of the unit as written."""
    if match["percent"]:
        return MarkKind.PERCENTAGE, "%", 1
    if match["currency"]:
        return MarkKind.AMOUNT, "€", _SCALES[match["scale"]]
    if match["many"]:
        factor = _MANY[match["many"].rstrip("s")]
        return (MarkKind.AMOUNT, "€", factor) if match["of"] else (MarkKind.NUMBER, "", factor)
    if match["euros"]:
        return MarkKind.AMOUNT, "€", 1
    if match["time"]:
        unit, factor = next((unit, n) for name, unit, n in _TIMES if match["time"].startswith(name))
        return MarkKind.DURATION, unit, factor
    is_year = match["value"] is not None and re.fullmatch(r"(?:19|20)\d\d", match["value"])
    return (MarkKind.DATE if is_year and raw else MarkKind.NUMBER), "", 1


def _shown(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _roman(letters: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in letters]
    return sum(
        -value if value < max(values[at + 1 :], default=0) else value
        for at, value in enumerate(values)
    )


def _names(text: str) -> Iterator[Fact]:
    """Capitalised words and acronyms; the first word of a sentence only when it is an acronym."""
    for match in _CAPITAL.finditer(text):
        word = match[0]
        parts = _WORD.findall(flat(word))
        is_acronym = len(word) > 1 and word.isupper()
        if all(part in _NOT_NAMES for part in parts) or re.fullmatch(r"[IVXLC]+(?:e|ème)?", word):
            continue
        if (
            len(word) < 2
            or not terms(word)
            or (not is_acronym and _is_opening(text, match.start()))
        ):
            continue
        ways: tuple[tuple[Key, ...], ...] = (tuple(("w", part) for part in parts),)
        if word[-1] in "sx":
            ways += (tuple(("w", part.rstrip("sx")) for part in parts),)
        if is_acronym:
            ways += ((("initials", "".join(parts)),),)
        yield Fact(MarkKind.NAME, word, match.start(), ways)


def _is_opening(text: str, start: int) -> bool:
    before = text[max(start - 12, 0) : start]
    elided = _ELIDED_OPENING.search(before)
    return _OPENING.search(before[: elided.start()] if elided else before) is not None


def _initials(words: Iterable[str]) -> str:
    return "".join(word[0] for word in words)
