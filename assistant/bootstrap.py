"""Wires the services of a process; with `embedders`, `indexes` and their like, the only maker of adapters."""

from __future__ import annotations

import socket
from collections.abc import Callable
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
from assistant.answering.retriever import Retriever
from assistant.answering.sufficiency import JUDGE
from assistant.containers import Container, WorkerContainer
from assistant.data_folder import DataFolder, prepare_data_folder
from assistant.databases import head_sink, open_store
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.tenants import Tenant
from assistant.embedders import batch_size, build_embedder
from assistant.indexes import open_index, refuse_other_embedder, replacement
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.models import ChatModel, Embedder
from assistant.ports.parsing import FileReader
from assistant.readers import open_reader, open_scanner
from assistant.rerankers import reranking_of
from assistant.services.access import AccessService
from assistant.services.answers import AnswerService, AnswerSource
from assistant.services.audit_log import AuditLog
from assistant.services.conversation_desk import ConversationDesk
from assistant.services.conversations import ConversationService
from assistant.services.documents import DocumentService
from assistant.services.evaluation_runner import EvaluationRunner
from assistant.services.evaluations import EvaluationService
from assistant.services.fingerprints import Fingerprints
from assistant.services.index_care import IndexCare
from assistant.services.ingestion import IngestionService
from assistant.services.jobs import JobService
from assistant.services.links import LinkService
from assistant.services.metered_answers import MeteredAnswers
from assistant.services.organisation import Organisation
from assistant.services.permitted_answers import PermittedAnswers
from assistant.services.question_sets import QuestionSetService
from assistant.services.rebuild import RebuildProgress, rebuild
from assistant.services.search import SearchService
from assistant.services.usage import UsageService
from assistant.services.worker import Worker
from assistant.settings import Settings
from assistant.settings_checks import check_settings
from assistant.sign_ins import build_sign_ins
from ingest.limits import MEGABYTE

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
) -> Container | WorkerContainer:
    """Open the data folder and wire the services of a role; nothing runs yet.

    Args:
        settings: The effective settings.
        role: "web" serves and holds the index; "worker" reads and embeds, and opens no index.
        embedder: Stands in for the one of the settings. So do the following ones.
        model: The chat model.
        reader: The pool of parsing children.
        index: The chunk index.
        clock: The machine's clock.

    Raises:
        ConfigurationError: Settings that do not fit together, a data folder that cannot be used, an
            index of another embedder ("index_other_embedder") or held by another process.
        StorageError: The disk is full or the database cannot be used.
    """
    check_settings(settings)
    folder = prepare_data_folder(settings.data_dir)
    clock = clock or SystemClock()
    embedder = embedder or build_embedder(settings, role=role)
    with ExitStack() as stack:
        stack.callback(embedder.close)
        children = settings.ingest.children if role == "worker" else _WEB_CHILDREN
        reader = reader or open_reader(settings, scratch=folder.scratch, children=children)
        stack.callback(reader.close)
        database = open_store(settings, may_migrate=role == "web")
        stack.callback(database.close)
        common = _Common(
            settings=settings,
            folder=folder,
            clock=clock,
            database=database,
            files=FolderFileStore(folder.files),
            embedder=embedder,
            reader=reader,
        )
        if role == "worker":
            return _worker_container(common, stack=stack)
        return _web_container(common, stack=stack, model=model, index=index)


def rebuild_index(
    settings: Settings,
    *,
    progress: Callable[[RebuildProgress], None],
    embedder: Embedder | None = None,
) -> RebuildProgress:
    """Build the index of the embedder of the settings anew, then make it the one in use.

    No server may own the data folder meanwhile. In the data folder, the index in use is replaced only
    at the end and those of other embedders go then; on a Qdrant server, the collection is emptied first.

    Raises:
        ConfigurationError: As `build`; an index held by another process ("index_in_use").
        EmbedderUnavailable: Missing vectors cannot be computed.
    """
    check_settings(settings)
    folder = prepare_data_folder(settings.data_dir)
    embedder = embedder or build_embedder(settings, role="worker")
    place = folder.index(embedder.identity.id)
    with ExitStack() as stack:
        stack.callback(embedder.close)
        database = open_store(settings, may_migrate=True)
        stack.callback(database.close)
        with replacement(settings, place=place, embedder=embedder.identity) as target:
            return rebuild(
                database.unit_of_work,
                target_index=target,
                embedder=embedder,
                progress=progress,
                batch_size=batch_size(settings),
            )


@dataclass(frozen=True, slots=True)
class _Common:
    settings: Settings
    folder: DataFolder
    clock: Clock
    database: Database
    files: FileStore
    embedder: Embedder
    reader: FileReader


def _worker_container(common: _Common, *, stack: ExitStack) -> WorkerContainer:
    settings = common.settings
    worker = Worker(
        common.database.unit_of_work,
        common.files,
        common.reader,
        common.embedder,
        common.clock,
        owner=f"{socket.gethostname()}-{uuid4()}",
        lease_s=settings.jobs.lease_s,
        item_attempts=settings.jobs.item_attempts,
        children=settings.ingest.children,
        batch_size=batch_size(settings),
        scanner=open_scanner(settings),
    )
    return WorkerContainer(
        settings=settings,
        folder=common.folder,
        open_work=common.database.unit_of_work,
        embedder=common.embedder,
        reader=common.reader,
        worker=worker,
        resources=stack.pop_all(),
    )


