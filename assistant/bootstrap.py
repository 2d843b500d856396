"""Wires the services of a process; with `embedders`, `indexes` and their like, the only maker of adapters."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Literal, overload
from uuid import uuid4

from assistant.adapters.audit.log import LogAuditTrail
from assistant.adapters.files.folder import FolderFileStore
from assistant.adapters.sql.database import Database
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.sufficiency import JUDGE
from assistant.chat_models import build_chat_model
from assistant.containers import Container, Generations, WorkerContainer
from assistant.data_folder import DataFolder, prepare_data_folder
from assistant.databases import head_sink, open_runner, open_store
from assistant.domain.tenants import Tenant
from assistant.embedders import ConfiguredEmbedders, batch_size
from assistant.generations import open_generations, open_work_of_generations
from assistant.intake import build_ingestion, build_intake, part_store
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.generations import EmbedderShelf
from assistant.ports.index import ChunkIndex
from assistant.ports.models import ChatModel, Embedder
from assistant.ports.parsing import FileReader
from assistant.readers import open_reader, open_scanner, worker_children
from assistant.services.access import AccessService
from assistant.services.answers import AnswerService, AnswerSource
from assistant.services.audit_log import AuditLog
from assistant.services.conversation_desk import ConversationDesk
from assistant.services.conversations import ConversationService
from assistant.services.curation import CurationService
from assistant.services.evaluation_runner import EvaluationRunner
from assistant.services.evaluations import EvaluationService
from assistant.services.fingerprints import Fingerprints
from assistant.services.generation_retriever import GenerationRetriever
from assistant.services.index_care import IndexCare
from assistant.services.job_keeping import JobKeeper
from assistant.services.jobs import JobService
from assistant.services.links import LinkService
from assistant.services.metered_answers import MeteredAnswers
from assistant.services.organisation import Organisation
from assistant.services.permitted_answers import PermittedAnswers
from assistant.services.question_sets import QuestionSetService
from assistant.services.search import SearchService
from assistant.services.unused_vectors import UnusedVectors
from assistant.services.uploads import UploadService
from assistant.services.usage import UsageService
from assistant.services.worker import Worker
from assistant.settings import Settings
from assistant.settings_checks import check_settings
from assistant.sign_ins import build_sign_ins
from assistant.source_places import build_source_runner, build_sources

_WEB_CHILDREN = 2
"""One draws pages while the other prints a deck; each is started when it is first needed."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.now(UTC)


@overload
def build(
    settings: Settings,
    *,
    role: Literal["web"],
    embedder: Embedder | None = None,
    model: ChatModel | None = None,
    reader: FileReader | None = None,
    index: ChunkIndex | None = None,
    clock: Clock | None = None,
    shelf: EmbedderShelf | None = None,
) -> Container: ...


@overload
def build(
    settings: Settings,
    *,
    role: Literal["worker"],
    embedder: Embedder | None = None,
    model: ChatModel | None = None,
    reader: FileReader | None = None,
    index: ChunkIndex | None = None,
    clock: Clock | None = None,
    shelf: EmbedderShelf | None = None,
) -> WorkerContainer: ...


def build(
    settings: Settings,
    *,
    role: Literal["web", "worker"],
    embedder: Embedder | None = None,
    model: ChatModel | None = None,
    reader: FileReader | None = None,
    index: ChunkIndex | None = None,
    clock: Clock | None = None,
    shelf: EmbedderShelf | None = None,
) -> Container | WorkerContainer:
    """Open the data folder and wire the services of a role; nothing runs yet.

    Args:
        settings: They are effective.
        role: "web" serves and holds the index; "worker" reads and embeds, and opens no index.
        embedder: Stands in for the one of the settings. So do the following ones.
        model: The chat model.
        reader: The pool of parsing children.
        index: The chunk index.
        clock: The machine's clock.
        shelf: All embedders of the settings, that of `embedder` too.

    Raises:
        ConfigurationError: Settings that do not fit together, a data folder that cannot be used, an
            index of an embedder they do not name ("index_other_embedder") or held by another process.
        StorageError: The disk is full or the database cannot be used.
    """
    check_settings(settings)
    folder = prepare_data_folder(settings.data_dir)
    with ExitStack() as stack:
        shelf = shelf or ConfiguredEmbedders(settings, role=role, default=embedder)
        stack.callback(shelf.close)
        children = worker_children(settings) if role == "worker" else _WEB_CHILDREN
        reader = reader or open_reader(settings, scratch=folder.scratch, children=children)
        stack.callback(reader.close)
        database = open_store(settings, may_migrate=role == "web")
        stack.callback(database.close)
        common = _Common(
            settings=settings,
            folder=folder,
            clock=clock or SystemClock(),
            database=database,
            files=FolderFileStore(folder.files),
            shelf=shelf,
            reader=reader,
        )
        if role == "worker":
            return _worker_container(common, stack=stack)
        return _web_container(common, stack=stack, model=model, index=index)


