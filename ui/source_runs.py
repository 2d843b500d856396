"""What a look at a source found, in words that an administrator of documents reads."""

from __future__ import annotations

import streamlit as st

from assistant.schemas.sources import FindingName, SourceRunOut
from ui.markup import escape, plain
from ui.messages import counted, duration, moment_label, text

_FINDINGS: tuple[FindingName, ...] = (
    "added",
    "changed",
    "renamed",
    "removed",
    "unchanged",
    "ignored",
    "unreadable",
)
_NAMED: tuple[FindingName, ...] = ("added", "changed", "renamed", "removed")


def show(run: SourceRunOut, *, zone: str | None, key: str) -> None:
    """How a look ended.

    Args:
        run: The look.
        zone: Name of the reader's time zone.
        key: Unique on the page.
    """
    ended = run.finished_at or run.asked_at
    moment = moment_label(ended, zone=zone)
    if run.state == "failed":
        st.error(plain(text(f"sources.failed_{run.kind}", moment=moment, reason=run.reason or "")))
        return
    if run.state == "cancelled":
        st.write(plain(text(f"sources.cancelled_{run.kind}", moment=moment)))
        return
    st.write(plain(f"{text(f'sources.ended_{run.kind}', moment=moment)} {summary(run)}"))
    if run.kind == "plan" and run.estimated_s is not None and run.read_bytes:
        st.caption(text("sources.estimate", time=duration(run.estimated_s)))
    if not run.is_complete:
        st.warning(plain(counted("sources.incomplete", run.kept_back)))
    elif run.kept_back:
        st.warning(plain(counted("sources.perhaps_moved", run.kept_back)))
    show_names(run, key=key)


def summary(run: SourceRunOut) -> str:
    """How many files of each kind, in one sentence."""
    told = [
        counted(f"sources.{finding}", run.counts[finding])
        for finding in _FINDINGS
        if run.counts.get(finding)
    ]
    return f"{', '.join(told)}." if told else text("sources.nothing")


def show_names(run: SourceRunOut, *, key: str) -> None:
    """The first names of each kind, and why some files could not be taken; nothing when there are none."""
    if not run.faults and not any(run.names.get(finding) for finding in _NAMED):
        return
    with st.expander(text("sources.details"), key=f"details-{key}"):
        for finding in _NAMED:
            names = run.names.get(finding, [])
            if names:
                st.html(_list_html(finding, names, count=run.counts.get(finding, 0)))
        if run.faults:
            lines = "".join(
                f"<li><strong>{escape(each.name)}</strong><br>{escape(each.detail)}</li>"
                for each in run.faults
            )
            st.html(f'<ul class="failures">{lines}</ul>')


def _list_html(finding: FindingName, names: list[str], *, count: int) -> str:
    lines = "".join(f"<li>{escape(name)}</li>" for name in names)
    rest = count - len(names)
    more = f"<p>{escape(counted('sources.more', rest))}</p>" if rest > 0 else ""
    head = escape(counted(f"sources.{finding}", count))
    return f"<p><strong>{head}</strong></p><ul>{lines}</ul>{more}"
