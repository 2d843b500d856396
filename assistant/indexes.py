"""The index of the settings: opened, or built anew to take the place of the one in use."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.data_folder import slug_of
from assistant.domain.errors import ConfigurationError, IndexUnavailable
from assistant.domain.retrieval import EmbedderIdentity
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.adapters.qdrant.server import ServerChunkIndex


def open_index(settings: Settings, *, place: Path, embedder: EmbedderIdentity) -> ChunkIndex:
    """The index of an embedder, made when absent.

    Args:
        settings: They choose the engine.
        place: Its folder, for the engine that has one.
        embedder: The embedder whose vectors it holds.

    Raises:
        ConfigurationError: Built with another embedder, or held by another process ("index_in_use").
        IndexUnavailable: The engine does not answer, or the index is damaged.
    """
    if settings.index.engine == "edge":
        from assistant.adapters.qdrant.edge import EdgeChunkIndex

        return EdgeChunkIndex(place, embedder=embedder)
    return _open_server(settings, embedder=embedder)


def refuse_other_embedder(open_work: UnitOfWorkFactory, *, asked: EmbedderIdentity) -> None:
    """Refuse an embedder other than the one of the index in use.

    Raises:
        ConfigurationError: It is another ("index_other_embedder").
    """
    with open_work() as work:
        built = work.ledger.active_index()
    if built is not None and built != asked.id:
        raise ConfigurationError("index_other_embedder", built=built, asked=asked.id)


@contextmanager
def replacement(
    settings: Settings, *, place: Path, embedder: EmbedderIdentity
) -> Generator[ChunkIndex]:
    """An empty index to fill, which is the one in use once the block ends without error.

    In a folder it takes its place at the end, and the indexes of other embedders go then. On a
    Qdrant server it is the collection in use itself, emptied first.

    Raises:
        ConfigurationError: The index in use is held by another process ("index_in_use").
        IndexUnavailable: The engine does not answer.
    """
    if settings.index.engine == "server":
        with closing(_open_server(settings, embedder=embedder)) as index:
            index.clear()
            yield index
        return
    _refuse_if_held(settings, place=place, embedder=embedder)
    fresh = place.with_name(f"{place.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with closing(open_index(settings, place=fresh, embedder=embedder)) as index:
        yield index
    _put_in_place(fresh, place=place)


def _refuse_if_held(settings: Settings, *, place: Path, embedder: EmbedderIdentity) -> None:
    if place.exists():
        with suppress(IndexUnavailable):
            open_index(settings, place=place, embedder=embedder).close()


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


def _open_server(settings: Settings, *, embedder: EmbedderIdentity) -> ServerChunkIndex:
    from qdrant_client import QdrantClient

    from assistant.adapters.qdrant.server import ServerChunkIndex

    key = settings.index.api_key.get_secret_value()
    client = QdrantClient(url=settings.index.url, api_key=key or None)
    collection = f"{settings.index.collection}-{slug_of(embedder.id)}"
    return ServerChunkIndex(client, collection=collection, embedder=embedder)
