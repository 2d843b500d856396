"""Conversations are read by an auditor only, for a reason that is recorded and that their person sees."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import httpx
import pytest

from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Audience, Permission, Principal, Role
from assistant.services.collections import CollectionChange
from tests.api.site import REGULATION, Site
from tests.api.talking import Talk, answer_of, talk
from tests.api.walking import new_tenant

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

REASON = "Signalement du 3 novembre : vérification d'une fuite de données."
LISTED = "/api/v1/audit/conversations"


def path_of(talked: Talk) -> str:
    return f"{LISTED}/{talked.conversation_id}/inspections"


async def inspect(http: httpx.AsyncClient, talked: Talk, reason: str = REASON) -> httpx.Response:
    return await http.post(path_of(talked), json={"reason": reason})


def people_of(site: Site, tenant_id: TenantId) -> dict[str, Principal]:
    """One of each role, of a commune and of the tenant of the machine's owner."""
    owner = site.container.access.local_principal().tenant_id
    roles = {
        "agent": (tenant_id, ()),
        "tenant_admin": (tenant_id, (Role.TENANT_ADMIN,)),
        "admin and auditor": (tenant_id, (Role.TENANT_ADMIN, Role.AUDITOR)),
        "platform_admin": (owner, (Role.PLATFORM_ADMIN,)),
        "platform_admin and auditor": (owner, (Role.PLATFORM_ADMIN, Role.AUDITOR)),
        "foreign auditor": (new_tenant(site, "Voisine"), (Role.AUDITOR,)),
        "auditor": (tenant_id, (Role.AUDITOR,)),
        "auditor of the platform": (owner, (Role.AUDITOR,)),
    }
    return {
        name: site.joined(name, place, Role.AGENT, *more) for name, (place, more) in roles.items()
    }


