"""An organisation with one of each thing, and strangers who ask every route for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import httpx

from assistant.adapters.sql.source_erasures import source_erasures
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import (
    CollectionId,
    KeyId,
    PersonId,
    SessionId,
    SourceId,
    SourceRunId,
    TenantId,
    new_id,
)
from assistant.domain.people import PersonState
from assistant.domain.sources import RunKind, RunState, SourceRun, erased_digest
from assistant.domain.tenancy import Collection, Permission, Principal, Role
from assistant.domain.tenants import Tenant, TenantState
from assistant.services.secrets import digest
from tests.api.site import REGULATION, Site, propose

NOBODY = "00000000-0000-4000-8000-000000000000"
WORD = "quartzite"
"""Stands in the documents of the organisation, and nowhere else."""
TEXT = f"{REGULATION}Le transport est gratuit, mention {WORD}.\n"
QUESTION = "Le transport scolaire est-il gratuit ?"
SECRETS = (WORD, "confidentiel.pdf", "ancien-plan.txt", "Zoé Martin", "Comité restreint", "Réservé")
"""Words that only the organisation's own answers may hold, beside its identifiers."""


@dataclass
class Home:
    """The organisation, and the identifiers of what it has by the name of their path parameter."""

    site: Site
    admin: Principal
    http: httpx.AsyncClient
    """The browser of its administrator, a member of the one group that reads its documents."""
    known: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def unknown(self) -> dict[str, str]:
        """As `known`, of things that are not there."""
        return dict.fromkeys(self.known, NOBODY) | {"page": "1"}

    def secrets(self, *, but: frozenset[str] = frozenset()) -> frozenset[str]:
        """What no stranger may be told, but for the parameters that it may know."""
        ids = {value for name, value in self.known.items() if name not in but | {"page"}}
        return frozenset(ids).union(SECRETS)


def new_tenant(site: Site, name: str) -> TenantId:
    """A tenant with a collection of its own."""
    tenant = Tenant(TenantId(new_id()), name)
    with site.container.open_work() as work:
        work.tenancy.add_tenant(tenant)
        work.tenancy.add_collection(Collection(CollectionId(new_id()), tenant.id, "Documents"))
        work.commit()
    return tenant.id


