"""A random organisation on a real site: its people with their credentials, and all they get by any way."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import httpx

from assistant.domain.ids import CollectionId, GroupId, PersonId, TenantId
from assistant.domain.people import Group, PersonState
from assistant.domain.tenancy import Audience, Collection, Grant, Permission, Principal, Role, Scope
from assistant.domain.tenants import MOVES, Tenant, TenantState
from assistant.ports.repositories import UnitOfWork
from tests.api.site import Site, person_of
from tests.conftest import FULL_SCALE
from tests.towns import GROUP_HOME, HOME, PEOPLE, TENANTS, Town

QUESTION = "Le transport scolaire est-il gratuit pour les élèves internes ?"
BY_KEY = frozenset(PEOPLE[1::2])
"""Those who come with a key; the others have a session."""
SHUT_OUT = frozenset({401, 403, 404})
_turns = count()


@dataclass
class Stage:
    """A town, each of whose identifiers has the number of the stage behind it on the site."""

    site: Site
    town: Town
    stack: AsyncExitStack
    number: int = field(default_factory=lambda: next(_turns))
    clients: dict[PersonId, httpx.AsyncClient] = field(
        default_factory=dict[PersonId, httpx.AsyncClient]
    )
    keys: dict[PersonId, str] = field(default_factory=dict[PersonId, str])
    documents: dict[str, CollectionId] = field(default_factory=dict[str, CollectionId])
    """By the id of each document, the collection of the town that it stands for."""
    chunks: dict[str, CollectionId] = field(default_factory=dict[str, CollectionId])
    revoked: set[PersonId] = field(default_factory=set[PersonId])
    """Those whose key was taken away."""

    def named(self, raw: str) -> str:
        """An identifier of the town as the site knows it."""
        return f"{raw}-{self.number}"

    @property
    def owner(self) -> httpx.AsyncClient:
        """The administrator of the platform."""
        return self.clients[PersonId("owner")]

    def expected(self, person: PersonId, *, with_documents: bool = True) -> set[CollectionId]:
        """What the rules let a person read now."""
        if person in self.revoked:
            return set()
        held = set(self.documents.values())
        return {
            each.id
            for each in self.town.collections
            if self.town.reads(person, each) and (each.id in held or not with_documents)
        }

    def principal(self, person: PersonId, *roles: Role) -> Principal:
        tenant_id = TenantId(self.named(HOME[person]))
        return Principal(PersonId(self.named(person)), tenant_id, frozenset({Role.AGENT, *roles}))


async def staged(site: Site, town: Town, stack: AsyncExitStack) -> Stage:
    """The town on the site, with a document in each collection."""
    stage = Stage(site, town, stack)
    stage.clients[PersonId("owner")] = await stack.enter_async_context(site.owner())
    with site.container.open_work() as work:
        _keep(work, stage)
        work.commit()
    for person in PEOPLE:
        stage.clients[person] = await stack.enter_async_context(_signed_in(stage, person))
    for number, collection in enumerate(town.collections):
        await _send_document(stage, collection, number=number)
    await asyncio.to_thread(site.settle)
    with site.container.open_work() as work:
        _note_documents(work, stage)
        _set_states(work, stage)
        work.commit()
    return stage


def _keep(work: UnitOfWork, stage: Stage) -> None:
    """All of it but documents, with every person and tenant active so that documents can come."""
    named, town = stage.named, stage.town
    for tenant in TENANTS:
        parent = town.parents[tenant]
        above = None if parent is None else TenantId(named(parent))
        work.tenancy.add_tenant(Tenant(TenantId(named(tenant)), tenant, parent_id=above))
        admin = PersonId(named(f"a-{tenant}"))
        roles = frozenset({Role.AGENT, Role.TENANT_ADMIN})
        work.people.add(person_of(admin, TenantId(named(tenant)), roles))
    for person in PEOPLE:
        principal = stage.principal(person)
        work.people.add(person_of(principal.person_id, principal.tenant_id, principal.roles))
    for group, home in GROUP_HOME.items():
        tenant_id, group_id = TenantId(named(home)), GroupId(named(group))
        work.groups.add(Group(group_id, tenant_id, group))
        inside = [PersonId(named(each)) for each, other in sorted(town.members) if other == group]
        work.groups.add_members(group_id, inside, tenant_id=tenant_id)
    for collection in town.collections:
        work.tenancy.add_collection(_renamed(stage, collection))


def _renamed(stage: Stage, collection: Collection) -> Collection:
    named = stage.named
    return replace(
        collection,
        id=CollectionId(named(collection.id)),
        tenant_id=TenantId(named(collection.tenant_id)),
        groups=frozenset(GroupId(named(each)) for each in collection.groups),
        tenants=frozenset(TenantId(named(each)) for each in collection.tenants),
    )


def _signed_in(stage: Stage, person: PersonId) -> httpx.AsyncClient:
    principal = stage.principal(person)
    if person not in BY_KEY:
        return stage.site.person(principal)
    permissions = frozenset({Permission.READ, Permission.ASK})
    keys = stage.site.container.organisation.keys
    key, secret = keys.create("Essai", permissions=permissions, days=2, principal=principal)
    stage.keys[person] = key.id
    return stage.site.http(Authorization=f"Bearer {secret}")


async def _send_document(stage: Stage, collection: Collection, *, number: int) -> None:
    """By the administrator of its tenant, whoever reads the collection."""
    tenant = collection.tenant_id
    tenant_id = TenantId(stage.named(tenant))
    roles = frozenset({Role.AGENT, Role.TENANT_ADMIN})
    admin = Principal(PersonId(stage.named(f"a-{tenant}")), tenant_id, roles)
    text = f"%PDF\nLe transport scolaire {number} est gratuit pour les élèves internes.\n"
    parts = [("files", (f"{collection.id}.pdf", text.encode()))]
    async with stage.site.person(admin) as http:
        path = f"/api/v1/documents?collection_id={stage.named(collection.id)}"
        sent = await http.post(path, files=parts)
    assert sent.status_code == 201, sent.text


def _note_documents(work: UnitOfWork, stage: Stage) -> None:
    for collection in stage.town.collections:
        named = _renamed(stage, collection)
        grants = frozenset({Grant(named.tenant_id, named.id)})
        scope = Scope(named.tenant_id, PersonId("machine"), grants)
        (document,) = work.documents.list_page(scope=scope, limit=9, offset=0)
        (chunk,) = work.chunks.list_of_document(document.id, scope=scope, limit=9, offset=0)
        stage.documents[document.id] = stage.chunks[chunk.id] = collection.id


def _set_states(work: UnitOfWork, stage: Stage) -> None:
    for tenant, state in stage.town.states.items():
        found = work.tenancy.find_tenant(TenantId(stage.named(tenant)))
        assert found is not None
        work.tenancy.update_tenant(replace(found, state=state))
    for person, state in stage.town.people.items():
        principal = stage.principal(person)
        found = work.people.find(principal.person_id, tenant_id=principal.tenant_id)
        assert found is not None
        work.people.update(replace(found, state=state))


def close(stage: Stage) -> None:
    """Nobody reads anything of this town any more; the next one starts afresh."""
    with stage.site.container.open_work() as work:
        for tenant in TENANTS:
            found = work.tenancy.find_tenant(TenantId(stage.named(tenant)))
            assert found is not None
            work.tenancy.update_tenant(replace(found, state=TenantState.CLOSED))
        work.commit()


async def obtained(stage: Stage, person: PersonId) -> dict[str, set[CollectionId]]:
    """The collections of the town of which a person gets anything, by each way of the API."""
    http, documents, chunks = stage.clients[person], stage.documents, stage.chunks
    listed: dict[str, Any] = await _asked(http, "GET", "/documents?limit=100") or {}
    query = {"query": QUESTION, "limit": 100}
    found: dict[str, Any] = await _asked(http, "POST", "/search", query) or {}
    readable: list[dict[str, str]] = await _asked(http, "GET", "/collections") or []
    ways = {
        "list": {documents[each["id"]] for each in listed.get("documents", [])},
        "search": {chunks[each["chunk_id"]] for each in found.get("results", [])},
        "passages": await _open(http, documents, "/documents/{}/passages"),
        "pages": await _open(http, documents, "/documents/{}/pages/1"),
        "citations": await _open(http, chunks, "/passages/{}"),
        "answers": await _answered(stage, http),
    }
    if FULL_SCALE:
        ways |= {
            "documents": await _open(http, documents, "/documents/{}"),
            "originals": await _open(http, documents, "/documents/{}/original"),
            "views": await _open(http, chunks, "/passages/{}/view"),
        }
    counted = listed["counts"]["chunks"] if listed else 0
    assert counted == len(ways["list"]), f"{person} is told of {counted} passages"
    held = {stage.named(each.id): each.id for each in stage.town.collections}
    names = {held[each["id"]] for each in readable}
    assert names == stage.expected(person, with_documents=False), f"{person} sees {names}"
    await _check_suggestions(stage, http, readable=ways["list"])
    return ways


async def _open(
    http: httpx.AsyncClient, things: dict[str, CollectionId], path: str
) -> set[CollectionId]:
    """Those that are opened one by one."""
    found: set[CollectionId] = set()
    for thing, collection in things.items():
        response = await http.get(f"/api/v1{path.format(thing)}")
        assert response.status_code == 200 or response.status_code in SHUT_OUT, response.text
        if response.status_code == 200 and response.content not in {b"[]", b""}:
            found.add(collection)
    return found


async def _answered(stage: Stage, http: httpx.AsyncClient) -> set[CollectionId]:
    """What is quoted by an answer from everything, and by one from each collection that can be named."""
    body = {"question": QUESTION}
    everything = _quoted(stage, await _asked(http, "POST", "/answers", body))
    found: set[CollectionId] = set()
    for collection in stage.town.collections:
        narrowed = {**body, "collections": [stage.named(collection.id)]}
        own = _quoted(stage, await _asked(http, "POST", "/answers", narrowed))
        assert own <= {collection.id}, f"{collection.id} quotes {own}"
        found |= own
    assert everything <= found
    assert bool(everything) == bool(found)
    return found


def _quoted(stage: Stage, answer: dict[str, Any] | None) -> set[CollectionId]:
    citations: list[dict[str, Any]] = [] if answer is None else answer["citations"]
    return {stage.documents[each["document_id"]] for each in citations}


async def _check_suggestions(
    stage: Stage, http: httpx.AsyncClient, *, readable: set[CollectionId]
) -> None:
    """Suggested questions name the documents that are read, and only those."""
    questions = str(await _asked(http, "GET", "/examples"))
    numbers = {
        each.id for n, each in enumerate(stage.town.collections) if f"scolaire {n} " in questions
    }
    assert numbers <= readable, f"suggestions tell of {numbers - readable}"
    assert bool(numbers) == bool(readable)


async def _asked(
    http: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None = None
) -> Any:
    """The body of a success; None for who is shut out."""
    response = await http.request(method, f"/api/v1{path}", json=body)
    if response.status_code in SHUT_OUT:
        return None
    assert response.status_code == 200, response.text
    return response.json()


async def leave_group(stage: Stage, pick: int) -> None:
    members = sorted(stage.town.members)
    if members:
        person, group = members[pick % len(members)]
        path = f"/groups/{stage.named(group)}/people/{stage.named(person)}"
        await _ordered(stage, "DELETE", path, tenant=GROUP_HOME[group])
        stage.town.members.discard((person, group))


async def withdraw_sharing(stage: Stage, pick: int) -> None:
    collections = stage.town.collections
    narrowed = collections[pick % len(collections)]
    body: dict[str, Any] = {"audience": "groups", "groups": [], "tenants": []}
    path = f"/collections/{stage.named(narrowed.id)}"
    await _ordered(stage, "PATCH", path, body, tenant=narrowed.tenant_id)
    collections[pick % len(collections)] = replace(
        narrowed, audience=Audience.GROUPS, groups=frozenset(), tenants=frozenset()
    )


async def delete_document(stage: Stage, pick: int) -> None:
    """By its administrator; only where the tenant is not read-only."""
    homes = {each.id: each.tenant_id for each in stage.town.collections}
    own = [
        document
        for document, collection in stage.documents.items()
        if stage.town.states[homes[collection]] is TenantState.ACTIVE
    ]
    if not own:
        return
    document = own[pick % len(own)]
    collection = stage.documents.pop(document)
    for chunk in [each for each, place in stage.chunks.items() if place == collection]:
        del stage.chunks[chunk]
    tenant = homes[collection]
    roles = frozenset({Role.AGENT, Role.TENANT_ADMIN})
    named = TenantId(stage.named(tenant))
    admin = Principal(PersonId(stage.named(f"a-{tenant}")), named, roles)
    async with stage.site.person(admin) as http:
        assert (await http.delete(f"/api/v1/documents/{document}")).status_code == 204


async def suspend_person(stage: Stage, pick: int) -> None:
    person = PEOPLE[pick % len(PEOPLE)]
    if stage.town.people[person] is PersonState.ACTIVE:
        path = f"/people/{stage.named(person)}/suspend"
        await _ordered(stage, "POST", path, tenant=HOME[person])
        stage.town.people[person] = PersonState.SUSPENDED


async def revoke_key(stage: Stage, pick: int) -> None:
    holders = sorted(stage.keys)
    person = holders[pick % len(holders)]
    if person not in stage.revoked and stage.town.people[person] is PersonState.ACTIVE:
        path = f"/keys/{stage.keys[person]}"
        await _ordered(stage, "DELETE", path, tenant=HOME[person])
        stage.revoked.add(person)


async def suspend_tenant(stage: Stage, pick: int) -> None:
    await _move(stage, pick, TenantState.SUSPENDED)


async def close_tenant(stage: Stage, pick: int) -> None:
    await _move(stage, pick, TenantState.SUSPENDED)
    await _move(stage, pick, TenantState.CLOSED)


async def leave_region(stage: Stage, pick: int) -> None:
    tenant = TENANTS[pick % len(TENANTS)]
    if stage.town.states[tenant] is not TenantState.DELETED:
        await _ordered(stage, "PATCH", f"/tenants/{stage.named(tenant)}", {"parent_id": ""})
        stage.town.parents[tenant] = None


REVOCATIONS = (
    leave_group, withdraw_sharing, delete_document, suspend_person, revoke_key, suspend_tenant,
    close_tenant, leave_region,
)  # fmt: skip


async def _move(stage: Stage, pick: int, state: TenantState) -> None:
    tenant = TENANTS[pick % len(TENANTS)]
    before = stage.town.states[tenant]
    if state in MOVES[before] and before is not TenantState.CLOSED:
        path = f"/tenants/{stage.named(tenant)}/state"
        await _ordered(stage, "POST", path, {"state": state.value})
        stage.town.states[tenant] = state


async def _ordered(
    stage: Stage,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    tenant: TenantId | None = None,
) -> None:
    """What the administrator of the platform orders has to be done."""
    query = "" if tenant is None else f"?tenant_id={stage.named(tenant)}"
    done = await stage.owner.request(method, f"/api/v1{path}{query}", json=body)
    assert done.status_code < 300 or done.status_code in SHUT_OUT, done.text
    if done.status_code in SHUT_OUT:
        # what belongs to an erased tenant cannot be changed, and nobody reads it
        assert tenant is not None, done.text
        assert stage.town.states[tenant] is TenantState.DELETED, done.text
