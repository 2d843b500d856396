"""The audit log by API: who sees what, what is recorded of refusals, and the shapes of an export."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from assistant.adapters.audit.heads import FileHeadSink
from assistant.adapters.sql import audit_tables
from assistant.api.audit_ocsf import event_of
from assistant.api.audit_out import entry_out
from assistant.domain.audit import Act
from assistant.domain.audit_chain import AuditEntry, chained, details_text
from assistant.domain.errors import Unauthenticated
from assistant.domain.tenancy import Permission, Role
from assistant.services.audit_reading import verify
from tests.api.site import REGULATION, Site, open_site

pytestmark = pytest.mark.anyio

ADMIN = (Role.AGENT, Role.TENANT_ADMIN)


async def entries(http: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    response = await http.get("/api/v1/audit", params=query)
    assert response.status_code == 200, response.text
    return response.json()["entries"]


async def refusals(http: httpx.AsyncClient) -> list[tuple[str, dict[str, Any]]]:
    found = await entries(http, act="access.refused")
    return [(each["actor"], each["details"]) for each in reversed(found)]


async def test_a_tenant_sees_its_own_acts_and_nothing_that_counts_others(site: Site) -> None:
    default = site.container.access.local_principal().tenant_id
    foreigner = site.foreigner()
    auditor = site.joined("auditeur", foreigner.tenant_id, Role.AGENT, Role.AUDITOR)
    async with (
        site.owner() as owner,
        site.person(foreigner) as foreign,
        site.person(auditor) as reading,
    ):
        await owner.post("/api/v1/groups", json={"name": "Finances"})
        await foreign.post("/api/v1/groups", json={"name": "Voirie"})
        everything = await entries(owner)
        of_admin = await entries(foreign)
        of_auditor = await entries(reading)
        narrowed = await entries(owner, tenant_id=foreigner.tenant_id)
        own = await entries(reading, tenant_id=foreigner.tenant_id)
        other = await reading.get("/api/v1/audit", params={"tenant_id": default})
        exported = (await foreign.get("/api/v1/audit/export", params={"format": "jsonl"})).text

    assert {each["tenant_id"] for each in everything} == {default, foreigner.tenant_id}
    assert [each["act"] for each in everything if each["tenant_id"] == default] == ["group.created"]
    acts = ["group.created", "session.opened", "session.opened"]
    assert [each["act"] for each in of_admin] == acts
    assert of_auditor == of_admin == own
    assert [each["id"] for each in narrowed] == [each["id"] for each in of_admin]
    assert {(each.get("number"), each.get("hash")) for each in of_admin} == {(None, None)}
    assert other.status_code == 404
    assert sorted(each["number"] for each in everything) == [1, 2, 3, 4]
    assert "sequence" not in exported
    assert '"hash"' not in exported
    assert exported.count("\n") == 3


async def test_pages_follow_one_another_without_gap(site: Site) -> None:
    async with site.owner() as owner:
        for number in range(7):
            await owner.post("/api/v1/groups", json={"name": f"Groupe {number}"})
        found: list[int] = []
        before = ""
        sizes: list[int] = []
        while True:
            query = {"limit": 3, "before": before}
            page = (await owner.get("/api/v1/audit", params=query)).json()
            found += [each["number"] for each in page["entries"]]
            sizes.append(len(page["entries"]))
            if page["next"] is None:
                break
            before = page["next"]

    assert found == [7, 6, 5, 4, 3, 2, 1]
    assert sizes == [3, 3, 1]


async def test_entries_are_found_by_time_and_act(site: Site) -> None:
    async with site.owner() as owner:
        await owner.post("/api/v1/groups", json={"name": "A"})
        await owner.get("/api/v1/people")
        [listed, made] = await entries(owner)

        assert await entries(owner, act="people.listed") == [listed]
        assert await entries(owner, act=["people.listed", "group.created"]) == [listed, made]
        assert await entries(owner, since=listed["time"]) == [listed]
        assert await entries(owner, until=listed["time"]) == [made]
        naive = await owner.get("/api/v1/audit", params={"since": "2026-01-01T00:00:00"})

    assert naive.status_code == 422


async def test_refusals_are_recorded_with_their_reason_and_a_flood_is_counted(site: Site) -> None:
    agent = site.agent()
    async with site.owner() as owner, site.http() as unknown, site.person(agent) as person:
        for number in range(30):
            bad = {"Authorization": f"Bearer ar_faux{number}"}
            assert (await unknown.get("/api/v1/me", headers=bad)).status_code == 401
        for _ in range(3):
            assert (await person.get("/api/v1/audit")).status_code == 403
            assert (await person.get("/api/v1/audit/export")).status_code == 403
            assert (await person.post("/api/v1/tenants", json={"name": "X"})).status_code == 403
        before = await refusals(owner)
        site.container.audit.trail.flush(all_of_them=True)
        after = await refusals(owner)

    with site.container.open_work() as work:
        pseudonym = work.audit.pseudonym_of(agent.person_id)
    told = [
        ("", {"code": "unauthenticated", "status": 401}),
        (pseudonym, {"code": "forbidden", "status": 403}),
        (pseudonym, {"code": "platform_forbidden", "status": 403}),
    ]
    assert before == told
    counted = [(who, facts["code"], facts["count"]) for who, facts in after[3:]]
    assert counted == [
        ("", "unauthenticated", 29),
        (pseudonym, "forbidden", 5),
        (pseudonym, "platform_forbidden", 2),
    ]


async def test_no_text_of_a_question_or_document_is_in_any_entry(site: Site) -> None:
    question = "Le transport scolaire est-il gratuit ?"
    async with site.owner() as owner, site.person(site.agent()) as person:
        await site.upload({"reglement.txt": REGULATION})
        await person.post("/api/v1/answers", json={"question": question})
        await person.post("/api/v1/search", json={"query": question})
        made = (await person.post("/api/v1/conversations", json={"title": question})).json()
        await person.post(
            f"/api/v1/conversations/{made['id']}/messages", json={"question": question}
        )
        await person.get(f"/api/v1/documents/{question}")
        await person.post("/api/v1/groups", json={"name": question})
        invited = {"name": "Zoé Payet", "email": "zoe.payet@exemple.fr"}
        await owner.post("/api/v1/invitations", json=invited)
        await owner.get("/api/v1/people")
        exports = [
            (await owner.get("/api/v1/audit/export", params={"format": form})).text.lower()
            for form in ("csv", "jsonl")
        ]

    words = {"transport", "gratuit", "reglement", "internes", "zoé", "zoe", "payet", "exemple.fr"}
    for export in exports:
        assert "access.refused" in export
        assert [word for word in words if word in export] == []
    assert verify(site.container.open_work, heads=[]).is_whole


async def test_an_export_as_csv_opens_in_a_french_spreadsheet(site: Site) -> None:
    async with site.owner() as owner:
        await owner.post("/api/v1/groups", json={"name": "Finances"})
        [made] = await entries(owner)
        response = await owner.get("/api/v1/audit/export")

    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert response.text.startswith("\ufeff")
    rows = list(csv.DictReader(StringIO(response.text[1:]), delimiter=";"))
    assert [row["act"] for row in rows] == ["group.created"]
    assert rows[0] | {"time": ""} == {
        "time": "",
        "act": "group.created",
        "tenant": made["tenant_id"],
        "actor": made["actor"],
        "subject": made["subject"],
        "details": "{}",
        "id": made["id"],
        "number": "1",
        "hash": made["hash"],
    }


async def test_an_export_as_json_lines_is_one_ocsf_event_a_line(site: Site) -> None:
    async with site.owner() as owner, site.http() as unknown:
        site.secret_of(site.agent())
        await unknown.get("/api/v1/me")
        invited = {"name": "Zoé", "email": "zoe@exemple.fr"}
        await owner.post("/api/v1/invitations", json=invited)
        await owner.post("/api/v1/groups", json={"name": "Finances"})
        response = await owner.get("/api/v1/audit/export", params={"format": "jsonl"})

    assert response.headers["content-type"] == "application/jsonl"
    events = [json.loads(line) for line in response.text.splitlines()]
    told = [(each["class_uid"], each["activity_id"], each["status_id"]) for each in events]
    assert told == [(3002, 1, 1), (3002, 99, 2), (3001, 1, 1), (6003, 1, 1)]
    assert events[1]["status_code"] == "unauthenticated"
    assert events[1]["user"]["uid"] == "unknown"
    assert [each["metadata"]["sequence"] for each in events] == [1, 2, 3, 4]


REQUIRED = {
    "class_uid", "category_uid", "activity_id", "type_uid", "time", "severity_id", "metadata",
}  # fmt: skip
OF_CLASS = {
    6003: {"actor", "api", "src_endpoint"},
    3002: {"user", "service"},
    3001: {"user"},
}
ACTIVITIES = {6003: range(1, 5), 3002: range(1, 3), 3001: (1, 2, 3, 4, 5, 6)}
"""Those of OCSF 1.3.0 that we use, beside 99."""


@pytest.mark.parametrize("act", Act)
def test_every_act_is_a_complete_event(act: Act) -> None:
    details = details_text({"code": "forbidden", "status": 403, "count": 7})
    blank = AuditEntry(
        0, "e-1", "2026-11-28T12:00:00.250000Z", act.value, "t-1", "p-1", "s-1", details
    )

    event = event_of(chained(blank, after=None), with_chain=True)

    class_uid = event["class_uid"]
    assert event.keys() >= REQUIRED | OF_CLASS[class_uid]
    assert event["category_uid"] == class_uid // 1000
    assert event["type_uid"] == class_uid * 100 + event["activity_id"]
    assert event["activity_id"] in {*ACTIVITIES[class_uid], 99}
    assert event["activity_id"] != 99 or event["activity_name"] == act.value
    assert event["time"] == 1795867200250
    assert event["metadata"]["version"] == "1.3.0"
    assert event["metadata"]["product"].keys() >= {"name", "vendor_name"}
    assert event["actor"]["user"]["uid"] == "p-1"
    is_refusal = act in {Act.REFUSED, Act.SIGN_IN_REFUSED}
    assert (event["status_id"] == 2) == is_refusal
    assert event.get("count") == (7 if is_refusal else None)


async def test_a_pseudonym_is_resolved_by_administrators_and_told(site: Site) -> None:
    agent = site.agent()
    async with site.owner() as owner, site.person(agent) as person:
        [opened] = await entries(owner)
        path = f"/api/v1/audit/people/{opened['actor']}"
        found = await owner.get(path)
        refused = await person.get(path)
        acts = [each["act"] for each in await entries(owner)]

    assert found.json() == {
        "person_id": "agent",
        "tenant_id": agent.tenant_id,
        "name": "agent",
        "email": "agent@exemple.fr",
    }
    assert refused.status_code == 403
    assert acts == ["access.refused", "person.resolved", "session.opened"]


@pytest.mark.usefixtures("default_logs")
async def test_without_its_log_the_service_refuses_changes_and_still_tells_of_refusals(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("defect")

    monkeypatch.setattr("assistant.adapters.sql.audit.SqlAuditRepository.append", fail)
    async with site.owner() as owner, site.http() as unknown:
        with capture_logs() as told:
            made = await owner.post("/api/v1/groups", json={"name": "Finances"})
            groups = await owner.get("/api/v1/groups")
            refused = await unknown.get("/api/v1/me")

    assert (made.status_code, groups.json(), refused.status_code) == (500, [], 401)
    events = [(each["event"], each["act"]) for each in told if "act" in each]
    assert events == [
        ("audit_not_recorded", "access.refused"),
        ("audit", "access.refused"),
    ]


def test_a_service_that_ends_has_noted_its_last_head(tmp_path: Path) -> None:
    site = open_site(tmp_path / "data")
    site.container.start()
    site.secret_of(site.agent())
    with site.container.open_work() as work:
        last = work.audit.last()
    site.close()

    assert last is not None
    [*_, head] = FileHeadSink(tmp_path / "data" / "audit-heads.jsonl").noted().heads
    assert (head.number, head.hash) == (last.number, last.hash)


async def test_the_chain_is_verified_by_the_platform_and_its_state_told_without_numbers(
    site: Site,
) -> None:
    secretary = site.joined("secretary", site.foreigner().tenant_id, *ADMIN)
    async with site.owner() as owner, site.person(secretary) as commune:
        await owner.post("/api/v1/groups", json={"name": "A"})
        before = (await owner.get("/api/v1/audit/chain")).json()
        refused = await commune.post("/api/v1/audit/chain/verify")
        site.container.audit.keeper.note()
        verified = (await owner.post("/api/v1/audit/chain/verify")).json()
        told = (await commune.get("/api/v1/audit/chain")).json()
        last = (await entries(owner, act="audit.verified"))[0]

    assert (before["verified_at"], before["is_whole"], before["head_noted_at"]) == (None,) * 3
    assert (refused.status_code, refused.json()["code"]) == (403, "platform_forbidden")
    assert (verified["is_whole"], verified["entries"], verified["may_verify"]) == (True, 3, True)
    assert verified["head_noted_at"] is not None
    assert last["details"] == {"whole": 1, "entries": 3, "fault": 0, "lost_heads": 0}
    assert told == {
        "verified_at": verified["verified_at"],
        "is_whole": True,
        "head_noted_at": verified["head_noted_at"],
        "are_heads_readable": True,
        "may_verify": False,
    }


async def test_a_chain_that_was_cut_or_changed_is_said_to_be(site: Site, tmp_path: Path) -> None:
    async with site.owner() as owner:
        await owner.post("/api/v1/groups", json={"name": "A"})
        await owner.post("/api/v1/groups", json={"name": "B"})
        site.container.audit.keeper.note()
        with site.container.open_work() as work:
            change = audit_tables.audit_entries.update().values(act="group.deleted")
            vars(work)["_transaction"].write(change.where(audit_tables.audit_entries.c.number == 2))
            work.commit()
        heads = tmp_path / "data" / "audit-heads.jsonl"
        heads.write_text(f"{heads.read_text('utf-8')}nonsense\n", "utf-8")
        found = (await owner.post("/api/v1/audit/chain/verify")).json()

    assert (found["is_whole"], found["entries"], found["fault"]) == (False, 1, 2)
    assert not found["are_heads_readable"]


async def test_one_walk_along_the_chain_at_a_time(site: Site) -> None:
    with vars(site.container.audit.checker)["_walking"]:
        async with site.owner() as owner:
            second = await owner.post("/api/v1/audit/chain/verify")

    assert (second.status_code, second.json()["code"]) == (409, "audit_verifying")


@pytest.mark.parametrize(
    ("act", "details", "is_refused", "concerned"),
    [
        (Act.REFUSED, {}, True, ""),
        (Act.SIGN_IN_REFUSED, {}, True, "subject"),
        (Act.PASSWORD_LINKED, {}, False, "subject"),
        (Act.PERSON_INVITED, {}, False, "subject"),
        (Act.PERSON_JOINED, {}, False, ""),
        (Act.MEMBER_ADDED, {"person": "member"}, False, "member"),
        (Act.GROUP_CREATED, {}, False, ""),
    ],
)
def test_an_entry_says_whether_it_was_refused_and_whom_it_concerns(
    act: Act, details: dict[str, str | int], is_refused: bool, concerned: str
) -> None:
    at = "2026-01-02T12:00:00.000000Z"
    entry = AuditEntry(0, "id", at, act.value, "town", "actor", "subject", details_text(details))

    told = entry_out(entry, with_chain=False)

    assert (told.is_refused, told.concerned) == (is_refused, concerned)


async def test_entries_are_found_by_outcome_and_person(site: Site) -> None:
    agent = site.agent()
    async with site.owner() as owner, site.person(agent) as person:
        await person.get("/api/v1/people")
        [refused] = await entries(owner, outcome="refused")
        done = await entries(owner, outcome="done")
        of_agent = await entries(owner, person=refused["actor"])
        exported = await owner.get("/api/v1/audit/export", params={"outcome": "refused"})
        odd = await owner.get("/api/v1/audit", params={"outcome": "perhaps"})

    assert refused["act"] == "access.refused"
    assert [each["act"] for each in done] == ["session.opened"]
    assert [each["act"] for each in of_agent] == ["access.refused", "session.opened"]
    assert exported.text.count("\n") == 2
    assert odd.status_code == 422


async def test_originals_are_recorded_when_a_key_or_an_administrator_takes_them(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    agent = site.agent()
    _, secret = site.container.organisation.keys.create(
        "Programme", permissions=frozenset({Permission.READ}), days=2, principal=agent
    )
    bearer = {"Authorization": f"Bearer {secret}"}
    async with site.owner() as owner, site.person(agent) as person, site.http(**bearer) as program:
        document = (await owner.get("/api/v1/documents")).json()["documents"][0]["id"]
        for reader in (person, program, owner, owner):
            got = await reader.get(f"/api/v1/documents/{document}/original")
            assert got.status_code == 200
        site.container.audit.trail.flush(all_of_them=True)
        told = await entries(owner, act="original.read")

    assert {each["subject"] for each in told} == {document}
    # The program; the administrator; and the administrator again, counted.
    assert [each["details"].get("by_key", 0) for each in reversed(told)] == [1, 0, 0]
    assert told[0]["details"]["count"] == 1


async def test_an_administrator_signs_a_person_out_everywhere(site: Site) -> None:
    agent = site.agent()
    async with site.owner() as owner, site.person(agent) as first, site.person(agent) as second:
        found = (await owner.get("/api/v1/people/agent/sessions")).json()
        unused = site.container.sign_in.issue_link(agent)
        ended = (await owner.delete("/api/v1/people/agent/sessions")).json()
        after = [(await each.get("/api/v1/me")).status_code for each in (first, second)]
        with pytest.raises(Unauthenticated):
            site.container.sign_in.redeem(unused)
        site.secret_of(agent)
        told, looked = await entries(owner, act=["person.signed_out", "person.read"])

    assert [each["is_current"] for each in found] == [False, False]
    assert ended == {"ended": 2}
    assert after == [401, 401]
    assert told["details"] == {"sessions": 2}
    assert looked["details"] == {"sessions": 2}
    assert told["subject"] == looked["subject"] != "agent"


async def test_an_administrator_of_the_platform_is_signed_out_only_by_one(site: Site) -> None:
    own = site.container.access.local_principal().tenant_id
    chief = site.joined("chief", own, *ADMIN, Role.PLATFORM_ADMIN)
    secretary = site.joined("secretary", own, *ADMIN)
    async with site.person(chief) as first, site.person(secretary) as second:
        refused = await second.delete("/api/v1/people/chief/sessions")
        still = await first.get("/api/v1/me")

    assert (refused.status_code, refused.json()["code"]) == (403, "platform_forbidden")
    assert still.status_code == 200


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("path", ["/api/v1/audit", "/api/v1/audit/export?format=csv"])
async def test_times_beyond_the_calendar_are_refused(site: Site, path: str, moment: str) -> None:
    async with site.owner() as http:
        for name in ("since", "until"):
            response = await http.get(path, params={name: moment})

            assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
