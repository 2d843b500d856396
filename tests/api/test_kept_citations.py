"""Citations as they were: deleted and replaced ones say so, those one may no longer read are withheld."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from assistant.domain.tenancy import Audience, Role
from assistant.services.collections import CollectionChange
from tests.api.site import REGULATION, Site
from tests.api.talking import Talk, answer_of, talk
from tests.api.walking import new_tenant

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

Revoked = tuple[httpx.AsyncClient, Talk, dict[str, Any], Callable[[], None]]
NEWER = REGULATION.replace("gratuit pour les élèves internes", "gratuit pour tous les élèves")


async def documents(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await http.get("/api/v1/documents")).json()["documents"]


async def opens(http: httpx.AsyncClient, url: str) -> bool:
    return (await http.get(url)).status_code == 200


async def test_a_live_source_opens(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        cited = (await answer_of(http, await talk(http)))["citations"][0]

        assert await opens(http, cited["view_url"])

    assert (cited["state"], cited["deleted_at"], cited["current_url"]) == ("live", None, "")


@pytest.mark.parametrize("settled", [False, True])
async def test_a_deleted_document_says_so_and_keeps_its_words(site: Site, settled: bool) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        talked = await talk(http)
        before = await answer_of(http, talked)
        (document,) = await documents(http)
        begun = site.container.clock.now()
        await http.delete(f"/api/v1/documents/{document['id']}")
        if settled:
            await asyncio.to_thread(site.settle)
        after = await answer_of(http, talked)
        alone = (await http.get(f"/api/v1/answers/{talked.answer_id}")).json()

    cited, was = after["citations"][0], before["citations"][0]
    assert cited["state"] == "deleted"
    assert cited["deleted_at"] >= begun.isoformat().replace("+00:00", "Z")
    assert (cited["view_url"], cited["current_url"]) == ("", "")
    assert (cited["text"], cited["title"]) == (was["text"], was["title"])
    assert (after["answer"], after["is_withheld"]) == (before["answer"], False)
    assert alone == after


async def test_a_newer_version_is_offered_in_place_of_a_dead_page(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        talked = await talk(http)
        before = await answer_of(http, talked)
        await site.upload({"reglement.txt": NEWER})
        after = await answer_of(http, talked)
        cited, was = after["citations"][0], before["citations"][0]

        assert not await opens(http, was["view_url"])
        assert await opens(http, cited["current_url"])

    assert "élèves internes" in was["text"]
    assert (cited["state"], cited["view_url"]) == ("replaced", "")
    assert cited["text"] == was["text"]


async def test_the_same_words_in_a_newer_version_open_there(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        talked = await talk(http)
        was = (await answer_of(http, talked))["citations"][0]
        await site.upload({"reglement.txt": f"{REGULATION}Une annexe s'y ajoute.\n"})
        cited = (await answer_of(http, talked))["citations"][0]

        assert not await opens(http, was["view_url"])
        assert await opens(http, cited["view_url"])

    assert (cited["state"], cited["current_url"]) == ("live", "")


async def replayed(http: httpx.AsyncClient, talked: Talk) -> list[dict[str, Any]]:
    """The events of an answer, from the first one on."""
    stream = (await http.get(f"/api/v1/answers/{talked.answer_id}/events")).text
    lines = (line for line in stream.splitlines() if line.startswith("data: "))
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def passages_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    (found,) = (each["passages"] for each in events if each["type"] == "retrieval.completed")
    return found


def citations_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those told one by one, then those of the end."""
    told = [each["citation"] for each in events if each["type"] == "citation.added"]
    return [*told, *events[-1]["answer"]["citations"]]


async def test_a_replay_keeps_of_a_deleted_document_what_is_cited(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        talked = await talk(http)
        before = await replayed(http, talked)
        (document,) = await documents(http)
        await http.delete(f"/api/v1/documents/{document['id']}")
        after = await replayed(http, talked)
        (cited,) = (await answer_of(http, talked))["citations"]

    was, now = passages_of(before), passages_of(after)
    texts = [each["text"] for each in now]
    assert len(was) > 1
    assert all(each["text"] and each["view_url"] for each in was)
    assert [each["marker"] for each in now] == [each["marker"] for each in was]
    assert [text for text in texts if text] == [cited["text"]]
    assert "30 juin" in json.dumps(before)
    assert "30 juin" not in json.dumps(after)
    shown = citations_of(after)
    assert shown == [cited] * 2
    for each in (*now, *shown):
        assert (each["state"], each["view_url"], each["current_url"]) == ("deleted", "", "")
        assert each["deleted_at"] == cited["deleted_at"]


async def test_a_replay_keeps_of_a_replaced_document_what_is_cited_or_still_said(
    site: Site,
) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        talked = await talk(http)
        was = passages_of(await replayed(http, talked))
        await site.upload({"reglement.txt": NEWER.replace("30 juin", "31 mai")})
        events = await replayed(http, talked)
        now = passages_of(events)
        opened = [await opens(http, each["view_url"]) for each in now if each["view_url"]]

    (cited,) = events[-1]["answer"]["citations"]
    assert any("30 juin" in each["text"] for each in was)
    assert "30 juin" not in json.dumps(events)
    assert opened
    assert all(opened)
    for each, old in zip(now, was, strict=True):
        if each["state"] == "live":
            assert each["text"] == old["text"]
        else:
            kept = cited["text"] if each["marker"] == cited["marker"] else ""
            assert (each["state"], each["text"], each["view_url"]) == ("replaced", kept, "")


async def test_a_replay_keeps_a_passage_that_another_document_says_as_well(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION, "copie.txt": REGULATION})
    async with site.owner() as http:
        talked = await talk(http)
        was = passages_of(await replayed(http, talked))
        gone = was[0]["document_id"]
        await http.delete(f"/api/v1/documents/{gone}")
        now = passages_of(await replayed(http, talked))

    assert [each["text"] for each in now] == [each["text"] for each in was]
    assert {each["state"] for each in now if each["document_id"] == gone} == {"deleted"}


