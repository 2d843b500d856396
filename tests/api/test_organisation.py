"""Tenants, people, groups, keys and collections over the API."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Role
from assistant.testing.chat import Pause, ScriptedChatModel
from tests.api.site import BASE_URL, REGULATION, Site, open_site

pytestmark = pytest.mark.anyio


async def made(http: httpx.AsyncClient, path: str, body: dict[str, Any], **query: str) -> Any:
    response = await http.post(f"/api/v1{path}", json=body, params=query)
    assert response.status_code == 201, response.text
    return response.json()


async def joined(site: Site, url: str) -> httpx.AsyncClient:
    """The browser of who accepts an invitation."""
    path = url.removeprefix(BASE_URL)
    async with site.http() as http:
        shown = await http.get(path)
        assert '<form method="post">' in shown.text
        accepted = await http.post(path)
        assert accepted.status_code == 303
        again = await http.post(path)
        assert again.status_code == 401
        assert "Cette invitation a déjà servi" in again.text
    secret = accepted.cookies["assistant_session"]
    return site.http(Cookie=f"assistant_session={secret}")


async def test_from_a_new_commune_to_an_answer_with_its_label(site: Site) -> None:
    async with site.owner() as owner:
        own = (await owner.get("/api/v1/me")).json()["tenant"]["id"]
        body = {"name": "Commune", "kind": "commune", "siren": "732829320", "parent_id": own}
        commune = await made(owner, "/tenants", body)
        invited = {"name": "Zoé", "email": "zoe@exemple.fr", "roles": ["tenant_admin"]}
        invitation = await made(owner, "/invitations", invited, tenant_id=commune["id"])
        await site.upload({"aide.txt": REGULATION})
    async with await joined(site, invitation["url"]) as zoe:
        me = (await zoe.get("/api/v1/me")).json()
        collection = (await zoe.get("/api/v1/collections/owned")).json()[0]
        path = f"/api/v1/collections/{collection['id']}"
        changed = await zoe.patch(path, json={"label": "Diffusion interne"})
        await site.upload({"reglement.txt": REGULATION}, http=zoe)
        query = {"query": "transport gratuit", "limit": 50}
        found = (await zoe.post("/api/v1/search", json=query)).json()["results"]
        asked = {"question": "Le transport scolaire est-il gratuit ?"}
        answer = (await zoe.post("/api/v1/answers", json=asked)).json()
        page = (await zoe.get(answer["citations"][0]["view_url"])).text

    assert me["tenant"] | {"welcome": ""} == {
        "id": commune["id"],
        "name": "Commune",
        "state": "active",
        "colour": "#000091",
        "time_zone": "Europe/Paris",
        "welcome": "",
        "logo_url": None,
        "retention_days": None,
        "keeps_questions": False,
    }
    assert changed.status_code == 200
    assert {each["label"] for each in found} == {"Diffusion interne"}
    assert {each["collection_id"] for each in found} == {collection["id"]}
    assert {each["file"] for each in found} == {"reglement.txt"}
    assert answer["citations"][0]["label"] == "Diffusion interne"
    assert '<p class="classification">mention « Diffusion interne »</p>' in page


async def test_a_question_stays_within_the_collections_it_names(site: Site) -> None:
    async with site.owner() as owner, site.person(site.foreigner()) as foreigner:
        first = (await owner.get("/api/v1/collections")).json()[0]["id"]
        second = (await made(owner, "/collections", {"name": "Vide"}))["id"]
        await site.upload({"reglement.txt": REGULATION})

        async def count(*collections: str, http: httpx.AsyncClient = owner) -> int:
            body = {"query": "transport", "collections": list(collections)}
            response = await http.post("/api/v1/search", json=body)
            assert response.status_code == 200, response.text
            return len(response.json()["results"])

        assert await count(first) == await count(first, second) > 0
        assert await count(second) == await count() == 0
        listed = await owner.get("/api/v1/documents", params={"collections": second})
        assert listed.json()["documents"] == []
        refusals = [
            await http.post(f"/api/v1/{path}", json=body | {"collections": [name]})
            for http, name in ((owner, "inconnue"), (foreigner, first))
            for path, body in (
                ("search", {"query": "transport"}),
                ("answers", {"question": "Transport ?"}),
            )
        ]

    assert [each.status_code for each in refusals] == [404] * 4
    assert len({each.json()["detail"] for each in refusals}) == 1


async def test_the_charter_comes_first(site: Site) -> None:
    agent = site.agent()
    async with site.owner() as owner, site.person(agent) as person:
        path = f"/api/v1/tenants/{agent.tenant_id}"
        await owner.patch(path, json={"charter_text": "Je relis avant d'envoyer."})
        refused = await person.get("/api/v1/documents")
        me = (await person.get("/api/v1/me")).json()
        wrong = await person.post("/api/v1/me/charter", json={"version": 7})
        accepted = await person.post("/api/v1/me/charter", json={"version": 1})
        after = await person.get("/api/v1/documents")
        owners = await owner.get("/api/v1/documents")

    assert (refused.status_code, refused.json()["code"]) == (403, "charter_required")
    assert refused.json()["charter"] == {"version": 1, "text": "Je relis avant d'envoyer."}
    assert me["charter"]["is_accepted"] is False
    assert wrong.json()["charter"]["version"] == 1
    assert (accepted.status_code, after.status_code, owners.status_code) == (204, 200, 200)


async def test_a_person_in_person_says_whether_its_conversations_may_leave(site: Site) -> None:
    agent = site.agent()
    asked: dict[str, Any] = {"name": "K", "permissions": ["read", "ask"]}
    async with site.owner() as owner, site.person(agent) as person:
        before = (await person.get("/api/v1/me")).json()
        key = (await person.post("/api/v1/keys", json=asked)).json()["secret"]
        agreed = await person.patch("/api/v1/me", json={"export_consent": True})
        after = (await person.get("/api/v1/me")).json()
        others = (await owner.get("/api/v1/me")).json()
        async with site.http(Authorization=f"Bearer {key}") as program:
            refused = await program.patch("/api/v1/me", json={"export_consent": False})
        nothing = await person.patch("/api/v1/me", json={})
        kept = (await person.get("/api/v1/me")).json()
        entries = (await owner.get("/api/v1/audit", params={"act": "consent.changed"})).json()
        taken_back = await person.patch("/api/v1/me", json={"export_consent": False})

    assert [each["export_consent"] for each in (before, after, others)] == [False, True, False]
    assert agreed.json() == after
    assert (refused.status_code, nothing.status_code) == (403, 422)
    assert kept["export_consent"] is True
    assert [each["details"] for each in entries["entries"]] == [{"export": "yes"}]
    assert taken_back.json()["export_consent"] is False


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("read", {"/documents", "/search", "/jobs"}),
        ("ask", {"/answers", "/conversations"}),
        ("ingest", {"/documents/reindex", "/question-sets"}),
        ("admin", {"/people", "/groups", "/collections/owned", "/keys/all", "/invitations"}),
    ],
)
async def test_a_key_does_what_it_is_for(site: Site, permission: str, allowed: set[str]) -> None:
    calls: dict[str, dict[str, Any] | None] = {
        "/documents": None,
        "/jobs": None,
        "/search": {"query": "transport"},
        "/answers": {"question": "Transport ?"},
        "/conversations": None,
        "/documents/reindex": {},
        "/question-sets": None,
        "/people": None,
        "/groups": None,
        "/collections/owned": None,
        "/keys/all": None,
        "/invitations": None,
    }
    async with site.owner() as owner:
        key = await made(owner, "/keys", {"name": "Essai", "permissions": [permission]})
    found: set[str] = set()
    async with site.http(Authorization=f"Bearer {key['secret']}") as program:
        assert (await program.get("/api/v1/me")).json()["permissions"] == [permission]
        for path, body in calls.items():
            verb = "GET" if body is None else "POST"
            response = await program.request(verb, f"/api/v1{path}", json=body)
            if response.status_code == 403:
                assert response.json()["code"] == "key_forbidden"
            else:
                assert response.status_code < 300, (path, response.text)
                found.add(path)
        second = await program.post("/api/v1/keys", json={"name": "x", "permissions": [permission]})
        assert second.json()["code"] == "key_by_key"
    async with site.owner() as owner:
        await owner.delete(f"/api/v1/keys/{key['key']['id']}")
    async with site.http(Authorization=f"Bearer {key['secret']}") as program:
        assert (await program.get("/api/v1/me")).status_code == 401
    assert found == allowed


async def test_suspension_ends_running_answers(tmp_path: Any) -> None:
    model = ScriptedChatModel(["Gratuit ", Pause(60), "les internes [1]."])
    site = open_site(tmp_path / "data", model=model)
    try:
        await site.upload({"reglement.txt": REGULATION})
        agent = site.agent()
        async with site.owner() as owner, site.person(agent) as person:
            conversation = (await person.post("/api/v1/conversations", json={})).json()
            started = await person.post(
                f"/api/v1/conversations/{conversation['id']}/messages",
                json={"question": "Le transport scolaire est-il gratuit ?"},
            )
            await asyncio.sleep(0.2)
            path = f"/api/v1/people/{agent.person_id}"
            suspended = await owner.post(f"{path}/suspend")
            scope = site.container.access.scope_of(agent)
            record = await site.container.answers.result(started.json()["answer_id"], scope=scope)
            refused = await person.get("/api/v1/me")
            restored = await owner.post(f"{path}/restore")
    finally:
        site.close()

    assert suspended.json()["state"] == "suspended"
    assert record.status.value == "cancelled"
    assert scope.is_empty
    assert refused.status_code == 401
    assert restored.json()["state"] == "active"


async def test_a_tenant_is_suspended_closed_and_erased(site: Site) -> None:
    foreigner = site.foreigner()
    path = f"/api/v1/tenants/{foreigner.tenant_id}"
    async with site.owner() as owner, site.person(foreigner) as person:
        await site.upload({"a.txt": REGULATION}, http=person)
        early = await owner.delete(path)
        illegal = await owner.post(f"{path}/state", json={"state": "closed"})
        await owner.post(f"{path}/state", json={"state": "suspended"})
        reading = await person.post("/api/v1/search", json={"query": "transport"})
        writing = await person.post("/api/v1/documents/reindex", json={})
        await owner.post(f"{path}/state", json={"state": "closed"})
        closed = await person.get("/api/v1/me")
        await owner.post(f"{path}/state", json={"state": "archived"})
        report = await owner.delete(path)
        gone = await owner.get(path)

    assert {early.json()["code"], illegal.json()["code"]} == {"tenant_move_illegal"}
    assert reading.json()["results"]
    assert (writing.status_code, writing.json()["code"]) == (403, "tenant_suspended")
    assert "suspendu" in writing.json()["detail"]
    assert closed.status_code == 401
    assert report.json()["is_complete"] is True
    assert report.json()["found"]["total"] > 0
    assert report.json()["left"]["total"] == 0
    assert gone.status_code == 404


async def test_platform_work_is_for_the_platform(site: Site) -> None:
    own = site.container.access.local_principal().tenant_id
    admin = site.joined("admin", TenantId(own), Role.AGENT, Role.TENANT_ADMIN)
    async with site.person(admin) as person, site.person(site.agent()) as agent:
        refused = [
            await person.post("/api/v1/tenants", json={"name": "Commune"}),
            await person.post(f"/api/v1/tenants/{own}/state", json={"state": "suspended"}),
            await person.delete(f"/api/v1/tenants/{own}"),
            await person.patch(f"/api/v1/tenants/{own}", json={"name": "Autre"}),
        ]
        plain = [
            await agent.get("/api/v1/people"),
            await agent.post("/api/v1/groups", json={"name": "G"}),
            await agent.post("/api/v1/collections", json={"name": "C"}),
            await agent.patch(f"/api/v1/tenants/{own}", json={"welcome": "x"}),
        ]
        tenants = (await agent.get("/api/v1/tenants")).json()

    assert {(each.status_code, each.json()["code"]) for each in refused} == {
        (403, "platform_forbidden")
    }
    assert {(each.status_code, each.json()["code"]) for each in plain} == {(403, "forbidden")}
    assert [each["id"] for each in tenants] == [own]


async def test_a_logo_is_sent_and_shown(site: Site) -> None:
    from io import BytesIO

    from PIL import Image

    own = site.container.access.local_principal().tenant_id
    written = BytesIO()
    Image.new("RGB", (64, 64), "navy").save(written, "PNG")
    path = f"/api/v1/tenants/{own}/logo"
    async with site.owner() as owner:
        sent = await owner.put(path, content=written.getvalue())
        me = (await owner.get("/api/v1/me")).json()
        shown = await owner.get(path)
        vector = await owner.put(path, content=b"<svg/>")
        huge = await owner.put(path, content=b"a" * 500_001)

    assert sent.status_code == 204
    assert me["tenant"]["logo_url"] == path
    assert shown.headers["content-type"] == "image/png"
    assert (vector.status_code, huge.status_code) == (422, 422)
