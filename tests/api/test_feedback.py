"""What people say of answers: theirs alone, counted for their administrators, passed on only if they want."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.domain.ids import AnswerId, CollectionId
from assistant.domain.tenancy import Role
from assistant.services.tenants import TenantChange
from tests.api.site import REGULATION, Site, open_site
from tests.api.talking import Talk, answer_of, talk

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

NOT_USEFUL = {
    "verdict": "not_useful",
    "reasons": ["outdated", "wrong"],
    "comment": "Le tarif de la zone B a changé.",
}


def month_of(site: Site) -> str:
    return site.container.clock.now().strftime("%Y-%m")


async def report(http: httpx.AsyncClient, site: Site, **query: str) -> dict[str, Any]:
    response = await http.get("/api/v1/feedback", params={"month": month_of(site), **query})
    assert response.status_code == 200, response.text
    return response.json()


def totals(found: dict[str, Any]) -> dict[tuple[str | None, str, str | None], int]:
    return {
        (each["collection"], each["verdict"], each["reason"]): each["count"]
        for each in found["counts"]
    }


async def said(http: httpx.AsyncClient, talked: Talk) -> dict[str, Any] | None:
    return (await http.get(talked.path)).json()["messages"][1]["feedback"]


async def test_feedback_is_given_changed_and_withdrawn_and_so_are_its_counts(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.person(site.agent()) as agent, site.owner() as admin:
        talked = await talk(agent)
        first = await agent.put(talked.feedback_path, json=NOT_USEFUL)
        counted = totals(await report(admin, site))
        useful = {"verdict": "useful", "reasons": ["clear"]}
        changed = (await agent.put(talked.feedback_path, json=useful)).json()
        shown = await said(agent, talked)
        recounted = totals(await report(admin, site))
        gone = await agent.delete(talked.feedback_path)
        again = await agent.delete(talked.feedback_path)
        left = await report(admin, site)

        assert await said(agent, talked) is None

    assert first.json()["reasons"] == ["wrong", "outdated"]
    assert counted == {
        (place, "not_useful", reason): 1
        for place in (None, "Documents")
        for reason in (None, "wrong", "outdated")
    }
    assert shown == changed
    assert recounted == {
        (place, "useful", reason): 1 for place in (None, "Documents") for reason in (None, "clear")
    }
    assert (gone.status_code, again.status_code) == (204, 204)
    assert left["counts"] == []


async def test_administrators_see_numbers_and_only_what_was_passed_on(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.person(site.agent()) as agent, site.owner() as admin:
        kept, passed_on = await talk(agent), await talk(agent)
        await agent.put(kept.feedback_path, json=NOT_USEFUL)
        secret = await admin.get("/api/v1/feedback", params={"month": month_of(site)})
        shared = {**NOT_USEFUL, "comment": "Voir la délibération de mai.", "is_shared": True}
        await agent.put(passed_on.feedback_path, json=shared)
        told = await report(admin, site)
        await agent.put(passed_on.feedback_path, json={**shared, "is_shared": False})
        untold = await report(admin, site)

    for word in ("transport", "tarif", kept.answer_id, kept.conversation_id, "agent"):
        assert word not in secret.text
    (comment,) = told["comments"]
    assert set(comment) == {"on", "verdict", "reasons", "comment"}
    assert comment["comment"] == "Voir la délibération de mai."
    assert untold["comments"] == []


async def test_a_comment_is_dated_where_its_organisation_is(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    agent = site.agent()
    shared = {**NOT_USEFUL, "is_shared": True}
    async with site.person(agent) as http, site.owner() as admin:
        talked = await talk(http)
        await http.put(talked.feedback_path, json=shared)
        scope = site.container.access.scope_of(agent)
        with site.container.open_work() as work:
            (given,) = work.feedback.find([AnswerId(talked.answer_id)], scope=scope).values()
            work.feedback.delete(given.answer_id, scope=scope)
            late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
            work.feedback.put(replace(given, given_at=late))
            work.commit()
        (comment,) = (await report(admin, site))["comments"]

    assert comment["on"] == "2026-12-01"


async def test_only_its_person_says_something_of_an_answer(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    own = site.container.access.local_principal()
    colleague = site.joined("collègue", own.tenant_id, Role.AGENT)
    async with (
        site.person(site.agent()) as agent,
        site.owner() as admin,
        site.person(colleague) as other,
    ):
        talked = await talk(agent)
        refused = [
            await http.request(method, talked.feedback_path, json=NOT_USEFUL)
            for http in (admin, other)
            for method in ("PUT", "DELETE")
        ]
        nothing = await report(admin, site)

        assert await said(agent, talked) is None

    assert {each.status_code for each in refused} == {404}
    assert nothing["counts"] == []


async def test_other_tenants_learn_nothing_and_the_platform_no_comment(site: Site) -> None:
    own = site.container.access.local_principal()
    foreign = site.foreigner()
    async with site.person(foreign) as there, site.owner() as platform:
        await site.upload({"reglement.txt": REGULATION}, http=there)
        talked = await talk(there)
        await there.put(talked.feedback_path, json={**NOT_USEFUL, "is_shared": True})
        here = await report(platform, site)
        of_there = await report(platform, site, tenant_id=foreign.tenant_id)
        own_view = await report(there, site)
        asked = {"month": month_of(site), "tenant_id": own.tenant_id}
        refused = await there.get("/api/v1/feedback", params=asked)

    assert here["counts"] == []
    assert of_there["counts"] == own_view["counts"] != []
    assert (of_there["comments"], len(own_view["comments"])) == ([], 1)
    assert refused.status_code == 404


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"verdict": "useful", "reasons": ["wrong"]}, "feedback_reason"),
        ({"verdict": "useful", "comment": "x" * 1001}, "feedback_comment"),
        ({"verdict": "parfait"}, "invalid_input"),
        ({"verdict": "useful", "reasons": ["parce que"]}, "invalid_input"),
    ],
)
async def test_what_makes_no_sense_is_refused(site: Site, asked: dict[str, Any], code: str) -> None:
    async with site.owner() as http:
        talked = await talk(http)
        response = await http.put(talked.feedback_path, json=asked)

        assert await said(http, talked) is None

    assert (response.status_code, response.json()["code"]) == (422, code)


async def test_counts_outlive_the_conversation_and_nothing_else_does(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        talked = await talk(http)
        await http.put(talked.feedback_path, json={**NOT_USEFUL, "is_shared": True})
        await http.delete(talked.path)
        left = await report(http, site)

    assert totals(left)[None, "not_useful", None] == 1
    assert left["comments"] == []


async def test_erasing_a_tenant_leaves_neither_feedback_nor_counts(site: Site) -> None:
    foreign = site.foreigner()
    async with site.person(foreign) as there, site.owner() as owner:
        await site.upload({"reglement.txt": REGULATION}, http=there)
        await there.put((await talk(there)).feedback_path, json=NOT_USEFUL)
        path = f"/api/v1/tenants/{foreign.tenant_id}"
        for state in ("suspended", "closed", "archived"):
            await owner.post(f"{path}/state", json={"state": state})
        erased = (await owner.delete(path)).json()

    assert erased["is_complete"]
    rows = erased["found"]["rows"]
    assert (rows["answer_feedback"], rows["feedback_counts"]) == (1, 6)
    assert erased["left"]["total"] == 0


async def test_what_others_share_counts_together(site: Site) -> None:
    region = site.container.access.local_principal()
    collections = site.container.organisation.collections
    (own,) = collections.list_owned(tenant_id=region.tenant_id, principal=region)
    async with site.owner() as owner, site.person(site.foreigner()) as there:
        shared = {"audience": "everyone"}
        await owner.patch(f"/api/v1/collections/{own.id}", json=shared)
        await site.upload({"reglement.txt": REGULATION})
        talked = await talk(there)
        assert (await answer_of(there, talked))["citations"]
        await there.put(talked.feedback_path, json={"verdict": "useful"})
        found = await report(there, site)

    places = [(each["collection_id"], each["collection"]) for each in found["counts"]]
    assert places == [(None, None), (CollectionId("shared"), None)]


async def test_a_tenant_that_does_not_allow_the_model_gets_quotes(
    tmp_path: Path, database_url: str
) -> None:
    site = open_site(tmp_path / "modèle", database_url=database_url)
    await site.upload({"reglement.txt": REGULATION})
    own = site.container.access.local_principal()
    model = site.container.model
    assert model is not None
    found: list[dict[str, Any]] = []
    async with site.owner() as http:
        for allowed in (("autre",), ("autre", model.name), ()):
            change = TenantChange(allowed_models=allowed)
            site.container.organisation.tenants.change(own.tenant_id, change, principal=own)
            found.append(await answer_of(http, await talk(http)))
    await site.container.aclose()
    site.close()

    assert [each["status"] for each in found] == ["search_only", "answered", "answered"]
    assert found[0]["notice"].startswith("Votre organisme n'autorise pas le modèle")