async def test_each_role_against_the_conversation_of_somebody(site: Site) -> None:
    tenant_id = new_tenant(site, "Commune")
    admin = site.joined("secrétaire", tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    people = people_of(site, tenant_id)
    listed: dict[str, tuple[int, str]] = {}
    read: dict[str, tuple[int, str]] = {}
    async with site.person(admin) as secretary:
        talked = await talk(secretary)
        for name, principal in people.items():
            async with site.person(principal) as http:
                for kept, response in (
                    (listed, await http.get(LISTED, params={"tenant_id": tenant_id})),
                    (read, await inspect(http, talked)),
                ):
                    code = response.json()["code"] if response.is_error else ""
                    kept[name] = (response.status_code, code)
        notices = (await secretary.get("/api/v1/me/inspections")).json()

    refused = (403, "auditor_only")
    assert read == {
        **dict.fromkeys(people, refused),
        "foreign auditor": (404, "not_found"),
        "auditor": (201, ""),
        "auditor of the platform": (201, ""),
    }
    assert listed == {name: (200, "") if got[0] == 201 else got for name, got in read.items()}
    assert [each["is_of_platform"] for each in notices] == [True, False]


async def test_the_person_sees_who_read_what_and_why(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    own = site.container.access.local_principal()
    auditor = site.joined("auditeur", own.tenant_id, Role.AGENT, Role.AUDITOR)
    async with site.person(site.agent()) as agent, site.person(auditor) as reader:
        talked = await talk(agent)
        await agent.patch(talked.path, json={"title": "Bus"})
        before = (await agent.get("/api/v1/me")).json()["unseen_inspections"]
        opened = (await inspect(reader, talked, f"  {REASON}\n")).json()
        unseen = (await agent.get("/api/v1/me")).json()["unseen_inspections"]
        (told,) = (await agent.get("/api/v1/me/inspections")).json()
        on_page = (await agent.get(talked.path)).json()["inspections"]
        await agent.post("/api/v1/me/inspections/seen")
        seen = (await agent.get("/api/v1/me")).json()["unseen_inspections"]
        (kept,) = (await agent.get("/api/v1/me/inspections")).json()
        await agent.delete(talked.path)
        (after,) = (await agent.get("/api/v1/me/inspections")).json()
        nobody_elses = (await reader.get("/api/v1/me/inspections")).json()

    assert [each["text"] for each in opened["messages"]] == [
        "Le transport scolaire est-il gratuit ?",
        "Gratuit pour les internes [1].",
    ]
    assert opened["messages"][1]["answer"]["citations"]
    assert opened["messages"][1]["feedback"] is None
    assert (before, unseen, seen) == (0, 1, 0)
    assert on_page == [told]
    assert (told["title"], told["reason"], told["seen_at"]) == ("Bus", REASON, None)
    assert kept["seen_at"] is not None
    assert (after["title"], after["conversation_id"], after["reason"]) == (None, None, REASON)
    assert nobody_elses == []


async def test_the_log_holds_the_act_without_a_word_and_binds_the_reason(site: Site) -> None:
    own = site.container.access.local_principal()
    auditor = site.joined("auditeur", own.tenant_id, Role.AGENT, Role.AUDITOR)
    async with site.person(site.agent()) as agent, site.person(auditor) as reader:
        talked = await talk(agent)
        (facts,) = (await reader.get(LISTED)).json()
        opened = (await inspect(reader, talked)).json()
        query = {"act": ["conversation.read", "conversations.listed"]}
        page = (await reader.get("/api/v1/audit", params=query)).json()["entries"]
        resolved = (await reader.get(f"/api/v1/audit/people/{facts['pseudonym']}")).json()
        (told,) = (await agent.get("/api/v1/me/inspections")).json()

    entry, listing = page
    assert (entry["act"], listing["act"]) == ("conversation.read", "conversations.listed")
    assert entry["subject"] == talked.conversation_id
    assert entry["details"] == {
        "inspection": told["id"],
        "person": opened["pseudonym"],
        "reason_sha256": sha256(REASON.encode()).hexdigest(),
    }
    assert resolved["person_id"] == "agent"
    for word in ("transport", "Signalement", "agent"):
        assert word not in str(page)


async def test_before_it_is_opened_a_conversation_is_a_pseudonym_dates_and_a_count(
    site: Site,
) -> None:
    own = site.container.access.local_principal()
    auditor = site.joined("auditeur", own.tenant_id, Role.AGENT, Role.AUDITOR)
    async with (
        site.person(site.agent()) as agent,
        site.owner() as owner,
        site.person(auditor) as reader,
    ):
        first = await talk(agent)
        await talk(owner)
        everything = (await reader.get(LISTED)).json()
        of_agent = next(each for each in everything if each["id"] == first.conversation_id)
        narrowed = await reader.get(LISTED, params={"pseudonym": of_agent["pseudonym"]})
        unknown = await reader.get(LISTED, params={"pseudonym": "p-1"})

    assert len(everything) == 2
    assert set(of_agent) == {
        "id", "tenant_id", "pseudonym", "questions", "created_at", "updated_at",
    }  # fmt: skip
    assert of_agent["questions"] == 1
    assert narrowed.json() == [of_agent]
    assert unknown.status_code == 404


REFUSED_REASONS = {
    "none": "",
    "short": "Contrôle",
    "spaces": " " * 40,
    "blank signs": "\u2800" * 40,
    "one letter": "a" * 20,
    "one word again and again": "Contrôle contrôle CONTRÔLE contrôle",
    "two words": "Contrôle hiérarchique",
    "marks between": "a b c d. " + "-" * 40,
    "long": "Contrôle d'une plainte. " * 42,
}


@pytest.mark.parametrize("reason", REFUSED_REASONS.values(), ids=REFUSED_REASONS)
async def test_without_a_reason_nothing_is_read_nor_kept(site: Site, reason: str) -> None:
    own = site.container.access.local_principal()
    auditor = site.joined("auditeur", own.tenant_id, Role.AGENT, Role.AUDITOR)
    async with site.person(site.agent()) as agent, site.person(auditor) as reader:
        talked = await talk(agent)
        response = await inspect(reader, talked, reason)
        told = (await agent.get("/api/v1/me/inspections")).json()
        page = await reader.get("/api/v1/audit", params={"act": "conversation.read"})

    assert (response.status_code, response.json()["code"]) == (422, "inspection_reason")
    assert "transport" not in response.text
    assert told == []
    assert page.json()["entries"] == []


async def test_an_auditor_reads_no_answer_from_documents_that_it_may_not_read(site: Site) -> None:
    tenant_id = new_tenant(site, "Commune")
    admin = site.joined("secrétaire", tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    auditor = site.joined("auditeur", tenant_id, Role.AGENT, Role.AUDITOR)
    organisation = site.container.organisation
    acting: dict[str, Any] = {"tenant_id": tenant_id, "principal": admin}
    (own,) = organisation.collections.list_owned(**acting)
    group = organisation.groups.create("RH", **acting)
    organisation.groups.add_members(group.id, [admin.person_id], **acting)
    restricted = CollectionChange(audience=Audience.GROUPS, groups=[group.id])
    organisation.collections.change(own.id, restricted, **acting)
    async with site.person(admin) as secretary, site.person(auditor) as reader:
        await site.upload({"reglement.txt": REGULATION}, http=secretary)
        talked = await talk(secretary)
        assert (await answer_of(secretary, talked))["citations"]
        opened = await inspect(reader, talked)

    question, answered = opened.json()["messages"]
    assert question["text"] == "Le transport scolaire est-il gratuit ?"
    assert (answered["text"], answered["answer"]["answer"]) == ("", "")
    assert answered["answer"]["is_withheld"]
    assert answered["answer"]["citations"] == []
    assert "reglement.txt" not in opened.text


async def test_nothing_of_a_reading_can_be_changed_or_taken_back(site: Site) -> None:
    own = site.container.access.local_principal()
    auditor = site.joined("auditeur", own.tenant_id, Role.AGENT, Role.AUDITOR)
    async with site.person(site.agent()) as agent, site.person(auditor) as reader:
        talked = await talk(agent)
        await inspect(reader, talked)
        (told,) = (await agent.get("/api/v1/me/inspections")).json()
        paths = (path_of(talked), f"{path_of(talked)}/{told['id']}", "/api/v1/me/inspections")
        refused = [
            (await http.request(method, path)).status_code
            for http in (reader, agent)
            for path in paths
            for method in ("DELETE", "PATCH", "PUT")
        ]
        touched = [
            (await reader.patch(talked.path, json={"title": "Autre"})).status_code,
            (await reader.delete(talked.path)).status_code,
            (await reader.get(talked.path)).status_code,
        ]
        kept = (await agent.get("/api/v1/me/inspections")).json()

    assert set(refused) <= {404, 405}
    assert touched == [404, 404, 404]
    assert kept == [told]


async def test_the_platform_names_the_auditors_of_every_organisation(site: Site) -> None:
    own = site.container.access.local_principal()
    commune = new_tenant(site, "Commune")
    here = site.joined("secrétaire", commune, Role.AGENT, Role.TENANT_ADMIN)
    regional = site.joined("région", own.tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    site.joined("agent-commune", commune, Role.AGENT)
    site.joined("agent-région", own.tenant_id, Role.AGENT)
    roles = {"roles": ["agent", "auditor", "tenant_admin"]}
    invited = {"name": "Ana", "email": "ana@exemple.fr", "roles": ["auditor"]}
    async with (
        site.person(here) as secretary,
        site.person(regional) as region,
        site.owner() as owner,
    ):
        refused = [
            await secretary.patch(f"/api/v1/people/{here.person_id}", json=roles),
            await secretary.patch("/api/v1/people/agent-commune", json=roles),
            await secretary.post("/api/v1/invitations", json=invited),
            await region.patch("/api/v1/people/agent-région", json=roles),
            await region.post("/api/v1/invitations", json=invited),
        ]
        answers = [
            await owner.patch("/api/v1/people/agent-commune", json=roles),
            await owner.post(f"/api/v1/invitations?tenant_id={commune}", json=invited),
            await owner.patch("/api/v1/people/agent-région", json=roles),
        ]

    assert {(each.status_code, each.json()["code"]) for each in refused} == {
        (403, "auditor_by_platform")
    }
    assert "administrateur de la plateforme" in refused[0].json()["detail"]
    assert [each.status_code for each in answers] == [200, 201, 200]


async def test_a_key_reads_as_its_auditor_and_cannot_say_to_have_seen(site: Site) -> None:
    own = site.container.access.local_principal()
    auditor = site.joined("auditeur", own.tenant_id, Role.AGENT, Role.AUDITOR)
    keys = site.container.organisation.keys
    agent = site.agent()

    def key(principal: Principal, *permissions: Permission) -> httpx.AsyncClient:
        _, secret = keys.create(
            "Programme", permissions=frozenset(permissions), days=2, principal=principal
        )
        return site.http(Authorization=f"Bearer {secret}")

    async with (
        site.person(agent) as person,
        key(auditor, Permission.READ) as reading,
        key(auditor, Permission.ASK) as asking,
        key(agent, Permission.ASK) as program,
    ):
        talked = await talk(person)
        done = [await inspect(reading, talked), await inspect(asking, talked)]
        seen = await program.post("/api/v1/me/inspections/seen")
        unseen = (await person.get("/api/v1/me")).json()["unseen_inspections"]

    assert [each.status_code for each in done] == [201, 403]
    assert seen.status_code == 403
    assert unseen == 1
