"""A whole house on a temporary folder: real database and file store, doubles for the slow parts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from assistant.adapters.audit.log import LogAuditTrail
from assistant.adapters.files.folder import FolderFileStore
from assistant.adapters.files.parts import FolderPartStore
from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.postgresql import Postgresql
from assistant.answering.retriever import Retriever
from assistant.domain.backoff import BackOff
from assistant.domain.documents import (
    Document,
    DocumentState,
    DocumentVersion,
    SourceChunk,
    VersionState,
)
from assistant.domain.errors import EmbedderUnavailable
from assistant.domain.ids import DocumentId, PersonId, VersionId, new_id
from assistant.domain.jobs import ItemState, Job, JobItem
from assistant.domain.people import Person, PersonState
from assistant.domain.retrieval import Vector
from assistant.domain.tenancy import Principal, Role, Scope
from assistant.ports.files import FileStore
from assistant.ports.models import Embedder
from assistant.ports.parts import PartStore
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.ports.scanning import VirusScanner
from assistant.services.access import AccessService, default_collection
from assistant.services.applier import IndexApplier
from assistant.services.audit_trail import ChainAuditTrail
from assistant.services.curation import CurationService
from assistant.services.documents import DocumentService
from assistant.services.fingerprints import Fingerprints
from assistant.services.ingestion import IngestionService
from assistant.services.jobs import JobService
from assistant.services.submission import AnnouncedFile, Submission
from assistant.services.worker import Worker
from assistant.testing.clock import FrozenClock
from assistant.testing.embedder import HashEmbedder
from assistant.testing.index import InMemoryChunkIndex
from ingest.errors import IngestError, ParseFailed
from ingest.limits import Limits
from ingest.model import (
    Box,
    Chunk,
    DocumentKind,
    FileFormat,
    IngestedFile,
    Locator,
    ParsedDocument,
)
from ingest.rows import SheetFile, read_rows
from ingest.tools import Tool
from tests.databases import migrated_file

MAX_FILE_BYTES = 5_000_000


class LineReader:
    """Implements `FileReader`: each line of a file is a chunk; some contents misbehave.

    Of chunks of a given length, each has a line for every 64 tokens.

    A content that starts with "damaged" cannot be parsed; one that holds "[image]" is read whole only
    with Tesseract, and not at all without when it is nothing but that.
    """

    def __init__(self, *, version: str = "lines-1") -> None:
        self._version = version
        self.names: list[str] = []
        self.rendered: list[int] = []
        self.printed: list[str] = []
        """Contents of the decks that were to be printed."""
        self.refusal: IngestError | None = None
        """What their printing ends with."""
        self.hook: Callable[[str], None] = lambda name: None
        """Called in the reading thread with the name of each file."""
        self.missing: frozenset[Tool] = frozenset()

    @property
    def version(self) -> str:
        return self._version

    def missing_tools(self) -> frozenset[Tool]:
        return self.missing

    def read(
        self, path: Path, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        self.names.append(name)
        self.hook(name)
        text = path.read_text("utf-8")
        if text.startswith("damaged"):
            raise ParseFailed("file_damaged")
        lacked = self.missing & {Tool.TESSERACT} if "[image]" in text else frozenset[Tool]()
        if lacked and text == "[image]":
            raise ParseFailed("no_text_ocr_missing")
        lines = [line for line in text.splitlines() if line and not (lacked and line == "[image]")]
        chunks = tuple(
            Chunk(ordinal, text, Locator(section=("Article 1 - Objet",)), tokens=len(text.split()))
            for ordinal, text in enumerate(_cut(lines, chunk_tokens=chunk_tokens))
        )
        document = ParsedDocument(
            format=FileFormat.TEXT,
            title=lines[0] if lines else name,
            blocks=(),
            kind=DocumentKind.REGLEMENT,
            missing_tools=tuple(lacked),
        )
        return IngestedFile(document, chunks, chunk_tokens)

    def read_rows(self, path: Path, *, name: str) -> SheetFile:
        return read_rows(path, name=name, limits=Limits())

    def render_page(self, path: Path, *, page: int) -> bytes:
        if page > 3:
            raise IngestError("page_missing", page=page)
        self.rendered.append(page)
        return b"\x89PNG" + path.read_bytes()[:8]

    def print_deck(self, path: Path) -> bytes:
        self.printed.append(path.read_text("utf-8"))
        if self.refusal is not None:
            raise self.refusal
        return b"%PDF-" + path.read_bytes()

    def find_boxes(self, path: Path, *, page: int, text: str) -> tuple[Box, ...]:
        found = path.read_text("utf-8").removeprefix("%PDF-").find(text)
        return (Box(page, 0.1, 0.2, 0.9, 0.3),) if found >= 0 else ()

    def interrupt(self, caller: str | None = None) -> None:
        return

    def close(self) -> None:
        return


def _cut(lines: list[str], *, chunk_tokens: int | None) -> list[str]:
    size = 1 if chunk_tokens is None else chunk_tokens // 64
    return ["\n".join(lines[at : at + size]) for at in range(0, len(lines), size)]


@dataclass
class House:
    """Services over one folder, and short ways to use them."""

    root: Path
    database: Database
    files: FileStore
    clock: FrozenClock
    reader: LineReader = field(default_factory=LineReader)
    embedder: Embedder = field(default_factory=lambda: HashEmbedder(dimensions=32))
    wrap: Callable[[UnitOfWorkFactory], UnitOfWorkFactory] = lambda opened: opened

    def __post_init__(self) -> None:
        self.open_work: UnitOfWorkFactory = self.wrap(self.database.unit_of_work)
        self.elapsed_s: Callable[[], float] = lambda: self.clock.now().timestamp()
        self.parts = FolderPartStore(self.root / "parts")
        self.audit = ChainAuditTrail(self.open_work, self.clock, spare=LogAuditTrail())
        self.index = InMemoryChunkIndex(embedder=self.embedder.identity)
        self.access = AccessService(self.database.unit_of_work, self.clock)
        self.principal: Principal = self.access.local_principal()
        self.scope: Scope = self.access.scope_of(self.principal)
        self.jobs = JobService(
            self.open_work,
            self.clock,
            files=self.files,
            audit=self.audit,
            held_by=lambda: self.applier.trouble,
        )
        self.documents = DocumentService(
            self.open_work, self.files, self.reader, self.clock, audit=self.audit
        )
        self.curation = CurationService(self.open_work, self.files, self.clock, audit=self.audit)
        self.applier = self.new_applier()
        self.ingestion = self.new_ingestion()

    @property
    def agent(self) -> Principal:
        """A colleague of the owner, no administrator; added if need be."""
        roles, tenant_id = frozenset({Role.AGENT}), self.principal.tenant_id
        person = Person(
            id=PersonId("agent"),
            tenant_id=tenant_id,
            name="Agent",
            email="agent@exemple.fr",
            roles=roles,
            state=PersonState.ACTIVE,
            created_at=self.clock.now(),
        )
        with self.database.unit_of_work() as work:
            if work.people.find(person.id, tenant_id=tenant_id) is None:
                work.people.add(person)
                work.commit()
        return Principal(person.id, tenant_id, roles)

    def new_ingestion(
        self, *, max_files: int | None = None, max_open_jobs: int | None = None
    ) -> IngestionService:
        return IngestionService(
            self.open_work,
            self.files,
            self.clock,
            audit=self.audit,
            fingerprints=Fingerprints(self.reader, embedder_id=self.embedder.identity.id),
            max_file_bytes=MAX_FILE_BYTES,
            max_files=max_files,
            max_open_jobs=max_open_jobs,
        )

    def new_worker(
        self,
        *,
        owner: str = "worker",
        attempts: int = 3,
        error_pause_s: float = 5,
        scanner: VirusScanner | None = None,
        slice_s: float = 10,
        back_off: BackOff | None = None,
        parts: PartStore | None = None,
    ) -> Worker:
        return Worker(
            self.open_work,
            self.files,
            self.reader,
            self.embedder,
            self.clock,
            owner=owner,
            lease_s=30,
            item_attempts=attempts,
            children=2,
            batch_size=4,
            retry_delays_s=(0.0, 0.0),
            error_pause_s=error_pause_s,
            scanner=scanner,
            slice_s=slice_s,
            back_off=back_off,
            elapsed_s=self.elapsed_s,
            parts=parts,
        )

    def new_applier(
        self,
        *,
        error_pause_s: float = 2,
        upkeep: Sequence[Callable[[], None]] = (),
        patience_s: float = 600,
    ) -> IndexApplier:
        return IndexApplier(
            self.open_work,
            self.index,
            self.files,
            self.clock,
            error_pause_s=error_pause_s,
            upkeep=upkeep,
            patience_s=patience_s,
        )

    def submit(
        self, contents: dict[str, str], *, source: str = "/dossier", is_complete: bool = True
    ) -> Job:
        """Announce these files and send what is wanted."""
        job, wanted = self.announce(contents, source=source, is_complete=is_complete)
        for item in wanted:
            self.send(item, contents[item.name])
        return job

    def announce(
        self, contents: dict[str, str], *, source: str = "/dossier", is_complete: bool = True
    ) -> tuple[Job, list[JobItem]]:
        files = tuple(announced(name, text) for name, text in contents.items())
        request = Submission(source=source, files=files, is_complete=is_complete, may_remove=True)
        return self.ingestion.submit(request, principal=self.principal, scope=self.scope)

    def send(self, item: JobItem, text: str) -> JobItem:
        return self.ingestion.receive(
            item.id, BytesIO(text.encode()), principal=self.principal, scope=self.scope
        )

    def work(self) -> None:
        """Run the worker until nothing is left for it now."""
        worker = self.new_worker()
        while worker.run_once():
            continue

    def settle_with(self, worker: Worker) -> None:
        """Run this worker, then the applier, until nothing is left for them now."""
        while worker.run_once():
            continue
        self.apply()

    def apply(self) -> None:
        """Run the applier until nothing is left for it."""
        while self.applier.run_once():
            continue

    def settle(self) -> None:
        """Work and apply."""
        self.work()
        self.apply()

    def ingest(self, contents: dict[str, str], *, is_complete: bool = True) -> Job:
        """Submit, work, apply; the job as it stands then."""
        job = self.submit(contents, is_complete=is_complete)
        self.settle()
        return self.jobs.get(job.id, scope=self.scope)[0]

    def plant_live(self, contents: dict[str, str], *, source: str = "/dossier") -> None:
        """Live documents without chunks, in one commit: a folder indexed before."""
        with self.open_work() as work:
            collection = default_collection(work, scope=self.scope)
        now = self.clock.now()
        fingerprints = Fingerprints(self.reader, embedder_id=self.embedder.identity.id)
        with self.open_work() as work:
            for name, text in contents.items():
                file = announced(name, text)
                document = Document(
                    id=DocumentId(new_id()),
                    tenant_id=collection.tenant_id,
                    collection_id=collection.id,
                    source=source,
                    name=name,
                    state=DocumentState.PENDING,
                    created_at=now,
                    updated_at=now,
                    sha256=file.sha256,
                    size_bytes=file.size_bytes,
                )
                version = DocumentVersion(
                    id=VersionId(new_id()),
                    document_id=document.id,
                    tenant_id=document.tenant_id,
                    collection_id=document.collection_id,
                    state=VersionState.READY,
                    sha256=file.sha256,
                    fingerprint=fingerprints.of(file.sha256),
                    title=name,
                    format=FileFormat.TEXT,
                    kind=DocumentKind.OTHER,
                    date=None,
                    page_count=0,
                    notices=(),
                    created_at=now,
                )
                work.documents.add(document)
                work.ledger.add_version(version, [])
                work.ledger.make_live(version.id, now=now)
            work.commit()

    def items(self, job: Job) -> dict[str, JobItem]:
        found = self.jobs.items(job.id, scope=self.scope, limit=2000)
        return {item.name: item for item in found}

    def states(self, job: Job) -> dict[str, ItemState]:
        return {name: item.state for name, item in self.items(job).items()}

    def state_of(self, job: Job) -> Job:
        return self.jobs.get(job.id, scope=self.scope)[0]

    def all_documents(self) -> dict[str, Document]:
        found = self.documents.list_page(scope=self.scope, limit=2000)
        return {document.name: document for document in found}

    def live_texts(self) -> dict[str, list[str]]:
        """Texts that may be quoted now, by document, in order."""
        return {
            name: [
                chunk.text
                for chunk in self.documents.passages(document.id, scope=self.scope, limit=9999)
            ]
            for name, document in self.all_documents().items()
            if document.live_version_id is not None
        }

    def search(self, text: str) -> list[SourceChunk]:
        """What a reader finds by words: the index proposes, the database disposes."""
        retriever = Retriever(
            index=self.index,
            embedder=_Away(),
            open_work=self.open_work,
            dense_weight=0.5,
            candidates=50,
        )
        return [hit.chunk for hit in retriever.retrieve(text, scope=self.scope, limit=50).hits]

    def close(self) -> None:
        self.database.close()


class _Away(HashEmbedder):
    """Embeds no question: only words find something."""

    def embed_query(self, text: str) -> Vector:
        raise EmbedderUnavailable


def open_house(root: Path, **parts: object) -> House:
    """A house in a folder; parts stand in for the defaults, `database_url` for the file in it."""
    url = str(parts.pop("database_url", ""))
    place = Postgresql(url) if url else root / "assistant.sqlite3"
    if isinstance(place, Path) and not place.exists():
        migrated_file(place)
    database = open_database(place, migrate=True)
    files = parts.pop("files", None) or FolderFileStore(root / "files")
    clock = parts.pop("clock", None) or FrozenClock()
    return House(root=root, database=database, files=files, clock=clock, **parts)  # pyright: ignore[reportArgumentType]


def announced(name: str, text: str) -> AnnouncedFile:
    """A file of this text as its source announces it."""
    data = text.encode()
    return AnnouncedFile(name, sha256(data).hexdigest(), len(data))


class Gate:
    """Holds a thread until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self._open.wait(20)

    def open(self) -> None:
        self._open.set()
