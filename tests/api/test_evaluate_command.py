"""`assistant questions` and `assistant evaluate` against a real server in a thread."""

from __future__ import annotations

import csv
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant.cli import evaluating
from assistant.cli.evaluating import delete_sets, import_set, run_evaluation, show_sets
from assistant.cli.failures import ExitCode, Misuse
from assistant.cli.measures import open_table
from assistant.client import AssistantClient, ClientError
from assistant.domain.errors import NotFound
from tests.api.site import REGULATION, TOKEN, Site, served
from tests.api.test_evaluations import LIST

pytestmark = pytest.mark.anyio


@pytest.fixture
def client(site: Site) -> Iterator[AssistantClient]:
    with served(site) as url, closing(AssistantClient(url, token=TOKEN)) as client:
        yield client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "questions.csv"
    path.write_bytes(LIST.encode("cp1252"))
    return path


def told(written: str) -> list[str]:
    """What the command wrote, without the log of the service in the same process."""
    return [line for line in written.splitlines() if not re.match(r"\d{4}-\d\d-\d\d ", line)]


def put(file: Path, text: str) -> None:
    file.write_text(text, "utf-8")


async def test_a_set_goes_from_its_file_to_its_figures(
    site: Site, client: AssistantClient, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await site.upload({"reglement.txt": REGULATION})
    table = file.with_name("lignes.csv")

    kept = import_set(client, file, as_json=False)
    show_sets(client, as_json=False)
    code = run_evaluation(client, "questions.csv", table=open_table(table), as_json=False)

    written = told(capsys.readouterr().out)
    assert (kept, code) == (ExitCode.OK, ExitCode.OK)
    assert written[0] == written[1]
    assert written[0].endswith("3 questions, dont 1 sans réponse  questions.csv")
    assert written[2] == "questions.csv : 3/3 questions, 2 avec réponse, 1 sans réponse."
    figures = {line[:51].strip(): line[51:].strip() for line in written[3:]}
    assert figures["Bon document au premier rang"] == "100,0 %  [34,2 ; 100,0]  (2/2)"
    assert figures["Refus à raison"] == "0,0 %  [0,0 ; 79,3]  (0/1)"
    assert written[-1] == "  ligne 4 : réponse à tort — Quel est le tarif du ski ?"
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    assert [row["ligne"] for row in rows] == ["2", "3", "4"]
    assert rows[0]["verdict"] == "bonne source citée"
    assert rows[0]["sources citées"] == "reglement.txt"
    assert rows[2]["document attendu"] == "sans réponse"


async def test_json_holds_every_row(
    site: Site, client: AssistantClient, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await site.upload({"reglement.txt": REGULATION})

    import_set(client, file, as_json=True)
    code = run_evaluation(client, "questions.csv", table=None, as_json=True)

    added, detail = map(json.loads, told(capsys.readouterr().out))
    assert code == ExitCode.OK
    assert added["ignored_columns"] == []
    assert detail["evaluation"]["question_set"]["id"] == added["id"]
    assert [row["result"]["verdict"] for row in detail["rows"]][2] == "answered_wrongly"


def test_all_faulty_lines_are_told(
    client: AssistantClient, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(LIST + ";a.pdf;;\nQui paie ?;;;\n", "utf-8")

    assert import_set(client, file, as_json=False) == ExitCode.REFUSED

    first, *others = told(capsys.readouterr().err)
    assert first.startswith("Le jeu de questions n'est pas enregistré (2 à corriger).")
    assert [line[:12] for line in others] == ["  ligne 5 : ", "  ligne 6 : "]
    assert client.list_question_sets() == []


def test_columns_that_were_not_used_are_told(
    client: AssistantClient, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("question;documents;document\nQui ?;x;a.pdf\n", "utf-8")

    assert import_set(client, file, as_json=False) == ExitCode.OK
    assert "Colonnes non utilisées : « documents »." in capsys.readouterr().err


def test_an_unreadable_file_is_refused(client: AssistantClient, tmp_path: Path) -> None:
    with pytest.raises(ClientError) as absent:
        import_set(client, tmp_path / "absent.csv", as_json=False)
    (tmp_path / "vide.csv").touch()
    with pytest.raises(ClientError) as empty:
        import_set(client, tmp_path / "vide.csv", as_json=False)

    assert (absent.value.code, empty.value.code) == ("file_unreadable", "file_empty")


def test_the_newest_of_a_name_is_taken_and_each_may_be_deleted(
    client: AssistantClient, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older, newer = (client.add_question_set(file) for _ in range(2))

    assert evaluating.find_set(client, "questions.csv").id == newer.id
    assert evaluating.find_set(client, older.id).id == older.id
    with pytest.raises(NotFound):
        evaluating.find_set(client, "inconnu")
    code = delete_sets(client, ["questions.csv", "inconnu", older.id])

    written = capsys.readouterr()
    assert code == ExitCode.REFUSED
    assert "« inconnu »" in written.err
    assert [line.split()[0] for line in told(written.out)] == [newer.id, older.id]
    assert client.list_question_sets() == []


def test_a_table_that_cannot_be_written_stops_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="ne peut pas être écrit"):
        open_table(tmp_path / "absent" / "lignes.csv")


async def test_a_cell_that_looks_like_a_formula_is_inert(
    site: Site, client: AssistantClient, file: Path
) -> None:
    await site.upload({"reglement.txt": REGULATION})
    put(file, "question;document\n=HYPERLINK(A1) ?;reglement.txt\n")
    table = file.with_name("lignes.csv")

    import_set(client, file, as_json=False)
    run_evaluation(client, "questions.csv", table=open_table(table), as_json=True)

    assert "'=HYPERLINK(A1) ?" in table.read_text("utf-8-sig")


async def test_an_interrupt_cancels_the_evaluation(
    site: Site,
    client: AssistantClient,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import_set(client, file, as_json=False)
    people = vars(site.container.evaluation_runner)
    people["_is_busy"] = lambda: True  # people ask: nothing is evaluated meanwhile

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluating, "time", _Clock(interrupt))
    with pytest.raises(KeyboardInterrupt):
        run_evaluation(client, "questions.csv", table=None, as_json=False)
    people["_is_busy"] = lambda: False

    assert "Évaluation annulée" in capsys.readouterr().err
    deadline = time.monotonic() + 20
    while client.list_evaluations()[0].state == "running" and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert client.list_evaluations()[0].state == "cancelled"


class _Clock:
    """Stands for the module `time` in the follower."""

    monotonic = staticmethod(time.monotonic)

    def __init__(self, sleep: object) -> None:
        self.sleep = sleep
