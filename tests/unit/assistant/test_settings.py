from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from assistant.domain.errors import ConfigurationError
from assistant.settings import environment
from assistant.settings_doc import settings_markdown
from assistant.settings_sources import LoadedSettings, all_settings, load_settings

ROOT = Path(__file__).parents[3]
SECRET = "clé-très-secrète"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(
    variables: Mapping[str, str] | None = None, *, toml: str | None = None, path: str = "a.toml"
) -> LoadedSettings:
    config = None
    if toml is not None:
        config = Path(path)
        config.write_text(toml, "utf-8")
    return load_settings(config=config, environ=variables or {})


def refusal(variables: Mapping[str, str] | None = None, *, toml: str | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(variables, toml=toml)
    return caught.value.sentence


def test_defaults_hold_when_nothing_is_given(tmp_path: Path) -> None:
    loaded = load()

    assert loaded.settings.server.port == 8501
    assert loaded.settings.data_dir == tmp_path / "data"
    assert set(loaded.origins.values()) == {"défaut"}


def test_a_variable_wins_over_the_file_and_the_file_over_the_default() -> None:
    loaded = load(
        {"ASSISTANT_INGEST_MAX_FILE_MB": "7"},
        toml='[ingest]\nmax_file_mb = 5\nmax_pages = 9\n[model]\nurl = "http://m/v1"\n',
    )

    assert loaded.settings.ingest.max_file_mb == 7
    assert loaded.settings.ingest.max_pages == 9
    assert loaded.origins["ingest.max_file_mb"] == "variable ASSISTANT_INGEST_MAX_FILE_MB"
    assert loaded.origins["ingest.max_pages"] == "fichier a.toml"
    assert loaded.origins["model.url"] == "fichier a.toml"
    assert loaded.origins["server.port"] == "défaut"


def test_variables_of_the_evaluations_are_not_settings() -> None:
    loaded = load({"ASSISTANT_EVAL_DIR": "/srv/eval"})

    assert set(loaded.origins.values()) == {"défaut"}
    assert "ASSISTANT_EVA_DIR" in refusal({"ASSISTANT_EVA_DIR": "/srv/eval"})


def test_the_file_is_named_by_a_variable_or_lies_in_the_current_folder() -> None:
    Path("assistant.toml").write_text("[server]\nport = 1\n", "utf-8")
    Path("other.toml").write_text("[server]\nport = 2\n", "utf-8")

    assert load().settings.server.port == 1
    assert load({"ASSISTANT_CONFIG": "other.toml"}).settings.server.port == 2
    assert load({"ASSISTANT_CONFIG": "other.toml"}, toml="").settings.server.port == 8501


def test_a_relative_data_folder_starts_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()

    assert load(toml='data_dir = "état"', path="etc/a.toml").settings.data_dir == (
        tmp_path / "etc" / "état"
    )
    assert load({"ASSISTANT_DATA_DIR": "ici"}).settings.data_dir == tmp_path / "ici"


def test_every_setting_can_be_given_by_its_variable() -> None:
    loaded = load()
    values = {each.variable: str(loaded.shown()[each.key]) for each in all_settings()}

    again = load(values)

    assert again.settings == loaded.settings
    assert len(values) == len(all_settings())
    assert set(again.origins.values()) == {f"variable {name}" for name in values}


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    said = refusal({"ASSISTANT_INGEST_MAX_FIL_MB": "7"})

    assert "ASSISTANT_INGEST_MAX_FIL_MB est inconnue" in said
    assert "vouliez-vous dire ASSISTANT_INGEST_MAX_FILE_MB ?" in said


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ASSISTANT_DATADIR", "ASSISTANT_DATA_DIR"),
        ("ASSISTANT_MODEL_KEY", "ASSISTANT_MODEL_API_KEY"),
        ("ASSISTANT_FOO", None),
        ("ASSISTANT_TOKEN", None),
        ("ASSISTANT_", None),
    ],
)
def test_a_name_is_suggested_only_when_it_is_close(name: str, meant: str | None) -> None:
    said = refusal({name: "1"})

    assert (f"vouliez-vous dire {meant} ?" in said) == (meant is not None)
    assert ("vouliez-vous" in said) == (meant is not None)


