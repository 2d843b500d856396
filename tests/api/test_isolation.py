"""Two tenants with the same text: nothing crosses, and what is foreign looks unknown."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.api.site import REGULATION, Site, propose

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

PDF = "%PDF\n" + REGULATION


async def identifiers(site: Site, owner: httpx.AsyncClient) -> dict[str, str]:
    """One of each thing of the owner, by the name of its path parameter."""
    job = (await site.upload({"reglement.pdf": PDF}))["job"]
    document = (await owner.get("/api/v1/documents")).json()["documents"][0]
    passage = (await owner.get(f"/api/v1/documents/{document['id']}/passages")).json()[0]
    item = (await owner.get(f"/api/v1/jobs/{job['id']}/items")).json()[0]
    conversation = (await owner.post("/api/v1/conversations", json={})).json()
    answer = await owner.post("/api/v1/answers", json={"question": "Transport gratuit ?"})
    return {
        "job_id": job["id"],
        "document_id": document["id"],
        "chunk_id": passage["chunk_id"],
        "item_id": item["id"],
        "conversation_id": conversation["id"],
        "answer_id": answer.json()["answer_id"],
        "link_id": await link_of(site, owner, document),
        "question_set_id": (run := await evaluation_of(owner))["question_set"]["id"],
        "evaluation_id": run["id"],
        "session_id": await session_of(site, owner),
        "page": "1",
        **await organisation_of(owner),
        "pseudonym": (await owner.get("/api/v1/audit")).json()["entries"][0]["actor"],
    }


async def organisation_of(owner: httpx.AsyncClient) -> dict[str, str]:
    """One of each thing that administrators tend."""
    me = (await owner.get("/api/v1/me")).json()
    group = (await owner.post("/api/v1/groups", json={"name": "Finances"})).json()
    await owner.post(f"/api/v1/groups/{group['id']}/people", json={"people": [me["person_id"]]})
    invited = {"name": "Zoé", "email": "zoe@exemple.fr"}
    made = (await owner.post("/api/v1/invitations", json=invited)).json()
    key = (await owner.post("/api/v1/keys", json={"name": "K", "permissions": ["read"]})).json()
    collection = (await owner.post("/api/v1/collections", json={"name": "Budget"})).json()
    return {
        "tenant_id": me["tenant"]["id"],
        "person_id": made["invitation"]["person"]["id"],
        "group_id": group["id"],
        "invitation_id": made["invitation"]["id"],
        "key_id": key["key"]["id"],
        "collection_id": collection["id"],
    }


async def session_of(site: Site, owner: httpx.AsyncClient) -> str:
    """A session of the owner's browser."""
    site.secret_of(site.container.access.local_principal())
    return (await owner.get("/api/v1/sessions")).json()[0]["id"]


async def evaluation_of(owner: httpx.AsyncClient) -> dict[str, Any]:
    """An evaluation that waits to be run."""
    content = b"question;document\nLe transport est-il gratuit ?;reglement.pdf\n"
    files = [("files", ("questions.csv", content))]
    kept = (await owner.post("/api/v1/question-sets", files=files)).json()
    return (await owner.post("/api/v1/evaluations", json={"question_set_id": kept["id"]})).json()


async def link_of(site: Site, owner: httpx.AsyncClient, document: dict[str, Any]) -> str:
    """A confirmed link of a document to another one."""
    await site.upload({"ancien.txt": REGULATION})
    listed = (await owner.get("/api/v1/documents")).json()["documents"]
    other = next(each["id"] for each in listed if each["id"] != document["id"])
    link = propose(site, source=document["id"], target=other)
    path = f"/api/v1/documents/{other}/links/{link}"
    assert (await owner.post(f"{path}/confirm")).status_code == 200
    return link


UNKNOWN = dict.fromkeys(
    (
        "job_id",
        "document_id",
        "chunk_id",
        "item_id",
        "conversation_id",
        "answer_id",
        "link_id",
        "question_set_id",
        "evaluation_id",
        "tenant_id",
        "person_id",
        "group_id",
        "invitation_id",
        "key_id",
        "collection_id",
        "session_id",
        "pseudonym",
    ),
    "00000000-0000-4000-8000-000000000000",
) | {"page": "1"}


