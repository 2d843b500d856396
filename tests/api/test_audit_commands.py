"""`assistant audit`: verified with exit codes, exported and resolved, against a real server."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.adapters.audit.heads import FileHeadSink
from assistant.adapters.sql.database import Database, open_database
from assistant.cli.app import app
from assistant.cli.auditing import asked
from assistant.cli.failures import Misuse
from assistant.data_folder import prepare_data_folder
from assistant.services.audit_heads import HeadKeeper
from assistant.services.audit_trail import CountingAuditTrail
from assistant.testing.clock import FrozenClock
from assistant.testing.contracts.repositories_audit import keep, make_entry
from tests.api.test_organisation_commands import Run, run
from tests.unit.assistant.services.organisations import KeptAudit

__all__ = ["run"]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a service that has recorded five acts and noted the head."""
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_AUDIT_HEADS_FILE", str(tmp_path / "heads.jsonl"))
    folder = prepare_data_folder(tmp_path / "data")
    database = open_database(folder.database, migrate=True)
    keep(database.unit_of_work, *(make_entry("t") for _ in range(5)))
    note(database, tmp_path / "heads.jsonl")
    database.close()
    return tmp_path


def note(database: Database, path: Path) -> None:
    clock = FrozenClock()
    keeper = HeadKeeper(
        database.unit_of_work,
        clock,
        sink=FileHeadSink(path),
        counts=CountingAuditTrail(KeptAudit(), clock),
    )
    assert keeper.note(at_end=True)


def verified(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["audit", "verify", *words], standalone_mode=False)
    assert done.exception is None
    return int(done.return_value), done.stdout


def tamper(log: Path, statement: str) -> None:
    connection = sqlite3.connect(log / "data" / "assistant.sqlite3")
    with connection:
        connection.execute(statement)
    connection.close()


def test_an_intact_log_ends_with_zero(log: Path) -> None:
    code, told = verified()

    assert code == 0
    assert "Journal d'audit intact : 5 entrées, 1 empreintes retrouvées." in told
    found = json.loads(verified("--json")[1])
    assert (found["entries"], found["heads"], found["fault"]) == (5, 1, None)


def test_a_changed_entry_ends_with_four_and_is_named(log: Path) -> None:
    tamper(log, "UPDATE audit_entries SET actor = 'x' WHERE number = 3")

    code, told = verified()

    assert code == 4
    assert "Journal d'audit rompu à l'entrée 3 : son contenu a été changé." in told
    assert json.loads(verified("--json")[1])["fault"] == {"number": 3, "kind": "changed"}


def test_an_end_cut_off_ends_with_four_and_names_the_head(log: Path) -> None:
    tamper(log, "DELETE FROM audit_entries WHERE number > 2")

    code, told = verified()

    assert code == 4
    assert "pour l'entrée 5 n'est plus celle du journal" in told
    assert "intact" not in told


def test_a_damaged_line_of_the_heads_ends_with_four(log: Path) -> None:
    with (log / "heads.jsonl").open("a") as file:
        file.write("coupé")

    code, told = verified()

    assert code == 4
    assert "la ligne 2 est illisible" in told


def test_entries_are_exported_and_resolved(run: Run, tmp_path: Path) -> None:
    run("groups", "create", "Finances")
    run("keys", "create", "Site", "--allow", "read")
    file = tmp_path / "audit.jsonl"

    run("audit", "export", "--act", "group.created", "--format", "jsonl", "-o", str(file))
    [event] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    table = run("audit", "export", "--from", "2026-01-01", "--to", "2100-01-01")
    nothing = run("audit", "export", "--to", "2001-01-01")
    owner = json.loads(run("audit", "who", event["actor"]["user"]["uid"], "--json"))
    shown = run("audit", "who", event["actor"]["user"]["uid"])

    assert event["message"] == "group.created"
    assert [line.split(";")[1] for line in table.splitlines()] == [
        "act", "group.created", "key.created", "audit.exported",
    ]  # fmt: skip
    assert len(nothing.splitlines()) == 1
    assert owner["person_id"] == "local"
    assert shown.startswith("local  Propriétaire")


def test_what_cannot_be_understood_is_a_misuse(run: Run, tmp_path: Path) -> None:
    for words in (
        ["--from", "hier"],
        ["--to", "2026-13-45"],
        ["--format", "xml"],
        ["-o", str(tmp_path / "absent" / "a.csv")],
    ):
        with pytest.raises(Misuse):
            run("audit", "export", *words)


def test_a_last_day_is_whole() -> None:
    wanted = asked(since="2026-03-02", until="2026-03-02", acts=None, tenant=None)

    assert str(wanted["since"])[:19] == "2026-03-02T00:00:00"
    assert str(wanted["until"])[:19] == "2026-03-03T00:00:00"
