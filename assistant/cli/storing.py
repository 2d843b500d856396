"""`assistant db`: the database brought up to date, and checked."""

from __future__ import annotations

from dataclasses import asdict

from assistant.cli.console import say, say_json
from assistant.databases import check_store, upgrade_store
from assistant.ownership import own
from assistant.settings import Settings


def upgrade(settings: Settings, *, as_json: bool) -> None:
    """Bring the schema up to date as the owner of the data folder.

    Raises:
        ConfigurationError: A server or another command owns the folder; a newer program wrote the database.
        StorageError: The database cannot be used.
    """
    from assistant.data_folder import prepare_data_folder

    run = prepare_data_folder(settings.data_dir).run
    with own(run, command="db upgrade"):
        is_changed = upgrade_store(settings)
        found = check_store(settings)
    if as_json:
        say_json({**asdict(found), "changed": is_changed})
    else:
        done = "mise à jour" if is_changed else "déjà à jour"
        say(f"Base de données {done} : {found.engine}, {found.address}.")


def check(settings: Settings, *, as_json: bool) -> None:
    """Tell that the database answers, is whole and up to date.

    Raises:
        ConfigurationError: Its schema is not this program's.
        StorageError: It does not answer, or is damaged.
    """
    found = check_store(settings)
    if as_json:
        say_json(asdict(found))
    else:
        say(f"Base de données intacte et à jour : {found.engine}, {found.address}.")
