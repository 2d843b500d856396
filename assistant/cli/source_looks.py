"""What the commands on sources send, wait for and write."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from getpass import getpass
from typing import cast

from pydantic import ValidationError

from assistant.cli.connection import Connection
from assistant.cli.console import moment, note, plural, say, say_json
from assistant.cli.failures import ExitCode, Misuse
from assistant.cli.following import duration
from assistant.client import AssistantClient
from assistant.domain.catalogue import sentence
from assistant.schemas.sources import SourceIn, SourceOut, SourceRunOut

_POLL_S = 0.5
_BUSY = frozenset({"queued", "running"})
_RHYTHMS = {
    "manual": "à la demande",
    "hourly": "toutes les heures",
    "daily": "tous les jours",
    "weekly": "toutes les semaines",
}
_STATES = {
    "queued": "en attente",
    "running": "en cours",
    "awaiting_approval": "attend une décision",
    "done": "terminé",
    "failed": "en échec",
    "approved": "approuvé",
    "refused": "refusé",
    "replaced": "remplacé",
    "cancelled": "arrêté",
}
_COUNTS = {
    "added": "nouveau",
    "changed": "modifié",
    "renamed": "renommé",
    "removed": "retiré",
    "unchanged": "inchangé",
    "ignored": "ignoré",
    "unreadable": "illisible",
}


def asked_source(fields: Mapping[str, object], *, every: str) -> SourceIn:
    """A source as its options say.

    Raises:
        Misuse: The kind or the rhythm is none.
    """
    rhythm, *rest = every.split("@")
    schedule: dict[str, object] = {"rhythm": rhythm}
    if rest:
        schedule["at"] = rest[-1]
    if len(rest) > 1:
        schedule["weekday"] = rest[0]
    try:
        return SourceIn.model_validate({**fields, "schedule": schedule})
    except ValidationError as error:
        option = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Misuse(
            f"La valeur de « {option} » ne convient pas. « assistant sources add --help » dit "
            "ce qui est attendu."
        ) from None


def read_password() -> str:
    """The password from the terminal without showing it, or from the first line of the input."""
    if sys.stdin.isatty():
        return getpass("Mot de passe WebDAV : ")
    return sys.stdin.readline().rstrip("\n")


def source_line(source: SourceOut) -> str:
    """A source on one line, and how its last look ended on another."""
    run = source.open_run or source.last_run
    place = source.address or "reçoit ses fichiers d'un programme"
    said = f"{source.id}  {_RHYTHMS[source.schedule.rhythm]:<19}  {source.name} ({place})"
    return said if run is None else f"{said}\n{'':38}{_run_line(run)}"


def found_source(client: AssistantClient, text: str) -> SourceOut:
    """The source of an identifier, or of a whole name.

    Raises:
        ClientError: There is none.
        Misuse: Several have that name.
    """
    sources = client.list_sources()
    named = [each for each in sources if each.id == text] or [
        each for each in sources if each.name == text
    ]
    if len(named) > 1:
        raise Misuse(sentence("source_name_shared", ids=", ".join(each.id for each in named)))
    return named[0] if named else client.get_source(text)


def look(connection: Connection, source_id: str, *, is_plan: bool, as_json: bool) -> ExitCode:
    """Ask for a look, wait for its end and write it.

    Returns:
        0, 3 when it failed or waits for a decision.
    """
    client = connection.client
    run = client.plan_source(source_id) if is_plan else client.sync_source(source_id)
    connection.start_worker()
    return _told(_ended(client, source_id, run.id), as_json=as_json)


def decide(connection: Connection, source_id: str, *, is_approved: bool, as_json: bool) -> ExitCode:
    """Approve the removals that wait and carry them out, or refuse them.

    Raises:
        Misuse: Nothing waits.
    """
    client = connection.client
    waiting = client.get_source(source_id).open_run
    if waiting is None or waiting.state != "awaiting_approval":
        raise Misuse("Aucun plan de cette source n'attend de décision.")
    status = client.decide_source_run(source_id, waiting.id, is_approved=is_approved)
    if status.open_run is None:
        say("Refusé : rien ne change.")
        return ExitCode.OK
    connection.start_worker()
    return _told(_ended(client, source_id, status.open_run.id), as_json=as_json)


def _ended(client: AssistantClient, source_id: str, run_id: str) -> SourceRunOut:
    while True:
        runs = client.list_source_runs(source_id, limit=10)
        run = next(each for each in runs if each.id == run_id)
        if run.state not in _BUSY:
            return run
        time.sleep(_POLL_S)


def _told(run: SourceRunOut, *, as_json: bool) -> ExitCode:
    if as_json:
        say_json(run)
    else:
        _write(run)
    return ExitCode.OK if run.state == "done" else ExitCode.SOME_FAILED


def _write(run: SourceRunOut) -> None:
    say(_run_line(run))
    for finding in ("added", "changed", "renamed", "removed"):
        for name in run.names.get(finding, []):
            say(f"  {_COUNTS[finding]:<9} {name}")
    for fault in run.faults:
        say(f"  ✗ {fault.name} : {fault.detail}")
    if run.kind == "plan" and run.estimated_s is not None:
        say(f"Lecture estimée : {duration(run.estimated_s)}.")
    if not run.is_complete:
        say("La liste n'est pas complète : rien n'a été retiré.")
    if run.state == "awaiting_approval":
        note("Cette mise à jour attend un accord : « assistant sources approve » ou « refuse ».")


def _run_line(run: SourceRunOut) -> str:
    counts = cast("Mapping[str, int]", run.counts)
    parts = [plural(counts[key], word) for key, word in _COUNTS.items() if counts.get(key)]
    found = ", ".join(parts) or (run.reason or "rien")
    what = "plan" if run.kind == "plan" else "mise à jour"
    return f"{what} du {moment(run.asked_at)}, {_STATES[run.state]} : {found}"
