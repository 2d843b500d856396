"""From settings to the generations of a process, and the index built anew without a server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import uuid4

from assistant.answering.retriever import Reranking, Retriever
from assistant.containers import Generations
from assistant.data_folder import DataFolder, prepare_data_folder
from assistant.databases import open_store
from assistant.embedders import batch_size, build_embedder
from assistant.indexes import ConfiguredPlaces, replacement
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.generations import EmbedderShelf
from assistant.ports.index import ChunkIndex
from assistant.ports.models import Embedder
from assistant.ports.parsing import FileReader
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.readers import reader_version_of
from assistant.rerankers import reranking_of
from assistant.services.active_generation import ActiveEmbedder, ActiveIndex, EveryIndex
from assistant.services.fed_embedders import FedEmbedders
from assistant.services.fingerprints import Fingerprints
from assistant.services.generation_building import GenerationBuilder
from assistant.services.generation_cutting import GenerationCutter
from assistant.services.generation_retriever import GenerationRetriever
from assistant.services.generation_room import GenerationRoom
from assistant.services.generation_trial import GenerationKeeper, TrialRunner
from assistant.services.generations import GenerationService
from assistant.services.opened_generations import Searched
from assistant.services.rebuild import RebuildProgress, adopt, adoption, rebuild
from assistant.services.worker import WorkOfGenerations
from assistant.settings import Settings
from assistant.settings_checks import check_settings


def open_generations(
    settings: Settings,
    folder: DataFolder,
    *,
    open_work: UnitOfWorkFactory,
    clock: Clock,
    shelf: EmbedderShelf,
    reader: FileReader,
    audit: AuditTrail,
    index: ChunkIndex | None,
    stack: ExitStack,
) -> Generations:
    """Open the generations of a serving process, given back with the stack.

    Raises:
        ConfigurationError: The settings do not name the embedder of the active one
            ("index_other_embedder"), or another process holds it ("index_in_use").
        IndexUnavailable: The engine does not answer, or the index is damaged.
    """
    places = ConfiguredPlaces(settings, folder, chunker=lambda: reader.version, first=index)
    room = GenerationRoom(open_work, places, shelf, clock)
    stack.callback(room.close)
    room.open()
    retriever_of = _retrievers(
        settings, open_work=open_work, reranking=reranking_of(settings, stack=stack)
    )
    trials = TrialRunner(
        open_work,
        room,
        clock,
        retriever_of=retriever_of,
        owner=f"{socket.gethostname()}-{uuid4()}",
    )
    keeper = GenerationKeeper(room, trials)
    stack.callback(keeper.stop)
    return Generations(
        room=room,
        index=ActiveIndex(room),
        every_index=EveryIndex(room),
        embedder=ActiveEmbedder(room),
        retriever=GenerationRetriever(room, retriever_of),
        keeper=keeper,
        service=GenerationService(
            open_work, clock, room=room, places=places, shelf=shelf, audit=audit
        ),
    )


def open_work_of_generations(
    open_work: UnitOfWorkFactory,
    shelf: EmbedderShelf,
    *,
    clock: Clock,
    files: FileStore,
    reader: FileReader,
    fingerprints: Fingerprints,
    owner: str,
    lease_s: float,
) -> WorkOfGenerations:
    """What a worker knows of generations and builds them with; see `GenerationBuilder`."""
    cutter = GenerationCutter(open_work, files, reader, fingerprints=fingerprints)
    return WorkOfGenerations(
        FedEmbedders(open_work, shelf),
        fingerprints,
        GenerationBuilder(open_work, shelf, clock, owner=owner, lease_s=lease_s, cutter=cutter),
    )


def _retrievers(
    settings: Settings, *, open_work: UnitOfWorkFactory, reranking: Reranking | None
) -> Callable[[Searched], Retriever]:
    def retriever_of(searched: Searched) -> Retriever:
        return Retriever(
            searched.index,
            searched.embedder,
            open_work=open_work,
            dense_weight=settings.retrieval.dense_weight,
            candidates=settings.retrieval.candidates,
            reranking=reranking,
        )

    return retriever_of


def rebuild_index(
    settings: Settings,
    *,
    progress: Callable[[RebuildProgress], None],
    embedder: Embedder | None = None,
) -> RebuildProgress:
    """Build the index of the embedder of `[embeddings]` anew, as the only generation there is.

    No server may own the data folder meanwhile. The index in use is replaced only at the end, and
    those of all other generations go then.

    Raises:
        ConfigurationError: As `bootstrap.build`; an index held by another process ("index_in_use").
        EmbedderUnavailable: Missing vectors cannot be computed.
    """
    check_settings(settings)
    folder = prepare_data_folder(settings.data_dir)
    embedder = embedder or build_embedder(settings, role="worker")
    with ExitStack() as stack:
        stack.callback(embedder.close)
        database = open_store(settings, may_migrate=True)
        stack.callback(database.close)
        places = ConfiguredPlaces(settings, folder, chunker=lambda: reader_version_of(settings))
        made = adoption(
            database.unit_of_work, places, embedder=embedder.identity, now=datetime.now(UTC)
        )
        held = None if made.former is None else folder.place(made.former)
        place = folder.place(made.generation.place)
        with replacement(
            settings, place=place, made=made.generation.composition, held=held
        ) as target:
            return rebuild(
                database.unit_of_work,
                target_index=target,
                embedder=embedder,
                progress=progress,
                batch_size=batch_size(settings),
                at_end=lambda work: adopt(work, made.generation),
            )
