"""`assistant tenants export` and `import`: a tenant leaves, a tenant comes."""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path

from assistant.cli.connection import connect
from assistant.cli.console import note, plural, say, say_json
from assistant.domain.ids import TenantId
from assistant.reversibility import Moving, moving
from assistant.services.archive_organisation import plain_name
from assistant.services.tenant_export import ExportReport
from assistant.services.tenant_import import ImportReport
from assistant.settings import Settings
from ingest.limits import MEGABYTE

_POLL_S = 1.0
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


def load(settings: Settings, file: Path, *, waits: bool, as_json: bool) -> None:
    """Take a tenant in, and wait until the worker has read its documents.

    Raises:
        ConfigurationError: The data folder stays in use, or cannot be used.
        AssistantError: As `TenantImporter.load`.
    """
    with (
        connect(settings, server=None, command="tenants import") as connection,
        moving(settings) as way,
    ):
        report = way.importer.load(file, principal=way.principal)
        if not as_json:
            _tell(report)
        if waits:
            connection.start_worker()
            _wait(way, report.tenant.id)
    if as_json:
        say_json({"tenant_id": report.tenant.id, "name": report.tenant.name, **report.counts})


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


def _wait(way: Moving, tenant_id: TenantId) -> None:
    shown = 0
    while True:
        with way.open_work() as work:
            left = len(work.estates.open_jobs(tenant_id))
        if left == 0:
            return
        if left != shown:
            note(f"Lecture des documents : {plural(left, 'traitement')} en cours ou en attente…")
            shown = left
        time.sleep(_POLL_S)


def _counted(counts: dict[str, int]) -> str:
    told: list[str] = []
    for kind, word in _WORDS.items():
        count = counts.get(kind)
        if count is not None:
            words = _PLURALS.get(kind, word) if count > 1 else word
            told.append(f"{count} {words}" if kind in _PLURALS else plural(count, word))
    return ", ".join(told)
