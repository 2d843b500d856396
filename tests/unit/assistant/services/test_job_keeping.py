"""The files of a job that ended long ago are only counted any more; so are they told."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, QuotaExceeded, StorageError
from assistant.domain.jobs import ItemState, JobState
from assistant.services.job_keeping import JobKeeper
from tests.house import House
from tests.sources import Desk

DAY = 86_400.0
FILES = {"a.txt": "Texte A", "b.txt": "damaged", "c.txt": "Texte C"}
COUNTS = {ItemState.INDEXED: 2, ItemState.FAILED: 1}


def keeper_of(house: House) -> JobKeeper:
    return JobKeeper(house.open_work, house.clock, days=90)


@pytest.mark.each_engine
def test_an_old_job_keeps_its_counts_and_what_still_fails(house: House) -> None:
    job = house.ingest(FILES)
    house.clock.advance(89 * DAY)
    keeper_of(house).look()
    assert len(house.items(job)) == 3

    house.clock.advance(2 * DAY)
    keeper_of(house).look()

    found, progress = house.jobs.get(job.id, scope=house.scope)
    assert found.state is JobState.PARTLY_FAILED
    assert (progress.counts, progress.total, progress.done) == (COUNTS, 3, 3)
    assert (progress.chunks, progress.forgotten) == (2, 2)
    assert {name: item.reason for name, item in house.items(job).items()} == {
        "b.txt": Reason("file_damaged", {})
    }
    assert set(house.live_texts()) == {"a.txt", "c.txt"}


def test_a_failure_that_is_over_is_forgotten_too(house: House) -> None:
    job = house.ingest(FILES)
    house.ingest({**FILES, "b.txt": "Texte B"})
    house.clock.advance(91 * DAY)

    keeper_of(house).look()

    assert house.items(job) == {}
    with pytest.raises(Conflict) as refused:
        house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    assert refused.value.code == "nothing_to_retry"


def test_a_retried_job_ends_by_all_that_it_ever_did(house: House) -> None:
    job = house.ingest(FILES)
    house.clock.advance(91 * DAY)
    keeper_of(house).look()

    house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    house.settle()

    found, progress = house.jobs.get(job.id, scope=house.scope)
    assert (found.state, progress.counts) == (JobState.PARTLY_FAILED, COUNTS)


def test_it_looks_once_a_day_and_again_after_a_failure(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = keeper_of(house)
    keeper.look()
    job = house.ingest(FILES)
    house.clock.advance(91 * DAY)
    with monkeypatch.context() as broken:
        broken.setattr(keeper, "_forget", _fail)
        keeper.look()
    assert len(house.items(job)) == 3

    keeper.look()

    assert len(house.items(job)) == 1


def _fail() -> int:
    raise StorageError("database_unreachable")


def test_too_many_announced_files_are_refused_whole(house: House) -> None:
    house.ingestion = house.new_ingestion(max_files=3)
    house.announce(FILES)

    with pytest.raises(QuotaExceeded) as refused:
        house.announce({**FILES, "d.txt": "Texte D"}, source="/autre")

    assert refused.value.code == "quota_announced_files"
    assert "annonce 4 fichiers ; un traitement en accepte 3 au plus" in refused.value.sentence
    assert len(house.jobs.list_recent(scope=house.scope, limit=9)) == 1


@pytest.mark.parametrize("is_complete", [True, False])
def test_too_many_open_jobs_are_refused(house: House, *, is_complete: bool) -> None:
    house.ingestion = house.new_ingestion(max_open_jobs=2)
    first = house.submit({"a.txt": "Texte A"}, source="/un", is_complete=is_complete)
    house.announce({"b.txt": "Texte B"}, source="/deux", is_complete=is_complete)

    with pytest.raises(QuotaExceeded) as refused:
        house.announce({"c.txt": "Texte C"}, source="/trois", is_complete=is_complete)
    again = house.submit({"a.txt": "Texte A"}, source="/un", is_complete=is_complete)

    assert refused.value.code == "quota_open_jobs"
    assert refused.value.retry_after_s
    assert again.id == first.id
    house.settle()
    house.announce({"c.txt": "Texte C"}, source="/trois", is_complete=is_complete)
    unchanged, _ = house.announce({"a.txt": "Texte A"}, source="/un", is_complete=is_complete)
    assert house.state_of(unchanged).state is JobState.SUCCEEDED


def test_looks_at_sources_count_for_no_open_jobs(house: House, tmp_path: Path) -> None:
    house.ingestion = house.new_ingestion(max_open_jobs=1)
    desk = Desk(house, tmp_path / "partage")
    desk.write({"a.txt": "Texte A"})
    source = desk.add()
    desk.ask(source)
    desk.runner.run_once()

    house.announce({"b.txt": "Texte B"})
    desk.write({"c.txt": "Texte C"})
    desk.ask(source)
    desk.runner.run_once()
    house.settle()

    assert set(house.live_texts()) == {"a.txt", "c.txt"}