@pytest.mark.parametrize("toml", ["data_dir = ''", "[model]\nstall_s = inf"])
def test_a_file_is_as_strict_as_a_variable(toml: str) -> None:
    assert "a.toml" in refusal(toml=toml)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[modle]\nurl = 'x'", "« modle »"),
        ("[model]\nulr = 'x'", "vouliez-vous dire model.url ?"),
        ("model = 3", "« model »"),
        ("[data_dir]\nx = 1", "data_dir"),
    ],
)
def test_an_unknown_key_of_the_file_is_refused(toml: str, words: str) -> None:
    said = refusal(toml=toml)

    assert words in said
    assert "a.toml" in said


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("ASSISTANT_SERVER_PORT", "abc", "nombre entier d'au moins 0 et d'au plus 65535"),
        ("ASSISTANT_SERVER_PORT", "70000", "nombre entier d'au moins 0 et d'au plus 65535"),
        ("ASSISTANT_SERVER_PORT", "", "nombre entier"),
        ("ASSISTANT_MODEL_CONNECT_S", "0", "nombre supérieur à 0"),
        ("ASSISTANT_INDEX_ENGINE", "faiss", "« edge » ou « server »"),
        ("ASSISTANT_MODEL_STALL_S", "inf", "nombre supérieur à 0"),
        ("ASSISTANT_MODEL_TEMPERATURE", "nan", "nombre d'au moins 0 et d'au plus 2"),
        ("ASSISTANT_LIMITS_DELTAS_PER_S", "-inf", "nombre supérieur à 0"),
        ("ASSISTANT_DATA_DIR", "", "chemin d'un dossier"),
        ("ASSISTANT_DATA_DIR", "  ", "chemin d'un dossier"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_expected(
    variable: str, value: str, expected: str
) -> None:
    said = refusal({variable: value})

    assert f"variable {variable}" in said
    assert f"« {value} »" in said
    assert f"attendu : {expected}" in said


def test_all_problems_are_told_at_once() -> None:
    said = refusal({"ASSISTANT_SERVER_PORT": "x", "ASSISTANT_NOPE": "1"}, toml="[ingest]\nz = 1")

    assert all(name in said for name in ("ASSISTANT_SERVER_PORT", "ASSISTANT_NOPE", "ingest.z"))


@pytest.mark.parametrize("content", [b"[model\n", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(content: bytes) -> None:
    Path("bad.toml").write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        load({"ASSISTANT_CONFIG": "bad.toml"})

    assert caught.value.code == "settings_file_unreadable"


def test_a_file_that_is_named_but_absent_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml"):
        load({"ASSISTANT_CONFIG": "absent.toml"})


def test_secrets_are_never_shown() -> None:
    loaded = load(
        {
            "ASSISTANT_MODEL_API_KEY": SECRET,
            "ASSISTANT_MODEL_URL": f"http://agent:{SECRET}@serveur/v1",
        }
    )

    assert loaded.settings.model.api_key.get_secret_value() == SECRET
    assert loaded.shown()["model.api_key"] == "***"
    assert loaded.shown()["model.url"] == "http://***@serveur/v1"
    assert SECRET not in str(loaded.shown()) + repr(loaded.settings.model.api_key)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://serveur/v1?key=abc&v=2", "http://serveur/v1?***"),
        ("http://u:p@serveur/v1?key=abc", "http://***@serveur/v1?***"),
        ("http://u:p/q r@serveur/v1", "http://***@serveur/v1"),
        ("http://serveur/v1#abc", "http://serveur/v1#***"),
        ("http://serveur:8000/v1", "http://serveur:8000/v1"),
    ],
)
def test_what_an_address_may_hide_is_not_shown(url: str, shown: str) -> None:
    assert load({"ASSISTANT_MODEL_URL": url}).shown()["model.url"] == shown


def test_a_question_mark_outside_an_address_is_shown() -> None:
    loaded = load({"ASSISTANT_EMBEDDINGS_QUERY_PREFIX": "Quoi ? "})

    assert loaded.shown()["embeddings.query_prefix"] == "Quoi ? "


def test_a_secret_of_the_wrong_type_is_not_told() -> None:
    said = refusal(toml="[model]\napi_key = 4815162342")

    assert "model.api_key" in said
    assert "4815162342" not in said


def test_the_developers_environment_does_not_reach_the_tests() -> None:
    assert [name for name in environment() if name.startswith("ASSISTANT_")] == []


def test_the_page_of_settings_is_up_to_date() -> None:
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == settings_markdown()


def test_every_setting_explains_itself() -> None:
    assert [each.key for each in all_settings() if not each.help] == []
