"""Values of cells as a French reader would write them, from their number format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from ingest.cleaning import one_line
from ingest.parsers.sheets.intake import Cell

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_CURRENCIES = {"€": "€", "eur": "€", "euro": "€", "$": "$", "us$": "$", "£": "£"}
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<money>[^\]-]*)[^\]]*\]|\[[^\]]*\]|[_*].'
    r"|(?P<digit>[#0?])|(?P<plain>.)",
    re.S,
)
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|[_*].')
_SPECIAL = re.compile(r"[eE][+-]|[#0?]\s*/|@|general|standard", re.I)
_SHOWN = re.compile(r"\s*[-+−(]?\s*\d[\d\s.,'’]*[)]?\s*(?P<unit>%|€|\$|£|EUR)?\s*")
_MONTH_OF_YEAR = re.compile(r"[^\W\d_]{3,}\.?[\s-]+(?:\d{2}|\d{4})|\d{1,2}[/-]\d{4}")
_MAX_DECIMALS = 10
_MAX_PLAIN = 1e17
_SIGNIFICANT = 12


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """What a number format asks for."""

    prefix: str = ""
    suffix: str = ""
    unit: str = ""
    """"%" or a currency; empty for neither."""
    decimals: int = 0
    optional: int = 0
    """How many of the decimals go when they are zeros."""
    least_digits: int = 1
    """Leading zeros are added up to so many digits before the comma."""
    is_grouped: bool = False
    mask: str = ""
    """Digits "#" and what stands between them, as in a telephone number; empty for plain numbers."""


def shown_cell(value: object, *, code: str) -> Cell:
    """What a cell shows of a value: a number, a date, a boolean or words, under its format code."""
    if isinstance(value, bool):
        return Cell("vrai" if value else "faux", is_value=True)
    if isinstance(value, int | float):
        return Cell(number_text(value, code=code), is_value=True)
    if isinstance(value, date | time | timedelta):
        return Cell(moment_text(value, code="" if code == "General" else code), is_value=True)
    return Cell(one_line(str(value)))


def number_text(value: float, *, code: str) -> str:
    """A number under a spreadsheet format code such as "# ##0,00 €".

    Args:
        value: The number; a percentage as its share.
        code: The code in its English notation, "General" for none.
    """
    pattern = _pattern(_section(code, value=value))
    if pattern is None or not _is_finite(value):
        return plain_number(value)
    return shown_number(value, pattern=pattern)


def is_hiding(code: str) -> bool:
    """True for a format that shows nothing, such as ";;;"."""
    return ";" in code and not code.replace(";", "").strip()


def shown_number(value: float, *, pattern: NumberPattern) -> str:
    """A finite number under a pattern, with a decimal comma and spaces between thousands."""
    number = Decimal(repr(value)) * (100 if pattern.unit == "%" else 1)
    step = Decimal(1).scaleb(-pattern.decimals)
    rounded = abs(number).quantize(step, rounding=ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    for _ in range(pattern.optional):
        fraction = fraction.removesuffix("0")
    if pattern.mask:
        whole = _masked(whole, mask=pattern.mask)
    else:
        whole = whole.zfill(pattern.least_digits)
        if pattern.is_grouped or (pattern.unit not in {"", "%"} and len(whole) > 3):
            whole = f"{int(whole):,}".replace(",", " ") if whole.isdigit() else whole
    digits = f"{whole},{fraction}" if fraction else whole
    sign = "-" if number < 0 and rounded else ""
    unit = f" {pattern.unit}" if pattern.unit else ""
    return f"{pattern.prefix}{sign}{digits}{unit}{pattern.suffix}".strip()


def plain_number(value: float) -> str:
    """A number without a format: all digits of a whole one, twelve significant ones of another."""
    if not _is_finite(value):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < _MAX_PLAIN):
        return str(int(value))
    short = f"{value:.{_SIGNIFICANT}g}"
    if "e" in short and not 1e-9 < abs(value) < _MAX_PLAIN:
        return short.replace(".", ",")
    plain = f"{Decimal(short):f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain).replace(".", ",")


def moment_text(value: date | time | timedelta, *, code: str = "") -> str:
    """A date as 31/12/2024, a month as "décembre 2024", a time as 14:30, as far as the format shows it.

    Args:
        value: A date with or without a time of day, a time of day, or a duration.
        code: The format code; empty shows all that is there.
    """
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, time):
        return _time_of_day(value)
    bare = _LITERAL.sub("", code.split(";", maxsplit=1)[0]).lower()
    if "y" in bare and "d" not in bare and "h" not in bare:
        return f"{_MONTHS[value.month - 1]} {value.year}" if "m" in bare else str(value.year)
    day = f"{value.day:02d}/{value.month:02d}/{value.year:04d}"
    is_timed = isinstance(value, datetime) and (value.hour, value.minute, value.second) != (0, 0, 0)
    if isinstance(value, datetime) and is_timed and (not bare or "h" in bare):
        return f"{day} {_time_of_day(value.time())}"
    return day


def restated_number(value: float, *, shown: str, currency: str = "", is_percentage: bool) -> str:
    """A number as another program showed it, in French digits where the display is only digits.

    Args:
        value: The number; a percentage as its share.
        shown: The display, in any locale. Kept when it holds more than the number.
        currency: ISO code of an amount of money, else empty.
        is_percentage: True for a share shown as a percentage.
    """
    unit = "%" if is_percentage else _CURRENCIES.get(currency.lower(), currency)
    decimals = _decimals_shown(value * 100 if is_percentage else value, shown=shown)
    if not unit and _digits(shown) and _SHOWN.fullmatch(shown) is None:
        return shown
    if not unit and decimals is None:
        is_padded = _digits(shown).lstrip("0") == _digits(plain_number(value))
        return shown if is_padded else plain_number(value)
    pattern = NumberPattern(
        unit=unit,
        decimals=2 if decimals is None else decimals,
        optional=2 if decimals is None and is_percentage else 0,
        is_grouped=bool(re.search(r"\d[\s.,'’]\d{3}(?:\D|$)", shown)) and abs(value) >= 1000,
    )
    return shown_number(value, pattern=pattern)


def restated_date(iso: str, *, shown: str) -> str:
    """An ISO date or moment as 31/12/2024; a display of month and year only is kept so.

    Args:
        iso: As in "2024-12-31" or "2024-12-31T14:30:00".
        shown: The display of the program that wrote it, in any locale.
    """
    try:
        value = datetime.fromisoformat(iso)
    except ValueError:
        return shown or iso
    if _MONTH_OF_YEAR.fullmatch(shown.strip()) and value.day == 1:
        return moment_text(value, code="mmmm yyyy")
    if re.fullmatch(r"\s*\d{4}\s*", shown):
        return shown.strip()
    return moment_text(value)


def _decimals_shown(value: float, *, shown: str) -> int | None:
    """The number of decimals that makes the digits of a display, None when they are not the number's."""
    digits = _digits(shown)
    if not digits or not _is_finite(value):
        return None
    number = abs(Decimal(repr(value)))
    for decimals in range(_MAX_DECIMALS + 1):
        rounded = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
        if _digits(f"{rounded:f}") == digits:
            return decimals
    return None


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _is_finite(value: float) -> bool:
    return isinstance(value, int) or (value == value and abs(value) < 1e300)


