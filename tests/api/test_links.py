"""Links between documents over HTTP: seen, decided, and told by whatever cites the older one."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest

from assistant.domain.documents import LinkKind
from assistant.testing.chat import ScriptedChatModel
from tests.api.site import REGULATION, Site, propose

pytestmark = pytest.mark.anyio

OLD = "Ancien règlement\nLe transport scolaire est gratuit pour les élèves internes.\n"
ASKED = {"question": "Le transport scolaire est-il gratuit pour les internes ?"}


@dataclass
class Linked:
    """Two documents and the proposed link from the new one to the old one."""

    new: str
    old: str
    link: str

    @property
    def path(self) -> str:
        return f"/api/v1/documents/{self.old}/links"


async def linked(site: Site, http: httpx.AsyncClient, kind: LinkKind = LinkKind.REPLACES) -> Linked:
    await site.upload({"nouveau.txt": "Nouveau règlement\nTout change.\n", "ancien.txt": OLD})
    found = {
        each["name"]: each["id"]
        for each in (await http.get("/api/v1/documents")).json()["documents"]
    }
    new, old = found["nouveau.txt"], found["ancien.txt"]
    return Linked(new, old, propose(site, source=new, target=old, kind=kind))


async def test_a_proposed_link_is_seen_from_both_documents_and_in_the_list(site: Site) -> None:
    async with site.owner() as http:
        pair = await linked(site, http)
        of_old = (await http.get(pair.path)).json()
        of_new = (await http.get(f"/api/v1/documents/{pair.new}/links")).json()
        listed = (await http.get("/api/v1/documents/links")).json()

    assert of_old == of_new == listed
    (link,) = listed
    assert (link["id"], link["kind"], link["state"]) == (pair.link, "replaces", "proposed")
    assert link["source"] == {
        "document_id": pair.new,
        "name": "nouveau.txt",
        "title": "Nouveau règlement",
        "date": None,
    }
    assert link["target"]["document_id"] == pair.old
    assert link["evidence"] == "Annule et remplace."
    assert (link["decided_by"], link["decided_at"]) == (None, None)


async def test_nothing_is_said_before_an_administrator_confirms(site: Site) -> None:
    async with site.owner() as http:
        await linked(site, http)
        answer = (await http.post("/api/v1/answers", json=ASKED)).json()
        found = (await http.post("/api/v1/search", json={"query": "transport gratuit"})).json()

    assert answer["notice"] is None
    assert {each["replaced_by"] for each in answer["citations"]} == {None}
    assert {each["replaced_by"] for each in found["results"]} == {None}


async def test_a_confirmed_link_is_told_by_answers_searches_and_the_source_page(site: Site) -> None:
    async with site.owner() as http:
        pair = await linked(site, http)
        confirmed = await http.post(f"{pair.path}/{pair.link}/confirm")
        answer = (await http.post("/api/v1/answers", json=ASKED)).json()
        kept = (await http.get(f"/api/v1/answers/{answer['answer_id']}")).json()
        found = (await http.post("/api/v1/search", json={"query": "transport gratuit"})).json()
        left = (await http.get("/api/v1/documents/links")).json()
    later = {
        "document_id": pair.new,
        "title": "Nouveau règlement",
        "date": None,
        "kind": "replaces",
    }

    assert confirmed.json()["state"] == "confirmed"
    assert confirmed.json()["decided_by"]
    assert left == []
    (citation,) = answer["citations"]
    assert (citation["replaced_by"], citation["amended_by"]) == (later, None)
    assert kept["citations"] == answer["citations"]
    assert answer["notice"].startswith(
        "La source « Ancien règlement » a été remplacée par « Nouveau règlement »"
    )
    shown = {each["file"]: each["replaced_by"] for each in found["results"]}
    assert shown["ancien.txt"] == later
    assert shown.get("nouveau.txt") is None
    async with site.person(site.container.access.local_principal()) as person:
        page = await person.get(citation["view_url"])
    assert "remplacé par « Nouveau règlement »" in page.text


async def test_the_model_is_told_what_was_replaced(site: Site) -> None:
    async with site.owner() as http:
        pair = await linked(site, http)
        await http.post(f"{pair.path}/{pair.link}/confirm")
        await http.post("/api/v1/answers", json=ASKED)

    model = site.container.model
    assert isinstance(model, ScriptedChatModel)
    (messages,) = model.calls
    assert "État : remplacé par « Nouveau règlement »\n" in messages[-1].content


async def test_a_modification_without_articles_is_told_once_and_marks_no_passage(
    site: Site,
) -> None:
    async with site.owner() as http:
        pair = await linked(site, http, LinkKind.MODIFIES)
        await http.post(f"{pair.path}/{pair.link}/confirm")
        answer = (await http.post("/api/v1/answers", json=ASKED)).json()
    async with site.person(site.container.access.local_principal()) as person:
        page = await person.get(answer["citations"][0]["view_url"])

    (citation,) = answer["citations"]
    assert (citation["replaced_by"], citation["amended_by"]) == (None, None)
    assert answer["notice"].count("a été modifiée par « Nouveau règlement »") == 1
    assert "modifié par « Nouveau règlement »" in page.text


async def test_a_rejected_link_is_told_no_more_and_may_be_confirmed_again(site: Site) -> None:
    async with site.owner() as http:
        pair = await linked(site, http)
        states: list[tuple[str, bool]] = []
        for act in ("reject", "confirm", "reject"):
            state = (await http.post(f"{pair.path}/{pair.link}/{act}")).json()["state"]
            answer = (await http.post("/api/v1/answers", json=ASKED)).json()
            states.append((state, answer["citations"][0]["replaced_by"] is not None))

    assert states == [("rejected", False), ("confirmed", True), ("rejected", False)]


async def test_only_administrators_decide_and_list_everything(site: Site) -> None:
    async with site.owner() as http, site.person(site.agent()) as agent:
        pair = await linked(site, http)
        refused = [
            await agent.post(f"{pair.path}/{pair.link}/confirm"),
            await agent.post(f"{pair.path}/{pair.link}/reject"),
            await agent.get("/api/v1/documents/links"),
        ]
        seen = await agent.get(pair.path)

    assert [each.status_code for each in refused] == [403] * 3
    assert all(each.headers["content-type"] == "application/problem+json" for each in refused)
    assert seen.status_code == 200


async def test_what_is_foreign_or_of_another_document_is_not_found(site: Site) -> None:
    async with site.owner() as http, site.person(site.foreigner()) as foreigner:
        pair = await linked(site, http)
        await site.upload({"autre.txt": REGULATION})
        listed = (await http.get("/api/v1/documents")).json()["documents"]
        other = next(each["id"] for each in listed if each["name"] == "autre.txt")
        missing = [
            await foreigner.get(pair.path),
            await foreigner.post(f"{pair.path}/{pair.link}/confirm"),
            await foreigner.post(f"{pair.path}/{pair.link}/reject"),
            await http.post(f"/api/v1/documents/{other}/links/{pair.link}/confirm"),
            await http.post(f"{pair.path}/inconnu/confirm"),
        ]
        unchanged = (await http.get(pair.path)).json()

    assert [each.status_code for each in missing] == [404] * 5
    assert {each.json()["code"] for each in missing} == {"not_found"}
    assert [each["state"] for each in unchanged] == ["proposed"]
