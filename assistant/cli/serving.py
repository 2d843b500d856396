"""`assistant serve` and `assistant link`: the address, the sign-in link, the sample corpus."""

from __future__ import annotations

import webbrowser
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from assistant.cli.connection import Connection
from assistant.cli.console import is_terminal, note, say
from assistant.cli.failures import sentence_of
from assistant.cli.ingesting import ingest, summarise
from assistant.client import AssistantClient, ClientError
from assistant.domain.errors import ConfigurationError
from assistant.ownership import ServerAddress
from assistant.settings import Settings

_STOPPED = frozenset({"server_unreachable", "server_timeout"})
"""What the client sees when the service stops before the sample corpus is read."""


def serve(settings: Settings, *, with_sample: bool, opens_browser: bool) -> None:
    """Serve until stopped.

    Args:
        settings: The effective settings.
        with_sample: True also has the sample corpus indexed.
        opens_browser: True opens the sign-in link where a person and a graphical browser are.

    Raises:
        ConfigurationError: As `assistant.server.serve`.
        StorageError: Likewise.
    """
    from assistant import server

    def announce(address: ServerAddress, link: str) -> None:
        minutes = settings.auth.link_minutes
        say(f"Assistant régional : {address.url}")
        say(f"Lien de connexion (un seul usage, {minutes} minutes) : {link}")
        say("Arrêt : Ctrl-C")
        if opens_browser and is_terminal():
            _open(link)

    server.serve(settings, announce=announce, then=_index_sample if with_sample else None)
    say("Service arrêté.")


def _open(link: str) -> None:
    """Open a link, unless the only browser would take the terminal over."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    is_textual = isinstance(browser, webbrowser.GenericBrowser) and not isinstance(
        browser, webbrowser.BackgroundBrowser
    )
    if not is_textual:
        browser.open(link)


def _index_sample(address: ServerAddress) -> None:
    folder = Path(str(files("eval") / "sample" / "documents"))
    if not folder.is_dir():
        note("Le corpus d'exemple n'est pas installé.")
        return
    say("Corpus d'exemple : lecture en cours, vous pouvez déjà poser des questions.")
    with closing(AssistantClient(address.url, token=address.token)) as client:
        try:
            outcome = ingest(Connection(client, lambda: None), [folder], is_quiet=True)
        except (ClientError, ConfigurationError) as error:
            if error.code not in _STOPPED:
                note(sentence_of(error))
            return
    say("Corpus d'exemple lu.")
    summarise(outcome)
