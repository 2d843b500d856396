"""French sentences of the ingestion errors and notices, by code."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def sentences() -> dict[str, str]:
    """All sentences by code."""
    return tomllib.loads((files("ingest") / "messages.fr.toml").read_text(encoding="utf-8"))


def sentence(code: str, **params: str | int | float) -> str:
    """The French sentence of a code, completed by its parameters.

    Raises:
        KeyError: The code has no sentence, or a parameter is missing.
    """
    return sentences()[code].format(**params)
