"""Every route that changes something, walked by who may, and what the audit log was told of it."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from assistant.adapters.sql.audit import SqlAuditRepository
from assistant.adapters.sql.tables import metadata
from assistant.domain.errors import StorageError
from assistant.domain.ids import QuestionSetId, TenantId
from assistant.domain.sources import RunState
from assistant.domain.tenancy import Principal, Role
from assistant.domain.tenants import TenantState
from tests.api import isolation
from tests.api.walking import Home, erased_file, new_tenant, send, waiting_run

TABLE: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_BY_THE_PLATFORM = frozenset(
    (
        "POST /auth/links",
        "POST /v1/audit/chain/verify",
        "POST /v1/index/verification",
        "POST /v1/tenants",
        "PATCH /v1/tenants/{tenant_id}",
        "DELETE /v1/tenants/{tenant_id}",
        "POST /v1/tenants/{tenant_id}/state",
    )
)
_IN_BACKGROUND = (
    "answer", "conversation", "message", "evaluation", "usage", "audit_pseudonyms", "reconciliations",
    "document_days", "gap_days",
)  # fmt: skip
"""Tables that answers, evaluations and comparisons go on writing to after their request."""


def unsafe(schema: Mapping[str, Any]) -> list[str]:
    """The routes that are not only for reading."""
    return [each for each in isolation.routes_of(schema) if not each.startswith("GET ")]


def unaccounted(schema: Mapping[str, Any]) -> set[str]:
    """Routes without an entry, entries without a route, and routes with several."""
    entries = [route for part in ("acts", "none", "elsewhere") for route in TABLE[part]]
    twice = {route for route in entries if entries.count(route) > 1}
    return (set(unsafe(schema)) ^ set(entries)) | twice


@dataclass
class Walk:
    """An organisation whose administrator, and the platform's, ask each route for what they may."""

    home: Home
    stack: AsyncExitStack
    patch: pytest.MonkeyPatch
    made: int = 0
    content: str = ""
    """Of the file that a job waits for."""

    async def faults(self, routes: Iterable[str]) -> list[str]:
        """What the log was not told, or told too late; a line each."""
        found: list[str] = []
        for route in routes:
            if route not in TABLE["elsewhere"]:
                found += await self._faults_of(route)
        return found

    async def _faults_of(self, route: str) -> list[str]:
        http, values = await self._ready(route)
        faults: list[str] = []
        if route in TABLE["acts"]:
            before = self._rows()
            with self.patch.context() as broken:
                broken.setattr(SqlAuditRepository, "append", _fail)
                response = await self._send(http, route, values)
            if response.status_code < 500:
                faults.append(f"{route}: {response.status_code} with a broken log")
            elif self._rows() != before:
                faults.append(f"{route}: changed something with a broken log")
        last = self._last()
        response = await self._send(http, route, values)
        if response.status_code >= 400:
            faults.append(f"{route}: {response.status_code} {response.text}")
        acts = sorted(set(self._acts_after(last)))
        if acts != TABLE["acts"].get(route, []):
            faults.append(f"{route}: recorded {acts}")
        return faults

    async def _send(
        self, http: httpx.AsyncClient, route: str, values: Mapping[str, str]
    ) -> httpx.Response:
        entry = {**isolation.TABLE["requests"].get(route, {}), **_OTHERWISE.get(route, {})}
        if route.endswith("/items/{item_id}/content") and not route.startswith("HEAD"):
            entry["content"] = self.content
        return await send(http, route, entry, values)

    async def _ready(self, route: str) -> tuple[httpx.AsyncClient, dict[str, str]]:
        """Who asks, and for what: made for this route where it needs something in a certain state."""
        self.made += 1
        prepare = _PREPARED.get(route)
        found = await prepare(self) if prepare else {}
        site = self.home.site
        http = self.home.http
        if route in _BY_THE_PLATFORM:
            http = await self.stack.enter_async_context(site.owner())
        if route.startswith("POST /auth/"):
            browser = site.person(self.home.admin) if "sign-out" in route else site.http()
            http = http if route in _BY_THE_PLATFORM else browser
        return http, {**self.home.known, **found}

    def _last(self) -> int:
        with self.home.site.container.open_work() as work:
            last = work.audit.last()
        return 0 if last is None else last.number

    def _acts_after(self, number: int) -> list[str]:
        with self.home.site.container.open_work() as work:
            return [each.act for each in work.audit.walk_on(after=number, limit=999)]

    def _rows(self) -> dict[str, list[str]]:
        """All that is kept, but for what goes on in the background; of that, how many evaluations."""
        with self.home.site.container.open_work() as work:
            transaction = vars(work)["_transaction"]
            found: dict[str, list[str]] = {}
            for table in metadata.sorted_tables:
                if not table.name.startswith(_IN_BACKGROUND):
                    found[table.name] = sorted(map(repr, transaction.read(select(table))))
            evaluations = transaction.read(select(metadata.tables["evaluations"].c.id))
            found["evaluations"] = sorted(map(repr, evaluations))
        return found

    # What routes need, in the state that they need it in.

    async def excluded(self) -> dict[str, str]:
        """The document that is brought back was excluded."""
        document_id = self.home.known["document_id"]
        await self.home.http.post("/api/v1/documents/exclude", json={"document_ids": [document_id]})
        return {}

    async def copied(self) -> dict[str, str]:
        """Two documents serve one content."""
        names = [f"{each}-{self.made}.txt" for each in ("copie", "original")]
        await self.home.site.upload(dict.fromkeys(names, f"Note {self.made}."), http=self.home.http)
        found = (await self.home.http.get("/api/v1/documents?limit=200")).json()["documents"]
        ids = {each["name"]: each["id"] for each in found}
        return {"copy_id": ids[names[0]], "document_id": ids[names[1]]}

    async def link(self) -> dict[str, str]:
        return {"code": self.home.site.container.sign_in.issue_link(self.home.admin)}

    async def invitation(self) -> dict[str, str]:
        made = await self._post(
            "/invitations", {"name": "Ana", "email": f"a{self.made}@exemple.fr"}
        )
        return {
            "code": made["url"].rpartition("/")[2],
            "invitation_id": made["invitation"]["id"],
            "person_id": made["invitation"]["person"]["id"],
        }

    async def empty_collection(self) -> dict[str, str]:
        return {"collection_id": (await self._post("/collections", {"name": "Vide"}))["id"]}

    async def waiting_job(self) -> dict[str, str]:
        # Another content than any kept one, which need not be sent; it waits for what is announced.
        content = f"Note {self.made}.".encode()
        name = f"note-{self.made}.txt"
        file = {"name": name, "sha256": sha256(content).hexdigest(), "size_bytes": len(content)}
        made = await self._post("/jobs", {"files": [file], "source": f"dossier-{self.made}"})
        self.content = content.decode()
        return {"job_id": made["job"]["id"], "item_id": made["wanted"][0]["id"]}

    async def failed_job(self) -> dict[str, str]:
        made = await self.home.site.upload({"abime.txt": "damaged"}, http=self.home.http)
        return {"job_id": made["job"]["id"]}

    async def queued_evaluation(self) -> dict[str, str]:
        site, admin = self.home.site, self.home.admin
        set_id = QuestionSetId(self.home.known["question_set_id"])
        scope = site.container.access.scope_of(admin)
        report, _ = await asyncio.to_thread(
            site.container.evaluations.start, set_id, principal=admin, scope=scope
        )
        return {"evaluation_id": report.evaluation.id}

    async def colleague(self) -> dict[str, str]:
        return {"person_id": self._joined().person_id}

    async def suspended(self) -> dict[str, str]:
        colleague = self._joined()
        await self.home.http.post(f"/api/v1/people/{colleague.person_id}/suspend")
        return {"person_id": colleague.person_id}

    async def other_session(self) -> dict[str, str]:
        self.home.site.secret_of(self.home.admin)
        sessions = (await self.home.http.get("/api/v1/sessions")).json()
        return {"session_id": next(each["id"] for each in sessions if not each["is_current"])}

    async def waiting_plan(self) -> dict[str, str]:
        made = await self._post("/sources", {"kind": "push", "name": f"Source {self.made}"})
        return {"source_id": made["id"], "run_id": waiting_run(self.home, made["id"])}

    async def queued_run(self) -> dict[str, str]:
        made = await self._post("/sources", {"kind": "push", "name": f"Source {self.made}"})
        run_id = waiting_run(self.home, made["id"], state=RunState.QUEUED)
        return {"source_id": made["id"], "run_id": run_id}

    async def erased(self) -> dict[str, str]:
        made = await self._post("/sources", {"kind": "push", "name": f"Source {self.made}"})
        return {"source_id": made["id"], "erased_id": erased_file(self.home, made["id"])}

    async def tenant(self) -> dict[str, str]:
        return {"tenant_id": new_tenant(self.home.site, f"Commune {self.made}")}

    async def archived(self) -> dict[str, str]:
        found = await self.tenant()
        tenants = self.home.site.container.organisation.tenants
        platform = self.home.site.container.access.local_principal()
        for state in (TenantState.SUSPENDED, TenantState.CLOSED, TenantState.ARCHIVED):
            tenants.move(TenantId(found["tenant_id"]), state, principal=platform)
        return found

    def _joined(self) -> Principal:
        return self.home.site.joined(f"p-{self.made}", self.home.admin.tenant_id, Role.AGENT)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        response = await self.home.http.post(f"/api/v1{path}", json=body)
        assert response.status_code < 300, response.text
        return response.json()


