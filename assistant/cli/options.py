"""Options shared by the commands, and what stands before them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from assistant.cli.connection import Connection
    from assistant.settings_sources import LoadedSettings

Json = Annotated[bool, typer.Option("--json", help="Écrit du JSON.")]
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Adresse du service, s'il n'est pas trouvé seul."),
]
Queries = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="FICHIER",
        help="Questions en JSON Lines {id, text} ; « - » lit l'entrée standard.",
    ),
]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="Retire tous les documents d'un dossier vide.")
]
ConfirmRemovals = Annotated[
    bool,
    typer.Option(
        "--confirm-removals", help="Retire même une grande part des documents d'un dossier."
    ),
]
Identifier = Annotated[str, typer.Argument(metavar="ID", help="Identifiant.")]


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options that stand before the command."""

    config: Path | None

    def load(self) -> LoadedSettings:
        """The effective settings, from which something can be built.

        Raises:
            ConfigurationError: As `load_settings`, `check_settings` and `check_data_folder`.
        """
        from assistant.data_folder import check_data_folder
        from assistant.settings_checks import check_settings

        loaded = self.load_unchecked()
        check_settings(loaded.settings)
        check_data_folder(loaded.settings.data_dir)
        return loaded

    def load_unchecked(self) -> LoadedSettings:
        """The effective settings for who looks at them, even if they do not fit together.

        Raises:
            ConfigurationError: As `load_settings`.
        """
        from assistant.settings import environment
        from assistant.settings_sources import load_settings

        return load_settings(config=self.config, environ=environment())

    @contextmanager
    def connect(self, *, command: str, server: str | None) -> Generator[Connection]:
        """A way to the API."""
        from assistant.cli.connection import connect
        from assistant.logs import configure_logs

        configure_logs(verbose=False)
        settings = self.load().settings
        with connect(settings, server=server, command=command) as connection:
            yield connection


def invocation(context: typer.Context) -> Invocation:
    """The options that stand before the running command."""
    found = context.obj
    if not isinstance(found, Invocation):
        raise TypeError("the callback keeps the options")
    return found
