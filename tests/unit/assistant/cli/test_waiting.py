"""What a job waits for is told within seconds, once, and not drowned in repetitions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from assistant.cli import waiting
from assistant.cli.waiting import Patience
from assistant.client import AssistantClient
from assistant.domain.catalogue import sentence
from assistant.domain.errors import ConfigurationError
from assistant.schemas.service import ReadyOut
from tests.unit.assistant.cli.test_following import job

DOWN = sentence("embedder_unavailable")


@dataclass
class Service:
    """Says what works."""

    embedder: bool = True
    worker_refused: bool = False
    indexing_trouble: str | None = None
    asked: int = field(default=0)

    def ready(self) -> ReadyOut:
        self.asked += 1
        return ReadyOut(
            status="degraded",
            database=True,
            index=True,
            embedder=self.embedder,
            worker=not self.worker_refused,
            worker_refused=self.worker_refused,
            model="none",
            detail=[],
            indexing_trouble=self.indexing_trouble,
        )


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def patience(service: Service, monkeypatch: pytest.MonkeyPatch) -> Patience:
    monkeypatch.setattr(waiting, "_PATIENCE_S", 0.0)
    return Patience(cast("AssistantClient", service))


def test_a_file_that_waits_says_why_and_until_when_at_once(
    patience: Patience, capsys: pytest.CaptureFixture[str]
) -> None:
    later = datetime.now(UTC) + timedelta(seconds=40)
    for _ in range(5):
        patience.check(job(waiting_reason=DOWN, next_try_at=later))

    said = capsys.readouterr().err
    assert said.count(DOWN) == 1
    assert "40 s" in said
    assert "Ctrl-C" in said


def test_an_embedder_that_vanished_is_told_before_any_file_has_failed(
    service: Service, patience: Patience, capsys: pytest.CaptureFixture[str]
) -> None:
    service.embedder = False
    for _ in range(5):
        patience.check(job())

    assert capsys.readouterr().err.count(DOWN) == 1


def test_an_index_that_takes_nothing_is_told(
    service: Service, patience: Patience, capsys: pytest.CaptureFixture[str]
) -> None:
    service.indexing_trouble = sentence("disk_full")
    for _ in range(5):
        patience.check(job(counts={"indexing": 1}))

    assert capsys.readouterr().err.count(sentence("disk_full")) == 1


def test_a_job_that_gets_on_asks_nobody_and_says_nothing(
    service: Service, patience: Patience, capsys: pytest.CaptureFixture[str]
) -> None:
    for done in range(5):
        patience.check(job(done=done))

    assert (service.asked, capsys.readouterr().err) == (0, "")


def test_another_reason_is_told_and_the_same_again_after_a_minute(
    patience: Patience, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    full = sentence("disk_full")
    patience.check(job(waiting_reason=DOWN, next_try_at=now))
    patience.check(job(waiting_reason=full, next_try_at=now))
    monkeypatch.setattr(waiting, "_AGAIN_S", 0.0)
    patience.check(job(waiting_reason=full, next_try_at=now + timedelta(seconds=90)))

    lines = capsys.readouterr().err.splitlines()
    assert [DOWN in line for line in lines] == [True, False, False]
    assert [full in line for line in lines] == [False, True, True]


def test_other_work_is_told_in_its_own_words(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    patience = Patience(cast("AssistantClient", service), words="import_waits")
    patience.check(job(waiting_reason=DOWN))
    patience.check(job(waiting_reason=DOWN, next_try_at=datetime.now(UTC)))
    monkeypatch.setattr(waiting, "_AGAIN_S", 0.0)
    patience.check(job(waiting_reason=DOWN, next_try_at=datetime.now(UTC)))

    said = capsys.readouterr().err
    assert "même après Ctrl-C" in said
    assert "annule" not in said
    assert "1 s" in said


def test_a_worker_that_cannot_start_ends_the_wait(service: Service, patience: Patience) -> None:
    service.worker_refused = True
    patience.check(job())

    with pytest.raises(ConfigurationError):
        patience.check(job())
