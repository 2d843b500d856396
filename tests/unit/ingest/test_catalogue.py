from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

import ingest
from ingest.catalogue import sentence, sentences
from ingest.errors import ParseFailed
from ingest.model import Notice

ROOT = Path(ingest.__file__).parent
RAISED = re.compile(r"^[a-z]+(?:_[a-z]+)+$")
ERRORS = {"IngestError", "UnsupportedFormat", "RefusedFile", "ParseFailed", "ParserDied"}


def raised_codes() -> set[str]:
    """First arguments of all errors built in the package."""
    codes: set[str] = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            first = node.args[0] if node.args else None
            if node.func.id in ERRORS and isinstance(first, ast.Constant):
                codes.add(str(first.value))
    return codes


def test_every_error_and_notice_has_a_sentence() -> None:
    assert len(raised_codes()) > 10
    assert raised_codes() | {str(notice) for notice in Notice} <= set(sentences())


@pytest.mark.parametrize("code", sorted(sentences()))
def test_sentences_say_what_happened_then_what_to_do(code: str) -> None:
    text = sentences()[code]

    assert RAISED.match(code)
    assert text.endswith(".")
    assert len(re.split(r"(?<=[.]) |; ", text)) >= 2
    assert "{" not in sentence(code, **dict.fromkeys(fields(text), 1))


def fields(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


def test_error_carries_its_sentence() -> None:
    error = ParseFailed("file_empty")

    assert str(error) == error.sentence == sentences()["file_empty"]
