"""Compiled statements of tests: kept for the process, where each engine would compile its own again."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.util import LRUCache

from assistant.adapters.sql import postgresql, sqlite


class _OfEveryEngine(LRUCache[Any, Any]):
    """Finds a statement by the name of its dialect, which is an object of its own in each engine."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_named(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_named(key), value)


def _named(key: Any) -> Any:
    dialect, *parts = key
    return (dialect.name, *parts)


@contextmanager
def shared_statements() -> Generator[None]:
    """Have the engines opened in this block share what they compile: most of a small test is that."""
    kept = _OfEveryEngine(4000)

    def open_engine(*arguments: Any, **options: Any) -> Engine:
        return create_engine(*arguments, execution_options={"compiled_cache": kept}, **options)

    with pytest.MonkeyPatch.context() as patch:
        for adapter in (postgresql, sqlite):
            patch.setattr(adapter, "create_engine", open_engine)
        yield
