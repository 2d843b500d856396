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

from assistant.answering.measures import UNIT, measure_of
from assistant.answering.numerals import IN_LETTERS, value_of
from assistant.answering.terms import terms
from assistant.domain.marks import MarkKind
from ingest.dates import MONTHS

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
class Figure:
    """A figure, date or reference in a text: what it states there, and what a source with it holds."""

    fact: Fact
    held: tuple[Key, ...]
    is_stated: bool
    """False for what only counts in a source, such as a number in letters without unit."""

    @property
    def is_day(self) -> bool:
        """True for a date that tells a day."""
        return any(key[0] in {"dm", "dmy"} and key[-1] for key in self.held)

    def agrees_with(self, other: Figure) -> bool:
        """True when one value may be the other: « 31 mars » and « 31/03/2024 », « un an » and « 12 mois ».

        A month is not thirty days: the law counts it from a day to the same day of the next.
        """
        return _states_held(self.fact, other.held) or _states_held(other.fact, self.held)


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


def figures_of(text: str, *, also_unstated: bool = False) -> list[Figure]:
    """The figures, dates and references that a text states, in order of their words.

    Args:
        text: A sentence or more.
        also_unstated: With those that only count in a source, such as « trois pièces ».
    """
    found = (each for each in _scan(text) if also_unstated or each.is_stated)
    return sorted(found, key=lambda each: each.fact.start)


def facts_of(sentence: str) -> list[Fact]:
    """The facts that a sentence states, in order of their words."""
    found = [each.fact for each in figures_of(sentence)]
    inside = {at for fact in found for at in range(fact.start, fact.start + len(fact.words))}
    names = (name for name in _names(sentence) if name.start not in inside)
    return sorted([*found, *names], key=lambda fact: fact.start)


def _states_held(fact: Fact, held: tuple[Key, ...]) -> bool:
    return any(set(way) <= set(held) for way in fact.ways)


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
_FACT = re.compile(
    r"(?<![a-z0-9])(?:"
    rf"(?:(?P<first>\d{{1,2}})(?:er)?\s?(?:au|et|ou|-)\s?(?:le\s)?)?(?P<day>\d{{1,2}}|premier)\s?(?:er)?\s"
    rf"(?P<month>{_MONTH})\b(?:\.?\s(?P<year>(?:19|20)\d\d)\b)?"
    rf"|(?P<only_month>{_MONTH})\.?\s(?P<month_year>(?:19|20)\d\d)\b"
    r"|(?P<short_day>\d{1,2})(?P<sep>[/.-])(?P<short_month>\d{1,2})(?P=sep)(?P<short_year>(?:19|20)?\d\d)"
    r"(?![\d/-])"
    r"|(?:(?<=\ble\s)|(?<=\bdu\s)|(?<=\bau\s))(?P<bare_day>\d{1,2})/(?P<bare_month>0[1-9]|1[0-2])(?![\d/])"
    r"|(?P<iso>(?:19|20)\d\d-\d\d-\d\d)(?!\d)"
    r"|[lrd]\.?\s?\*?(?P<code>\d+(?:-\d+)+|\d{3,})"
    r"|n\s?[°o]s?\s?(?P<numbered>\d+(?:[-/.]\d+)*)"
    r"|(?P<reference>(?:19|20)\d\d[-/](?!(?:19|20)\d\d\b)\d{2,6}|\d+(?:\.\d+){2,})(?!\d)"
    r"|(?:(?:(?P<before>(?:us)?[€$£¥])\s?)?"
    r"(?P<value>(?:[1-9]\d{0,2}(?:[ .]\d{3})+(?!\d)|\d+)(?:[,.]\d+)?)(?!\d|[a-gi-wyz]\d)"
    rf"(?:\s\({IN_LETTERS}\))?"
    rf"|(?P<letters>{IN_LETTERS})(?:\s\(\d+\))?)"
    rf"{UNIT}"
    r"|(?P<half>moitie)\b)"
)
_LABEL = re.compile(
    r"(?:\b(?:articles?|art\.?|annexes?|axes?|pages?|points?|chapitre|section|titre)\s)\Z"
)
_BULLET = re.compile(r"(?:\A|\n)[\s#*>]*\Z")
_LONGEST_LABEL = 12
_ROMAN = re.compile(r"(?<!\w)([IVX]{1,7})(?:e|er|ème)(?!\w)")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}
_HYPHENATED = re.compile(r"(?<![\d-])\d+(?:[-/.]\d+)+")
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


