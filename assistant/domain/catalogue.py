"""French sentences of the assistant's errors and states, by code; those of ingestion included."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from ingest.catalogue import sentences as ingest_sentences


@cache
def sentences() -> dict[str, str]:
    """All sentences by code."""
    own = tomllib.loads((files("assistant.domain") / "messages.fr.toml").read_text("utf-8"))
    return {**ingest_sentences(), **own}


def sentence(code: str, **params: str | int | float) -> str:
    """The French sentence of a code, completed by its parameters.

    Raises:
        KeyError: The code has no sentence, or a parameter is missing.
    """
    return sentences()[code].format(**params)
