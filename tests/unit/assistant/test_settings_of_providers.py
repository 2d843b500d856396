"""Identity providers in the settings: a list of tables, whose secrets are never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.domain.errors import ConfigurationError
from assistant.settings import Settings
from assistant.settings_checks import check_settings
from assistant.settings_doc import settings_markdown
from assistant.settings_sources import LoadedSettings, load_settings

SECRET = "un-secret-de-client-assez-long"
TOML = f"""
[[oidc.providers]]
id = "proconnect"
kind = "proconnect"
issuer = "https://proconnect.example/api/v2"
client_id = "assistant"
client_secret = "{SECRET}"
sirens = ["123456789"]

[[oidc.providers]]
id = "keycloak"
label = "Keycloak"
issuer = "https://sso.example/realms/agents"
client_id = "assistant"
client_secret = "{SECRET}"
needs_siret = false
"""


def load(tmp_path: Path, toml: str = TOML) -> LoadedSettings:
    file = tmp_path / "a.toml"
    file.write_text(toml, "utf-8")
    return load_settings(config=file, environ={})


def test_a_file_and_a_variable_give_the_same_providers(tmp_path: Path) -> None:
    from_file = load(tmp_path).settings.oidc.providers
    listed = [
        json.loads(each.model_dump_json(exclude={"client_secret"})) | {"client_secret": SECRET}
        for each in from_file
    ]
    empty = tmp_path / "empty.toml"
    empty.touch()
    variables = {"ASSISTANT_OIDC_PROVIDERS": json.dumps(listed)}

    again = load_settings(config=empty, environ=variables)

    assert again.settings.oidc.providers == from_file
    assert again.shown()["oidc.providers"] == "proconnect, keycloak"
    check_settings(again.settings)


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ('"proconnect"\nissuer', '"agentconnect"\nissuer', "oidc.providers[0].kind"),
        ('["123456789"]', '["12345678"]', "oidc.providers[0].sirens"),
        ('client_id = "assistant"', "", "oidc.providers[0].client_id"),
        ('label = "Keycloak"', 'lable = "Keycloak"', "oidc.providers[1].lable"),
        ('id = "keycloak"', 'id = "../x"', "oidc.providers[1].id"),
    ],
)
def test_a_wrong_field_is_named_without_any_secret(
    tmp_path: Path, right: str, wrong: str, words: str
) -> None:
    assert right in TOML
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, TOML.replace(right, wrong, 1))

    assert words in caught.value.sentence
    assert SECRET not in caught.value.sentence


def test_a_variable_that_is_no_json_is_refused_without_being_shown(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").touch()
    with pytest.raises(ConfigurationError) as caught:
        load_settings(
            config=tmp_path / "empty.toml", environ={"ASSISTANT_OIDC_PROVIDERS": f"[{SECRET}"}
        )

    assert "oidc.providers" in caught.value.sentence
    assert SECRET not in caught.value.sentence


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ('id = "keycloak"', 'id = "proconnect"', "setting_repeated"),
        ("https://sso", "http://sso", "setting_not_https"),
        ('label = "Keycloak"', "", "setting_required"),
        ('sirens = ["123456789"]', "needs_siret = false", "setting_siret_needed"),
    ],
)
def test_providers_that_do_not_fit_are_refused(
    tmp_path: Path, right: str, wrong: str, code: str
) -> None:
    assert right in TOML
    with pytest.raises(ConfigurationError) as caught:
        check_settings(load(tmp_path, TOML.replace(right, wrong, 1)).settings)

    assert caught.value.code == code


def test_no_provider_is_the_default_and_the_page_tells_each_field() -> None:
    page = settings_markdown()

    assert Settings().oidc.providers == ()
    assert "### `[[oidc.providers]]`" in page
    assert "| `client_secret` | obligatoire | texte (secret) |" in page
