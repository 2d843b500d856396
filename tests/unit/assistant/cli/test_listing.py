"""A job as lines for a person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistant.cli.listing import show_job
from assistant.domain.catalogue import sentence
from assistant.schemas.documents import JobOut


def job(**changes: object) -> JobOut:
    now = datetime.now(UTC)
    kept = {
        "id": "traitement",
        "kind": "ingest",
        "source": "upload",
        "state": "running",
        "collection_id": "c",
        "created_at": now,
        "started_at": now,
        "finished_at": None,
        "total": 2,
        "done": 0,
        "counts": {"indexing": 2},
        "chunks": 0,
        "pages": 0,
        "elapsed_s": 3.0,
        "files_per_s": None,
        "left_s": None,
    }
    return JobOut.model_validate(kept | changes)


def test_what_the_index_cannot_take_now_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    full = sentence("index_disk_full")

    show_job(job(held_reason=full), failed=[], waiting=[])

    (line,) = [line for line in capsys.readouterr().out.splitlines() if full in line]
    assert line.startswith("  … 2 fichiers lus, à montrer dès que possible : ")
    assert line.endswith("L'indexation continue ensuite d'elle-même.")


def test_files_that_are_only_counted_any_more_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_job(job(state="succeeded", counts={"indexed": 2}, forgotten=2), failed=[], waiting=[])

    assert "  2 fichiers sans détail : ce traitement est trop ancien" in capsys.readouterr().out


def test_nothing_is_told_while_the_index_takes_all(capsys: pytest.CaptureFixture[str]) -> None:
    show_job(job(), failed=[], waiting=[])

    assert len(capsys.readouterr().out.splitlines()) == 2
