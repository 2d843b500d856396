"""The commands on tenants, people, groups, keys and collections, against a real server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli.app import app
from assistant.cli.failures import Misuse
from assistant.client import ClientError
from assistant.data_folder import prepare_data_folder
from assistant.ownership import ServerAddress, announced, own
from tests.api.site import TOKEN, Site, served

Run = Callable[..., str]


@pytest.fixture
def run(
    restored_logs: None, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Runs a command of the owner; what it writes on standard output."""
    del restored_logs
    data_dir = tmp_path / "propre"
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(data_dir))
    folder = prepare_data_folder(data_dir).run

    def invoke(*words: str) -> str:
        done = CliRunner().invoke(app, list(words), standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done.stdout

    with (
        served(site) as url,
        own(folder, command="serve"),
        announced(folder, ServerAddress(url, os.getpid(), TOKEN)),
    ):
        yield invoke


def as_json(text: str) -> Any:
    return json.loads(text)


def test_a_commune_from_its_creation_to_its_erasure(run: Run, tmp_path: Path) -> None:
    charter = tmp_path / "charte.txt"
    charter.write_text("Je relis.", "utf-8")
    made = as_json(
        run("tenants", "create", "Commune", "--kind", "commune", "--siren", "732829320", "--json")
    )
    tenant = made["id"]

    changed = as_json(run("tenants", "change", tenant, "--charter", str(charter), "--json"))
    invited = as_json(
        run("people", "invite", "zoe@exemple.fr", "Zoé", "--tenant", tenant, "--json")
    )
    group = as_json(run("groups", "create", "RH", "--tenant", tenant, "--json"))["id"]
    person = invited["invitation"]["person"]["id"]
    run("groups", "add", group, person, "--tenant", tenant)
    shown = run("groups", "show", group, "--tenant", tenant)
    run("groups", "remove", group, person, "--tenant", tenant)
    collection = as_json(
        run("collections", "create", "RH", "--tenant", tenant, "--audience", "groups",
            "--group", group, "--label", "Interne", "--json")
    )  # fmt: skip
    listed = run("collections", "list", "--tenant", tenant)
    run("collections", "delete", collection["id"], "--tenant", tenant)
    withdrawn = run("people", "withdraw", invited["invitation"]["id"], "--tenant", tenant)
    for state in ("suspended", "closed", "archived"):
        assert as_json(run("tenants", "state", tenant, state, "--json"))["state"] == state
    with pytest.raises(Misuse):
        run("tenants", "delete", tenant, "--confirm", "Autre")
    report = as_json(run("tenants", "delete", tenant, "--confirm", "Commune", "--json"))

    assert (changed["charter_version"], changed["charter_text"]) == (1, "Je relis.")
    assert "/api/auth/invitation/" in invited["url"]
    assert "zoe@exemple.fr" in shown
    assert collection["groups"] == [group]
    assert "[Interne]" in listed
    assert withdrawn
    assert report["is_complete"] is True
    assert tenant not in run("tenants", "list", "--all")


def test_a_key_is_shown_once_and_revoked(run: Run) -> None:
    secret = run("keys", "create", "Site", "--allow", "read", "--allow", "ask").strip()
    (key,) = as_json(run("keys", "list", "--json"))

    assert secret.startswith(key["prefix"])
    assert secret not in json.dumps(key)
    assert "révoquée" in run("keys", "revoke", key["id"])
    assert run("keys", "list") == "Aucune clé.\n"


def test_unknown_words_and_ids_are_named(run: Run) -> None:
    with pytest.raises(Misuse, match="village"):
        run("tenants", "create", "Commune", "--kind", "village")
    with pytest.raises(ClientError) as refused:
        run("people", "suspend", "inconnu")
    assert refused.value.code == "not_found"


def test_usage_of_a_month_is_shown_and_exported(run: Run) -> None:
    tenant = as_json(run("tenants", "create", "Commune", "--json"))["id"]

    everything = as_json(run("usage", "--month", "2026-11", "--json"))
    table = run("usage", "--month", "2026-11", "--tenant", tenant, "--csv").splitlines()
    shown = run("usage", "--month", "2026-11")

    assert len(everything["totals"]) == 2
    assert table[0] == "mois;organisme;identifiant;unité;quantité;prix;montant;monnaie"
    assert len(table) == 1 + 7 + 1
    assert table[-1] == f"2026-11;Commune;{tenant};total;;;0,00;EUR"
    assert shown.splitlines()[-1].split() == ["Ensemble", "0,00", "EUR"]
    with pytest.raises(Misuse):
        run("usage", "--month", "2026-11", "--csv", "--json")
    with pytest.raises(ClientError) as refused:
        run("usage", "--month", "novembre")
    assert refused.value.problem.status == 422
