"""Ingestion jobs on the documents page: how far each is, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.documents import JobItemOut, JobOut
from ui import dialogs
from ui.failures import attempt
from ui.markup import escape, plain
from ui.messages import counted, duration, number, text

ACTIVE = frozenset({"queued", "running"})
"""States of a job that has not ended."""

_ENDED_SHOWN = 10
_REREADING = "reindex"
_OF_SOURCE = "source:"
"""How the label of a job begins that a source asked for."""
_EXTERNAL = "external:"
"""Likewise of one that a program asked for, by its own id of a document."""
_FAILURES_SHOWN = 50


def show_active(api: AssistantClient, jobs: Sequence[JobOut]) -> None:
    """A card with a progress bar for each job that has not ended."""
    for job in jobs:
        if job.state in ACTIVE:
            with st.container(key=f"job-{job.id}", border=True):
                st.progress(_share(job), text=plain(f"{_name(job)} · {progress_line(job)}"))
                _waiting(job)
                _held(job)
                st.button(
                    text("jobs.cancel"),
                    key=f"cancel-{job.id}",
                    on_click=attempt,
                    args=(api.cancel_job, job.id),
                )


def _waiting(job: JobOut) -> None:
    """What failed in passing and when it is tried again, with the reasons one click away."""
    count = job.counts.get("retrying", 0)
    if not count:
        return
    next_try = text("jobs.next_try", left=_until(job.next_try_at))
    words = [counted("jobs.retrying", count), job.waiting_reason or "", next_try]
    line = " ".join(filter(None, words))
    st.html(f'<p class="job-line retrying" role="status">{escape(line)}</p>')
    _ask_failures("reasons", job)


def _held(job: JobOut) -> None:
    """Why files that were read are not shown yet."""
    if job.held_reason:
        count = job.counts.get("indexing", 0)
        line = " ".join([counted("jobs.held", count), job.held_reason, text("jobs.held_on")])
        st.html(f'<p class="job-line retrying" role="status">{escape(line)}</p>')


def show_recent(api: AssistantClient, jobs: Sequence[JobOut]) -> None:
    """The jobs that have ended, with their failures, and a retry of what failed or was cancelled."""
    ended = [job for job in jobs if job.state not in ACTIVE][:_ENDED_SHOWN]
    if not ended:
        return
    with st.expander(text("jobs.recent"), key="recent-jobs"):
        for job in ended:
            _ended(api, job)


def _ended(api: AssistantClient, job: JobOut) -> None:
    failed = job.counts.get("failed", 0)
    words = [_name(job), text(f"jobs.state_{job.state}"), progress_line(job)]
    if failed:
        words.append(counted("jobs.failed", failed))
    if job.forgotten:
        words.append(counted("jobs.forgotten", job.forgotten))
    with st.container(key=f"ended-{job.id}", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="job-line {job.state}">{escape(" · ".join(words))}</p>')
        if failed or job.counts.get("cancelled", 0):
            st.button(
                text("jobs.retry"),
                key=f"retry-{job.id}",
                on_click=attempt,
                args=(api.retry_job, job.id),
            )
        if failed:
            _ask_failures("failures", job)


def _ask_failures(name: str, job: JobOut) -> None:
    st.button(
        text(f"jobs.{name}"),
        key=f"{name}-{job.id}",
        on_click=dialogs.ask_for,
        args=("failures", job.id),
    )


def failures(api: AssistantClient, job_id: str) -> None:
    """The files of a job that failed, for good or in passing, each with its reason and what comes next."""
    items = [
        item
        for state in ("retrying", "failed")
        for item in api.list_job_items(job_id, state=state, limit=_FAILURES_SHOWN)
    ]
    lines = "".join(
        f"<li><strong>{escape(item.name)}</strong><br>{escape(item.reason or '')}"
        f"<br><em>{escape(_outlook(item))}</em></li>"
        for item in items
    )
    st.html(f'<ul class="failures">{lines}</ul>')


def progress_line(job: JobOut) -> str:
    """Files done, rate and time left, as far as they are known."""
    words = [text("jobs.progress", done=number(job.done), total=number(job.total))]
    if job.state in ACTIVE and job.files_per_s:
        words.append(text("jobs.rate", rate=number(round(job.files_per_s, 1))))
    if job.state in ACTIVE and job.left_s is not None:
        words.append(text("jobs.left", left=duration(job.left_s)))
    return " · ".join(words)


def _outlook(item: JobItemOut) -> str:
    """Whether a failure passes by itself, and when the next try comes."""
    if item.retry_at is not None:
        return text("jobs.outlook_passing", left=_until(item.retry_at))
    if item.setbacks:
        return counted("jobs.outlook_given_up", item.setbacks)
    return text("jobs.outlook_lasting")


def _until(moment: datetime | None) -> str:
    """How long it still is to a time; a try that is due is a matter of seconds."""
    left_s = (moment - datetime.now(UTC)).total_seconds() if moment else 0.0
    return duration(max(1.0, left_s))


def _name(job: JobOut) -> str:
    kind, source = text(f"jobs.kind_{job.kind}"), job.source
    if job.kind == _REREADING:
        return kind
    if source == "upload":
        source = text("jobs.source_upload")
    elif source.startswith(_OF_SOURCE):
        source = text("jobs.source_kept")
    elif source.startswith(_EXTERNAL):
        source = text("jobs.source_program", id=source.removeprefix(_EXTERNAL))
    return f"{kind} ({source})"


def _share(job: JobOut) -> float:
    return min(1.0, job.done / job.total) if job.total else 0.0
