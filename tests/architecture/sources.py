"""The project's own Python sources, as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("assistant", "ingest", "ui", "eval")
GENERATED = ("migrations/versions",)


@dataclass(frozen=True, slots=True)
class Source:
    """One module of the project."""

    path: str
    text: str
    tree: ast.Module


def parse(path: str, text: str) -> Source:
    """A module from its text."""
    return Source(path, text, ast.parse(text))


def product_sources() -> Iterator[Source]:
    """Every hand-written module of the four packages."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not any(part in name for part in GENERATED):
                yield parse(name, path.read_text("utf-8"))


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, nested ones included."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