_BARE_TEXT = """
ainsi ceci cela certaine certaines certains chacun chacune nul nulle personne peu plusieurs quiconque rien
seul seule seules seuls tel telle telles tels tout toute toutes tous beaucoup quelqu'un peut-etre jamais
celle-ci celle-la celles-ci celles-la celui-ci celui-la ceux-ci ceux-la toutefois cependant desormais
toujours aussi ensuite enfin alors souvent parfois maintenant aujourd'hui seulement surtout egalement
deux trois quatre cinq six sept huit neuf dix onze douze quinze vingt trente cent mille un une
"""
_BARE_SUBJECTS = frozenset(_BARE_TEXT.split())
"""Words besides names that a sentence may begin with right before its verb."""
_SUBJECT_OF = re.compile(
    r" (?:(?:ne|n'|se|s'|y|en|l'|le|la|les|leur|lui) ?)*"
    r"(?:est|sont|a|ont|etait|avait|sera|aura|peut|doit|pourra|devra|verse|accorde|attribue|alloue|octroie|propose|"
    r"offre|finance|cofinance|subventionne|soutient|aide|accompagne|gere|organise|assure|prend|met|vote|adopte|"
    r"fixe|prevoit|impose|exige|demande|accueille|dispose|compte|possede|participe|contribue|paie|rembourse|"
    r"publie|recoit|instruit|delivre|applique|autorise|interdit|permet|represente|preside|dirige|fournit|"
    r"garantit|beneficie|depend|compose|comprend|regroupe|reunit|signe|decide|cree|lance|ouvre|ferme|siege)"
    r"(?![\w'-])"
)


def _scan(text: str) -> Iterator[Figure]:
    plain = flat(text)
    for match in _FACT.finditer(plain):
        yield from _read(match, text=text)
    for match in _HYPHENATED.finditer(plain):
        yield _only_held(("r", match[0].rstrip(".")))
    for match in _ROMAN.finditer(text):
        value = str(_roman(match[1]))
        fact = Fact(MarkKind.NUMBER, match[0], match.start(), ((("any", value),),))
        yield Figure(fact, (("any", value), ("n", value, "")), is_stated=True)


def _only_held(*keys: Key) -> Figure:
    return Figure(Fact(MarkKind.NUMBER, "", 0, ()), keys, is_stated=False)


def _read(match: re.Match[str], *, text: str) -> Iterator[Figure]:
    if (
        match["month"]
        or match["only_month"]
        or match["short_day"]
        or match["bare_day"]
        or match["iso"]
    ):
        yield from _read_date(match, text=text)
    elif match["half"]:
        yield _only_held(("n", "50", "%"))
    elif number := match["code"] or match["reference"] or match["numbered"]:
        yield _reference(match, number=number, text=text)
    else:
        yield _number(match, text=text)


def _fact(
    match: re.Match[str], *, kind: MarkKind, text: str, ways: tuple[tuple[Key, ...], ...]
) -> Fact:
    return Fact(kind, text[match.start() : match.end()].strip(), match.start(), ways)


def _read_date(match: re.Match[str], *, text: str) -> Iterator[Figure]:
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
    if match["bare_day"]:
        return None, int(match["bare_month"]), int(match["bare_day"])
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return year, month, day
    year = int(match["short_year"])
    return year + 2000 if year < 100 else year, int(match["short_month"]), int(match["short_day"])