@asynccontextmanager
async def revoked(site: Site) -> AsyncGenerator[Revoked]:
    """An agent who was answered from a collection, which only a group may read since."""
    tenant_id = new_tenant(site, "Commune")
    admin = site.joined("secrétaire", tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    async with site.person(admin) as secretary:
        await site.upload({"reglement.txt": REGULATION}, http=secretary)
    organisation = site.container.organisation
    acting: dict[str, Any] = {"tenant_id": tenant_id, "principal": admin}
    (own,) = organisation.collections.list_owned(**acting)
    group = organisation.groups.create("RH", **acting)

    def give_back() -> None:
        opened = CollectionChange(audience=Audience.TENANT)
        organisation.collections.change(own.id, opened, **acting)

    async with site.person(site.joined("agente", tenant_id, Role.AGENT)) as agent:
        talked = await talk(agent)
        before = await answer_of(agent, talked)
        change = CollectionChange(audience=Audience.GROUPS, groups=[group.id])
        organisation.collections.change(own.id, change, **acting)
        yield agent, talked, before, give_back


async def test_who_lost_the_right_reads_neither_source_nor_answer(site: Site) -> None:
    async with revoked(site) as (agent, talked, before, give_back):
        detail = await agent.get(talked.path)
        alone = await agent.get(f"/api/v1/answers/{talked.answer_id}")
        replayed = await agent.get(f"/api/v1/answers/{talked.answer_id}/events")
        resumed = await agent.get(f"/api/v1/answers/{talked.answer_id}/events?after=1")
        give_back()
        again = await answer_of(agent, talked)

    assert before["citations"]
    for response in (detail, alone, replayed, resumed):
        assert response.status_code == 200
        for word in ("internes", "reglement.txt", "Règlement des transports", "Gratuit"):
            assert word not in response.text, (response.url, word)
    question, answered = detail.json()["messages"]
    assert question["text"] == "Le transport scolaire est-il gratuit ?"
    assert answered["answer"]["is_withheld"]
    assert answered["answer"]["notice"].startswith("Cette réponse s'appuie sur un document")
    assert again == before


async def test_a_replay_keeps_its_numbers_when_it_is_withheld(site: Site) -> None:
    async with revoked(site) as (agent, talked, _, give_back):
        path = f"/api/v1/answers/{talked.answer_id}/events"
        withheld = (await agent.get(path)).text
        give_back()
        shown = (await agent.get(path)).text

    def numbers(stream: str) -> list[str]:
        return [line for line in stream.splitlines() if line.startswith("id:")]

    assert numbers(withheld) == numbers(shown)
    told = [line for line in withheld.splitlines() if line.startswith("data: ")]
    end = json.loads(told[-1].removeprefix("data: "))
    assert (end["type"], end["answer"]["answer"]) == ("answer.completed", "")


async def test_the_words_of_another_document_that_may_be_read_stay(site: Site) -> None:
    """The same passage in two collections: losing one of them takes nothing away."""
    tenant_id = new_tenant(site, "Commune")
    admin = site.joined("secrétaire", tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    agent = site.joined("agente", tenant_id, Role.AGENT)
    organisation = site.container.organisation
    acting: dict[str, Any] = {"tenant_id": tenant_id, "principal": admin}
    async with site.person(admin) as secretary, site.person(agent) as http:
        made = await secretary.post("/api/v1/collections", json={"name": "Copies"})
        copies = made.json()["id"]
        await site.upload({"reglement.txt": REGULATION}, http=secretary)
        files = [("files", ("copie.txt", REGULATION.encode()))]
        sent = await secretary.post(f"/api/v1/documents?collection_id={copies}", files=files)
        assert sent.status_code == 201, sent.text
        await asyncio.to_thread(site.settle)
        talked = await talk(http)
        before = (await answer_of(http, talked))["citations"][0]
        lost = before["collection_id"]
        group = organisation.groups.create("RH", **acting)
        change = CollectionChange(audience=Audience.GROUPS, groups=[group.id])
        organisation.collections.change(lost, change, **acting)
        after = await answer_of(http, talked)

    cited = after["citations"][0]
    assert len(before["also"]) == 1
    assert not after["is_withheld"]
    assert (cited["file"], cited["also"]) == (before["also"][0]["file"], [])
    assert cited["text"] == before["text"]
