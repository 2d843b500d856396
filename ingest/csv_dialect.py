"""How a text separates its columns, if it has any; shared by the search for a format and the parser."""

from __future__ import annotations

import csv
import io
from collections import Counter

_DELIMITERS = ";\t,|"
_FIRST_LINES = 60
_STRONG_LINES = 4
_WEAK_LINES = 2
_STRONG_SHARE = 0.9
_WEAK_SHARE = 0.6
_MAX_FIELD_CHARS = 120
_SPACED_SHARE = 0.5
_MAX_FIELD = 10_000_000


def find_delimiter(text: str, *, is_expected: bool) -> str | None:
    """The character that separates columns, None for a text that has none.

    Lines must agree on their number of columns. Commas of prose do not: they come in any number and
    a space follows them; what ends in a semicolon is a list of clauses.

    Args:
        text: The start of a text; its last line may be cut.
        is_expected: The name of the file speaks of columns: weak evidence is enough.
    """
    lines = [line for line in text.splitlines()[:_FIRST_LINES] if line.strip()]
    best: tuple[float, str] | None = None
    for delimiter in _DELIMITERS:
        found = _evidence(lines, delimiter=delimiter, is_expected=is_expected)
        if found and (best is None or found > best[0]):
            best = (found, delimiter)
    return best[1] if best is not None else None


def parse_rows(text: str, *, delimiter: str) -> list[list[str]]:
    """The fields of each line; quotes are taken as plain characters where they never close.

    Args:
        text: The whole text.
        delimiter: What `find_delimiter` found.
    """
    quoted = _parse(text, delimiter=delimiter, has_quotes=True)
    lines = text.count("\n") + 1
    if len(quoted) * 2 < lines and _longest(quoted) > _MAX_FIELD_CHARS * 20:
        return _parse(text, delimiter=delimiter, has_quotes=False)
    return quoted


def _parse(text: str, *, delimiter: str, has_quotes: bool) -> list[list[str]]:
    csv.field_size_limit(_MAX_FIELD)
    quoting = csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting))


def _longest(rows: list[list[str]]) -> int:
    return max((len(field) for row in rows for field in row), default=0)


def _evidence(lines: list[str], *, delimiter: str, is_expected: bool) -> float:
    """How well the lines agree on a delimiter, 0 for not at all."""
    rows = [row for row in parse_rows("\n".join(lines), delimiter=delimiter) if row]
    least = _WEAK_LINES if is_expected else _STRONG_LINES
    if len(rows) < least:
        return 0.0
    (width, count), *_ = Counter(len(row) for row in rows).most_common(1)
    share = count / len(rows)
    if width < 2 or share < (_WEAK_SHARE if is_expected else _STRONG_SHARE):
        return 0.0
    if share < _STRONG_SHARE and _spaced_share(rows) >= _SPACED_SHARE:
        return 0.0
    if not is_expected and not _is_tabular(rows, delimiter=delimiter, width=width):
        return 0.0
    return share * width


def _spaced_share(rows: list[list[str]]) -> float:
    """How many of the later fields begin with a space, as words after a comma do."""
    filled = [field for row in rows for field in row[1:] if field.strip()]
    return sum(1 for field in filled if field[0] == " ") / max(len(filled), 1)


def _is_tabular(rows: list[list[str]], *, delimiter: str, width: int) -> bool:
    """True when short fields without a space before them fill all columns: no prose does."""
    if delimiter == "," and width < 3:
        return False
    later = [field for row in rows for field in row[1:]]
    filled = [field for field in later if field.strip()]
    columns = sum(1 for column in zip(*rows, strict=False) if any(map(str.strip, column)))
    return (
        len(filled) >= len(later) / 3
        and columns == width
        and _spaced_share(rows) < _SPACED_SHARE
        and all(len(field) <= _MAX_FIELD_CHARS for field in rows[0])
    )
