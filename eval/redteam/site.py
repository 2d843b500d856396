"""A fresh instance of the product in this process, with a mock model that says what a case tells it to.

The API, the services, the database, the index and the parsers are those of the product; parsers run in
the process, so that a mutation reaches them. Words are embedded by hashes, so that no model is needed,
except where the judge of sufficiency is met, whose weights hold for the product's own embedder.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from assistant.api.app import create_api, mounted
from assistant.bootstrap import Container, build
from assistant.containers import WorkerContainer
from assistant.domain.ids import CollectionId, PersonId, TenantId, new_id
from assistant.domain.people import Person, PersonState
from assistant.domain.tenancy import Collection, Principal, Role
from assistant.domain.tenants import Tenant
from assistant.ports.models import Embedder
from assistant.schemas.wire import SESSION_COOKIE
from assistant.settings import (
    IngestSettings,
    LimitsSettings,
    ModelSettings,
    RetrievalSettings,
    Settings,
)
from assistant.testing.embedder import HashEmbedder
from assistant.testing.mock_model import MockModel, running_mock_model
from assistant.testing.mock_model_replies import WRITERS
from ingest.decks import find_boxes
from ingest.errors import ParseFailed
from ingest.limits import Limits
from ingest.model import Box, IngestedFile
from ingest.reading import read_file
from ingest.rendering import render_page
from ingest.rows import SheetFile, read_rows
from ingest.tools import Tool

LOCAL_TOKEN = "jeton-du-poste-0f1e2d3c4b5a"  # noqa: S105 - of an instance that lives for one run
BASE_URL = "http://127.0.0.1:8501"
MAX_TOKENS = 200
"""Longest answer of the instance, in tokens."""
CALLERS = ("owner", "colleague", "foreigner", "nobody", "stolen_token", "signed_out")
"""Who may call: the administrator of a case's own tenant, an agent there, the administrator of another
tenant, someone without credentials, with a wrong token, with the cookie of an ended session."""

_MODE = "redteam"
_MANY = " ".join(f"Pour le secteur {n}, elle rembourse {7 * n} euros [1]." for n in range(2000))
"""An answer that does not end by itself and does not repeat itself either."""
_CODE = re.compile(r"^=+ ([0-9a-f]{8,}) DÉBUT", re.MULTILINE)


class ReaderHere:
    """Implements `FileReader` in this very process, with small limits so that small files reach them."""

    version = "redteam-1"

    def __init__(self, settings: IngestSettings) -> None:
        self._limits = Limits(
            max_file_bytes=settings.max_file_mb * 1_000_000,
            max_text_bytes=settings.max_text_mb * 1_000_000,
            max_expanded_bytes=settings.max_expanded_mb * 1_000_000,
            max_expansion_ratio=settings.max_expansion_ratio,
        )

    def read(
        self, path: Path, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        """The document and chunks of a file."""
        limits = self._limits
        if chunk_tokens is not None:
            limits = replace(limits, chunk_tokens=chunk_tokens)
        ingested = read_file(path, name=name, limits=limits, on_pages=_unheard)
        return replace(ingested, chunk_tokens=chunk_tokens)

    def read_rows(self, path: Path, *, name: str) -> SheetFile:
        """The rows of a sheet."""
        return read_rows(path, name=name, limits=self._limits)

    def missing_tools(self) -> frozenset[Tool]:
        """None counts here."""
        return frozenset()

    def render_page(self, path: Path, *, page: int) -> bytes:
        """An image of a page."""
        return render_page(path, page=page)

    def print_deck(self, path: Path) -> bytes:
        """Decks are shown as text here."""
        raise ParseFailed("slides_need_office")

    def find_boxes(self, path: Path, *, page: int, text: str) -> tuple[Box, ...]:
        """The lines of a page that hold a passage."""
        return find_boxes(path, page=page, text=text)

    def interrupt(self, caller: str | None = None) -> None:
        """Nothing runs elsewhere."""

    def close(self) -> None:
        """Nothing to end."""


def _unheard(*pages: int, **scans: int) -> None:
    """Nobody waits for the number of pages."""
    del pages, scans


@dataclass(slots=True)
class Script:
    """What the mock model says next, and what it was told."""

    reply: str = ""
    prompts: list[str] = field(default_factory=list[str])

    def __call__(self, prompt: str) -> str:
        """The reply to a prompt."""
        self.prompts.append(prompt)
        code = _CODE.search(prompt)
        replies = {"{code}": code[1] if code else "", "{prompt}": prompt, "{many}": _MANY}
        reply = self.reply
        for name, value in replies.items():
            reply = reply.replace(name, value)
        return reply


@dataclass(frozen=True, slots=True)
class Site:
    """The instance of one run."""

    container: Container
    worker: WorkerContainer
    app: Any
    script: Script
    model: MockModel | None
    """None when a configured endpoint answers."""
    data_dir: Path

    def client(self, headers: Mapping[str, str]) -> httpx.AsyncClient:
        """A client of the API with some headers."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=f"{BASE_URL}/api", headers=headers)

    def new_tenant(self) -> Principal:
        """The administrator of a new tenant with one collection."""
        tenant = Tenant(TenantId(new_id()), "Collectivité d'essai")
        with self.container.open_work() as work:
            work.tenancy.add_tenant(tenant)
            work.tenancy.add_collection(Collection(CollectionId(new_id()), tenant.id, "Actes"))
            work.commit()
        return self._joined(tenant.id, Role.AGENT, Role.TENANT_ADMIN)

    def credentials(self, caller: str, *, owner: Principal) -> dict[str, str]:
        """The headers of a caller of `CALLERS`, beside the tenant of an owner."""
        if caller == "nobody":
            return {}
        if caller == "stolen_token":
            return {"Authorization": f"Bearer {LOCAL_TOKEN[:-1]}x"}
        principal = owner
        if caller == "foreigner":
            principal = self.new_tenant()
        elif caller == "colleague":
            principal = self._joined(owner.tenant_id, Role.AGENT)
        secret, _ = self.container.sign_in.redeem(self.container.sign_in.issue_link(principal))
        if caller == "signed_out":
            self.container.sign_in.sign_out(secret)
        return {"Cookie": f"{SESSION_COOKIE}={secret}"}

    def _joined(self, tenant_id: TenantId, *roles: Role) -> Principal:
        """A new person of a tenant."""
        person = Person(
            id=PersonId(new_id()),
            tenant_id=tenant_id,
            name="Personne d'essai",
            email="",
            roles=frozenset(roles),
            state=PersonState.ACTIVE,
            created_at=self.container.clock.now(),
        )
        with self.container.open_work() as work:
            work.people.add(person)
            work.commit()
        return Principal(person.id, tenant_id, person.roles)

    def settle(self) -> None:
        """Read, embed and index all that waits."""
        while self.worker.worker.run_once():
            continue
        while self.container.applier.run_once():
            continue


