"""Two tenants with the same text: nothing crosses, and what is foreign looks unknown."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import pytest

from assistant.api.app import openapi_text
from tests.api.isolation import (
    CALLERS,
    STRANGERS,
    TABLE,
    routes_of,
    sampled,
    walk,
    walk_elsewhere,
    walk_with_keys,
)
from tests.api.site import REGULATION, Site
from tests.api.walking import Strangers, opened_home, send

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

_NAMING = frozenset(
    ("tenant_id", "collections", "collection_id", "question_set_id", "before", "document_ids")
) | {"people", "person", "groups", "tenants", "parent_id"}
"""Fields and query parameters that name something by its identifier."""


def schema() -> dict[str, Any]:
    return json.loads(openapi_text())


def naming(described: dict[str, Any]) -> set[tuple[str, str]]:
    """Each route with each of its fields and query parameters that name something."""
    found: set[tuple[str, str]] = set()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            given = operation.get("parameters", [])
            names = {each["name"] for each in given if each["in"] == "query"}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                reference = content["schema"].get("$ref", "/").rsplit("/", 1)[-1]
                body = described["components"]["schemas"].get(reference, {})
                names |= set(body.get("properties", {}))
            found |= {(f"{method.upper()} {path}", name) for name in names & _NAMING}
    return found


def test_every_route_has_an_entry() -> None:
    entries = {*TABLE["routes"], *TABLE["open"]}
    assert set(routes_of(schema())) ^ entries == set()
    assert set(TABLE["requests"]) - entries == set()
    for route, entry in TABLE["routes"].items():
        assert set(entry) == {"key", *STRANGERS, "suspended_tenant"}, route


def test_every_field_that_names_something_has_an_entry() -> None:
    told_of = {
        (route, name)
        for entry in TABLE["elsewhere"]
        for route in entry["routes"]
        for name in {*entry.get("json", {}), *parse_qs(entry.get("query", ""))} & _NAMING
    }
    assert naming(schema()) ^ told_of == set()


async def test_every_route_as_everybody_who_may_not(
    site: Site, database_url: str, full_scale: bool
) -> None:
    """All routes on SQLite; on PostgreSQL a third of them, unless at full scale: the routes are the same."""
    routes = routes_of(schema())
    if database_url and not full_scale:
        routes = sampled(routes, one_in=3)
        assert len(routes) > 25
    reading = [route for route in routes if route.startswith("GET /v1")]
    async with opened_home(site) as home, AsyncExitStack() as stack:
        strangers = Strangers(home, stack)
        faults = await walk_with_keys(home, strangers, routes=routes)
        faults += await walk_elsewhere(home, strangers, routes=routes)
        for caller in CALLERS:
            if caller == "suspended_tenant":
                # All is still there: whoever got 404 was refused something, and changed nothing.
                for route in reading:
                    asked = TABLE["requests"].get(route, {})
                    own = await send(home.http, route, asked, home.known)
                    assert own.status_code == TABLE["administrator"].get(route, 200), route
            faults += await walk(home, strangers, caller=caller, routes=routes)

    assert faults == []


async def test_lists_searches_and_answers_stay_within_their_tenant(site: Site) -> None:
    async with opened_home(site) as home, site.person(site.foreigner()) as foreigner:
        documents = (await foreigner.get("/api/v1/documents")).json()
        links = (await foreigner.get("/api/v1/documents/links?state=confirmed")).json()
        jobs = (await foreigner.get("/api/v1/jobs")).json()
        examples = (await foreigner.get("/api/v1/examples")).json()
        found = (await foreigner.post("/api/v1/search", json={"query": "transport"})).json()
        asked = {"question": "Le transport scolaire est-il gratuit ?"}
        answer = (await foreigner.post("/api/v1/answers", json=asked)).json()
        reindexed = (await foreigner.post("/api/v1/documents/reindex", json={})).json()
        usage = (await foreigner.get("/api/v1/usage?month=2026-11")).json()

    assert links == []
    assert documents["documents"] == []
    assert documents["counts"] == {"pending": 0, "live": 0, "failed": 0, "chunks": 0, "excluded": 0}
    assert jobs == []
    assert examples == {"questions": []}
    assert found["results"] == []
    assert answer["status"] == "refused"
    assert answer["citations"] == []
    assert reindexed["total"] == 0
    assert home.known["tenant_id"] not in str(usage)


async def test_the_same_text_of_two_tenants_stays_two_documents(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.person(site.foreigner()) as foreigner, site.owner() as owner:
        started = await site.upload({"reglement.txt": REGULATION}, http=foreigner)
        own = (await owner.get("/api/v1/documents")).json()["documents"][0]
        other = (await foreigner.get("/api/v1/documents")).json()["documents"][0]
        query = {"query": "transport gratuit", "limit": 50}
        found = (await foreigner.post("/api/v1/search", json=query)).json()["results"]
        await owner.delete(f"/api/v1/documents/{own['id']}")
        kept = (await foreigner.post("/api/v1/search", json=query)).json()["results"]

    assert started["job"]["total"] == 1
    assert own["id"] != other["id"]
    assert {each["document_id"] for each in found} == {other["id"]}
    assert len(kept) == len(found)


async def test_the_hash_of_a_foreign_content_gives_nothing_of_it(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    known = {
        "name": "devine.txt",
        "sha256": sha256(REGULATION.encode()).hexdigest(),
        "size_bytes": len(REGULATION.encode()),
    }
    async with site.person(site.foreigner()) as foreigner:
        started = (await foreigner.post("/api/v1/jobs", json={"files": [known]})).json()
        item = started["wanted"][0]
        path = f"/api/v1/jobs/{started['job']['id']}"
        site.settle()
        sent = await foreigner.put(f"{path}/items/{item['id']}/content", content=b"autre")
        site.settle()
        retried = await foreigner.post(f"{path}/retry")
        await foreigner.post("/api/v1/documents/reindex", json={})
        site.settle()
        documents = (await foreigner.get("/api/v1/documents")).json()["documents"]
        original = await foreigner.get(f"/api/v1/documents/{documents[0]['id']}/original")
        found = (await foreigner.post("/api/v1/search", json={"query": "transport"})).json()

    assert item["state"] == "awaiting_file"
    assert sent.json()["reason_code"] == "content_changed"
    assert (retried.status_code, retried.json()["code"]) == (409, "nothing_to_retry")
    assert [each["state"] for each in documents] == ["failed"]
    assert original.status_code == 404
    assert found["results"] == []


async def test_a_colleague_does_not_read_my_conversations_and_answers(site: Site) -> None:
    async with opened_home(site) as home, AsyncExitStack() as stack:
        known = home.known
        colleague = await Strangers(home, stack).client("outsider")
        refused = [
            await colleague.get(f"/api/v1/conversations/{known['conversation_id']}"),
            await colleague.get(f"/api/v1/answers/{known['answer_id']}"),
            await colleague.get(f"/api/v1/answers/{known['answer_id']}/events"),
            await colleague.post(f"/api/v1/answers/{known['answer_id']}/cancel"),
        ]
        listed = (await colleague.get("/api/v1/conversations")).json()

    assert [each.status_code for each in refused] == [404] * 4
    assert listed == []
