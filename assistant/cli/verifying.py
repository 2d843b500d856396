"""`assistant index verify`: begun by the service, waited for here."""

from __future__ import annotations

import time
from collections.abc import Iterator

from assistant.cli.connection import Connection
from assistant.cli.console import note, say, say_json
from assistant.cli.failures import ExitCode
from assistant.schemas.reconciliation import VerificationOut, VerificationReportOut

_POLL_S = 0.2
_NOTE_S = 5.0


def verify(connection: Connection, *, is_repair: bool, as_json: bool) -> ExitCode:
    """Have all compared and tell what was found: 0, or 4 when something is left to do.

    A comparison that is under way already is waited for, and another one begun.

    Raises:
        ClientError: The service refuses, or fails.
    """
    client = connection.client
    while client.verification().is_running:
        time.sleep(_POLL_S)
    if is_repair:
        connection.start_worker()
    found = client.verify_index(repair=is_repair)
    begun = time.monotonic()
    while found.is_running:
        time.sleep(_POLL_S)
        found = client.verification()
        if not as_json and time.monotonic() - begun > _NOTE_S:
            begun = time.monotonic()
            note(_progress(found))
    return _told(found, as_json=as_json)


def _told(found: VerificationOut, *, as_json: bool) -> ExitCode:
    report = found.report
    if as_json:
        say_json(found)
    elif found.failure:
        say(found.failure)
    elif report is not None:
        for line in _lines(report):
            say(line)
    if found.failure:
        return ExitCode.SERVICE
    is_right = report is not None and report.is_settled
    return ExitCode.OK if is_right else ExitCode.CONFIGURATION


def _progress(found: VerificationOut) -> str:
    return "Vérification en cours : " + _compared(found.compared) + "…"


def _lines(report: VerificationReportOut) -> Iterator[str]:
    if report.is_clean:
        yield f"Base, index et fichiers s'accordent : {_compared(report.compared)}."
        return
    yield f"Comparés : {_compared(report.compared)}."
    for finding in report.findings:
        count = (
            f"{finding.count}, dont {finding.mended} réparés" if report.is_repair else finding.count
        )
        yield f"{finding.code} ({count}) : {finding.detail}"
        yield f"  {finding.remedy}"
        yield f"  {', '.join(finding.examples)}"
    if not report.is_repair:
        yield "Pour réparer ce qui peut l'être : assistant index verify --repair"


def _compared(counts: dict[str, int]) -> str:
    passages, points, files = (counts.get(each, 0) for each in ("chunks", "points", "files"))
    return f"{passages} passages en base, {points} dans l'index, {files} fichiers"
