"""What an index was built with: its embedder, so that another one is refused, and its layout."""

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
        return parse_identity(_read(path))
    except ValueError as error:
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


def parse_layout(data: object) -> int:
    """The layout written as `identity_data`; 1 when none is told."""
    match data:
        case {"layout": int(layout)}:
            return layout
        case _:
            return 1


def read_layout(path: Path) -> int:
    """The layout kept in a file; 1 when none is told.

    Raises:
        IndexUnavailable: "index_damaged", when the file is absent or unreadable.
    """
    return parse_layout(_read(path))


def identity_data(identity: EmbedderIdentity, *, layout: int) -> dict[str, str | int]:
    """The identity and the layout as plain data."""
    return {"embedder": identity.id, "dimensions": identity.dimensions, "layout": layout}


def write_identity(path: Path, *, identity: EmbedderIdentity, layout: int) -> None:
    """Write the file so that it is there whole or not at all, even after a power cut."""
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(identity_data(identity, layout=layout), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise IndexUnavailable("index_damaged", transient=False) from error


def _label(identity: EmbedderIdentity) -> str:
    return f"{identity.id} ({identity.dimensions})"
