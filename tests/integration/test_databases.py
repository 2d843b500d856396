"""From the setting `database.url` to a service at work, by the commands that an operator types."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant import doctor
from assistant.bootstrap import build
from assistant.cli import main
from assistant.containers import Container, WorkerContainer
from assistant.data_folder import prepare_data_folder
from assistant.databases import open_store
from assistant.doctor import Check, CheckState, examine
from assistant.domain.errors import ConfigurationError
from assistant.domain.jobs import JobState
from assistant.settings import DatabaseSettings, Settings
from assistant.testing.embedder import HashEmbedder
from tests.databases import PostgresqlServer
from tests.house import LineReader
from tests.integration.test_bootstrap import ingest

PASSWORD = "m0t-de-passe"
NOBODY = f"postgresql://compte:{PASSWORD}@127.0.0.1:1/base?application_name=x"
"""Where no server listens."""


@pytest.fixture
def empty_url(postgresql: PostgresqlServer) -> Generator[str]:
    with postgresql.new_database(template="template1") as url:
        yield url


@pytest.fixture
def light_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    def embedder(settings: Settings, *, role: str) -> HashEmbedder:
        del settings, role
        return HashEmbedder(dimensions=32)

    monkeypatch.setattr(doctor, "build_embedder", embedder)


def settings_of(tmp_path: Path, url: str, *, migrate_at_start: bool = False) -> Settings:
    database = DatabaseSettings(url=SecretStr(url), migrate_at_start=migrate_at_start)
    return Settings(data_dir=tmp_path / "data", database=database)


def web(settings: Settings) -> Container:
    embedder = HashEmbedder(dimensions=32)
    return build(settings, role="web", embedder=embedder, reader=LineReader())


def worker(settings: Settings) -> WorkerContainer:
    embedder = HashEmbedder(dimensions=32)
    return build(settings, role="worker", embedder=embedder, reader=LineReader())


def run(words: list[str], *, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_DATABASE_URL", url)
    return main(words)


def database_check(settings: Settings) -> Check:
    return next(check for check in examine(settings) if check.name == "database")


def test_a_server_is_upgraded_by_command_then_served(
    tmp_path: Path,
    empty_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = settings_of(tmp_path, empty_url)
    with pytest.raises(ConfigurationError) as refused:
        web(settings)
    assert refused.value.code == "database_outdated"
    assert "assistant db upgrade" in refused.value.sentence

    def command(*words: str) -> tuple[int, str]:
        code = run([*words], tmp_path=tmp_path, url=empty_url, monkeypatch=monkeypatch)
        said = capsys.readouterr()
        return code, said.out + said.err

    code, said = command("db", "check")
    assert (code, "assistant db upgrade" in said) == (4, True)
    code, said = command("db", "upgrade", "--json")
    assert (code, json.loads(said)["changed"]) == (0, True)
    code, said = command("db", "upgrade")
    assert (code, "déjà à jour : PostgreSQL" in said) == (0, True)
    code, said = command("db", "check")
    assert (code, "intacte et à jour : PostgreSQL" in said) == (0, True)

    with closing(web(settings)) as container, closing(worker(settings)) as hand:
        container.start()
        scope = container.access.scope_of(container.access.local_principal())
        assert ingest(container, hand, "Règlement\nAide de dix euros") is JobState.SUCCEEDED
        hits = container.search.search("dix euros", limit=5, scope=scope)
    assert hits[0].chunk.text == "Aide de dix euros"
    assert not (settings.data_dir / "assistant.sqlite3").exists()


def test_a_server_is_upgraded_at_start_where_that_is_wanted(tmp_path: Path, empty_url: str) -> None:
    web(settings_of(tmp_path, empty_url, migrate_at_start=True)).close()
    web(settings_of(tmp_path, empty_url)).close()


def test_the_file_of_the_data_folder_is_upgraded_by_command_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "upgrade"], tmp_path=tmp_path, url="", monkeypatch=monkeypatch) == 0
    assert "mise à jour : SQLite" in capsys.readouterr().out
    assert run(["db", "check", "--json"], tmp_path=tmp_path, url="", monkeypatch=monkeypatch) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["address"] == str(tmp_path / "data" / "assistant.sqlite3")


@pytest.mark.usefixtures("light_doctor")
@pytest.mark.parametrize("is_emptied", [False, True])
def test_a_folder_that_lost_its_database_is_not_begun_anew(
    tmp_path: Path, is_emptied: bool
) -> None:
    settings = settings_of(tmp_path, "")
    folder = prepare_data_folder(settings.data_dir)
    open_store(settings, may_migrate=True).close()
    (folder.files / "ab").mkdir()
    (folder.files / "ab" / ("ab" * 32)).write_text("un original")
    folder.database.unlink()
    if is_emptied:
        folder.database.touch()

    with pytest.raises(ConfigurationError) as raised:
        open_store(settings, may_migrate=True)

    assert raised.value.code == "database_missing"
    assert str(folder.database) in raised.value.sentence


def test_a_folder_open_to_others_is_closed(tmp_path: Path) -> None:
    tmp_path.joinpath("data").mkdir(mode=0o755)

    folder = prepare_data_folder(tmp_path / "data")

    assert folder.root.stat().st_mode & 0o777 == 0o700


def test_the_doctor_tells_the_server(tmp_path: Path, postgresql_url: str) -> None:
    found = database_check(settings_of(tmp_path, postgresql_url))

    assert found.state is CheckState.OK
    assert found.detail.startswith("PostgreSQL ")
    assert found.detail.endswith("répond, schéma à jour.")


@pytest.mark.usefixtures("light_doctor")
def test_a_server_that_is_away_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = database_check(settings_of(tmp_path, NOBODY))
    assert found.state is CheckState.BROKEN
    assert "postgresql://***@127.0.0.1:1/base" in found.detail
    assert "ne répond pas" in found.detail

    said = found.detail
    for words in (["db", "check"], ["settings"], ["settings", "--json"], ["serve", "--no-open"]):
        run(words, tmp_path=tmp_path, url=NOBODY, monkeypatch=monkeypatch)
        output = capsys.readouterr()
        said += output.out + output.err
    assert "database.url" in said
    assert PASSWORD not in said
    assert "compte" not in said.replace("ce compte", "")


def test_an_address_of_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"mysql://compte:{PASSWORD}@hote/base"
    assert run(["db", "check"], tmp_path=tmp_path, url=url, monkeypatch=monkeypatch) == 4
    said = capsys.readouterr().err
    assert "database.url" in said
    assert PASSWORD not in said
