"""One measured figure, and the table that shows many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.words import Words

sentence = Words("eval.bench").sentence
"""The French sentence of a code, of all measures of this package."""


@dataclass(frozen=True, slots=True)
class BenchRow:
    """A figure with what it is held against."""

    name: str
    figure: float
    unit: str
    """Such as "ms", "s", "MB", "%"; "×" for a ratio."""
    limit: float | None = None
    """Greatest figure allowed (smallest when `at_least`), None for information only."""
    at_least: bool = False
    """True when the figure must reach the limit."""
    peer: str = ""
    """What was measured beside it in the same run, with its own figure."""

    @property
    def is_met(self) -> bool:
        """True when the figure keeps its limit, or has none."""
        if self.limit is None:
            return True
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit


def chunks_words(count: int) -> str:
    """A number of passages, in words."""
    return sentence("chunks", count=f"{count:,}".replace(",", " "))


def table(rows: Sequence[BenchRow]) -> str:
    """The figures as a Markdown table in French."""
    columns = sentence("columns")
    lines = [f"| {columns} |", f"|{'---|' * len(columns.split('|'))}"]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        limit = "" if row.limit is None else f"{sign} {row.limit:g} {row.unit}"
        kept = "" if row.limit is None else sentence("yes" if row.is_met else "no")
        lines.append(
            f"| {row.name} | {row.figure:.4g} {row.unit} | {limit} | {kept} | {row.peer} |"
        )
    return "\n".join(lines)
