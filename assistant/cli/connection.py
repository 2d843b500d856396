"""The one road of commands to the API: the running server, else the same API for this command."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from assistant.cli.console import note
from assistant.client import AssistantClient, ClientError
from assistant.client.errors import client_error
from assistant.domain.errors import ConfigurationError
from assistant.ownership import ServerAddress, find_owner, find_server
from assistant.settings import Settings
from assistant.settings_sources import shown_value

_WAIT_S = 30.0
"""For another command to end, or a server to say where it listens."""
_PAUSE_S = 0.2
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Connection:
    """A way to the API."""

    client: AssistantClient
    start_worker: Callable[[], None]
    """Make sure that jobs are worked on; a server has its own worker."""
    is_temporary: bool = False
    """The service ends with the command: what goes on in the background has to be waited for."""


@contextmanager
def connect(settings: Settings, *, server: str | None, command: str) -> Generator[Connection]:
    """Reach the API as the owner of the machine.

    Args:
        settings: The effective settings.
        server: Address of a running server; None finds the one of the data folder, if any.
        command: Name of the command, told to others while it holds the data folder.

    Raises:
        ConfigurationError: The data folder stays in use, or cannot be used.
        StorageError: The database cannot be used.
        ClientError: The server given by hand is not the one of the data folder ("token_missing").
    """
    address = _known(settings, server) if server is not None else _running(settings)
    if address is not None:
        with closing(AssistantClient(address.url, token=address.token or None)) as client:
            if not address.token:
                _check_admitted(client, url=address.url)
            yield Connection(client, _nothing)
        return
    from assistant.server import temporary_service

    with (
        temporary_service(settings, command=command) as service,
        closing(AssistantClient(service.address.url, token=service.address.token)) as client,
    ):
        yield Connection(client, service.start_worker, is_temporary=True)


def running_server(settings: Settings) -> ServerAddress:
    """The server of the data folder.

    Raises:
        ConfigurationError: None runs ("server_absent").
    """
    address = find_server(_run(settings))
    if address is None:
        raise ConfigurationError("server_absent", path=str(settings.data_dir))
    return address


def _known(settings: Settings, url: str) -> ServerAddress:
    """An address given by hand; the local token is only sent to the server that made it."""
    address = find_server(_run(settings))
    if address is not None and _place(address.url) == _place(url):
        return address
    return ServerAddress(url, pid=0, token="")


def _place(url: str) -> tuple[str, int | None] | str:
    """Where an address leads, however the loopback is called; the text itself if it is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    is_bare = parts.scheme == "http" and parts.path in {"", "/"} and not parts.query
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    return (host, port) if is_bare and host else url


def _check_admitted(client: AssistantClient, *, url: str) -> None:
    """Ask a server for which there is no token, so that it is not taken for an expired session.

    Raises:
        ClientError: It wants one ("token_missing"), or cannot be reached.
    """
    try:
        client.me()
    except ClientError as error:
        if error.code != "unauthenticated":
            raise
        shown = str(shown_value(url))
        raise client_error("token_missing", instance="", status=_UNAUTHORIZED, url=shown) from None


def _running(settings: Settings) -> ServerAddress | None:
    run = _run(settings)
    deadline = time.monotonic() + _WAIT_S
    is_told = False
    while (owner := find_owner(run)) is not None:
        address = find_server(run)
        if address is not None:
            return address
        if time.monotonic() > deadline:
            raise ConfigurationError(
                "data_dir_in_use", path=str(run.parent), command=owner.command, pid=owner.pid
            )
        if not is_told and owner.command != "serve":
            note(
                f"« assistant {owner.command} » utilise ce dossier de données ; attente de sa fin…"
            )
            is_told = True
        time.sleep(_PAUSE_S)
    return None


def _run(settings: Settings) -> Path:
    return settings.data_dir / "run"


def _nothing() -> None:
    return