@dataclass(frozen=True, slots=True)
class _Common:
    settings: Settings
    folder: DataFolder
    clock: Clock
    database: Database
    files: FileStore
    shelf: EmbedderShelf
    reader: FileReader

    @property
    def fingerprints(self) -> Fingerprints:
        """Names of readings, whichever of the embedders they were made for."""
        ids = [self.shelf.get(name).identity.id for name in self.shelf.names()]
        return Fingerprints(self.reader, embedder_id=ids[0], also=ids)


def _worker_container(common: _Common, *, stack: ExitStack) -> WorkerContainer:
    settings, open_work, shelf = common.settings, common.database.unit_of_work, common.shelf
    owner, embedder = f"{socket.gethostname()}-{uuid4()}", shelf.get("")
    worker = Worker(
        open_work,
        common.files,
        common.reader,
        embedder,
        common.clock,
        owner=owner,
        lease_s=settings.jobs.lease_s,
        item_attempts=settings.jobs.item_attempts,
        children=settings.ingest.children,
        batch_size=batch_size(settings),
        scanner=open_scanner(settings),
        back_off=settings.jobs.back_off,
        slice_s=settings.jobs.slice_s,
        runner=open_runner(settings),
        generations=open_work_of_generations(
            open_work,
            shelf,
            clock=common.clock,
            files=common.files,
            reader=common.reader,
            fingerprints=common.fingerprints,
            owner=owner,
            lease_s=settings.jobs.lease_s,
        ),
        parts=part_store(common.folder),
    )
    return WorkerContainer(
        settings=settings,
        folder=common.folder,
        open_work=open_work,
        embedder=embedder,
        reader=common.reader,
        worker=worker,
        sources=build_source_runner(common, ingestion=build_ingestion),
        resources=stack.pop_all(),
    )


def _web_container(
    common: _Common, *, stack: ExitStack, model: ChatModel | None, index: ChunkIndex | None
) -> Container:
    settings, clock, files = common.settings, common.clock, common.files
    open_work = common.database.unit_of_work
    audit = _audit_log(common, stack=stack)
    trail = audit.trail
    made = _generations(common, audit=trail, index=index, stack=stack)
    desk = ConversationDesk(open_work, clock, audit=trail)
    intake, parts = build_intake(common, trail), part_store(common.folder)
    care = _care(common, made, audit=trail, desk=desk, uploads=intake.uploads, stack=stack)
    model = model or build_chat_model(settings)
    search, answers, runner = _asking(common, made, model=model, care=care)
    sign_ins = build_sign_ins(settings, open_work=open_work, clock=clock, audit=trail)
    stack.callback(sign_ins.federation.close)
    return Container(
        settings=settings,
        folder=common.folder,
        clock=clock,
        open_work=open_work,
        files=files,
        generations=made,
        reader=common.reader,
        model=model,
        access=AccessService(open_work, clock),
        organisation=Organisation(
            open_work, clock, files=files, parts=parts, index=made.every_index, audit=trail
        ),
        sign_in=sign_ins.links,
        federation=sign_ins.federation,
        sessions=sign_ins.sessions,
        passwords=sign_ins.passwords,
        by_password=sign_ins.by_password,
        audit=audit,
        intake=intake,
        sources=build_sources(common, trail, ingestion=build_ingestion),
        jobs=JobService(open_work, clock, files=files, audit=trail, held_by=care.held_by),
        curation=CurationService(open_work, files, clock, audit=trail),
        links=LinkService(open_work, clock, audit=trail),
        search=search,
        answers=answers,
        conversations=ConversationService(open_work, clock),
        desk=desk,
        usage=UsageService(open_work, clock, prices=settings.costs.by_unit),
        question_sets=_question_sets(common, audit=trail),
        evaluations=EvaluationService(open_work, clock, audit=trail),
        evaluation_runner=runner,
        care=care,
        resources=stack.pop_all(),
    )


