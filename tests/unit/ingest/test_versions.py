"""The version of a reading changes with all that it is made with."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

import ingest
from ingest import versions
from ingest.limits import Limits


def imported(tree: ast.Module) -> Iterator[str]:
    """Names of the modules that a module imports, by statement or by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (str(each.value) for each in node.args if isinstance(each, ast.Constant))


def test_every_library_of_a_reading_counts() -> None:
    package = Path(ingest.__file__).parent
    # what lists and fetches files has no part in what is read of them
    sources = [each for each in package.rglob("*.py") if package / "sources" not in each.parents]
    names = {
        name.partition(".")[0]
        for source in sources
        for name in imported(ast.parse(source.read_text("utf-8")))
    }
    foreign = names - sys.stdlib_module_names - {"ingest"}
    owners = packages_distributions()

    assert {"openpyxl", "python_calamine", "PIL"} <= foreign
    assert {
        name for name in foreign if not {*map(str.lower, owners[name])} & {*versions.LIBRARIES}
    } == set()


@pytest.mark.parametrize("library", versions.LIBRARIES)
def test_another_library_is_another_version(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = versions.reader_version(Limits())

    def renewed(name: str) -> str:
        return "0.0.test" if name == library else version(name)

    monkeypatch.setattr("ingest.versions.version", renewed)

    assert versions.reader_version(Limits()) != before
