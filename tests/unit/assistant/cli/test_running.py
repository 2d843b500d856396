from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.cli.failures import ExitCode, exit_code_of, sentence_of
from assistant.client.errors import ClientError, client_error
from assistant.domain.errors import (
    ConfigurationError,
    Conflict,
    InvalidInput,
    NotFound,
    StorageError,
)
from assistant.schemas.wire import Problem

HEAVY = (
    "fastapi",
    "streamlit",
    "sqlalchemy",
    "qdrant_edge",
    "numpy",
    "rich.console",
    "httpx",
    "uvicorn",
)


def test_help_is_french_and_imports_nothing_heavy() -> None:
    program = (
        "import sys; from assistant.cli import main; code = main(['--help'])\n"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stderr.strip() == "0 []"
    assert done.stdout.startswith("Utilisation : assistant")
    assert "Commandes :" in done.stdout
    assert not any(word in done.stdout for word in ("Usage", "Options:", "Show this"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["serch"], "La commande « serch » n'existe pas."),
        (["search", "--jsn", "x"], "L'option --jsn n'existe pas."),
        (["search", "-k", "0", "x"], "La valeur donnée à -k doit être d'au moins 1."),
        (["search", "-k", "101", "x"], "La valeur donnée à -k doit être d'au plus 100."),
        (["search", "-k", "a", "x"], "La valeur donnée à -k doit être un entier."),
        (["search", "a", "b"], "Ces mots sont de trop : b."),
        (["search", "-k"], "L'option -k demande une valeur."),
        (["ingest"], "Il manque CHEMIN… « assistant --help »"),
        (["documents", "delete"], "Il manque ID… « assistant --help »"),
        (["documents", "show"], "Il manque ID|NOM. « assistant --help »"),
        (["search", "caf\udce9"], "« caf\ufffd » n'est pas en UTF-8."),
        (["ask", "--after", "\udce9", "a"], "« \ufffd » n'est pas en UTF-8."),
        (["ingest", "/nulle/part/\udce9"], "« /nulle/part/\ufffd » n'est pas en UTF-8."),
        (["search"], "Donnez soit un texte, soit un fichier avec « --queries »."),
        (["ask", " "], "La question est vide."),
        (["ingest", "/nulle/part"], "Le chemin « /nulle/part » n'existe pas."),
    ],
)
def test_misuse_is_one_french_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(words)

    written = capsys.readouterr()
    assert code == ExitCode.USAGE
    assert written.out == ""
    assert written.err.startswith(sentence)
    assert written.err.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["documents"], ["jobs"], ["index"], ["db"]])
def test_a_bare_command_shows_its_help(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(words)

    written = capsys.readouterr()
    assert (code, written.err) == (ExitCode.OK, "")
    assert written.out.startswith(" ".join(["Utilisation : assistant", *words, "[OPTIONS]"]))


COMMANDS = (
    ["documents", "list"],
    ["ask", "Oui ?"],
    ["settings"],
    ["link"],
    ["index", "rebuild"],
    ["db", "check"],
)


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ASSISTANT_MODEL_URL": "ftp://x"}, "« model.url » n'est pas une adresse http://"),
        ({"ASSISTANT_DATA_DIR": "/etc/passwd"}, "« /etc/passwd » n'est pas un dossier."),
        ({"ASSISTANT_DATA_DIR": "/etc/passwd/x"}, "car « /etc/passwd » n'est pas un dossier."),
        ({"ASSISTANT_DATA_DIR": " "}, "data_dir (variable ASSISTANT_DATA_DIR)"),
    ],
)
def test_every_command_refuses_what_nothing_can_be_built_from(
    words: list[str],
    variables: dict[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in ({"ASSISTANT_DATA_DIR": str(tmp_path / "data")} | variables).items():
        monkeypatch.setenv(name, value)

    code = main(words)

    written = capsys.readouterr()
    assert (code, written.out) == (ExitCode.CONFIGURATION, "")
    assert said in written.err
    assert "assistant settings" not in written.err
    assert not (tmp_path / "data").exists()


def test_a_wrong_setting_ends_with_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "a.toml"
    config.write_text("[server]\nport = 'x'", "utf-8")

    code = main(["--config", str(config), "settings"])

    assert code == ExitCode.CONFIGURATION
    assert capsys.readouterr().err.startswith("Les réglages sont refusés : server.port")


def test_another_host_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))

    code = main(["serve", "--host", "0.0.0.0"])  # noqa: S104 - refused

    assert code == ExitCode.CONFIGURATION
    assert "refuse d'écouter sur « 0.0.0.0 »" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def problem(status: int) -> ClientError:
    return ClientError(
        Problem(
            type="t", title="t", status=status, detail="d.", instance="", code="c", request_id=""
        )
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("server_absent", path="p"), ExitCode.SERVICE),
        (ConfigurationError("host_not_loopback", host="h"), ExitCode.CONFIGURATION),
        (NotFound(), ExitCode.REFUSED),
        (Conflict("archive_exists", path="p"), ExitCode.REFUSED),
        (InvalidInput("archive_unreadable"), ExitCode.REFUSED),
        (StorageError(), ExitCode.SERVICE),
        (problem(404), ExitCode.REFUSED),
        (problem(503), ExitCode.SERVICE),
        (client_error("server_unreachable", instance="", url="u"), ExitCode.SERVICE),
        (client_error("response_invalid", instance="", status=200), ExitCode.SERVICE),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (ValueError("détail interne"), ExitCode.UNEXPECTED),
    ],
)
def test_every_error_has_an_exit_code_and_a_sentence(error: BaseException, code: int) -> None:
    assert exit_code_of(error) == code
    assert sentence_of(error).rstrip(")").endswith(".")
    assert "détail interne" not in sentence_of(error)


def test_every_exit_code_is_documented() -> None:
    page = (Path(__file__).parents[4] / "docs" / "cli.md").read_text("utf-8")

    assert [code for code in ExitCode if f"\n| {int(code)} | " not in page] == []


def test_an_evaluation_in_a_folder_without_instance_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mistyped, table = tmp_path / "dataa", tmp_path / "lignes.csv"
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(mistyped))

    code = main(["evaluate", "questions.csv", "--csv", str(table)])

    assert code == ExitCode.CONFIGURATION
    assert f"Le dossier « {mistyped} » ne contient aucune instance" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
