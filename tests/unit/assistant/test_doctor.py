from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant import chat_models, doctor
from assistant.adapters.sql.database import open_database
from assistant.data_folder import prepare_data_folder
from assistant.doctor import Check, CheckState, examine
from assistant.settings import ModelSettings, RerankerSettings, Settings
from assistant.testing.chat import ScriptedChatModel
from assistant.testing.embedder import HashEmbedder
from assistant.testing.reranker import WordReranker


class WatchedEmbedder(HashEmbedder):
    """Counts how many are open."""

    opened = 0

    def __init__(self) -> None:
        super().__init__(dimensions=32)
        WatchedEmbedder.opened += 1

    def close(self) -> None:
        WatchedEmbedder.opened -= 1


class WatchedModel(ScriptedChatModel):
    """Tells if it was closed."""

    is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True
        await super().aclose()


def watched_embedder(settings: Settings, *, role: str) -> WatchedEmbedder:
    del settings, role
    return WatchedEmbedder()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(doctor, "build_embedder", watched_embedder)
    return Settings(data_dir=tmp_path / "data")


def checks(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in examine(settings)}


def made(settings: Settings) -> Path:
    path = prepare_data_folder(settings.data_dir).database
    open_database(path, migrate=True).close()
    return path


def test_a_new_folder_has_no_database_yet(settings: Settings) -> None:
    assert checks(settings)["database"].state is CheckState.OK


def test_a_whole_database_is_read_to_its_end(settings: Settings) -> None:
    path = made(settings)

    found = checks(settings)["database"]

    assert found.state is CheckState.OK
    assert re.fullmatch(rf"SQLite [\d.]+, {path} : lue en entier, intacte\.", found.detail)


def test_a_damaged_database_is_told(settings: Settings) -> None:
    path = made(settings)
    data = bytearray(path.read_bytes())
    for start in range(8192, len(data), 4096):
        data[start : start + 64] = b"\xff" * 64
    path.write_bytes(data)

    found = checks(settings)["database"]

    assert found.state is CheckState.BROKEN
    assert "endommagée" in found.detail


def test_what_was_opened_is_closed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made(settings)
    model = WatchedModel(["Bonjour"])

    def build(settings: Settings) -> WatchedModel:
        del settings
        return model

    monkeypatch.setattr(chat_models, "build_chat_model", build)
    chosen = ModelSettings(url="http://127.0.0.1:9/v1", name="modele")

    found = checks(settings.model_copy(update={"model": chosen}))

    assert found["model"].state is CheckState.OK
    assert found["embedder"].state is CheckState.OK
    assert model.is_closed
    assert WatchedEmbedder.opened == 0


def test_sizes_are_written_in_french(settings: Settings) -> None:
    detail = checks(settings)["disk"].detail

    assert re.fullmatch(r"\d+,\d Go libres.*", detail)


def test_an_address_is_shown_without_what_it_hides(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watched_model(settings: Settings) -> WatchedModel:
        del settings
        return WatchedModel([])

    monkeypatch.setattr(chat_models, "build_chat_model", watched_model)
    hidden = ModelSettings(url="http://u:secret@serveur/v1?key=secret")

    detail = checks(settings.model_copy(update={"model": hidden}))["model"].detail

    assert "http://***@serveur/v1?***" in detail


def test_no_reranker_is_no_fault(settings: Settings) -> None:
    assert checks(settings)["reranker"].state is CheckState.OK


@pytest.mark.parametrize(("is_up", "state"), [(True, CheckState.OK), (False, CheckState.LIMITED)])
def test_a_reranker_is_tried_and_its_fault_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, *, is_up: bool, state: CheckState
) -> None:
    reranker = WordReranker(is_up=is_up)

    def build(settings: Settings) -> WordReranker:
        del settings
        return reranker

    monkeypatch.setattr(doctor, "build_reranker", build)
    chosen = RerankerSettings(url="http://utilisateur:secret@reranker.test/v1")

    found = checks(settings.model_copy(update={"reranker": chosen}))["reranker"]

    assert found.state is state
    assert "secret" not in found.detail
    assert len(reranker.calls) == 1


@pytest.mark.parametrize(
    ("name", "program"), [("libreoffice", "soffice"), ("tesseract", "tesseract")]
)
def test_a_program_counts_only_where_files_are_read_with_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, program: str
) -> None:
    elsewhere, of_readers = tmp_path / "elsewhere", tmp_path / "readers"
    for folder in (elsewhere, of_readers):
        folder.mkdir()
    made_here = elsewhere / program
    made_here.write_text("#!/bin/sh\necho fra\n", "utf-8")
    made_here.chmod(0o755)
    monkeypatch.setenv("PATH", str(elsewhere))
    monkeypatch.setattr(doctor, "PROGRAM_FOLDERS", str(of_readers))

    absent = checks(settings)[name]
    made_here.rename(of_readers / program)
    present = checks(settings)[name]

    assert (absent.state, present.state) == (CheckState.LIMITED, CheckState.OK)
    assert absent.detail.startswith("absent")
