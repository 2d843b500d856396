from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistant.cli.following import Outcome, duration, pace, progress_display
from assistant.cli.ingesting import exit_code, summarise
from assistant.schemas.documents import JobItemOut, JobOut


def job(**changes: object) -> JobOut:
    fields: dict[str, object] = {
        "id": "j",
        "kind": "ingest",
        "source": "/actes",
        "state": "running",
        "collection_id": "c",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "started_at": None,
        "finished_at": None,
        "total": 40,
        "done": 10,
        "counts": {},
        "chunks": 123,
        "pages": 12,
        "elapsed_s": 5.0,
        "files_per_s": None,
        "left_s": None,
    }
    return JobOut.model_validate({**fields, **changes})


def failed(
    name: str, *, code: str = "file_empty", reason: str = "Le fichier est vide."
) -> JobItemOut:
    return JobItemOut(
        id="i",
        name=name,
        state="failed",
        document_id=None,
        chunks=0,
        pages=0,
        reason_code=code,
        reason=reason,
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (3725, "62 min 05 s")]
)
def test_durations_are_read_in_minutes_and_seconds(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_pace_tells_count_rate_and_time_left() -> None:
    assert pace(job()) == "10/40 fichiers, 123 passages"
    assert pace(job(files_per_s=1.25, left_s=24.0)) == (
        "10/40 fichiers, 123 passages, 1,25 fichier/s, reste 24 s"
    )


@pytest.mark.parametrize("is_watched", [True, False])
def test_progress_is_shown_from_the_first_moment(
    is_watched: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("assistant.cli.following.is_terminal", lambda: is_watched)

    with progress_display(is_quiet=True) as show:
        show(job(total=0, done=0))
        show(job(left_s=3.0))

    assert capsys.readouterr().out == ""


def test_outcomes_of_several_jobs_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome()
    outcome.add(job(total=3, counts={"indexed": 1, "unchanged": 1, "removed": 1}, chunks=5), [])
    outcome.add(job(total=2, counts={"failed": 1, "cancelled": 1}, chunks=0), [failed("a.pdf")])

    summarise(outcome)

    assert outcome.as_json()["failed"] == [
        {"file": "a.pdf", "code": "file_empty", "reason": "Le fichier est vide."}
    ]
    assert capsys.readouterr().out == (
        "4 fichiers : 1 indexé, 1 inchangé, 1 retiré, 1 annulé, 1 en échec ; 5 passages en 0 s.\n"
        "  ✗ a.pdf : Le fichier est vide.\n"
    )
    assert exit_code(outcome) == 3


def test_what_is_left_alone_is_named_and_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome()
    outcome.add(job(total=1, counts={"unchanged": 1}, chunks=0), [])
    outcome.skipped.append(("tube", "Ce n'est pas un fichier."))

    summarise(outcome)

    assert "  – tube : Ce n'est pas un fichier.\n" in capsys.readouterr().out
    assert exit_code(outcome) == 0


def test_an_unreadable_folder_is_no_file_and_keeps_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = Outcome()
    folder = failed("sous", code="folder_unreadable", reason="Le dossier ne peut pas être lu.")
    outcome.add(job(total=3, counts={"unchanged": 2, "failed": 1}, chunks=0), [folder])
    outcome.kept_sources.append("/actes")

    summarise(outcome)

    assert capsys.readouterr().out == (
        "2 fichiers : 2 inchangés, 1 dossier illisible ; 0 passage en 0 s.\n"
        "  ✗ sous : Le dossier ne peut pas être lu.\n"
        "« /actes » : rien n'a été retiré car un sous-dossier n'a pas pu être lu.\n"
    )
    assert outcome.as_json()["removal_skipped"] is True
    assert Outcome().as_json()["removal_skipped"] is False
    assert exit_code(outcome) == 3


def test_nothing_to_do_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome()
    outcome.add(job(total=2, counts={"unchanged": 2}, chunks=0), [])

    summarise(outcome)

    assert "Rien n'a changé" in capsys.readouterr().out
    assert exit_code(outcome) == 0
