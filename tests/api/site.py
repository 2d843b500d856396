"""The API over real services, database and file store, with doubles for models, index and reader."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import Request
from PIL import Image
from pydantic import SecretStr
from starlette.applications import Starlette

from assistant.api.app import create_api, mounted
from assistant.bootstrap import Container, build
from assistant.containers import WorkerContainer
from assistant.data_folder import prepare_data_folder
from assistant.domain.documents import LinkKind
from assistant.domain.ids import CollectionId, DocumentId, PersonId, TenantId, new_id
from assistant.domain.links import Proposal
from assistant.domain.people import Person, PersonState
from assistant.domain.tenancy import Collection, Principal, Role
from assistant.domain.tenants import Tenant
from assistant.ports.models import ChatModel
from assistant.settings import (
    AuthSettings,
    CostsSettings,
    DatabaseSettings,
    IngestSettings,
    LimitsSettings,
    ModelSettings,
    OidcSettings,
    Settings,
    SourcesSettings,
)
from assistant.testing.chat import ScriptedChatModel
from assistant.testing.embedder import HashEmbedder
from assistant.testing.index import InMemoryChunkIndex
from assistant.testing.mock_model import MockModel
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
    Place,
)
from ingest.rows import SheetFile, read_rows
from ingest.tools import Tool
from tests.databases import migrated_file

TOKEN = "jeton-local"
BASE_URL = "http://127.0.0.1:8501"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
REGULATION = (
    "Règlement des transports scolaires\n"
    "Le transport scolaire est gratuit pour les élèves internes.\n"
    "| Zone | Tarif |\\n| --- | --- |\\n| A | 120 € |\n"
    "Les demandes sont déposées avant le 30 juin.\n"
)


class SheetReader:
    """Implements `FileReader`: each line is a chunk.

    What begins with "%PDF" has a page per line, and one more where the line says "\\f"; what begins
    with "%DECK" has a slide per line.
    """

    version = "sheets-1"

    def missing_tools(self) -> frozenset[Tool]:
        return frozenset()

    def read(
        self, path: Path, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        text = path.read_text("utf-8")
        if text.startswith("damaged"):
            raise ParseFailed("file_damaged")
        is_pdf, is_deck = text.startswith("%PDF"), text.startswith("%DECK")
        lines = [line.replace("\\n", "\n") for line in text.splitlines() if line]
        lines = lines[1:] if is_pdf or is_deck else lines
        chunks = tuple(_chunk(number, line, is_pdf) for number, line in enumerate(lines))
        if is_deck:
            chunks = tuple(map(_on_slide, chunks))
        document = ParsedDocument(
            format=FileFormat.PDF if is_pdf else FileFormat.PPTX if is_deck else FileFormat.TEXT,
            title=lines[0],
            blocks=(),
            kind=DocumentKind.REGLEMENT,
            page_count=sum(1 + line.count("\\f") for line in lines) if is_pdf else 0,
        )
        return IngestedFile(document, chunks)

    def read_rows(self, path: Path, *, name: str) -> SheetFile:
        return read_rows(path, name=name, limits=Limits())

    def render_page(self, path: Path, *, page: int) -> bytes:
        if path.read_text("utf-8").startswith("%PDF-blank"):
            raise IngestError("page_unrenderable", page=page)
        image = BytesIO()
        Image.new("RGB", (60, 90), "white").save(image, "PNG")
        return image.getvalue()

    def print_deck(self, path: Path) -> bytes:
        if path.read_text("utf-8").startswith("%DECK-without"):
            raise ParseFailed("slides_need_office")
        return b"%PDF-" + path.read_bytes()

    def find_boxes(self, path: Path, *, page: int, text: str) -> tuple[Box, ...]:
        if text not in path.read_text("utf-8"):
            raise ParseFailed("page_missing", page=page)
        return (Box(page, 0.25, 0.5, 0.75, 0.6),)

    def interrupt(self, caller: str | None = None) -> None:
        return

    def close(self) -> None:
        return


def _on_slide(chunk: Chunk) -> Chunk:
    place = Place(slide=chunk.ordinal + 1)
    return replace(chunk, locator=replace(chunk.locator, place=place))


def _chunk(number: int, line: str, is_pdf: bool) -> Chunk:
    parts = line.split("\\f")
    pages = tuple(range(number + 1, number + 1 + len(parts))) if is_pdf else ()
    locator = Locator(
        pages=pages,
        boxes=tuple(Box(page, 0.1, 0.2, 0.9, 0.25) for page in pages),
        section=("Titre I", "Article 1"),
        page_starts=tuple(len(" ".join(["", *parts[:n]])) for n in range(len(pages)) if pages[1:]),
    )
    return Chunk(number, " ".join(parts), locator, tokens=len(line.split()))


@dataclass
class Site:
    """One API and what is behind it."""

    container: Container
    worker: WorkerContainer
    app: Any
    is_worker_alive: bool = True
    is_worker_refused: bool = False

    def http(self, **headers: str) -> httpx.AsyncClient:
        """A client without credentials."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)

    def owner(self) -> httpx.AsyncClient:
        """A client with the local token."""
        return self.http(**BEARER)

    def person(self, principal: Principal) -> httpx.AsyncClient:
        """A browser of a person."""
        return self.http(Cookie=f"assistant_session={self.secret_of(principal)}")

    def secret_of(self, principal: Principal) -> str:
        secret, _ = self.container.sign_in.redeem(self.container.sign_in.issue_link(principal))
        return secret

    def agent(self) -> Principal:
        """A person of the default tenant without the administrator's role."""
        own = self.container.access.local_principal()
        return self.joined("agent", own.tenant_id, Role.AGENT)

    def foreigner(self) -> Principal:
        """The administrator of another tenant with its own collection."""
        tenant = Tenant(TenantId(new_id()), "Autre région")
        with self.container.open_work() as work:
            work.tenancy.add_tenant(tenant)
            work.tenancy.add_collection(Collection(CollectionId(new_id()), tenant.id, "Documents"))
            work.commit()
        return self.joined("foreigner", tenant.id, Role.AGENT, Role.TENANT_ADMIN)

    def joined(self, name: str, tenant_id: TenantId, *roles: Role) -> Principal:
        """A person of a tenant, added if need be."""
        person_id = PersonId(name)
        with self.container.open_work() as work:
            if work.people.find(person_id, tenant_id=tenant_id) is None:
                work.people.add(person_of(person_id, tenant_id, frozenset(roles)))
                work.commit()
        return Principal(person_id, tenant_id, frozenset(roles))

    def settle(self) -> None:
        """Let worker and applier do all that waits."""
        while self.worker.worker.run_once():
            continue
        while self.container.applier.run_once():
            continue

    async def upload(
        self, files: dict[str, str], *, http: httpx.AsyncClient | None = None
    ) -> dict[str, Any]:
        """Upload files and index them; the answer of the upload."""
        parts = [("files", (name, text.encode())) for name, text in files.items()]
        if http is not None:
            response = await http.post("/api/v1/documents", files=parts)
        else:
            async with self.owner() as own:
                response = await own.post("/api/v1/documents", files=parts)
        assert response.status_code == 201, response.text
        await asyncio.to_thread(self.settle)
        return response.json()

    def close(self) -> None:
        self.worker.close()
        self.container.close()


