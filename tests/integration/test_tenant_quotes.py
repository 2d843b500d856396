"""An erased tenant: its words leave the answers that others were given, and its begun uploads the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from assistant.adapters.sql.estates import SqlEstateRepository
from assistant.adapters.sql.tables import metadata
from assistant.domain.answers import AnswerCompleted
from assistant.domain.documents import SourceChunk
from assistant.domain.ids import AnswerId, TenantId
from assistant.domain.tenants import TenantState
from assistant.services.tenant_erasure import ErasureReport
from tests.house import House, open_house
from tests.kept_answers import keep_answer
from tests.unit.assistant.services.organisations import Region

SECRET = "Le budget de la fanfare municipale est de 4 321 euros."
FORMER = "La fanfare municipale jouait le lundi."
NAME = "fanfare municipale.txt"
SAID = "Selon la fanfare municipale"
OURS = "Texte de la région"
TRACE = "fanfare municipale"

pytestmark = pytest.mark.each_engine


@pytest.fixture
def region(tmp_path: Path, database_url: str) -> Iterator[Region]:
    house = open_house(tmp_path / "data", database_url=database_url)
    house.ingest({"région.txt": OURS})
    region = Region(house)
    region.ingest(NAME, SECRET)
    region.ingest("ancien.txt", FORMER)
    yield region
    house.close()


def chunk_of(region: Region, name: str, *, is_ours: bool = False) -> SourceChunk:
    house = region.house
    scope = house.scope if is_ours else house.access.owned_scope(region.admin)
    with house.open_work() as work:
        (document,) = (
            each
            for each in work.documents.list_page(scope=scope, limit=9, offset=0)
            if each.name == name
        )
        return work.chunks.list_of_document(document.id, scope=scope, limit=1, offset=0)[0]


def archive(region: Region) -> None:
    for state in (TenantState.SUSPENDED, TenantState.CLOSED, TenantState.ARCHIVED):
        region.organisation.tenants.move(region.commune.id, state, principal=region.owner)


def erase(region: Region) -> ErasureReport:
    return region.organisation.eraser.erase(region.commune.id, principal=region.owner)


def rows_with(house: House, text: str) -> list[str]:
    with house.database.engine.connect() as connection:
        return [
            table.name
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
            if text in repr(tuple(row))
        ]


def files_with(house: House, text: str) -> list[str]:
    return [
        path.name
        for path in house.root.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    ]


def end_of(house: House, answer_id: AnswerId) -> AnswerCompleted:
    with house.open_work() as work:
        end = work.answers.events_after(answer_id, number=0, scope=house.scope)[-1].event
    assert isinstance(end, AnswerCompleted)
    return end


def delete(region: Region, chunk: SourceChunk) -> None:
    region.house.documents.delete(
        chunk.document_id,
        principal=region.admin,
        scope=region.house.access.owned_scope(region.admin),
    )
    region.house.settle()


def test_what_others_were_answered_from_it_goes_with_it(region: Region) -> None:
    house, ours = region.house, chunk_of(region, "région.txt", is_ours=True)
    former = chunk_of(region, "ancien.txt")
    touched = keep_answer(house, chunk_of(region, NAME), ours, text=f"{SAID} [1].")
    keep_answer(house, former, text=f"{SAID} [1].")
    other = keep_answer(house, ours, text="Selon la région [1].")
    delete(region, former)
    archive(region)

    report = erase(region)

    assert (report.found.quotes, report.left.quotes, report.is_complete) == (2, 0, True)
    assert rows_with(house, TRACE) == []
    house.database.clear_deleted()
    assert files_with(house, TRACE) == []
    end = end_of(house, touched)
    assert ([each.code for each in end.notices], end.text) == (["answer_erased"], "")
    assert [each.chunk.text for each in end.citations] == [OURS]
    assert end_of(house, other).text == "Selon la région [1]."


def test_an_answer_that_keeps_its_quotes_is_told(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_answer(region.house, chunk_of(region, NAME), text=f"{SAID} [1].")
    archive(region)

    def keep(*_: object, tenant_id: TenantId) -> None:
        """Stands in for what ought to take quotes away."""

    monkeypatch.setattr(SqlEstateRepository, "erase_quotes", keep)
    report = erase(region)
    monkeypatch.undo()

    assert (report.left.quotes, report.is_complete) == (1, False)
    assert erase(region).is_complete
    assert rows_with(region.house, TRACE) == []


def test_many_answers_go_in_several_transactions(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk, batches = chunk_of(region, NAME), list[int]()
    for _ in range(45):
        keep_answer(region.house, chunk, text=f"{SAID} [1].")
    archive(region)
    plain = SqlEstateRepository.erase_quotes

    def interrupted(
        self: SqlEstateRepository, answer_ids: list[AnswerId], *, tenant_id: TenantId
    ) -> None:
        batches.append(len(answer_ids))
        if len(batches) == 2:
            raise KeyboardInterrupt
        plain(self, answer_ids, tenant_id=tenant_id)

    monkeypatch.setattr(SqlEstateRepository, "erase_quotes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        erase(region)
    report = erase(region)

    assert batches == [20, 20, 20, 5]
    assert (report.found.quotes, report.is_complete) == (25, True)


def test_what_was_sent_of_a_file_goes_with_it(region: Region) -> None:
    house, own = region.house, region.commune.id
    house.parts.append(own, "a", offset=0, block=SECRET.encode())
    house.parts.append(own, "b", offset=0, block=b"b")
    house.parts.append(house.principal.tenant_id, "a", offset=0, block=b"abc")
    archive(region)

    report = erase(region)

    assert (report.found.parts, report.left.parts, report.is_complete) == (2, 0, True)
    assert house.parts.count(own) == 0
    assert house.parts.held_bytes(house.principal.tenant_id) == 3
    house.database.clear_deleted()
    assert files_with(house, TRACE) == []


def test_what_stays_of_a_begun_file_is_told(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    region.house.parts.append(region.commune.id, "a", offset=0, block=b"abc")
    archive(region)

    def keep(owner: TenantId) -> None:
        """Stands in for what ought to remove them."""

    monkeypatch.setattr(region.house.parts, "drop_all", keep)

    report = erase(region)

    assert (report.left.parts, report.is_complete) == (1, False)
