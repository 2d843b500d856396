"""The embedders of the settings, which are all that can be reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.domain.errors import ConfigurationError
from assistant.domain.retrieval import EmbedderIdentity
from assistant.embedders import ConfiguredEmbedders
from assistant.settings import Settings
from assistant.settings_checks import check_settings
from assistant.settings_sources import load_settings
from assistant.supervisor import revealed
from assistant.testing.embedder import HashEmbedder

REMOTE: dict[str, Any] = {
    "id": "region",
    "provider": "openai",
    "url": "http://127.0.0.1:9/v1",
    "name": "modele",
    "dimensions": 8,
    "api_key": "secret-de-la-region",
    "batch_size": 7,
}


class Watched(HashEmbedder):
    closed = 0

    def close(self) -> None:
        self.closed += 1


def settings_of(path: Path, *embedders: dict[str, Any]) -> Settings:
    return Settings.model_validate({"data_dir": path, "embedders": embedders})


def test_the_default_comes_first_and_others_by_their_name(tmp_path: Path) -> None:
    default = Watched(dimensions=16)
    shelf = ConfiguredEmbedders(settings_of(tmp_path, REMOTE), role="web", default=default)

    assert list(shelf.names()) == ["", "region"]
    assert shelf.get("") is default
    assert shelf.get("region") is shelf.get("region")
    assert shelf.get("region").identity == EmbedderIdentity("openai-modele-8", 8)
    assert shelf.find(EmbedderIdentity("openai-modele-8", 8)) is shelf.get("region")
    assert shelf.find(EmbedderIdentity("openai-modele-8", 9)) is None
    assert shelf.batch_size("region") == 7
    shelf.close()
    shelf.close()
    assert default.closed == 1


def test_what_the_settings_do_not_name_cannot_be_had(tmp_path: Path) -> None:
    shelf = ConfiguredEmbedders(settings_of(tmp_path), role="web")

    with pytest.raises(ConfigurationError) as caught:
        shelf.get("http://ailleurs.example/v1")
    assert caught.value.code == "embedder_not_configured"


@pytest.mark.parametrize(
    ("embedders", "code"),
    [
        ([REMOTE, REMOTE], "setting_repeated"),
        ([{**REMOTE, "url": ""}], "setting_required"),
        ([{**REMOTE, "name": ""}], "setting_required"),
        ([{**REMOTE, "dimensions": 0}], "setting_required"),
        ([{**REMOTE, "url": "ftp://serveur"}], "setting_not_url"),
    ],
)
def test_embedders_that_could_not_work_are_refused(
    tmp_path: Path, embedders: list[dict[str, Any]], code: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_settings(settings_of(tmp_path, *embedders))

    assert caught.value.code == code
    assert "embedders[" in str(caught.value.params["setting"])


def test_they_are_given_by_a_variable_and_no_secret_is_shown(tmp_path: Path) -> None:
    environ = {
        "ASSISTANT_DATA_DIR": str(tmp_path),
        "ASSISTANT_EMBEDDERS": json.dumps([REMOTE]),
    }
    loaded = load_settings(config=None, environ=environ)

    assert loaded.settings.embedders[0].api_key.get_secret_value() == "secret-de-la-region"
    assert "secret-de-la-region" not in json.dumps(loaded.shown())


def test_the_worker_is_told_all_of_them(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, REMOTE)

    assert Settings.model_validate(json.loads(json.dumps(revealed(settings)))) == settings