def open_site(
    root: Path, *, model: ChatModel | None = None, has_model: bool = True, **changes: Any
) -> Site:
    """A site on a folder; a model that answers in two pieces, and an index in memory, unless told otherwise.

    The index None stands for the one of the settings.
    """
    clock = changes.pop("clock", None)
    embedder = HashEmbedder(dimensions=32)
    index = changes.pop("index", InMemoryChunkIndex(embedder=embedder.identity))
    settings = Settings(
        data_dir=root,
        database=DatabaseSettings(url=SecretStr(changes.pop("database_url", ""))),
        ingest=IngestSettings(max_file_mb=changes.pop("max_file_mb", 2)),
        model=changes.pop("model_settings", ModelSettings()),
        auth=changes.pop("auth", AuthSettings()),
        oidc=changes.pop("oidc", OidcSettings()),
        sources=changes.pop("sources", SourcesSettings()),
        costs=changes.pop("costs", CostsSettings()),
        limits=LimitsSettings(**({"deltas_per_s": 1000} | changes)),
    )
    database = prepare_data_folder(root).database
    if not settings.database.url.get_secret_value() and not database.exists():
        migrated_file(database)
    container = build(
        settings,
        role="web",
        embedder=embedder,
        model=(model or ScriptedChatModel(["Gratuit pour les internes ", "[1]."]))
        if has_model
        else None,
        index=index,
        reader=SheetReader(),
        clock=clock,
    )
    container.access.ensure_default()
    worker = build(settings, role="worker", embedder=embedder, reader=SheetReader())
    site = Site(container, worker, None)
    api = create_api(
        container,
        local_token=TOKEN,
        base_url=BASE_URL,
        worker_alive=lambda: site.is_worker_alive,
        worker_refused=lambda: site.is_worker_refused,
    )
    site.app = Starlette(routes=[mounted(api)])
    return site


def person_of(person_id: PersonId, tenant_id: TenantId, roles: frozenset[Role]) -> Person:
    """An active person, called as its id."""
    return Person(
        id=person_id,
        tenant_id=tenant_id,
        name=person_id,
        email=f"{person_id}@exemple.fr",
        roles=roles,
        state=PersonState.ACTIVE,
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def propose(
    site: Site,
    *,
    source: str,
    target: str,
    kind: LinkKind = LinkKind.REPLACES,
    principal: Principal | None = None,
) -> str:
    """Propose a link between two documents that a person reads, by default the owner; its id."""
    scope = site.container.access.scope_of(principal or site.container.access.local_principal())
    proposal = Proposal(DocumentId(source), DocumentId(target), kind, "Annule et remplace.")
    with site.container.open_work() as work:
        now = site.container.clock.now()
        work.links.propose([proposal], document_id=proposal.source_id, scope=scope, now=now)
        work.commit()
        found = work.links.list_of_document(proposal.source_id, scope=scope)
    return found[-1].id


def request_of(path: str = "/api/v1/x", accept: str = "*/*") -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": path,
            "headers": [(b"accept", accept.encode()), (b"host", b"127.0.0.1")],
            "query_string": b"",
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "assistant.request_id": "req",
        }
    )


@contextmanager
def served(site: Site) -> Generator[str]:
    """The site behind a real server in a thread; its address."""
    server = uvicorn.Server(
        uvicorn.Config(site.app, port=0, log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


async def streams_ended(model: ScriptedChatModel | MockModel) -> None:
    """Wait until a model streams to nobody, which it sees a moment after its client has left."""
    deadline = time.monotonic() + 10
    while model.open_streams:
        assert time.monotonic() < deadline, model.open_streams
        await asyncio.sleep(0.05)
