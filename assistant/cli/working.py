"""`assistant worker`: one more process that reads and embeds."""

from __future__ import annotations

import typer

from assistant.cli.options import invocation


def worker(context: typer.Context) -> None:
    """Aide le service à lire les fichiers, depuis un processus à part (base PostgreSQL)."""
    from assistant.cli.console import say
    from assistant.logs import configure_logs
    from assistant.separate_worker import work
    from assistant.worker import be_nice

    configure_logs(verbose=True)
    settings = invocation(context).load().settings
    be_nice()
    say("Lecteur de fichiers prêt. Arrêt : Ctrl-C")
    work(settings)
    say("Lecteur de fichiers arrêté.")