def _audit_log(common: _Common, *, stack: ExitStack) -> AuditLog:
    open_work, settings = common.database.unit_of_work, common.settings
    audit = AuditLog(open_work, common.clock, spare=LogAuditTrail(), sink=head_sink(settings))
    stack.callback(audit.keeper.stop)
    return audit


def _generations(
    common: _Common, *, audit: AuditTrail, index: ChunkIndex | None, stack: ExitStack
) -> Generations:
    return open_generations(
        common.settings,
        common.folder,
        open_work=common.database.unit_of_work,
        clock=common.clock,
        shelf=common.shelf,
        reader=common.reader,
        audit=audit,
        index=index,
        stack=stack,
    )


def _care(
    common: _Common,
    made: Generations,
    *,
    audit: AuditTrail,
    desk: ConversationDesk,
    uploads: UploadService,
    stack: ExitStack,
) -> IndexCare:
    open_work, clock = common.database.unit_of_work, common.clock
    jobs = JobKeeper(open_work, clock, days=common.settings.jobs.items_days)
    vectors = UnusedVectors(open_work)
    return IndexCare(
        open_work,
        made.index,
        common.files,
        clock,
        audit=audit,
        upkeep=[desk.retention.look, uploads.forget_expired, jobs.look, vectors.look],
        followers=made.room,
        scratch=common.folder.scratch,
        searched=made.beside,
        stack=stack,
    )


def _answering(
    common: _Common, *, retriever: GenerationRetriever, model: ChatModel | None
) -> AnswerSource:
    settings = common.settings
    prepared = partial(
        AnswerPipeline,
        retriever,
        passages=settings.retrieval.passages,
        passage_tokens=settings.retrieval.passage_tokens,
        max_tokens=settings.model.max_tokens,
        deltas_per_s=settings.limits.deltas_per_s,
        busy_wait_s=settings.model.busy_wait_s,
        rewrite_s=settings.model.rewrite_s,
        judge=replace(JUDGE, threshold=settings.retrieval.least_sufficiency),
    )
    if model is None:
        return prepared(model=None)
    return PermittedAnswers(
        prepared(model=model),
        prepared(model=None, lacking="no_model_allowed"),
        common.database.unit_of_work,
        model=model.name,
    )


def _asking(
    common: _Common, made: Generations, *, model: ChatModel | None, care: IndexCare
) -> tuple[SearchService, AnswerService, EvaluationRunner]:
    limits = common.settings.limits
    pipeline = _answering(common, retriever=made.retriever, model=model)
    answers = AnswerService(
        common.database.unit_of_work,
        pipeline,
        common.clock,
        concurrent=limits.concurrent_answers,
        waiting=limits.waiting_answers,
        question_chars=limits.question_chars,
    )
    search = SearchService(
        made.retriever, question_chars=limits.question_chars, tell_found=care.health.found.note
    )
    runner = _evaluation_runner(common, made, pipeline=pipeline, model=model, answers=answers)
    return search, answers, runner


def _question_sets(common: _Common, *, audit: AuditTrail) -> QuestionSetService:
    return QuestionSetService(
        common.database.unit_of_work,
        common.reader,
        common.clock,
        audit=audit,
        scratch=common.folder.scratch,
        question_chars=common.settings.limits.question_chars,
    )


def _evaluation_runner(
    common: _Common,
    made: Generations,
    *,
    pipeline: AnswerSource,
    model: ChatModel | None,
    answers: AnswerService,
) -> EvaluationRunner:
    open_work, clock = common.database.unit_of_work, common.clock
    return EvaluationRunner(
        open_work,
        MeteredAnswers(pipeline, open_work, clock),
        clock,
        made_by=partial(_made_by, made, model),
        is_busy=lambda: answers.is_busy,
    )


def _made_by(made: Generations, model: ChatModel | None, tenant: Tenant | None) -> dict[str, str]:
    """What names the program and its models in a measurement; the model is empty where none answers."""
    searched = made.room.of(tenant and tenant.id).searched
    is_used = model is not None and (tenant is None or tenant.allows(model.name))
    return {
        "program": version("assistant-regional"),
        "embedder": searched.embedder.identity.id,
        "model": model.name if model is not None and is_used else "",
    }
