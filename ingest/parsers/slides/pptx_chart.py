"""Charts of python-pptx to small tables: categories down, series across, from the values kept in the file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ingest.draft import table_block, text_block
from ingest.model import Block

_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_MAX_ROWS = 500


def chart_blocks(chart: Any) -> tuple[Block, ...]:
    """The title of a chart, then one table for each kind of drawing in it (bars, lines, points)."""
    title = chart.chart_title.text_frame.text if _has_text_title(chart) else ""
    tables = (table_block(_rows(plot)) for plot in chart.plots)
    found = (text_block(title.replace("\v", "\n")), *tables)
    return tuple(block for block in found if block is not None)


def _has_text_title(chart: Any) -> bool:
    return bool(chart.has_title and chart.chart_title.has_text_frame)


def _rows(plot: Any) -> list[list[str]]:
    series = list(plot.series)
    names = [one.name or f"Série {index}" for index, one in enumerate(series, start=1)]
    columns = [_shown_values(one) for one in series]
    if any(one._element.find(f"{_CHART}xVal") is not None for one in series):
        return _point_rows(series, names=names)
    labels = [" / ".join(parts) for parts in islice(plot.categories.flattened_labels, _MAX_ROWS)]
    count = min(max([len(labels), *(len(column) for column in columns)]), _MAX_ROWS)
    labels.extend([""] * (count - len(labels)))
    rows = [
        [labels[index], *(column[index] if index < len(column) else "" for column in columns)]
        for index in range(count)
    ]
    return [["Catégorie", *names], *rows]


def _point_rows(series: list[Any], *, names: list[str]) -> list[list[str]]:
    rows = [["Série", "X", "Y"]]
    for one, name in zip(series, names, strict=True):
        across, up = (_points(one._element, kind=kind) for kind in ("xVal", "yVal"))
        pairs = zip(across, up, strict=False)
        rows.extend([name, x, y] for x, y in islice(pairs, _MAX_ROWS))
    return rows


def _points(series: Any, *, kind: str) -> Iterator[str]:
    values = series.find(f"{_CHART}{kind}")
    for value in values.iter(f"{_CHART}v") if values is not None else ():
        yield (value.text or "").replace(".", ",")


def _shown_values(series: Any) -> list[str]:
    code = next((code.text or "" for code in series._element.iter(f"{_CHART}formatCode")), "")
    return [_shown(value, is_share="%" in code) for value in islice(series.values, _MAX_ROWS)]


def _shown(value: float | None, *, is_share: bool) -> str:
    if value is None:
        return ""
    text = f"{value * 100:.6g} %" if is_share else f"{value:.12g}"
    return text.replace(".", ",")
