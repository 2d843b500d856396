"""A tenant that leaves takes all that is its own and nothing of others, and is the same elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from assistant.adapters.sql.audit import SqlAuditRepository
from assistant.domain.audit import Act
from assistant.domain.corrections import CorrectedFields
from assistant.domain.documents import DocumentState, LinkKind, ListFilter
from assistant.domain.errors import Conflict, Forbidden, NotFound, StorageError
from assistant.domain.ids import PersonId, TenantId
from assistant.domain.links import LinkState, Proposal
from assistant.domain.passwords import Password, PasswordLink
from assistant.domain.question_sets import revision_of
from assistant.domain.tenancy import Audience, Permission, Role, Scope
from assistant.domain.tenants import TenantState
from assistant.services.audit_log import AuditLog
from assistant.services.tenants import TenantChange
from ingest.model import DocumentKind
from tests.house import House, open_house
from tests.unit.assistant.services.moves import (
    DOCUMENTS,
    EXPECTED,
    NEIGHBOUR,
    NEIGHBOUR_TEXT,
    QUESTIONS,
    Town,
    asked,
    members_of,
    mover_of,
    principal_of,
)
from tests.unit.assistant.services.organisations import KeptAudit, Region
from tests.unit.assistant.services.test_audit_heads import MemoryHeadSink

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.fixture
def elsewhere(tmp_path: Path, database_url: str, request: pytest.FixtureRequest) -> Iterator[House]:
    """An empty instance on the same engine."""
    if not database_url:
        house = open_house(tmp_path / "elsewhere")
        yield house
        house.close()
        return
    with request.getfixturevalue("postgresql").new_database() as url:
        house = open_house(tmp_path / "elsewhere", database_url=url)
        yield house
        house.close()


def decide_link(town: Town) -> None:
    """The new rules of the canteen replace the old ones, an administrator says."""
    house, scope = town.house, town.house.access.owned_scope(town.admin)
    now = house.clock.now()
    with house.open_work() as work:
        named = {
            each.name: each.id
            for each in work.documents.list_page(
                scope=scope, wanted=ListFilter(name_contains="cantine"), limit=9, offset=0
            )
        }
        new, old = named["cantine/reglement.txt"], named["cantine/ancien.txt"]
        proposal = Proposal(new, old, LinkKind.REPLACES, "Il le dit.")
        work.links.propose([proposal], document_id=new, scope=scope, now=now)
        [link] = work.links.list_of_document(new, scope=scope)
        by = town.admin.person_id
        work.links.decide(link.id, state=LinkState.CONFIRMED, by=by, now=now, scope=scope)
        work.commit()


async def test_elsewhere_everybody_is_answered_the_same(
    town: Town, elsewhere: House, tmp_path: Path
) -> None:
    town.add_neighbour()
    decide_link(town)
    town.export(tmp_path / "commune.zip")
    mover = mover_of(elsewhere)
    mover.load(tmp_path / "commune.zip")
    elsewhere.settle()

    told: dict[str, set[str]] = {}
    for person in (town.admin, town.agent, town.accountant, town.away):
        there = principal_of(elsewhere, person.person_id)
        assert there == principal_of(town.house, person.person_id)
        assert elsewhere.access.scope_of(there) == town.house.access.scope_of(person)
        for question in QUESTIONS:
            before = await asked(town.house, person, question)
            after = await asked(elsewhere, there, question)
            cited = [
                [(each.chunk.file, each.quote, each.chunk.label, each.chunk.successor)
                 for each in end.citations]
                for end in (before, after)
            ]  # fmt: skip
            assert (after.status, after.text, cited[1]) == (before.status, before.text, cited[0])
            told.setdefault(person.person_id, set()).update(file for file, *_ in cited[0])

    assert "budget.txt" in told["comptable"]
    assert not any("budget.txt" in told[name] for name in ("maire", "agent", "absente"))
    assert {"cantine/reglement.txt", "fanfare.txt"} <= told["agent"]
    assert told["absente"] == set()


def test_nothing_of_others_and_no_secret_is_in_the_archive(town: Town, tmp_path: Path) -> None:
    town.add_neighbour()
    now, admin = town.house.clock.now(), town.admin
    hashed, code = "$argon2id$v=19$m=19456$sel$empreinte", "empreinte-du-lien"
    with town.house.open_work() as work:
        work.passwords.put(Password(admin.person_id, admin.tenant_id, hashed, now))
        work.passwords.put_link(
            PasswordLink(code, admin.person_id, admin.tenant_id, admin.person_id, now, now)
        )
        work.commit()
    report = town.export(tmp_path / "commune.zip", with_conversations=True)

    members = members_of(report.path)
    held = b"\n".join([*(name.encode() for name in members), *members.values()])
    held += report.path.read_bytes()
    assert b"fanfare municipale" in held
    with town.house.open_work() as work:
        others = [each for each in work.tenancy.list_tenants() if each.id != town.commune.id]
        collections = [
            each.id
            for other in others
            for each in work.tenancy.list_collections(tenant_id=other.id)
        ]
        [key] = work.keys.list_all(tenant_id=town.commune.id, person_id=None)
    ids = [each.id for each in others] + collections
    texts = [NEIGHBOUR, NEIGHBOUR_TEXT, "bassins", "Bassins", "voisin", "Malvoisie"]
    secrets = [town.key, town.session, key.secret_hash, key.prefix, hashed, code, "argon2"]
    assert len(others) == 2
    assert [each for each in [*ids, *texts, *secrets] if each.encode() in held] == []


def test_the_archive_is_what_its_documentation_says(town: Town, tmp_path: Path) -> None:
    report = town.export(tmp_path / "commune.zip")

    members = members_of(report.path)
    manifest = json.loads(members["manifest.json"])
    assert (manifest["format"], manifest["format_version"]) == ("assistant-regional/tenant", 2)
    assert manifest["product_version"] == "1.2.3"
    assert manifest["counts"] == report.counts == {
        "collections": 3, "people": 5, "groups": 1, "documents": 6, "question_sets": 1,
        "originals": 6,
    }  # fmt: skip
    assert {each["path"] for each in manifest["files"]} == members.keys() - {"manifest.json"}
    assert "conversations.jsonl" not in members
    folders = {
        "Documents": "Documents",
        "Finances": "Finances",
        "Culture / Fêtes": "Culture _ Fêtes",
    }
    originals = {
        f"originals/{folders[collection]}/{name}": text.encode()
        for collection, contents in DOCUMENTS.items()
        for name, text in contents.items()
    }
    assert {name: members[name] for name in members if name.startswith("originals/")} == originals
    lines = [json.loads(each) for each in members["documents.jsonl"].splitlines()]
    damaged = next(each for each in lines if each["name"] == "abime.txt")
    live = next(each for each in lines if each["name"] == "dechets.txt")
    assert (damaged["state"], damaged["reason"]["code"]) == ("failed", "file_damaged")
    assert [each["state"] for each in live["versions"]] == ["live"]
    assert members["question_sets/001 questions_2026.csv"].decode("utf-8-sig").splitlines()[1] == (
        "Prix du repas ?;reglement.txt;1, 3;3,20 euros;3,20 euros;"
    )


def test_people_settings_and_questions_come_with_it(
    town: Town, elsewhere: House, tmp_path: Path
) -> None:
    town.organisation.people.change(
        town.agent.person_id, principal=town.owner, roles=frozenset({Role.PLATFORM_ADMIN})
    )
    town.export(tmp_path / "commune.zip")
    mover = mover_of(elsewhere)
    report = mover.load(tmp_path / "commune.zip")
    elsewhere.settle()

    tenant_id = town.commune.id
    scope = Scope(tenant_id, PersonId("-"), frozenset())
    with town.house.open_work() as before, elsewhere.open_work() as after:
        assert after.tenancy.find_tenant(tenant_id) == before.tenancy.find_tenant(tenant_id)
        people = {each.id: each for each in after.people.list_page(
            tenant_id=tenant_id, limit=99, offset=0)}  # fmt: skip
        for old in before.people.list_page(tenant_id=tenant_id, limit=99, offset=0):
            roles = old.roles - {Role.PLATFORM_ADMIN}
            assert people.pop(old.id) == replace(old, roles=roles)
        assert people == {}
        for old in before.tenancy.list_collections(tenant_id=tenant_id):
            audience = Audience.TENANT if old.audience is Audience.EVERYONE else old.audience
            found = after.tenancy.find_collection(old.id, tenant_id=tenant_id)
            assert found == replace(old, audience=audience)
        [kept] = after.question_sets.list_recent(scope=scope, limit=9)
        questions = after.question_sets.questions(kept.id, scope=scope, limit=9, offset=0)
        assert after.keys.list_all(tenant_id=tenant_id, person_id=None) == []
        assert after.invitations.list_all(tenant_id=tenant_id) == []
    assert (kept.name, kept.revision) == ("questions/2026.csv", revision_of(EXPECTED))
    assert tuple(questions) == EXPECTED
    assert report.counts["unshared_collections"] == 1
    assert {each.state for each in [*_documents(elsewhere, tenant_id)]} == {
        DocumentState.LIVE, DocumentState.FAILED
    }  # fmt: skip
    assert mover.audit.acts == [(Act.TENANT_IMPORTED, elsewhere.principal.person_id, tenant_id)]
    assert town.mover.audit.acts == [(Act.TENANT_EXPORTED, town.owner.person_id, tenant_id)]


def _documents(house: House, tenant_id: TenantId) -> list[Any]:
    scope = house.access.owned_scope(principal_of(house, PersonId("maire")))
    assert scope.tenant_id == tenant_id
    with house.open_work() as work:
        return work.documents.list_page(scope=scope, limit=99, offset=0)


def test_what_people_said_of_documents_moves_with_them(
    town: Town, elsewhere: House, tmp_path: Path
) -> None:
    house, scope = town.house, town.house.access.owned_scope(town.admin)
    decide_link(town)
    before = {each.name: each.id for each in _documents(house, town.commune.id)}
    corrected, excluded = before["cantine/reglement.txt"], before["cantine/ancien.txt"]
    said = CorrectedFields("Règlement de la cantine", DocumentKind.ARRETE, is_undated=True)
    house.curation.correct(corrected, said, based_on=0, principal=town.admin, scope=scope)
    house.curation.exclude([excluded], principal=town.admin, scope=scope)
    house.settle()

    town.export(tmp_path / "commune.zip")
    mover_of(elsewhere).load(tmp_path / "commune.zip")
    elsewhere.settle()

    there = elsewhere.access.owned_scope(principal_of(elsewhere, town.admin.person_id))
    with elsewhere.open_work() as work:
        known = work.documents.find(corrected, scope=there)
        assert known is not None
        assert known.correction is not None
        assert (known.correction.fields, known.correction.by) == (said, town.admin.person_id)
        assert (known.title, known.kind, known.date) == (said.title, said.kind, None)
        assert work.documents.find(excluded, scope=there) is None
        hidden = work.documents.find(excluded, scope=there, managed=there)
        assert hidden is not None
        assert hidden.exclusion is not None
        assert hidden.exclusion.by == town.admin.person_id
        [link] = work.links.list_of_document(excluded, scope=there, managed=there)
        assert link.state is LinkState.CONFIRMED


def test_it_comes_back_after_its_erasure(town: Town, tmp_path: Path) -> None:
    path = town.export(tmp_path / "commune.zip").path
    with pytest.raises(Conflict) as refused:
        town.mover.load(path)
    assert refused.value.code == "tenant_exists"
    with town.house.open_work() as work:
        before = work.tenancy.list_tenants()

    for state in (TenantState.SUSPENDED, TenantState.CLOSED, TenantState.ARCHIVED):
        town.organisation.tenants.move(town.commune.id, state, principal=town.owner)
    assert town.organisation.eraser.erase(town.commune.id, principal=town.owner).is_complete
    town.mover.load(path)
    town.house.settle()

    with town.house.open_work() as work:
        assert {each.name for each in work.tenancy.list_tenants()} == {each.name for each in before}
    assert len(_documents(town.house, town.commune.id)) == 6


@pytest.mark.parametrize(
    "change", [TenantChange(name="COMMUNE  de Sainte-Colline"), TenantChange(siren="732829320")]
)
def test_a_tenant_that_is_here_by_name_or_number_is_not_written_over(
    town: Town, elsewhere: House, tmp_path: Path, change: TenantChange
) -> None:
    path = town.export(tmp_path / "commune.zip").path
    there = Region(elsewhere)
    for each in (TenantChange(name="Autre"), change):
        there.organisation.tenants.change(there.commune.id, each, principal=there.owner)

    with pytest.raises(Conflict) as refused:
        mover_of(elsewhere).load(path)

    assert refused.value.code == ("tenant_exists" if change.name else "tenant_number_taken")


def test_only_the_platform_moves_tenants(town: Town, tmp_path: Path) -> None:
    path = town.export(tmp_path / "commune.zip").path
    reading = replace(town.owner, permissions=frozenset({Permission.READ}))
    for principal in (town.admin, reading):
        with pytest.raises(Forbidden):
            town.mover.importer.load(path, principal=principal)
        with pytest.raises(Forbidden):
            town.mover.exporter.export(
                town.commune.id, tmp_path / "b.zip", principal=principal, product_version="1"
            )
    with pytest.raises(NotFound):
        town.mover.exporter.export(
            TenantId("nobody"), tmp_path / "b.zip", principal=town.owner, product_version="1"
        )
    assert [each.name for each in tmp_path.glob("*.zip")] == ["commune.zip"]


def test_an_export_that_fails_leaves_no_file_and_replaces_none(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    taken = folder / "pris.zip"
    taken.write_text("à garder")
    with pytest.raises(Conflict) as refused:
        town.export(taken)
    assert (refused.value.code, taken.read_text()) == ("archive_exists", "à garder")

    with pytest.raises(StorageError) as unwritable:
        town.export(folder / "absent" / "a.zip")
    assert unwritable.value.code == "archive_unwritable"

    held = town.house.files.path
    looked: list[str] = []

    def gone_when_copied(sha256: str) -> Path:
        looked.append(sha256)
        if looked.count(sha256) > 1:
            raise NotFound
        return held(sha256)

    monkeypatch.setattr(town.house.files, "path", gone_when_copied)
    with pytest.raises(Conflict) as overtaken:
        town.export(folder / "a.zip")
    assert overtaken.value.code == "archive_overtaken"
    assert [each.name for each in folder.iterdir()] == ["pris.zip"]


def test_an_export_that_cannot_be_recorded_leaves_no_file(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise StorageError("disk_full")

    house = town.house
    log = AuditLog(house.open_work, house.clock, spare=KeptAudit(), sink=MemoryHeadSink())
    town.mover = mover_of(house, audit=log.trail)
    folder = tmp_path / "out"
    folder.mkdir()
    with monkeypatch.context() as broken:
        broken.setattr(SqlAuditRepository, "append", fail)
        with pytest.raises(StorageError) as unrecorded:
            town.export(folder / "a.zip")
    assert unrecorded.value.code == "disk_full"
    assert list(folder.iterdir()) == []

    town.export(folder / "a.zip")
    with house.open_work() as work:
        entry = work.audit.last()
    assert entry is not None
    assert (entry.act, entry.subject) == ("tenant.exported", town.commune.id)


def test_an_original_that_the_disk_changed_is_not_passed_on(town: Town, tmp_path: Path) -> None:
    stored = next(
        each for each in (tmp_path / "files").rglob("*")
        if each.is_file() and b"fanfare municipale" in each.read_bytes()
    )  # fmt: skip
    stored.write_bytes(stored.read_bytes().replace(b"vendredi", b"mercredi"))

    with pytest.raises(Conflict) as refused:
        town.export(tmp_path / "a.zip")

    assert refused.value.code == "archive_original_damaged"
    assert not (tmp_path / "a.zip").exists()


def test_documents_that_are_being_read_are_waited_for(town: Town, tmp_path: Path) -> None:
    scope = town.house.access.owned_scope(town.admin)
    town.house.ingestion.reindex(None, force=True, principal=town.admin, scope=scope)

    with pytest.raises(Conflict) as refused:
        town.export(tmp_path / "a.zip")

    assert refused.value.code == "tenant_busy"
