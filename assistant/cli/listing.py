"""Documents and jobs as lines for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.cli.console import moment, plural, say
from assistant.cli.following import duration
from assistant.client import AssistantClient, ClientError
from assistant.domain.catalogue import sentence
from assistant.schemas.curation import DossierOut
from assistant.schemas.documents import DocumentOut, DocumentPage, JobItemOut, JobOut

_STATES = {
    "pending": "en attente",
    "live": "consultable",
    "failed": "en échec",
    "excluded": "exclu",
}
_VERSIONS = {"ready": "prête", "live": "consultée", "retired": "retirée"}
_JOB_STATES = {
    "queued": "en attente",
    "running": "en cours",
    "succeeded": "réussi",
    "partly_failed": "réussi en partie",
    "failed": "en échec",
    "cancelled": "annulé",
}
_KINDS = {"ingest": "indexation", "reindex": "réindexation"}
_PAGE = 500
_FORBIDDEN = 403
_OF_SOURCE = "source:"
_NO_NAMES: Mapping[str, str] = {}


def all_documents(client: AssistantClient, *, state: str | None, name: str) -> DocumentPage:
    """Every document that matches, in one list."""
    page = client.list_documents(state=state, name=name, limit=_PAGE)
    documents = list(page.documents)
    while len(page.documents) == _PAGE:
        page = client.list_documents(state=state, name=name, limit=_PAGE, offset=len(documents))
        documents.extend(page.documents)
    return DocumentPage(documents=documents, counts=page.counts)


def show_documents(page: DocumentPage) -> None:
    """One line per document, its reason under a failed one."""
    for document in page.documents:
        size = plural(document.chunk_count, "passage")
        state = _STATES.get(document.state, document.state)
        say(f"{document.id}  {state:<11}  {size:>13}  {document.name}")
        if document.reason:
            say(f"{'':38}✗ {document.reason}")
    counts = page.counts
    say(
        f"Consultables : {counts.live} ; en attente : {counts.pending} ; "
        f"en échec : {counts.failed} ; exclus : {counts.excluded} ; passages : {counts.chunks}."
    )


def show_document(document: DocumentOut) -> None:
    """All that is known of a document."""
    lines = (
        ("Nom", document.name),
        ("Source", document.source),
        ("Titre", document.title),
        ("État", _STATES.get(document.state, document.state)),
        ("Raison", document.reason),
        ("Format", document.format),
        ("Type", document.kind),
        ("Date", document.date.strftime("%d/%m/%Y") if document.date else None),
        ("Pages", document.page_count or None),
        ("Passages", document.chunk_count),
        ("Taille", f"{document.size_bytes} octets"),
        ("Modifié", moment(document.updated_at)),
        *(("Remarque", notice) for notice in document.notices),
    )
    for label, value in lines:
        if value is not None:
            say(f"{label:<9}: {value}")


def show_dossier(dossier: DossierOut) -> None:
    """What administrators are told beside: corrections, exclusion, readings."""
    read, correction, exclusion = dossier.read, dossier.correction, dossier.exclusion
    if correction is not None and not correction.is_empty:
        say(f"Corrigé  : {moment(correction.at)} par {correction.by or '—'}")
        if read is not None:
            day = read.date.strftime("%d/%m/%Y") if read.date else "sans date"
            say(f"Lu       : {read.title} ({read.kind}, {day})")
    if dossier.awaits_title:
        say("Recherche: par l'ancien titre, jusqu'à la relecture du document")
    if exclusion is not None:
        say(f"Exclu    : {moment(exclusion.at)} par {exclusion.by or '—'}")
    for each in dossier.versions:
        number = f" {each.number}" if each.number else ""
        say(
            f"Lecture{number} : {moment(each.created_at)}, {_VERSIONS.get(each.state, each.state)}, "
            f"{plural(each.chunk_count, 'passage')}"
        )


def source_names(client: AssistantClient, jobs: Sequence[JobOut]) -> dict[str, str]:
    """Names of the sources that some jobs bring in line, by label; none for who may not know them."""
    if not any(job.source.startswith(_OF_SOURCE) for job in jobs):
        return {}
    try:
        return {each.label: each.name for each in client.list_sources()}
    except ClientError as error:
        if error.problem.status != _FORBIDDEN:
            raise
        return {}


def show_jobs(jobs: Sequence[JobOut], *, names: Mapping[str, str] = _NO_NAMES) -> None:
    """One line per job, its source by name where that is known."""
    if not jobs:
        say("Aucun traitement.")
    for job in jobs:
        state = _JOB_STATES.get(job.state, job.state)
        say(
            f"{job.id}  {moment(job.created_at)}  {_KINDS.get(job.kind, job.kind):<13}"
            f"{state:<17}{job.done}/{job.total}  {names.get(job.source, job.source)}"
        )


def show_job(
    job: JobOut,
    *,
    failed: list[JobItemOut],
    waiting: list[JobItemOut],
    names: Mapping[str, str] = _NO_NAMES,
) -> None:
    """A job, its progress, and one reason per file that failed, for good or in passing."""
    show_jobs([job], names=names)
    left = f", reste {duration(job.left_s)}" if job.left_s is not None else ""
    say(
        f"{plural(job.chunks, 'passage')}, {plural(job.pages, 'page')}, "
        f"{duration(job.elapsed_s)}{left}."
    )
    if job.forgotten:
        say(f"  {sentence('job_forgotten', count=plural(job.forgotten, 'fichier'))}")
    if job.held_reason is not None:
        count = plural(job.counts.get("indexing", 0), "fichier lu")
        say(f"  … {sentence('job_held', count=count, reason=job.held_reason)}")
    for item in failed:
        tried = f" (échec passager, abandonné après {plural(item.setbacks, 'essai')})"
        say(f"  ✗ {item.name} : {item.reason or ''}{tried if item.setbacks else ''}")
    for item in waiting:
        say(
            f"  … {item.name} : {item.reason or ''} "
            f"(échec passager, nouvel essai automatique le {moment(item.retry_at)})"
        )
