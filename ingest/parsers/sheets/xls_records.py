"""What calamine leaves unsaid of an XLS file: its title, its number formats, what is hidden.

The records of the workbook stream are walked once, by their type and length alone.

Source:
    Microsoft, "[MS-XLS]: Excel Binary File Format (.xls) Structure", 2.3 and 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.charsets import decode
from ingest.cleaning import one_line
from ingest.errors import ParseFailed

_BOF, _EOF, _FILEPASS, _BOUNDSHEET = 0x0809, 0x000A, 0x002F, 0x0085
_FORMAT, _XF, _ROW, _COLINFO = 0x041E, 0x00E0, 0x0208, 0x007D
_NUMBER, _RK, _MULRK, _FORMULA = 0x0203, 0x027E, 0x00BD, 0x0006
_HIDDEN_ROW = 0x20
_MAX_CELLS = 1_000_000
_LOCAL_CURRENCY = frozenset({5, 6, 7, 8, 42, 44})


@dataclass(slots=True)
class SheetRecords:
    """Rows and columns from 0."""

    hidden_rows: set[int] = field(default_factory=set[int])
    hidden_columns: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    styles: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    """Style of each number, by row and column."""
    codes: list[str] = field(default_factory=list[str])
    """Format code of each style, shared by all sheets."""

    def is_hidden(self, column: int) -> bool:
        """True when a column is hidden."""
        return any(first <= column <= last for first, last in self.hidden_columns)

    def code(self, row: int, column: int) -> str:
        """The format code of a cell, "General" where none is known."""
        style = self.styles.get((row, column), -1)
        return self.codes[style] if 0 <= style < len(self.codes) else "General"


@dataclass(slots=True)
class Records:
    """What the records of a workbook tell."""

    title: str = ""
    """In its properties, else empty."""
    sheets: list[SheetRecords] = field(default_factory=list[SheetRecords])

    def sheet(self, index: int) -> SheetRecords:
        """Those of a sheet, from 0; empty ones where there are none."""
        return self.sheets[index] if index < len(self.sheets) else SheetRecords()


def read_records(path: Path) -> Records:
    """The records of an XLS file.

    Raises:
        ParseFailed: It is damaged or encrypted.
    """
    olefile = cast("Any", import_module("olefile"))
    try:
        with olefile.OleFileIO(path) as container:
            names = [name for name in ("Workbook", "Book") if container.exists(name)]
            if not names:
                raise ParseFailed("file_damaged")
            data = cast("bytes", container.openstream(names[0]).read())
            title = container.get_metadata().title or b""
    except (OSError, ValueError, TypeError, IndexError, struct.error) as error:
        raise ParseFailed("file_damaged") from error
    text = decode(title) if isinstance(title, bytes) else str(title)
    return Records(title=one_line(text), sheets=_sheets(data))


def _sheets(data: bytes) -> list[SheetRecords]:
    """One entry for each sheet, in the order of the workbook."""
    formats: dict[int, str] = {}
    styles: list[int] = []
    starts: list[int] = []
    for kind, body in _records(data, start=0):
        if kind == _FILEPASS:
            raise ParseFailed("file_encrypted")
        if kind == _BOUNDSHEET and len(body) >= 4:
            starts.append(int.from_bytes(body[:4], "little"))
        elif kind == _FORMAT and len(body) >= 5:
            formats[int.from_bytes(body[:2], "little")] = _format_code(body)
        elif kind == _XF and len(body) >= 4:
            styles.append(int.from_bytes(body[2:4], "little"))
    codes = [_code(number, formats=formats) for number in styles]
    return [_sheet(data, start=start, codes=codes) for start in starts]


def _code(number: int, *, formats: dict[int, str]) -> str:
    numbers = cast("Any", import_module("openpyxl.styles.numbers"))
    code = formats.get(number) or str(numbers.BUILTIN_FORMATS.get(number, "General"))
    return code.replace("$", "€") if number in _LOCAL_CURRENCY and "[$" not in code else code


def _format_code(body: bytes) -> str:
    count, is_wide = int.from_bytes(body[2:4], "little"), body[4] & 1
    text = body[5 : 5 + count * (2 if is_wide else 1)]
    return text.decode("utf-16-le" if is_wide else "latin-1", errors="replace")


def _sheet(data: bytes, *, start: int, codes: list[str]) -> SheetRecords:
    sheet = SheetRecords(codes=codes)
    for kind, body in _records(data, start=start):
        words = struct.unpack_from(f"<{len(body) // 2}H", body)
        if kind == _ROW and len(words) >= 7 and words[6] & _HIDDEN_ROW:
            sheet.hidden_rows.add(words[0])
        elif kind == _COLINFO and len(words) >= 5 and words[4] & 1:
            sheet.hidden_columns.append((words[0], words[1]))
        elif len(sheet.styles) < _MAX_CELLS:
            sheet.styles.update(_cell_styles(kind, words))
    return sheet


def _cell_styles(kind: int, words: Sequence[int]) -> Iterator[tuple[tuple[int, int], int]]:
    if kind in {_NUMBER, _RK, _FORMULA} and len(words) >= 3:
        yield (words[0], words[1]), words[2]
    elif kind == _MULRK:
        for offset in range((len(words) - 3) // 3):
            yield (words[0], words[1] + offset), words[2 + 3 * offset]


def _records(data: bytes, *, start: int) -> Iterator[tuple[int, bytes]]:
    """Type and body of the records of one substream; those of charts inside it are passed over."""
    depth, position = 0, start
    while position + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, position)
        body = data[position + 4 : position + 4 + length]
        position += 4 + length
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, body
