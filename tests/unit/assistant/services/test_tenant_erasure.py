"""A tenant goes with everything of it, and what is left is counted, never assumed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assistant.adapters.sql.estates import OF_NO_TENANT, SqlEstateRepository
from assistant.adapters.sql.ledger import SqlIndexLedger
from assistant.adapters.sql.tables import metadata
from assistant.domain.errors import Conflict, Forbidden, NotFound
from assistant.domain.ids import SourceId, SourceRunId, VersionId
from assistant.domain.sources import RunKind, RunState, Source, SourceKind, SourceRun
from assistant.domain.tenancy import Permission
from assistant.domain.tenants import TenantState
from assistant.services.conversations import ConversationService
from assistant.services.invitations import Invited
from assistant.services.tenants import TenantChange
from tests.house import House
from tests.unit.assistant.services.organisations import Region

SECRET = "Le budget de la fanfare municipale est de 4 321 euros."


@pytest.fixture
def region(house: House) -> Region:
    region = Region(house)
    house.ingest({"partage.txt": "Texte que deux organismes ont.\n"})
    region.ingest("fanfare.txt", SECRET)
    region.ingest("partage.txt", "Texte que deux organismes ont.\n")
    organisation, admin = region.organisation, region.admin
    group = organisation.groups.create("Culture", tenant_id=admin.tenant_id, principal=admin)
    organisation.groups.add_members(
        group.id, [admin.person_id], tenant_id=admin.tenant_id, principal=admin
    )
    organisation.invitations.invite(
        Invited("Zoé", "zoe@exemple.fr"), tenant_id=admin.tenant_id, principal=admin
    )
    organisation.keys.create(
        "Site", permissions=frozenset({Permission.ASK}), days=9, principal=admin
    )
    region.session_of(admin)
    ConversationService(house.open_work, house.clock).create(principal=admin, title="Fanfare")
    return region


def archive(region: Region) -> None:
    for state in (TenantState.SUSPENDED, TenantState.CLOSED, TenantState.ARCHIVED):
        region.organisation.tenants.move(region.commune.id, state, principal=region.owner)


def traces(root: Path, text: str) -> list[str]:
    return [
        path.name
        for path in root.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    ]


def test_nothing_is_left_and_the_others_keep_theirs(region: Region) -> None:
    archive(region)

    report = region.organisation.eraser.erase(region.commune.id, principal=region.owner)

    assert report.is_complete
    assert report.left.total == 0
    for table in ("documents", "versions", "chunks", "jobs", "job_items", "people", "groups",
                  "group_members", "invitations", "api_keys", "conversations", "collections",
                  "vectors", "contents"):  # fmt: skip
        assert report.found.rows[table] > 0, table
    assert (report.found.files, report.found.points) == (1, 2)
    with pytest.raises(NotFound):
        region.organisation.tenants.get(region.commune.id, principal=region.owner)
    house = region.house
    assert [chunk.text for chunk in house.search("texte organismes")] == [
        "Texte que deux organismes ont."
    ]
    assert house.index.count_all() == 1
    assert list(house.live_texts()) == ["partage.txt"]
    assert house.database.clear_deleted()
    assert traces(house.root, "fanfare municipale") == []


def test_every_table_is_counted_or_known_to_be_of_no_tenant(region: Region) -> None:
    with region.house.open_work() as work:
        counted = work.estates.remains(region.commune.id, texts=[], contents=[])
    assert set(counted) | OF_NO_TENANT | {"tenants"} == set(metadata.tables)


def nothing(*_: object) -> None:
    """Stands in for what ought to remove something."""


def keep_vectors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SqlIndexLedger, "_drop_vectors_only_of", nothing)


def keep_rows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SqlEstateRepository, "clear", nothing)


@pytest.mark.parametrize(
    ("plant", "table"), [(keep_vectors, "vectors"), (keep_rows, "conversations")]
)
def test_what_stays_is_told_and_the_tenant_with_it(
    region: Region,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
    table: str,
) -> None:
    archive(region)
    plant(monkeypatch)

    report = region.organisation.eraser.erase(region.commune.id, principal=region.owner)

    assert not report.is_complete
    assert report.left.rows[table] > 0
    kept = region.organisation.tenants.get(region.commune.id, principal=region.owner)
    assert kept.state is TenantState.DELETED


def test_points_and_files_that_stay_are_told(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(region)
    monkeypatch.setattr(region.house.index, "remove_version", nothing)
    monkeypatch.setattr(region.house.files, "remove", nothing)

    report = region.organisation.eraser.erase(region.commune.id, principal=region.owner)

    assert (report.left.files, report.left.points) == (1, 2)


def test_a_point_of_a_version_that_no_row_tells_is_told(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(region)

    def forget_all(estates: object, tenant_id: str, *, now: datetime) -> list[VersionId]:
        return []

    monkeypatch.setattr(SqlEstateRepository, "retire", forget_all)
    monkeypatch.setattr(region.house.index, "remove_version", nothing)

    report = region.organisation.eraser.erase(region.commune.id, principal=region.owner)

    assert (report.found.points, report.left.points) == (2, 2)


def test_an_interrupted_erasure_is_taken_up_again(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(region)

    def fail(self: object, tenant_id: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SqlEstateRepository, "clear", fail)
    with pytest.raises(KeyboardInterrupt):
        region.organisation.eraser.erase(region.commune.id, principal=region.owner)
    monkeypatch.undo()
    assert region.scope_of(region.admin).is_empty

    report = region.organisation.eraser.erase(region.commune.id, principal=region.owner)

    assert report.is_complete
    with pytest.raises(NotFound):
        region.organisation.tenants.get(region.commune.id, principal=region.owner)


def test_only_an_archived_tenant_without_children_or_work_is_erased(region: Region) -> None:
    organisation, commune, owner = region.organisation, region.commune, region.owner

    def refusal() -> str:
        with pytest.raises(Conflict) as raised:
            organisation.eraser.erase(commune.id, principal=owner)
        return raised.value.code

    assert refusal() == "tenant_move_illegal"
    child = organisation.tenants.create(
        TenantChange(name="Hameau", parent_id=commune.id), principal=owner
    )
    archive(region)
    assert refusal() == "tenant_has_children"
    organisation.tenants.change(child.id, TenantChange(parent_id=owner.tenant_id), principal=owner)
    with pytest.raises(NotFound):
        organisation.eraser.erase(commune.id, principal=region.joined("x", tenant_id=child.id))
    with pytest.raises(Forbidden):
        organisation.eraser.erase(commune.id, principal=region.admin)
    assert organisation.eraser.erase(commune.id, principal=owner).is_complete


def test_a_tenant_at_one_of_whose_sources_somebody_looks_is_busy(region: Region) -> None:
    house, by = region.house, region.admin
    with house.open_work() as work:
        (collection,) = work.tenancy.list_collections(tenant_id=region.commune.id)
        now = house.clock.now()
        source = Source(
            id=SourceId("partage"),
            tenant_id=region.commune.id,
            collection_id=collection.id,
            kind=SourceKind.FOLDER,
            name="Partage",
            address="/partage",
            created_by=by.person_id,
            created_at=now,
        )
        work.sources.add(source, sealed="")
        run = SourceRun(
            id=SourceRunId("examen"),
            source_id=source.id,
            tenant_id=source.tenant_id,
            kind=RunKind.SYNC,
            state=RunState.QUEUED,
            asked_by=by.person_id,
            asked_at=now,
        )
        work.sources.add_run(run)
        work.source_queue.lease(owner="a", now=now, until=now + timedelta(seconds=30))
        work.commit()
    archive(region)

    with pytest.raises(Conflict) as raised:
        region.organisation.eraser.erase(region.commune.id, principal=region.owner)
    assert raised.value.code == "tenant_busy"
    house.clock.advance(31)
    assert region.organisation.eraser.erase(region.commune.id, principal=region.owner).is_complete


def test_the_tenant_of_the_owner_stays(region: Region) -> None:
    with pytest.raises(Conflict) as raised:
        region.organisation.tenants.move(
            region.owner.tenant_id, TenantState.SUSPENDED, principal=region.owner
        )
    assert raised.value.code == "tenant_of_owner"