def settings_of(
    data_dir: Path, *, model: ModelSettings, limits: Mapping[str, Any], is_judged: bool = False
) -> Settings:
    """The settings of a run: those of the product, with bounds that small inputs reach.

    Args:
        data_dir: An empty folder.
        model: The chat model.
        limits: Further values by dotted key; those of mutations.
        is_judged: Retrieval and refusal as the product has them; otherwise nothing is refused.
    """
    base = Settings(
        data_dir=data_dir,
        model=model,
        ingest=IngestSettings(max_file_mb=3, max_text_mb=1, max_expanded_mb=2),
        limits=LimitsSettings(concurrent_answers=4, waiting_answers=0, deltas_per_s=1000),
        # a refusal before the model would hide whether the other defences hold
        retrieval=RetrievalSettings() if is_judged else RetrievalSettings(least_sufficiency=0),
    )
    tree = base.model_dump()
    for key, value in limits.items():
        group, _, name = key.partition(".")
        tree[group][name] = value
    return Settings.model_validate(tree)


@contextmanager
def open_site(
    *,
    endpoint: ModelSettings | None = None,
    limits: Mapping[str, Any] | None = None,
    is_judged: bool = False,
) -> Generator[Site]:
    """A new instance in a temporary folder, removed at the end.

    Args:
        endpoint: The chat model to ask; None takes the mock server.
        limits: Settings that differ, by dotted key.
        is_judged: With the product's own refusal and embedder; otherwise nothing is refused.
    """
    script = Script()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="assistant-redteam-"))
        mock: MockModel | None = None
        model = endpoint
        if model is None:
            stack.enter_context(_scripted(script))
            mock = stack.enter_context(running_mock_model())
            model = ModelSettings(url=mock.url, name=f"mock-{_MODE}", max_tokens=MAX_TOKENS)
        data_dir = Path(folder) / "data"
        settings = settings_of(data_dir, model=model, limits=limits or {}, is_judged=is_judged)
        embedder = None if is_judged else HashEmbedder(dimensions=32)
        yield stack.enter_context(_built(settings, embedder=embedder, script=script, mock=mock))


@contextmanager
def _scripted(script: Script) -> Generator[None]:
    WRITERS[_MODE] = script
    try:
        yield
    finally:
        del WRITERS[_MODE]


@contextmanager
def _built(
    settings: Settings, *, embedder: Embedder | None, script: Script, mock: MockModel | None
) -> Generator[Site]:
    reader = ReaderHere(settings.ingest)
    container = build(settings, role="web", embedder=embedder, reader=reader)
    try:
        container.access.ensure_default()
        worker = build(settings, role="worker", embedder=embedder, reader=reader)
        try:
            api = create_api(container, local_token=LOCAL_TOKEN, base_url=BASE_URL)
            yield Site(container, worker, _mounted(api), script, mock, settings.data_dir)
        finally:
            worker.close()
    finally:
        container.close()


def _mounted(api: Any) -> Any:
    from starlette.applications import Starlette

    return Starlette(routes=[mounted(api)])


def prompts_of(site: Site, *, since: int) -> Sequence[str]:
    """Everything the model was told from the request of that number on, system messages included."""
    if site.model is None:
        return ()
    bodies = site.model.bodies[since:]
    return ["\n".join(str(message["content"]) for message in body["messages"]) for body in bodies]
