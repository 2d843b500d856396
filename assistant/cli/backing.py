"""`assistant backup` and `assistant restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.options import Json, invocation


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Où écrire la sauvegarde.")],
    *,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            metavar="N",
            min=1,
            help="Garde les N dernières, et celles qui ont un original qui manque ; supprime les autres.",
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Sauvegarde l'instance, en marche ou non : base, originaux, réglages sans secrets."""
    from assistant.backups import back_up
    from assistant.cli.console import plural, say, say_json
    from assistant.cli.failures import ExitCode
    from assistant.logs import configure_logs
    from ingest.limits import MEGABYTE

    configure_logs(verbose=False)
    report = back_up(invocation(context).load().settings, folder, keep=keep)
    if json:
        say_json(
            {
                "path": str(report.path),
                "size_bytes": report.size_bytes,
                "contents": report.contents,
                "missing": list(report.missing),
                "removed": report.removed,
                "spared": list(map(str, report.spared)),
            }
        )
    else:
        size = f"{report.size_bytes / MEGABYTE:.1f}".replace(".", ",")
        kept = plural(report.contents, "fichier")
        say(f"Sauvegarde complète : « {report.path} » ({size} Mo, {kept}).")
        if report.removed:
            say(f"Sauvegardes plus anciennes supprimées : {report.removed}.")
        if report.spared:
            names = ", ".join(path.name for path in report.spared)
            say(f"Gardées, car elles ont des originaux qui manquent ou sont illisibles : {names}.")
        _tell_missing(report.missing)
    return ExitCode.SOME_FAILED if report.missing else ExitCode.OK


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FICHIER", help="La sauvegarde.")],
    *,
    json: Json = False,
) -> int:
    """Restaure une sauvegarde dans une instance vide ; l'index se refait au démarrage."""
    from assistant.backups import restore as restored
    from assistant.cli.console import plural, say, say_json
    from assistant.cli.failures import ExitCode
    from assistant.logs import configure_logs

    configure_logs(verbose=False)
    report = restored(invocation(context).load().settings, source)
    if json:
        say_json(
            {
                "created_at": report.created_at.isoformat(),
                "contents": report.contents,
                "missing": list(report.missing),
            }
        )
    else:
        kept = plural(report.contents, "fichier")
        say(f"Sauvegarde du {report.created_at:%d/%m/%Y à %H:%M} (UTC) restaurée : {kept}.")
        say("Démarrez le service : l'index de recherche se refait seul, sans recalcul.")
        _tell_missing(report.missing)
    return ExitCode.SOME_FAILED if report.missing else ExitCode.OK


def _tell_missing(missing: tuple[str, ...]) -> None:
    from assistant.cli.console import say

    if missing:
        say(
            f"Originaux déjà perdus ou abîmés, absents de la sauvegarde : {len(missing)}. "
            "« assistant index verify --repair » les signale sur leurs documents."
        )