def _dated(match: re.Match[str], parts: tuple[int | None, int, int | None], *, text: str) -> Figure:
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
    return Figure(fact, _held_date((year, month, day)), is_stated=True)


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


def _reference(match: re.Match[str], *, number: str, text: str) -> Figure:
    ways: tuple[tuple[Key, ...], ...] = ((("r", number),), (("any", number),))
    fact = _fact(match, kind=MarkKind.REFERENCE, text=text, ways=ways)
    parts = [("any", part) for part in re.split(r"[-/.]", number)]
    return Figure(fact, (("r", number), ("any", number), *parts), is_stated=True)


def _number(match: re.Match[str], *, text: str) -> Figure:
    raw = _raw_value(match)
    kind, unit, factor = _unit(match, raw=raw)
    bare, value = _shown(raw), _shown(raw * factor + int(match["past"] or 0))
    held: tuple[Key, ...] = (("any", value), ("any", bare))
    if unit or not _is_label(match):
        held += (("n", value, unit),)
    ways: tuple[tuple[Key, ...], ...] = ((("any", value),),)
    if unit:
        ways = ((("n", value, unit),), (("n", value, ""),), (("n", bare, ""),))
    return Figure(
        _fact(match, kind=kind, text=text, ways=ways),
        held,
        is_stated=not match["letters"] or bool(unit) or not match["letters"].isalpha(),
    )


def _is_label(match: re.Match[str]) -> bool:
    """True for the number of an article or of a list item, which tells no quantity."""
    before = match.string[max(match.start() - _LONGEST_LABEL, 0) : match.start()]
    is_item = match.string[match.end() : match.end() + 2] in {". ", ") "}
    return _LABEL.search(before) is not None or (is_item and _BULLET.search(before) is not None)


def _raw_value(match: re.Match[str]) -> Decimal:
    if match["letters"]:
        return Decimal(value_of(match["letters"]))
    digits = match["value"].replace(" ", "")
    whole, comma, decimals = digits.partition(",")
    if not comma and not re.fullmatch(r"\d{1,3}(?:\.\d{3})+", whole):
        whole, _, decimals = whole.partition(".")
    return Decimal(f"{whole.replace('.', '')}.{decimals.replace('.', '') or 0}")


def _unit(match: re.Match[str], *, raw: Decimal) -> tuple[MarkKind, str, int]:
    """Kind, canonical unit and how many of it make one of the unit as written."""
    kind, unit, factor = measure_of(match)
    digits = match["value"] or ""
    is_year = raw and kind is MarkKind.NUMBER and factor == 1 and not unit
    if is_year and re.fullmatch(r"(?:19|20)\d\d", digits):
        return MarkKind.DATE, "", 1
    return kind, unit, factor


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
            or (
                not is_acronym
                and _is_opening(text, match.start())
                and not _is_subject(word, after=text[match.end() :])
            )
        ):
            continue
        ways: tuple[tuple[Key, ...], ...] = (tuple(("w", part) for part in parts),)
        if word[-1] in "sx":
            ways += (tuple(("w", part.rstrip("sx")) for part in parts),)
        if is_acronym:
            ways += ((("initials", "".join(parts)),),)
        yield Fact(MarkKind.NAME, word, match.start(), ways)


def _is_subject(word: str, *, after: str) -> bool:
    """True when a first word is a name: French puts no verb after a noun that has no article."""
    return flat(word) not in _BARE_SUBJECTS and _SUBJECT_OF.match(flat(after)) is not None


def _is_opening(text: str, start: int) -> bool:
    before = text[max(start - 12, 0) : start]
    elided = _ELIDED_OPENING.search(before)
    return _OPENING.search(before[: elided.start()] if elided else before) is not None


def _initials(words: Iterable[str]) -> str:
    return "".join(word[0] for word in words)