def _section(code: str, *, value: float) -> str:
    sections = code.split(";")
    return sections[1] if value < 0 and len(sections) > 1 and sections[1].strip() else sections[0]


@lru_cache(maxsize=512)
def _pattern(section: str) -> NumberPattern | None:
    """The pattern of one section of a format code, None for a number shown as it is."""
    bare = _LITERAL.sub("", section)
    if not section.strip() or _SPECIAL.search(bare) or not re.search(r"[#0?]", bare):
        return None
    before, middle, after, unit = _parts(section)
    whole, _, fraction = middle.partition(".")
    digits = re.sub(r"[^#0?]", "", whole)
    places = re.sub(r"[^#0?]", "", fraction)
    between = whole.strip().replace("?", "#").replace("0", "#")
    is_grouped = bool(re.search(r"#[, \u00a0\u202f]#", between))
    is_masked = not is_grouped or between.count(" ") > 1
    mask = between if is_masked and re.search(r"#[^#,]+#", between) and not fraction else ""
    prefix, suffix = before.lstrip("( -+"), after.strip(")")
    if "%" in bare:
        unit, prefix, suffix = "%", prefix.replace("%", ""), suffix.replace("%", "")
    if suffix.strip().lower() in _CURRENCIES:
        unit, suffix = _CURRENCIES[suffix.strip().lower()], ""
    elif prefix.strip().lower() in _CURRENCIES:
        unit, prefix = _CURRENCIES[prefix.strip().lower()], ""
    return NumberPattern(
        prefix=prefix,
        suffix=suffix.rstrip(),
        unit=unit,
        decimals=min(len(places), _MAX_DECIMALS),
        optional=len(places) - len(places.rstrip("#?")),
        least_digits=max(digits.count("0"), 1),
        is_grouped=is_grouped and not mask,
        mask=mask,
    )


def _parts(section: str) -> tuple[str, str, str, str]:
    """What stands before the digits, the digits with what is between, what follows, the currency."""
    before: list[str] = []
    middle: list[str] = []
    pending: list[str] = []
    unit = ""
    for found in _TOKEN.finditer(section):
        if found["money"] is not None:
            unit = _CURRENCIES.get(found["money"].strip().lower(), found["money"].strip())
        elif found["digit"] is not None:
            middle.extend((*pending, found["digit"]))
            pending.clear()
        else:
            text = found["quoted"] or found["escaped"] or found["plain"] or ""
            (pending if middle else before).append(text)
    after = "".join(pending)
    return "".join(before).lstrip(), "".join(middle), after.lstrip(",."), unit


def _masked(digits: str, *, mask: str) -> str:
    """Digits put in the places of a mask from its end; those too many stay in front."""
    left = list(digits.zfill(mask.count("#")))
    shown: list[str] = []
    for char in reversed(mask):
        shown.append(left.pop() if char == "#" else char)
    return "".join(left) + "".join(reversed(shown))


def _time_of_day(value: time) -> str:
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"


def _duration(value: timedelta) -> str:
    seconds = round(abs(value.total_seconds()))
    sign = "-" if value < timedelta() else ""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{sign}{hours}:{minutes:02d}" + (f":{left:02d}" if left else "")
