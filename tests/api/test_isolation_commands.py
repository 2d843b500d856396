"""Every command that reads, with the keys of strangers: refused, or told nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import anyio.to_thread
import pytest
import typer
from typer.testing import CliRunner

from assistant.cli.app import app
from assistant.client import ClientError
from assistant.data_folder import prepare_data_folder
from assistant.domain.people import PersonState
from assistant.domain.tenancy import Permission, Principal, Role
from assistant.ownership import ServerAddress, announced, own
from tests.api.isolation import TABLE
from tests.api.site import Site, served
from tests.api.walking import Home, filled, new_tenant, opened_home

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

OF_AGENTS = frozenset({Permission.READ, Permission.ASK})


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    """All commands, without the groups they stand in."""
    if not hasattr(command, "commands"):
        yield " ".join(words)
        return
    for name, below in cast("dict[str, Any]", command.commands).items():
        yield from leaves(below, (*words, name))


def test_every_command_has_an_entry() -> None:
    others = TABLE["other_commands"]
    entries = [*TABLE["commands"], *others["by_routes"], *others["of_the_machine"]]
    assert sorted(entries) == sorted(leaves(typer.main.get_command(app)))


def key_of(home: Home, principal: Principal, permissions: frozenset[Permission]) -> str:
    keys = home.site.container.organisation.keys
    return keys.create("Programme", permissions=permissions, days=2, principal=principal)[1]


def secrets_of_callers(home: Home) -> dict[str, str]:
    """The key of each caller."""
    site = home.site
    foreign = site.joined("lointain", new_tenant(site, "Autre"), Role.AGENT, Role.TENANT_ADMIN)
    outsider = site.joined("voisin", home.admin.tenant_id, Role.AGENT)
    suspended = site.joined("suspendu", home.admin.tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    found = {
        "foreign_admin": key_of(home, foreign, frozenset(Permission)),
        "outsider": key_of(home, outsider, OF_AGENTS),
        "suspended_person": key_of(home, suspended, frozenset(Permission)),
        "revoked_key": key_of(home, home.admin, frozenset(Permission)),
        "administrator": key_of(home, home.admin, frozenset(Permission)),
    }
    keys = site.container.organisation.keys
    revoked = keys.list_own(principal=home.admin)[-2]
    keys.revoke(revoked.id, tenant_id=home.admin.tenant_id, principal=home.admin)
    with site.container.open_work() as work:
        standing = work.people.standing(suspended.person_id)
        assert standing is not None
        work.people.update(replace(standing.person, state=PersonState.SUSPENDED))
        work.commit()
    return found


def run(command: str, entry: dict[str, Any], home: Home) -> tuple[str, str]:
    """How a command was refused, empty when it was not, and what it wrote."""
    words = [*command.split(" "), *filled(entry["asks"], home.known)]
    done = CliRunner().invoke(app, words, standalone_mode=False)
    if isinstance(done.exception, ClientError):
        return done.exception.code, done.output
    if done.exception is not None:
        raise done.exception
    return "", done.output


async def test_every_reading_command_with_the_keys_of_strangers(
    restored_logs: None,
    site: Site,
    database_url: str,
    full_scale: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All commands on SQLite; on PostgreSQL a third of them, unless at full scale."""
    del restored_logs
    commands: dict[str, Any] = TABLE["commands"]
    if database_url and not full_scale:
        commands = {name: commands[name] for name in list(commands)[::3]}
    data_dir = tmp_path / "propre"
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(data_dir))
    folder = prepare_data_folder(data_dir).run
    faults: list[str] = []
    async with opened_home(site) as home, AsyncExitStack() as stack:
        url = stack.enter_context(served(site))
        stack.enter_context(own(folder, command="serve"))
        for caller, secret in secrets_of_callers(home).items():
            shared = frozenset({"code", "provider", "tenant_id"})
            secrets = home.secrets(but=shared if caller == "outsider" else shared - {"tenant_id"})
            with announced(folder, ServerAddress(url, os.getpid(), secret)):
                for command, entry in commands.items():
                    code, written = await anyio.to_thread.run_sync(run, command, entry, home)
                    refused = "" if caller == "administrator" else "unauthenticated"
                    if code != entry.get(caller, refused):
                        faults.append(f"{caller}: {command}: {code or written}")
                    if caller != "administrator":
                        leaked = [each for each in secrets if each in written]
                        faults += [f"{caller}: {command} tells {each}" for each in leaked]

    assert faults == []