_PREPARED: Mapping[str, Callable[[Walk], Awaitable[dict[str, str]]]] = {
    "POST /auth/invitation/{code}": Walk.invitation,
    "POST /auth/link/{code}": Walk.link,
    "DELETE /v1/collections/{collection_id}": Walk.empty_collection,
    "POST /v1/documents/{document_id}/keep": Walk.copied,
    "POST /v1/documents/include": Walk.excluded,
    "POST /v1/evaluations/{evaluation_id}/cancel": Walk.queued_evaluation,
    "DELETE /v1/invitations/{invitation_id}": Walk.invitation,
    "POST /v1/jobs/{job_id}/cancel": Walk.waiting_job,
    "PUT /v1/jobs/{job_id}/items/{item_id}/content": Walk.waiting_job,
    "HEAD /v1/jobs/{job_id}/items/{item_id}/content": Walk.waiting_job,
    "POST /v1/jobs/{job_id}/retry": Walk.failed_job,
    "POST /v1/people/{person_id}/restore": Walk.suspended,
    "DELETE /v1/people/{person_id}/sessions": Walk.colleague,
    "POST /v1/people/{person_id}/suspend": Walk.colleague,
    "DELETE /v1/sessions": Walk.other_session,
    "DELETE /v1/sessions/{session_id}": Walk.other_session,
    "DELETE /v1/sources/{source_id}/erased/{erased_id}": Walk.erased,
    "POST /v1/sources/{source_id}/runs/{run_id}/approve": Walk.waiting_plan,
    "POST /v1/sources/{source_id}/runs/{run_id}/cancel": Walk.queued_run,
    "POST /v1/sources/{source_id}/runs/{run_id}/refuse": Walk.waiting_plan,
    "DELETE /v1/tenants/{tenant_id}": Walk.archived,
    "POST /v1/tenants/{tenant_id}/state": Walk.tenant,
}
_OTHERWISE: Mapping[str, dict[str, Any]] = {
    "POST /v1/documents/{document_id}/keep": {"json": {"document_ids": ["{copy_id}"]}},
    "POST /v1/tenants/{tenant_id}/state": {"json": {"state": "suspended"}},
}
"""What is sent where what the table of isolation sends would be refused."""


def _fail(*_: object) -> None:
    raise StorageError("disk_full")
