"""Corrected and excluded documents over the API: every way to them, for their tenant and for another."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import ColumnElement

from assistant.adapters.sql import chunks, documents
from assistant.domain.tenancy import Audience, Role
from assistant.services.collections import CollectionChange
from tests.api.site import REGULATION, Site
from tests.api.talking import QUESTION, answer_of, talk
from tests.api.walking import new_tenant

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

WORD = "quartzite"
TEXT = f"%PDF\n{REGULATION}Le transport est gratuit, mention {WORD}.\n"
TITLE = "Schéma des mobilités"


@dataclass
class Shared:
    """A document of a commune, read by its people and by those of another tenant."""

    site: Site
    admin: httpx.AsyncClient
    agent: httpx.AsyncClient
    stranger: httpx.AsyncClient
    """An administrator of the other tenant, who may read the collection and change nothing of it."""
    document_id: str
    chunk_id: str

    async def act(self, verb: str) -> int:
        """Exclude or include the document; how many changed."""
        body = {"document_ids": [self.document_id]}
        done = await self.admin.post(f"/api/v1/documents/{verb}", json=body)
        assert done.status_code == 200, done.text
        return done.json()["changed"]

    async def correct(self, revision: int = 0, **fields: Any) -> httpx.Response:
        body = {**fields, "revision": revision}
        return await self.admin.put(f"/api/v1/documents/{self.document_id}/correction", json=body)


@asynccontextmanager
async def shared(site: Site) -> AsyncGenerator[Shared]:
    tenant_id = new_tenant(site, "Commune")
    admin = site.joined("secrétaire", tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    agent = site.joined("agente", tenant_id, Role.AGENT)
    other = site.joined("voisin", new_tenant(site, "Voisine"), Role.AGENT, Role.TENANT_ADMIN)
    collections = site.container.organisation.collections
    (own,) = collections.list_owned(tenant_id=tenant_id, principal=admin)
    opened = CollectionChange(audience=Audience.EVERYONE)
    collections.change(own.id, opened, tenant_id=tenant_id, principal=admin)
    async with (
        site.person(admin) as secretary,
        site.person(agent) as reader,
        site.person(other) as stranger,
    ):
        await site.upload({"reglement.pdf": TEXT}, http=secretary)
        (found,) = (await secretary.get("/api/v1/documents")).json()["documents"]
        passages = await secretary.get(f"/api/v1/documents/{found['id']}/passages")
        chunk_id = passages.json()[0]["chunk_id"]
        yield Shared(site, secretary, reader, stranger, found["id"], chunk_id)


Read = Callable[[httpx.AsyncClient, Shared], Awaitable[bool]]


def opens(path: str) -> Read:
    """Whether a page about the document opens."""

    async def read(http: httpx.AsyncClient, home: Shared) -> bool:
        url = path.format(document=home.document_id, chunk=home.chunk_id)
        return (await http.get(f"/api/v1{url}")).status_code == 200

    return read


async def listed(http: httpx.AsyncClient, home: Shared) -> bool:
    return home.document_id in (await http.get("/api/v1/documents")).text


async def counted(http: httpx.AsyncClient, home: Shared) -> bool:
    del home
    counts = (await http.get("/api/v1/documents")).json()["counts"]
    return any(counts.values())


async def found(http: httpx.AsyncClient, home: Shared) -> bool:
    asked = {"query": f"transport gratuit {WORD}"}
    return home.document_id in (await http.post("/api/v1/search", json=asked)).text


async def suggested(http: httpx.AsyncClient, home: Shared) -> bool:
    del home
    return "transports scolaires" in (await http.get("/api/v1/examples")).text


async def answered(http: httpx.AsyncClient, home: Shared) -> bool:
    started = await http.post("/api/v1/answers", json={"question": QUESTION})
    events = await http.get(f"/api/v1/answers/{started.json()['answer_id']}/events")
    return home.document_id in events.text


READS: dict[str, Read] = {
    "document": opens("/documents/{document}"),
    "original": opens("/documents/{document}/original"),
    "page": opens("/documents/{document}/pages/1"),
    "passages": opens("/documents/{document}/passages"),
    "links": opens("/documents/{document}/links"),
    "passage": opens("/passages/{chunk}"),
    "view": opens("/passages/{chunk}/view"),
    "list": listed,
    "counts": counted,
    "search": found,
    "examples": suggested,
    "answer": answered,
}
MANAGED = {"document", "original", "page", "passages", "links", "list", "counts"}
"""What its administrators still see of an excluded document, to know it and to bring it back."""


async def seen(home: Shared, http: httpx.AsyncClient) -> set[str]:
    return {name for name, read in READS.items() if await read(http, home)}


async def test_an_excluded_document_is_nowhere_for_readers(site: Site) -> None:
    async with shared(site) as home:
        for http in (home.admin, home.agent, home.stranger):
            assert await seen(home, http) == {*READS}

        assert await home.act("exclude") == 1
        assert await seen(home, home.agent) == set()
        assert await seen(home, home.stranger) == set()
        assert await seen(home, home.admin) == MANAGED
        state = f"/api/v1/documents/{home.document_id}"
        assert (await home.admin.get(state)).json()["state"] == "excluded"

        assert await home.act("include") == 1
        for http in (home.admin, home.agent, home.stranger):
            assert await seen(home, http) == {*READS}


def everywhere(*_: object) -> ColumnElement[bool]:
    """The rule that forgets who excluded what."""
    return ~documents.documents.c.is_deleted


async def test_a_dropped_rule_is_seen(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shared(site) as home:
        await home.act("exclude")
        assert await seen(home, home.agent) == set()
        with monkeypatch.context() as patch:
            patch.setattr(chunks, "shown", everywhere)
            # an answer stays withheld: what it rests on is judged apart, by `excluded_among`
            assert {"passage", "search", "examples"} <= await seen(home, home.agent)
        with monkeypatch.context() as patch:
            patch.setattr(documents, "shown", everywhere)
            leaked = {"document", "original", "page", "list", "counts"}
            assert leaked <= await seen(home, home.stranger)
        assert await seen(home, home.agent) == set()


async def test_jobs_no_longer_name_it_to_readers(site: Site) -> None:
    async def names(http: httpx.AsyncClient) -> list[str]:
        (job,) = (await http.get("/api/v1/jobs")).json()
        items = (await http.get(f"/api/v1/jobs/{job['id']}/items")).json()
        return [each["name"] for each in items]

    async with shared(site) as home:
        assert await names(home.agent) == ["reglement.pdf"]
        await home.act("exclude")
        assert await names(home.agent) == ["–"]
        assert await names(home.admin) == ["reglement.pdf"]


async def test_an_answer_that_rests_on_it_is_withheld_until_it_is_back(site: Site) -> None:
    async with shared(site) as home:
        talked = await talk(home.agent)
        before = await answer_of(home.agent, talked)
        assert WORD in str(before) or before["citations"]

        await home.act("exclude")
        withheld = await answer_of(home.agent, talked)
        replay = await home.agent.get(f"/api/v1/answers/{talked.answer_id}/events")

        assert withheld["is_withheld"]
        assert (withheld["answer"], withheld["citations"]) == ("", [])
        assert home.document_id not in replay.text
        assert "élèves internes" not in replay.text
        await home.act("include")
        assert await answer_of(home.agent, talked) == before


async def test_a_correction_is_what_everybody_reads(site: Site) -> None:
    async with shared(site) as home:
        done = await home.correct(title=f" {TITLE}\u200b ", kind="arrete", date="2024-02-29")
        assert done.status_code == 200, done.text
        assert (done.json()["revision"], done.json()["job_id"] is not None) == (1, True)

        for http in (home.agent, home.stranger):
            shown = (await http.get(f"/api/v1/documents/{home.document_id}")).json()
            assert (shown["title"], shown["kind"], shown["date"]) == (
                TITLE,
                "arrete",
                "2024-02-29",
            )
            cited = (await answer_of(http, await talk(http)))["citations"][0]
            assert (cited["title"], cited["date"]) == (TITLE, "2024-02-29")
        detail = (await home.admin.get(f"/api/v1/documents/{home.document_id}/dossier")).json()
        assert detail["read"]["title"] == "Règlement des transports scolaires"
        assert detail["correction"]["by"] == "secrétaire"
        assert detail["awaits_title"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"title": "  "}, 422, "title_refused"),
        ({"title": "t" * 301}, 422, "title_refused"),
        ({"kind": "roman"}, 422, "kind_refused"),
        ({"date": "0999-12-31"}, 422, "date_refused"),
        ({"date": "hier"}, 422, "invalid_input"),
        ({"title": TITLE, "revision": 4}, 409, "correction_outdated"),
    ],
)
async def test_a_refused_correction_changes_nothing(
    site: Site, fields: dict[str, Any], status: int, code: str
) -> None:
    async with shared(site) as home:
        before = (await home.admin.get(f"/api/v1/documents/{home.document_id}")).json()
        refused = await home.correct(**fields)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert (await home.admin.get(f"/api/v1/documents/{home.document_id}")).json() == before


async def test_another_tenants_administrator_changes_nothing(site: Site) -> None:
    async with shared(site) as home:
        body = {"document_ids": [home.document_id]}
        document = f"/api/v1/documents/{home.document_id}"
        for answer in (
            await home.stranger.post("/api/v1/documents/exclude", json=body),
            await home.stranger.put(f"{document}/correction", json={"title": "x", "revision": 0}),
            await home.stranger.get(f"{document}/dossier"),
            await home.stranger.get(f"{document}/chunks"),
        ):
            assert answer.status_code == 404
        assert await seen(home, home.agent) == {*READS}


async def test_passages_are_told_as_they_are_searched(site: Site) -> None:
    async with shared(site) as home:
        path = f"/api/v1/documents/{home.document_id}/chunks"
        everything = (await home.admin.get(path)).json()
        (third,) = (await home.admin.get(path, params={"limit": 1, "offset": 2})).json()

        assert third == everything[2]
        assert third["embedded"].endswith(third["passage"]["text"])
        assert third["embedded"].startswith("Règlement des transports scolaires > Titre I")
        assert third["view_url"]
        await home.act("exclude")
        excluded = (await home.admin.get(path)).json()
        assert [each["embedded"] for each in excluded] == [each["embedded"] for each in everything]
        assert {each["view_url"] for each in excluded} == {""}
