"""`assistant tenants export` and `import`: a tenant leaves, a tenant comes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from assistant.cli.connection import connect
from assistant.cli.console import note, plural, say, say_json
from assistant.cli.failures import ExitCode
from assistant.cli.waiting import Patience
from assistant.domain.catalogue import sentence
from assistant.domain.documents import Reason
from assistant.domain.ids import TenantId
from assistant.domain.jobs import FINAL_JOB_STATES, ItemState, Job, JobProgress
from assistant.reversibility import Moving, moving
from assistant.services.archive_intake import ITEMS_AT_ONCE
from assistant.services.archive_organisation import plain_name
from assistant.services.machinery import whole_scope
from assistant.services.tenant_export import ExportReport
from assistant.services.tenant_import import ImportReport
from assistant.settings import Settings
from ingest.limits import MEGABYTE

_POLL_S = 1.0
_EVERY = 1_000_000
_UNREAD = frozenset({ItemState.FAILED, ItemState.CANCELLED})
_WORDS = {
    "collections": "collection",
    "people": "personne",
    "groups": "groupe",
    "documents": "document",
    "originals": "original",
    "question_sets": "jeu",
    "conversations": "conversation",
}
_PLURALS = {"originals": "originaux", "question_sets": "jeux"}


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far the reading of a tenant is."""

    done: int
    waiting_reason: str | None = None
    next_try_at: datetime | None = None


def export(
    settings: Settings, tenant: str, *, to: Path, with_conversations: bool, as_json: bool
) -> None:
    """Write a tenant to a file, or to a new file of a folder.

    Raises:
        ConfigurationError: There is no instance.
        AssistantError: As `TenantExporter.export`.
    """
    with moving(settings) as way:
        target = _file_in(to, way, tenant) if to.is_dir() else to
        report = way.exporter.export(
            TenantId(tenant),
            target,
            principal=way.principal,
            product_version=version("assistant-regional"),
            with_conversations=with_conversations,
        )
    if as_json:
        say_json(_plain_export(report))
    else:
        size = f"{report.size_bytes / MEGABYTE:.1f}".replace(".", ",")
        say(f"Organisme exporté dans « {report.path} » ({size} Mo) : {_counted(report.counts)}.")


def load(settings: Settings, file: Path, *, waits: bool, as_json: bool) -> ExitCode:
    """Take a tenant in, and wait until the worker has read its documents.

    Returns:
        3 when some of them could not be read, else 0.

    Raises:
        ConfigurationError: The data folder stays in use, or cannot be used; or nobody will ever read
            the documents ("worker_refused"), which stay.
        AssistantError: As `TenantImporter.load`.
    """
    unread: list[dict[str, str]] = []
    with (
        connect(settings, server=None, command="tenants import") as connection,
        moving(settings) as way,
    ):
        report = way.importer.load(file, principal=way.principal)
        if as_json:
            note(f"Organisme importé : {report.tenant.name} ({report.tenant.id}).")
        else:
            _tell(report)
        if waits:
            connection.start_worker()
            ended = _wait(
                way, report.tenant.id, patience=Patience(connection.client, words="import_waits")
            )
            unread = [each for job in ended for each in _unread(way, job)]
    if as_json:
        plain = {"tenant_id": report.tenant.id, "name": report.tenant.name, **report.counts}
        say_json({**plain, "failed": unread} if waits else plain)
    elif unread:
        say(f"Documents qui n'ont pas pu être lus : {len(unread)}.")
        for each in unread:
            say(f"  ✗ {each['file']} : {each['reason']}")
    return ExitCode.SOME_FAILED if unread else ExitCode.OK


def _file_in(folder: Path, way: Moving, tenant: str) -> Path:
    """A name that tells the tenant and the day."""
    with way.open_work() as work:
        found = work.tenancy.find_tenant(TenantId(tenant))
    stem = plain_name(found.name) if found is not None else tenant
    return folder / f"{stem} {time.strftime('%Y-%m-%d')}.zip"


def _plain_export(report: ExportReport) -> dict[str, str | int]:
    return {"path": str(report.path), "size_bytes": report.size_bytes, **report.counts}


def _tell(report: ImportReport) -> None:
    counts = report.counts
    say(f"Organisme importé : {report.tenant.name} ({report.tenant.id}), {_counted(counts)}.")
    closed = counts["unshared_collections"]
    if closed:
        say(
            f"Collections qui étaient partagées avec d'autres organismes : {closed}. "
            "Elles ne sont plus lues que par celui-ci."
        )


def _wait(way: Moving, tenant_id: TenantId, *, patience: Patience) -> list[Job]:
    """Until all its jobs have ended; those."""
    shown = 0
    while True:
        jobs = _jobs(way, tenant_id)
        left = sum(job.state not in FINAL_JOB_STATES for job, _ in jobs)
        if left == 0:
            return [job for job, _ in jobs]
        if left != shown:
            note(f"Lecture des documents : {plural(left, 'traitement')} en cours ou en attente…")
            shown = left
        patience.check(_standing([progress for _, progress in jobs]))
        time.sleep(_POLL_S)


def _jobs(way: Moving, tenant_id: TenantId) -> list[tuple[Job, JobProgress]]:
    with way.open_work() as work:
        scope = whole_scope(work, tenant_id)
    return way.jobs.list_recent(scope=scope, limit=_EVERY)


def _standing(told: list[JobProgress]) -> _Standing:
    """How far all of them are, and what the first that waits waits for."""
    done = sum(each.done for each in told)
    for each in told:
        if each.waiting_reason is not None:
            return _Standing(done, _spoken(each.waiting_reason), each.next_try_at)
    return _Standing(done)


def _unread(way: Moving, job: Job) -> list[dict[str, str]]:
    """The documents that a job did not read, although their originals are here."""
    with way.open_work() as work:
        scope = whole_scope(work, job.tenant_id)
        items = work.jobs.items(job.id, scope=scope, states=_UNREAD, limit=ITEMS_AT_ONCE, offset=0)
    reasons = [each.reason or Reason("reading_cancelled", {}) for each in items]
    return [
        {"file": each.name, "code": why.code, "reason": _spoken(why)}
        for each, why in zip(items, reasons, strict=True)
    ]


def _spoken(reason: Reason) -> str:
    return sentence(reason.code, **reason.params)


def _counted(counts: dict[str, int]) -> str:
    told: list[str] = []
    for kind, word in _WORDS.items():
        count = counts.get(kind)
        if count is not None:
            words = _PLURALS.get(kind, word) if count > 1 else word
            told.append(f"{count} {words}" if kind in _PLURALS else plural(count, word))
    return ", ".join(told)