def _web_container(
    common: _Common, *, stack: ExitStack, model: ChatModel | None, index: ChunkIndex | None
) -> Container:
    settings, clock, files = common.settings, common.clock, common.files
    open_work = common.database.unit_of_work
    index = _opened_index(common, given=index, stack=stack)
    audit = AuditLog(open_work, clock, spare=LogAuditTrail(), sink=head_sink(settings))
    stack.callback(audit.keeper.stop)
    desk = ConversationDesk(open_work, clock, audit=audit.trail)
    care = IndexCare(open_work, index, files, clock, audit=audit.trail, desk=desk, stack=stack)
    model = model or build_chat_model(settings)
    retriever, pipeline = _answering(common, index=index, model=model, stack=stack)
    search, answers = _asking(common, retriever=retriever, pipeline=pipeline, care=care)
    runner = _evaluation_runner(common, pipeline=pipeline, model=model, answers=answers)
    sign_ins = build_sign_ins(settings, open_work=open_work, clock=clock, audit=audit.trail)
    stack.callback(sign_ins.federation.close)
    return Container(
        settings=settings,
        folder=common.folder,
        clock=clock,
        open_work=open_work,
        files=files,
        index=index,
        embedder=common.embedder,
        reader=common.reader,
        model=model,
        access=AccessService(open_work, clock),
        organisation=Organisation(open_work, clock, files=files, index=index, audit=audit.trail),
        sign_in=sign_ins.links,
        federation=sign_ins.federation,
        sessions=sign_ins.sessions,
        passwords=sign_ins.passwords,
        by_password=sign_ins.by_password,
        audit=audit,
        ingestion=_ingestion(common, audit=audit.trail),
        jobs=JobService(open_work, clock, files=files, audit=audit.trail),
        documents=DocumentService(open_work, files, common.reader, clock, audit=audit.trail),
        links=LinkService(open_work, clock, audit=audit.trail),
        search=search,
        answers=answers,
        conversations=ConversationService(open_work, clock),
        desk=desk,
        usage=UsageService(open_work, clock, prices=settings.costs.by_unit),
        question_sets=_question_sets(common, audit=audit.trail),
        evaluations=EvaluationService(open_work, clock, audit=audit.trail),
        evaluation_runner=runner,
        applier=care.applier,
        care=care,
        resources=stack.pop_all(),
    )


def _opened_index(common: _Common, *, given: ChunkIndex | None, stack: ExitStack) -> ChunkIndex:
    identity = common.embedder.identity
    refuse_other_embedder(common.database.unit_of_work, asked=identity)
    place = common.folder.index(identity.id)
    index = given or open_index(common.settings, place=place, embedder=identity)
    stack.callback(index.close)
    return index


def _answering(
    common: _Common, *, index: ChunkIndex, model: ChatModel | None, stack: ExitStack
) -> tuple[Retriever, AnswerSource]:
    settings = common.settings
    retriever = Retriever(
        index,
        common.embedder,
        open_work=common.database.unit_of_work,
        dense_weight=settings.retrieval.dense_weight,
        candidates=settings.retrieval.candidates,
        reranking=reranking_of(settings, stack=stack),
    )
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
        return retriever, prepared(model=None)
    answers = PermittedAnswers(
        prepared(model=model),
        prepared(model=None, lacking="no_model_allowed"),
        common.database.unit_of_work,
        model=model.name,
    )
    return retriever, answers


def _asking(
    common: _Common, *, retriever: Retriever, pipeline: AnswerSource, care: IndexCare
) -> tuple[SearchService, AnswerService]:
    limits = common.settings.limits
    answers = AnswerService(
        common.database.unit_of_work,
        pipeline,
        common.clock,
        concurrent=limits.concurrent_answers,
        waiting=limits.waiting_answers,
        question_chars=limits.question_chars,
    )
    found = care.health.found.note
    chars = limits.question_chars
    return SearchService(retriever, question_chars=chars, tell_found=found), answers


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
    common: _Common, *, pipeline: AnswerSource, model: ChatModel | None, answers: AnswerService
) -> EvaluationRunner:
    open_work, clock = common.database.unit_of_work, common.clock
    return EvaluationRunner(
        open_work,
        MeteredAnswers(pipeline, open_work, clock),
        clock,
        made_by=partial(_made_by, common.embedder.identity, model),
        is_busy=lambda: answers.is_busy,
    )


def _made_by(
    embedder: EmbedderIdentity, model: ChatModel | None, tenant: Tenant | None
) -> dict[str, str]:
    """What names the program and its models in a measurement; the model is empty where none answers."""
    is_used = model is not None and (tenant is None or tenant.allows(model.name))
    return {
        "program": version("assistant-regional"),
        "embedder": embedder.id,
        "model": model.name if model is not None and is_used else "",
    }


def _ingestion(common: _Common, *, audit: AuditTrail) -> IngestionService:
    return IngestionService(
        common.database.unit_of_work,
        common.files,
        common.clock,
        audit=audit,
        fingerprints=Fingerprints(common.reader, embedder_id=common.embedder.identity.id),
        max_file_bytes=common.settings.ingest.max_file_mb * MEGABYTE,
    )


def build_chat_model(settings: Settings) -> ChatModel | None:
    """The chat model of the settings, None when they name none."""
    chosen = settings.model
    if not chosen.url:
        return None
    from assistant.adapters.mistral.chat import MistralChatModel

    return MistralChatModel(
        url=chosen.url,
        name=chosen.name,
        api_key=chosen.api_key.get_secret_value(),
        temperature=chosen.temperature,
        connect_s=chosen.connect_s,
        stall_s=chosen.stall_s,
        total_s=chosen.total_s,
        reach_s=chosen.reach_s,
    )
