"""Which embedder an index on disk was built with: a small file, so that another one is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

from assistant.domain.errors import ConfigurationError, IndexUnavailable
from assistant.domain.retrieval import EmbedderIdentity


def refuse_other(built: EmbedderIdentity, *, asked: EmbedderIdentity) -> None:
    """Compare two vector spaces.

    Raises:
        ConfigurationError: "index_other_embedder", when they differ.
    """
    if built != asked:
        raise ConfigurationError("index_other_embedder", built=_label(built), asked=_label(asked))


def read_identity(path: Path) -> EmbedderIdentity:
    """The identity kept in a file.

    Raises:
        IndexUnavailable: "index_damaged", when the file is absent or unreadable.
    """
    try:
        return parse_identity(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise IndexUnavailable("index_damaged", transient=False) from error


def parse_identity(data: object) -> EmbedderIdentity:
    """The identity written as `identity_data`.

    Raises:
        ValueError: Not such data.
    """
    match data:
        case {"embedder": str(name), "dimensions": int(dimensions)}:
            return EmbedderIdentity(name, dimensions)
        case _:
            raise ValueError("an identity has a name and dimensions")


def identity_data(identity: EmbedderIdentity) -> dict[str, str | int]:
    """The identity as plain data."""
    return {"embedder": identity.id, "dimensions": identity.dimensions}


def write_identity(path: Path, *, identity: EmbedderIdentity) -> None:
    """Write the file so that it is there whole or not at all, even after a power cut."""
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(identity_data(identity), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _label(identity: EmbedderIdentity) -> str:
    return f"{identity.id} ({identity.dimensions})"
