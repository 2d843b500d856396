"""`assistant audit`: the log verified against itself and its second sink, and exported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import cast, get_args

from assistant.cli.console import say, say_json, say_raw
from assistant.cli.failures import ExitCode, Misuse
from assistant.databases import head_sink, open_store
from assistant.domain.audit_chain import FaultKind, Verdict
from assistant.ports.audit import NotedHeads
from assistant.schemas.audit import AuditFormat
from assistant.services.audit_reading import verify as walked
from assistant.settings import Settings

_FAULTS = {
    FaultKind.MISSING: "elle manque : retirée, ou l'ordre a été changé",
    FaultKind.CHANGED: "son contenu a été changé",
    FaultKind.UNLINKED: "elle ne suit pas celle qui la précède",
}


def verify(settings: Settings, *, as_json: bool) -> ExitCode:
    """Tell whether the log is whole: 0, or 4 with the first entry or the head that is not right.

    Raises:
        ConfigurationError: The schema of the database is not this program's.
        StorageError: The database or the heads cannot be read.
    """
    noted = head_sink(settings).noted()
    with closing(open_store(settings, may_migrate=False)) as database:
        verdict = walked(database.unit_of_work, heads=noted.heads)
    if as_json:
        damaged = list(noted.damaged_lines)
        say_json({**asdict(verdict), "heads": len(noted.heads), "damaged_lines": damaged})
    else:
        for line in _told(verdict, noted):
            say(line)
    is_right = verdict.is_whole and not noted.damaged_lines
    return ExitCode.OK if is_right else ExitCode.CONFIGURATION


def _told(verdict: Verdict, noted: NotedHeads) -> Iterator[str]:
    if verdict.fault is not None:
        fault = verdict.fault
        yield f"Journal d'audit rompu à l'entrée {fault.number} : {_FAULTS[fault.kind]}."
    for head in verdict.lost_heads:
        yield (
            f"L'empreinte notée le {head.time} pour l'entrée {head.number} n'est plus celle du "
            "journal : la fin a été coupée ou récrite."
        )
    for line in noted.damaged_lines:
        yield f"Fichier des empreintes : la ligne {line} est illisible."
    if verdict.is_whole:
        heads = len(noted.heads)
        yield f"Journal d'audit intact : {verdict.entries} entrées, {heads} empreintes retrouvées."
    if verdict.last is not None:
        yield f"Dernière entrée juste : {verdict.last.number}, {verdict.last.hash}"


def asked(
    *, since: str | None, until: str | None, acts: list[str] | None, tenant: str | None
) -> dict[str, str | list[str]]:
    """What an export is asked for, as the API names it; days are those of this machine.

    Raises:
        Misuse: A date is none.
    """
    wanted: dict[str, str | list[str]] = {}
    if since is not None:
        wanted["since"] = _moment(since, is_end=False).isoformat()
    if until is not None:
        wanted["until"] = _moment(until, is_end=True).isoformat()
    if acts:
        wanted["act"] = acts
    if tenant is not None:
        wanted["tenant_id"] = tenant
    return wanted


def checked_format(form: str) -> AuditFormat:
    """A format. Raises `Misuse` when it is unknown."""
    if form not in get_args(AuditFormat):
        raise Misuse(f"Format inconnu : {form[:40]}. Choisissez csv ou jsonl.")
    return cast("AuditFormat", form)


def write_export(pieces: Iterator[str], output: Path | None) -> None:
    """Write an export to a file, which is replaced, or to standard output.

    Raises:
        Misuse: The file cannot be written.
    """
    if output is None:
        for piece in pieces:
            say_raw(piece)
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        raise Misuse(f"« {output} » ne peut pas être écrit.") from error


def _moment(text: str, *, is_end: bool) -> datetime:
    """The start of a day, or its end; a whole time stays as it is."""
    try:
        if len(text) == len("2026-11-28"):
            day = date.fromisoformat(text) + timedelta(days=int(is_end))
            return datetime.combine(day, time()).astimezone()
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise Misuse(f"Date non comprise : {text[:40]}. Écrivez-la AAAA-MM-JJ.") from error