def without_traces(response: httpx.Response, values: dict[str, str]) -> Any:
    body = response.text
    for name, value in values.items():
        if name != "page":
            body = body.replace(value, "<id>")
    return body.replace(response.headers["x-request-id"], "<request>")


async def test_no_route_shows_anything_of_another_tenant(site: Site) -> None:
    async with site.owner() as owner, site.person(site.foreigner()) as foreigner:
        known = await identifiers(site, owner)
        schema = (await owner.get("/api/openapi.json")).json()
        crossed: list[str] = []
        walked = 0
        for path, methods in schema["paths"].items():
            if not path.startswith("/v1") or "{" not in path:
                continue
            for method in methods:
                walked += 1
                foreign = await call(foreigner, method, path.format(**known))
                absent = await call(foreigner, method, path.format(**UNKNOWN))
                if (
                    foreign.status_code != 404
                    or absent.status_code != 404
                    or without_traces(foreign, known) != without_traces(absent, UNKNOWN)
                ):
                    crossed.append(f"{method} {path}: {foreign.status_code} {foreign.text}")

        await site.container.evaluation_runner.close()
        assert crossed == []
        assert walked >= 44
        for path, key in known.items():
            if path in {"document_id", "chunk_id"}:
                kind = "documents" if path == "document_id" else "passages"
                assert (await owner.get(f"/api/v1/{kind}/{key}")).status_code == 200


async def call(http: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    bodies: dict[str, dict[str, Any]] = {
        "/messages": {"question": "Transport gratuit ?"},
        "/state": {"state": "suspended"},
        "/people": {"people": ["local"]},
    }
    body: dict[str, Any] = {}
    for ending, each in bodies.items():
        if path.endswith(ending):
            body = each
    if method == "patch" and "/groups/" in path:
        body = {"name": "Autre"}
    if method in {"get", "delete"}:
        return await http.request(method, f"/api{path}")
    return await http.request(method, f"/api{path}", json=body)


async def test_lists_searches_and_answers_stay_within_their_tenant(site: Site) -> None:
    async with site.owner() as owner:
        known = await identifiers(site, owner)
    async with site.person(site.foreigner()) as foreigner:
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
    assert documents["counts"] == {"pending": 0, "live": 0, "failed": 0, "chunks": 0}
    assert jobs == []
    assert examples == {"questions": []}
    assert found["results"] == []
    assert answer["status"] == "refused"
    assert answer["citations"] == []
    assert reindexed["total"] == 0
    assert {row["tenant_id"] for row in usage["rows"]}.isdisjoint({known["tenant_id"]})
    assert known["tenant_id"] not in str(usage)


async def test_a_tenant_named_in_a_query_is_unknown_when_it_is_foreign(site: Site) -> None:
    async with site.owner() as owner, site.person(site.foreigner()) as foreigner:
        me = (await owner.get("/api/v1/me")).json()
        schema = (await owner.get("/api/openapi.json")).json()
        routes = [
            path
            for path, methods in schema["paths"].items()
            if "{" not in path
            and any(
                each["name"] == "tenant_id" for each in methods.get("get", {}).get("parameters", ())
            )
        ]
        crossed: list[str] = []
        for path in routes:
            month = "&month=2026-11" if path == "/v1/usage" else ""
            foreign, absent = [
                await foreigner.get(f"/api{path}?tenant_id={tenant_id}{month}")
                for tenant_id in (me["tenant"]["id"], UNKNOWN["tenant_id"])
            ]
            if (foreign.status_code, absent.status_code) != (404, 404) or without_traces(
                foreign, {}
            ) != without_traces(absent, {}):
                crossed.append(f"{path}: {foreign.status_code} {absent.status_code}")

    assert crossed == []
    assert "/v1/usage" in routes
    assert len(routes) >= 2


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
    async with site.owner() as owner, site.person(site.agent()) as colleague:
        known = await identifiers(site, owner)
        refused = [
            await colleague.get(f"/api/v1/conversations/{known['conversation_id']}"),
            await colleague.get(f"/api/v1/answers/{known['answer_id']}"),
            await colleague.get(f"/api/v1/answers/{known['answer_id']}/events"),
            await colleague.post(f"/api/v1/answers/{known['answer_id']}/cancel"),
        ]
        listed = (await colleague.get("/api/v1/conversations")).json()

    assert [each.status_code for each in refused] == [404] * 4
    assert listed == []
