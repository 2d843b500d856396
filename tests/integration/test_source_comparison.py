"""Sources and their documents compared, over rows that disagree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.domain.documents import DocumentState
from assistant.domain.ids import DocumentId, SourceId, new_id
from assistant.domain.reconciliation import Defect, Reconciliation
from assistant.domain.sources import RunKind, RunState, Source, SourceFile, SourceKind
from assistant.services.reconciliation import Reconciler
from assistant.services.reconciling_tally import Tally
from tests.house import House, open_house

pytestmark = pytest.mark.each_engine

FILES = {"eau.txt": "Le tarif de l'eau est de 3 euros.", "halle.txt": "Les étals ouvrent à 8 h."}


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    opened = open_house(tmp_path, database_url=database_url)
    opened.ingest(FILES)
    yield opened
    opened.close()


def verify(house: House, *, is_repair: bool = False) -> Reconciliation:
    return Reconciler(house.open_work, house.index, house.files, house.clock).run(
        Tally(), is_repair=is_repair
    )


def watched(house: House, kind: SourceKind = SourceKind.FOLDER) -> Source:
    """A source whose documents are those of the house, and whose last look agrees with them."""
    found = list(house.all_documents().values())
    source = Source(
        id=SourceId(new_id()),
        tenant_id=found[0].tenant_id,
        collection_id=found[0].collection_id,
        kind=kind,
        name="Partage",
        address="/srv/partage",
        created_by=house.principal.person_id,
        created_at=house.clock.now(),
    )
    with house.open_work() as work:
        work.sources.add(source, sealed="")
        for document in found:
            work.documents.update(replace(document, source=source.label))
        files = [SourceFile(each.name, each.size_bytes, "1", each.sha256) for each in found]
        work.source_queue.remember(source.id, files)
        work.commit()
    return source


def plant(house: House, source: Source, defect: Defect) -> str:
    """Have one thing disagree; what names it."""
    document = house.all_documents()["eau.txt"]
    with house.open_work() as work:
        if defect is Defect.SOURCE_MISSING:
            lost = SourceFile("perdu.txt", 3, "1", "0" * 64)
            work.source_queue.remember(source.id, [lost])
        elif defect is Defect.SOURCE_ORPHAN:
            work.source_queue.forget(source.id, ["eau.txt"])
        else:
            changed = SourceFile("eau.txt", 3, "2", "0" * 64)
            work.source_queue.remember(source.id, [changed])
        work.commit()
    return source.id if defect is Defect.SOURCE_MISSING else document.id


def test_a_source_that_agrees_is_no_finding(house: House) -> None:
    watched(house)

    assert verify(house).is_clean


@pytest.mark.parametrize(
    "defect", [Defect.SOURCE_MISSING, Defect.SOURCE_ORPHAN, Defect.SOURCE_CHANGED]
)
def test_what_disagrees_is_told_and_the_source_is_looked_at_again(
    house: House, defect: Defect
) -> None:
    source = watched(house)
    named = plant(house, source, defect)

    seen = verify(house)
    with house.open_work() as work:
        before = work.sources.open_run(source.id, scope=house.scope)
    mended = verify(house, is_repair=True)
    with house.open_work() as work:
        run = work.sources.open_run(source.id, scope=house.scope)

    (finding,) = seen.findings
    assert (finding.defect, finding.count, finding.mended) == (defect, 1, 0)
    assert finding.examples == (named,)
    assert before is None
    assert [each.mended for each in mended.findings] == [1]
    assert run is not None
    assert (run.kind, run.state) == (RunKind.SYNC, RunState.QUEUED)
    assert verify(house).is_clean, "a source that is about to be looked at is left alone"


def test_what_a_program_sends_is_told_and_left_to_it(house: House) -> None:
    source = watched(house, SourceKind.PUSH)
    plant(house, source, Defect.SOURCE_CHANGED)

    mended = verify(house, is_repair=True)

    assert [each.mended for each in mended.findings] == [0]
    assert not mended.is_settled


def test_documents_of_a_removed_source_and_failed_ones_are_no_finding(house: House) -> None:
    source = watched(house)
    document = house.all_documents()["eau.txt"]
    failed = replace(
        document,
        id=DocumentId(new_id()),
        name="illisible.txt",
        state=DocumentState.FAILED,
        sha256="",
        live_version_id=None,
    )
    with house.open_work() as work:
        work.documents.add(failed)
        work.commit()

    assert verify(house).is_clean
    with house.open_work() as work:
        work.sources.delete(source.id, scope=house.scope)
        work.commit()
    assert verify(house).is_clean
