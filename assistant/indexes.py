"""The indexes of the settings: where those of generations stand, opened, erased or built anew offline."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.data_folder import DataFolder, slug_of
from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.errors import IndexUnavailable, StorageError
from assistant.domain.generations import Composition, Generation
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.weighing import WordWeighing
from assistant.ports.index import ChunkIndex
from assistant.settings import Settings

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

    from assistant.adapters.qdrant.server import ServerChunkIndex

_BLOCK_BYTES = 512
"""Unit in which a file system tells what a file takes."""


class ConfiguredPlaces:
    """Implements `IndexPlaces` for the engine of the settings."""

    def __init__(
        self,
        settings: Settings,
        folder: DataFolder,
        *,
        chunker: Callable[[], str],
        first: ChunkIndex | None = None,
    ) -> None:
        """Prepare.

        Args:
            settings: They choose the engine.
            folder: Holds the indexes of the engine that has folders.
            chunker: Tells the version of parsers and chunker.
            first: Stands in for the index of the first generation.
        """
        self._settings, self._folder, self._chunker = settings, folder, chunker
        self._first = first

    def composition(
        self,
        embedder: EmbedderIdentity,
        *,
        words: WordWeighing | None = None,
        cut: Cut = ORDINARY,
    ) -> Composition:
        """What an index of this embedder is made of when it is made now."""
        from assistant.adapters.qdrant.bm25 import PRODUCT
        from assistant.adapters.qdrant.schema import LAYOUT

        return Composition(embedder, self._chunker(), words or PRODUCT, LAYOUT, cut)

    def name(self, number: int, *, embedder: EmbedderIdentity) -> str:
        """The place of a new generation; the first one is where older programs put their index."""
        slug = slug_of(embedder.id)
        return slug if number == 1 else f"g{number}-{slug}"

    def open(self, generation: Generation) -> ChunkIndex:
        """Its index, made when absent. Raises as the engine does."""
        if self._first is not None and generation.number == 1:
            return self._first
        place = self._folder.place(generation.place)
        return open_index(self._settings, place=place, made=generation.composition)

    def erase(self, place: str) -> None:
        """Delete an index that nobody has open; no error when there is none."""
        if self._settings.index.engine == "server":
            with closing(_client(self._settings)) as client:
                _erase_collection(client, _collection(self._settings, place))
            return
        # moved aside first: a stop half-way never leaves half an index under its name
        path, aside = self._folder.place(place), self._folder.place(f"{place}.gone")
        try:
            shutil.rmtree(aside, ignore_errors=True)
            if path.exists():
                path.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        except OSError as error:
            raise StorageError from error

    def size_bytes(self, place: str) -> int | None:
        """Disk that an index takes; None when it is on a server."""
        if self._settings.index.engine == "server":
            return None
        total = 0
        for path in self._folder.place(place).rglob("*"):
            with suppress(OSError):
                total += path.stat().st_blocks * _BLOCK_BYTES
        return total

    def free_bytes(self) -> int | None:
        """Free disk for indexes; None when they are on a server."""
        if self._settings.index.engine == "server":
            return None
        return shutil.disk_usage(self._folder.root).free


def open_index(settings: Settings, *, place: Path, made: Composition) -> ChunkIndex:
    """An index, made when absent.

    Args:
        settings: They choose the engine.
        place: Its folder; on a server, its collection has the last part of its name.
        made: What it is made of.

    Raises:
        ConfigurationError: Built with another embedder, or held by another process ("index_in_use").
        IndexUnavailable: The engine does not answer, or the index is damaged.
    """
    if settings.index.engine == "edge":
        from assistant.adapters.qdrant.edge import EdgeChunkIndex

        return EdgeChunkIndex(place, embedder=made.embedder, weighing=made.words)
    return _open_server(settings, place=place, made=made)


@contextmanager
def replacement(
    settings: Settings, *, place: Path, made: Composition, held: Path | None
) -> Generator[ChunkIndex]:
    """An empty index to fill, which alone is left once the block ends without error.

    On a Qdrant server, those of former generations are left to the next start.

    Args:
        settings: They choose the engine.
        place: Where it is to be.
        made: What it is made of.
        held: The index in use, which nobody may have open; None before the first.

    Raises:
        ConfigurationError: The index in use is held by another process ("index_in_use").
        IndexUnavailable: The engine does not answer.
    """
    if settings.index.engine == "server":
        with closing(_open_server(settings, place=place, made=made)) as index:
            index.clear()
            yield index
        return
    if held is not None:
        _refuse_if_held(held)
    fresh = place.with_name(f"{place.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with closing(open_index(settings, place=fresh, made=made)) as index:
        yield index
    _put_in_place(fresh, place=place)


def _refuse_if_held(held: Path) -> None:
    from assistant.adapters.qdrant.edge import EdgeChunkIndex
    from assistant.adapters.qdrant.identity import read_identity

    if held.exists():
        with suppress(IndexUnavailable):
            EdgeChunkIndex(held, embedder=read_identity(held / "embedder.json")).close()


def _put_in_place(fresh: Path, *, place: Path) -> None:
    """Moved aside before it is removed, no index is ever found half removed.

    Whatever dies in between leaves a whole one, or none, which the next start fills again.
    """
    former = place.with_name(f"{place.name}.old")
    shutil.rmtree(former, ignore_errors=True)
    if place.exists():
        place.rename(former)
    fresh.rename(place)
    for other in place.parent.iterdir():
        if other != place:
            shutil.rmtree(other, ignore_errors=True)


def _client(settings: Settings) -> QdrantClient:
    import qdrant_client

    key = settings.index.api_key.get_secret_value()
    return qdrant_client.QdrantClient(url=settings.index.url, api_key=key or None)


def _collection(settings: Settings, place: str) -> str:
    return f"{settings.index.collection}-{place}"


def _erase_collection(client: QdrantClient, name: str) -> None:
    from qdrant_client.http.exceptions import ApiException

    try:
        client.delete_collection(name)
    except (ApiException, OSError, RuntimeError) as error:
        raise IndexUnavailable from error


def _open_server(settings: Settings, *, place: Path, made: Composition) -> ServerChunkIndex:
    from assistant.adapters.qdrant.server import ServerChunkIndex

    name = _collection(settings, place.name)
    return ServerChunkIndex(
        _client(settings), collection=name, embedder=made.embedder, weighing=made.words
    )