@asynccontextmanager
async def opened_home(site: Site) -> AsyncGenerator[Home]:
    """The organisation with all its things."""
    tenant_id = new_tenant(site, "Commune")
    admin = site.joined("secretary", tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    async with site.person(admin) as http:
        home = Home(site, admin, http)
        home.known |= await _organisation(home)
        home.known |= await _documents(home)
        home.known |= await _work(home)
        yield home
        await site.container.evaluation_runner.close()


async def _made(http: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> Any:
    response = await http.post(f"/api/v1{path}", json=body)
    assert response.status_code < 300, response.text
    return response.json()


async def _organisation(home: Home) -> dict[str, str]:
    http, tenant_id = home.http, home.admin.tenant_id
    group = await _made(http, "/groups", {"name": "Comité restreint"})
    members = {"people": [home.admin.person_id]}
    await http.post(f"/api/v1/groups/{group['id']}/people", json=members)
    (own,) = (await http.get("/api/v1/collections/owned")).json()
    change = {"name": "Réservé", "audience": "groups", "groups": [group["id"]]}
    await http.patch(f"/api/v1/collections/{own['id']}", json=change)
    # The first one has documents, which keeps it: only this one can be deleted.
    await _made(http, "/collections", {"name": "Libre"})
    invited = {"name": "Zoé Martin", "email": "zoe@exemple.fr"}
    invitation = (await _made(http, "/invitations", invited))["invitation"]
    key = await _made(http, "/keys", {"name": "K", "permissions": ["read"]})
    await http.put(f"/api/v1/tenants/{tenant_id}/logo", content=png())
    home.site.secret_of(home.admin)
    sessions = (await http.get("/api/v1/sessions")).json()
    return {
        "tenant_id": tenant_id,
        "person_id": invitation["person"]["id"],
        "group_id": group["id"],
        "invitation_id": invitation["id"],
        "key_id": key["key"]["id"],
        "collection_id": own["id"],
        "session_id": next(each["id"] for each in sessions if not each["is_current"]),
        "code": "inconnu",
        "provider": "inconnu",
        "generation_id": "inconnu",
        "page": "1",
    }


async def _documents(home: Home) -> dict[str, str]:
    http, site = home.http, home.site
    job = (await site.upload({"confidentiel.pdf": f"%PDF\n{TEXT}"}, http=http))["job"]
    await site.upload({"ancien-plan.txt": TEXT}, http=http)
    found = (await http.get("/api/v1/documents")).json()["documents"]
    ids = {each["name"]: each["id"] for each in found}
    document, other = ids["confidentiel.pdf"], ids["ancien-plan.txt"]
    link = propose(site, source=document, target=other, principal=home.admin)
    passages = (await http.get(f"/api/v1/documents/{document}/passages")).json()
    items = (await http.get(f"/api/v1/jobs/{job['id']}/items")).json()
    pushed = f"/api/v1/collections/{home.known['collection_id']}/documents/paie-12?name=paie.txt"
    await http.put(pushed, content=TEXT.encode())
    await asyncio.to_thread(site.settle)
    return {
        "external_id": "paie-12",
        "job_id": job["id"],
        "item_id": items[0]["id"],
        "document_id": document,
        "chunk_id": passages[0]["chunk_id"],
        "link_id": link,
    }


async def _work(home: Home) -> dict[str, str]:
    http = home.http
    conversation = await _made(http, "/conversations", {"title": "Réservé"})
    answer = await _made(http, "/answers", {"question": QUESTION})
    files = [("files", ("jeu.csv", f"question;document\n{QUESTION};confidentiel.pdf\n".encode()))]
    kept = (await http.post("/api/v1/question-sets", files=files)).json()
    set_id = kept["id"]
    run = await _made(http, "/evaluations", {"question_set_id": set_id})
    entries = (await http.get("/api/v1/audit")).json()["entries"]
    return {
        "conversation_id": conversation["id"],
        "answer_id": answer["answer_id"],
        "question_set_id": set_id,
        "evaluation_id": run["id"],
        "pseudonym": entries[0]["actor"],
        **await _source(home),
    }


async def _source(home: Home) -> dict[str, str]:
    asked = {"kind": "push", "name": "Réservé aux élus"}
    source_id = (await _made(home.http, "/sources", asked))["id"]
    return {
        "source_id": source_id,
        "run_id": waiting_run(home, source_id),
        "erased_id": erased_file(home, source_id),
    }


def erased_file(home: Home, source_id: str) -> str:
    """A file that looks at a source pass over since its document was erased."""
    container = home.site.container
    digest = erased_digest(SourceId(source_id), "réservé.pdf")
    row = {"source_id": source_id, "digest": digest, "erased_at": container.clock.now()}
    with container.open_work() as work:
        transaction: Transaction = vars(work)["_transaction"]
        transaction.add_missing(source_erasures, [row])
        work.commit()
    return digest


def waiting_run(home: Home, source_id: str, *, state: RunState = RunState.AWAITING_APPROVAL) -> str:
    """A look at a source, which waits for approval or is in another state."""
    container = home.site.container
    run = SourceRun(
        id=SourceRunId(new_id()),
        source_id=SourceId(source_id),
        tenant_id=home.admin.tenant_id,
        kind=RunKind.SYNC,
        state=state,
        asked_by=home.admin.person_id,
        asked_at=container.clock.now(),
    )
    with container.open_work() as work:
        work.sources.add_run(run)
        work.commit()
    return run.id


def png() -> bytes:
    """A small image."""
    from io import BytesIO

    from PIL import Image

    image = BytesIO()
    Image.new("RGB", (8, 8), "navy").save(image, "PNG")
    return image.getvalue()


@dataclass
class Strangers:
    """Those who may not, by name: each a client with the credential of that kind."""

    home: Home
    stack: AsyncExitStack
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict[str, httpx.AsyncClient])

    async def client(self, caller: str) -> httpx.AsyncClient:
        """The client of a caller of the table."""
        if caller not in self.clients:
            made: httpx.AsyncClient = getattr(self, f"_{caller}")()
            self.clients[caller] = await self.stack.enter_async_context(made)
        return self.clients[caller]

    def key(self, permissions: frozenset[Permission]) -> httpx.AsyncClient:
        """A program with a key of the organisation's administrator."""
        _, secret = self._new_key(permissions)
        return self.home.site.http(Authorization=f"Bearer {secret}")

    def _new_key(self, permissions: frozenset[Permission]) -> tuple[KeyId, str]:
        keys = self.home.site.container.organisation.keys
        key, secret = keys.create(
            "Programme", permissions=permissions, days=2, principal=self.home.admin
        )
        return key.id, secret

    def _person(self, name: str, tenant_id: TenantId, *roles: Role) -> httpx.AsyncClient:
        site = self.home.site
        return site.person(site.joined(name, tenant_id, Role.AGENT, *roles))

    def _nobody(self) -> httpx.AsyncClient:
        return self.home.site.http()

    def _foreign_agent(self) -> httpx.AsyncClient:
        return self._person("foreign-agent", new_tenant(self.home.site, "Autre"))

    def _foreign_admin(self) -> httpx.AsyncClient:
        tenant_id = new_tenant(self.home.site, "Encore une autre")
        return self._person("foreign-admin", tenant_id, Role.TENANT_ADMIN)

    def _outsider(self) -> httpx.AsyncClient:
        return self._person("outsider", self.home.admin.tenant_id)

    async def furnished(self) -> tuple[httpx.AsyncClient, dict[str, str]]:
        """An administrator of another tenant, and the identifiers of what that one has."""
        tenant_id = new_tenant(self.home.site, "Voisine")
        http = self._person("neighbour", tenant_id, Role.TENANT_ADMIN)
        await self.stack.enter_async_context(http)
        group = await _made(http, "/groups", {"name": "Voisins"})
        (collection,) = (await http.get("/api/v1/collections/owned")).json()
        conversation = await _made(http, "/conversations", {})
        own = {
            "tenant_id": tenant_id,
            "group_id": group["id"],
            "collection_id": collection["id"],
            "conversation_id": conversation["id"],
        }
        return http, self.home.unknown | own

    def _suspended_person(self) -> httpx.AsyncClient:
        """Suspended without its session being ended: what lets it in has to look at the person."""
        client = self._person("suspended", self.home.admin.tenant_id, Role.TENANT_ADMIN)
        with self.home.site.container.open_work() as work:
            standing = work.people.standing(PersonId("suspended"))
            assert standing is not None
            work.people.update(replace(standing.person, state=PersonState.SUSPENDED))
            work.commit()
        return client

    def _expired_session(self) -> httpx.AsyncClient:
        site, secret = self.home.site, new_id()
        session = site.container.sessions.find(site.secret_of(self.home.admin))
        assert session is not None
        past = site.container.clock.now() - timedelta(seconds=1)
        ended = replace(
            session,
            id=SessionId(new_id()),
            secret_hash=digest(secret),
            expires_at=past,
            idle_until=past,
        )
        with site.container.open_work() as work:
            work.sessions.add(ended)
            work.commit()
        return site.http(Cookie=f"assistant_session={secret}")

    def _revoked_key(self) -> httpx.AsyncClient:
        key_id, secret = self._new_key(frozenset(Permission))
        admin = self.home.admin
        keys = self.home.site.container.organisation.keys
        keys.revoke(key_id, tenant_id=admin.tenant_id, principal=admin)
        return self.home.site.http(Authorization=f"Bearer {secret}")

    def _suspended_tenant(self) -> httpx.AsyncClient:
        return self._in_state(TenantState.SUSPENDED)

    def _closed_tenant(self) -> httpx.AsyncClient:
        """After the suspended one: a tenant is closed from there."""
        return self._in_state(TenantState.CLOSED)

    def _in_state(self, state: TenantState) -> httpx.AsyncClient:
        site, admin = self.home.site, self.home.admin
        tenants = site.container.organisation.tenants
        tenants.move(admin.tenant_id, state, principal=site.container.access.local_principal())
        return site.person(admin)


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """A body or a text of the table, with identifiers in place of their names."""
    if isinstance(template, str):
        return template.format(**values)
    if isinstance(template, list):
        return [filled(each, values) for each in cast("list[Any]", template)]
    if isinstance(template, dict):
        pairs = cast("dict[str, Any]", template)
        return {name: filled(each, values) for name, each in pairs.items()}
    return template


async def send(
    http: httpx.AsyncClient, route: str, entry: Mapping[str, Any], values: Mapping[str, str]
) -> httpx.Response:
    """A request of the table, about what the identifiers name; its `path` has others for the address."""
    method, path = route.split(" ")
    url = f"/api{path.format(**entry.get('path', values))}"
    if query := filled(entry.get("query", ""), values):
        url = f"{url}?{query}"
    sent: dict[str, Any] = {}
    if "form" in entry:
        sent["files"] = [("files", (entry["form"], entry["content"].encode()))]
    elif "content" in entry:
        sent["content"] = png() if entry["content"] == "image" else entry["content"].encode()
    elif method in {"POST", "PATCH"} or "json" in entry:
        sent["json"] = filled(entry.get("json", {}), values)
    if "headers" in entry:
        sent["headers"] = entry["headers"]
    return await http.request(method, url, **sent)


def without_traces(response: httpx.Response, values: Mapping[str, str]) -> str:
    """The body of a response without what was asked for and the number of the request."""
    body = response.text.replace(NOBODY, "<id>")
    for name, value in values.items():
        if name != "page":
            body = body.replace(value, "<id>")
    return body.replace(response.headers["x-request-id"], "<request>")


def told(response: httpx.Response, secrets: frozenset[str]) -> set[str]:
    """The secrets that a response holds, beside the address it was asked at."""
    body = response.content.decode("utf-8", "replace")
    is_problem = response.headers.get("content-type") == "application/problem+json"
    if body and is_problem:  # the answer to a HEAD has none
        body = json.dumps({**response.json(), "instance": ""}, ensure_ascii=False)
    return {each for each in secrets if each in body}
