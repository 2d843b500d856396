"""One answer on the page: its text, its state, its sources; whole or while it is being written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.client import AssistantClient, ClientError
from assistant.schemas.answers import (
    AlsoOut,
    AnswerEventOut,
    AnswerOut,
    CitationEvent,
    CitationOut,
    CompletedEvent,
    DeltaEvent,
    ErrorEvent,
    MarkEvent,
    MarkOut,
    QueuedEvent,
    RetrievalEvent,
)
from assistant.schemas.wire import Problem
from ui import dialogs
from ui.markup import PASSAGE, Doubt, Target, answer_html, escape, is_view_url, link, plain
from ui.messages import counted, date_label, number, text

_LABELS = {
    "answered": "answer.label",
    "search_only": "answer.label_search",
    "refused": "answer.label_refused",
    "failed": "answer.label_failed",
    "cancelled": "answer.label_cancelled",
    "running": "answer.label_running",
}
_VIEWER_HEIGHT_PX = 640


def show_answer(answer: AnswerOut) -> None:
    """An ended answer with its sources."""
    st.html(_ended_html(answer))
    if answer.citations:
        show_sources(answer.citations, key=answer.answer_id)


def follow(api: AssistantClient, answer_id: str, *, place: DeltaGenerator) -> bool:
    """Write a running answer into a place as its events come, from the first one on.

    The answer is written by the server whatever happens here: any click ends this reading and the
    next run of the page takes it up again.

    Returns:
        True when the answer has ended, False when the reading was cut before.
    """
    draft = Draft()
    place.html(draft.html())
    try:
        for event in api.answer_events(answer_id, after=0):
            draft.add(event)
            place.html(draft.html())
    except ClientError as error:
        if error.problem.code != "stream_cut":
            raise
    return draft.is_ended


@dataclass(slots=True)
class Draft:
    """What is known of an answer while its events arrive."""

    text: str = ""
    ahead: int | None = None
    """Questions before this one, while it waits for its turn."""
    passages: list[CitationOut] | None = None
    """None until the search has ended."""
    understood: str | None = None
    citations: dict[int, CitationOut] = field(default_factory=dict[int, CitationOut])
    marks: list[MarkOut] = field(default_factory=list[MarkOut])
    answer: AnswerOut | None = None
    problem: Problem | None = None

    @property
    def is_ended(self) -> bool:
        """True after the last event."""
        return self.answer is not None or self.problem is not None

    def add(self, event: AnswerEventOut) -> None:
        """Take one more event."""
        match event:
            case QueuedEvent():
                self.ahead = event.ahead
            case RetrievalEvent():
                self.passages, self.understood = event.passages, event.understood
            case DeltaEvent():
                self.text += event.text
            case CitationEvent():
                self.citations[event.citation.marker] = event.citation
            case MarkEvent():
                self.marks.append(event.mark)
            case CompletedEvent():
                self.answer = event.answer
            case ErrorEvent():
                self.problem = event.problem

    def html(self) -> str:
        """The answer as it stands."""
        if self.answer is not None:
            return _ended_html(self.answer)
        if self.problem is not None:
            citations = list(self.citations.values())
            return _failed_html(self.text, self.problem, citations, marks=self.marks)
        known = {passage.marker: passage for passage in self.passages or []} | self.citations
        body = answer_html(self.text, targets(list(known.values())), doubts=doubts(self.marks))
        label = escape(text(_LABELS["running"]))
        return (
            f'<section class="answer running" aria-label="{label}" aria-busy="true">'
            f"{_understood(self.understood)}"
            f'{_doubts_line(self.marks)}<div class="answer-text">{body}</div>'
            f'<p class="waiting"><span class="pulse"></span>{escape(self._waiting())}</p></section>'
        )

    def _waiting(self) -> str:
        if self.passages is None:
            if self.ahead is not None:
                return counted("answer.queued", self.ahead)
            return text("answer.searching")
        if self.text or not self.passages:
            return text("answer.label_running") + "…"
        return counted("answer.writing", len(self.passages))


def targets(citations: Sequence[CitationOut]) -> dict[int, Target]:
    """Where the markers of some citations lead."""
    return {one.marker: Target(one.view_url, _place(one)) for one in citations}


def doubts(marks: Sequence[MarkOut]) -> list[Doubt]:
    """The spans of an answer to mark, in order."""
    ordered = sorted(marks, key=lambda mark: mark.start)
    return [Doubt(mark.start, mark.end, mark.reason) for mark in ordered]


def _place(citation: CitationOut) -> str:
    return ", ".join(
        filter(None, (citation.title or citation.file, _page(citation), *_parts(citation)))
    )


def _parts(citation: CitationOut) -> list[str]:
    """Sheet and range, slide, or attachment: where a passage stands in a format without pages."""
    where = citation.locator
    cells = f", {where.cells}" if where.cells else ""
    return [
        *([text("source.sheet", name=where.sheet) + cells] if where.sheet else []),
        *([text("source.slide", number=where.slide)] if where.slide else []),
        *([text("source.part", name=where.part)] if where.part else []),
    ]


def _certainty(citation: CitationOut) -> str:
    sure = citation.locator.confidence
    return "" if sure is None else text("source.certainty", percent=round(100 * sure))


def _page(citation: CitationOut) -> str:
    return "" if citation.page is None else text("source.page", page=citation.page)


def _ended_html(answer: AnswerOut) -> str:
    if answer.error is not None:
        return _failed_html(answer.answer, answer.error, answer.citations, marks=answer.marks)
    label = escape(text(_LABELS[answer.status]))
    body = answer_html(answer.answer, targets(answer.citations), doubts=doubts(answer.marks))
    return (
        f'<section class="answer {answer.status}" aria-label="{label}">'
        f'<p class="answer-label">{label}</p>{_understood(answer.understood)}{_lead(answer)}'
        f'{_doubts_line(answer.marks)}<div class="answer-text">{body}</div>{_meta(answer)}'
        f'<p class="hidden" role="status">{escape(text("answer.done"))}</p></section>'
    )


def _understood(question: str | None) -> str:
    """How a follow-up was read, so that a person sees when it was misread."""
    if not question:
        return ""
    return f'<p class="meta">{escape(text("answer.understood", question=question))}</p>'


def _lead(answer: AnswerOut) -> str:
    return f'<p class="answer-lead">{escape(answer.notice)}</p>' if answer.notice else ""


def _failed_html(
    partial: str,
    problem: Problem,
    citations: Sequence[CitationOut],
    *,
    marks: Sequence[MarkOut],
) -> str:
    label = escape(text(_LABELS["failed"]))
    kept = ""
    if partial.strip():
        body = answer_html(partial, targets(citations), doubts=doubts(marks))
        note = f'<p class="meta">{escape(text("answer.partial"))}</p>'
        kept = f'{_doubts_line(marks)}<div class="answer-text">{body}</div>{note}'
    number_line = ""
    if problem.request_id:
        number_line = f'<p class="meta">{escape(text("app.request_id", id=problem.request_id))}</p>'
    return (
        f'<section class="answer failed" aria-label="{label}"><p class="answer-label">{label}</p>'
        f'<p class="answer-lead" role="alert">{escape(problem.detail)}</p>{kept}{number_line}</section>'
    )


def _doubts_line(marks: Sequence[MarkOut]) -> str:
    """How many statements of an answer could not be verified; nothing when all could."""
    if not marks:
        return ""
    words = escape(counted("answer.doubts", len(marks)))
    return f'<p class="answer-doubts" role="status">{words}</p>'


def _meta(answer: AnswerOut) -> str:
    parts: list[str] = []
    if answer.model:
        parts.append(text("answer.model", model=answer.model))
    if answer.tokens:
        key = "answer.tokens_estimated" if answer.tokens.is_estimated else "answer.tokens"
        parts.append(text(key, count=number(answer.tokens.prompt + answer.tokens.completion)))
    return f'<p class="meta">{escape(" · ".join(parts))}</p>' if parts else ""


def show_sources(citations: Sequence[CitationOut], *, key: str) -> None:
    """The sources of an answer: what they are, their words, the page in place or in a new tab."""
    titles = " · ".join(dict.fromkeys(one.title or one.file for one in citations))
    count = counted("source.panel", len(citations))
    label = plain(f"{count} : {titles}")
    with st.expander(label, key=f"sources-{key}"):
        for citation in citations:
            name = ("source", key, str(citation.marker))
            with st.container(key=f"card-{key}-{citation.marker}"):
                st.html(source_html(citation))
                _ways_to_open(citation, name)
            if dialogs.requested() == name:
                dialogs.show(text("source.dialog"), partial(_viewer, citation), is_wide=True)


def source_html(citation: CitationOut) -> str:
    """One source as a card."""
    kind = text(f"kind.{citation.kind}") if citation.kind else text("kind.other")
    facts = [
        kind,
        date_label(citation.date) or text("source.undated"),
        _page(citation),
        *_parts(citation),
        _certainty(citation),
    ]
    section = " › ".join(citation.locator.section)
    section_line = f'<p class="source-section">{escape(section)}</p>' if section else ""
    return (
        f'<article class="source"><p class="source-title"><span class="marker">[{citation.marker}]</span> '
        f"{escape(citation.title or citation.file)}{_classification(citation.label)}</p>"
        f'<p class="source-facts">{escape(" · ".join(fact for fact in facts if fact))}</p>{section_line}'
        f"{_standing(citation)}{_since(citation)}<blockquote>{escape(citation.text)}</blockquote>{_also(citation.also)}</article>"
    )


def _classification(label: str) -> str:
    """The label of the collection of a source, such as "Diffusion restreinte"; nothing without one."""
    if not label:
        return ""
    spoken = escape(text("source.classification", label=label))
    return f' <span class="source-label">{spoken}</span>'


def _standing(citation: CitationOut) -> str:
    """What took the place of the source, when an administrator confirmed it."""
    found = citation.replaced_by or citation.amended_by
    if found is None:
        return ""
    day = f" ({date_label(found.date)})" if found.date else ""
    words = text(f"source.{found.kind}", title=found.title, date=day)
    return f'<p class="source-standing">{escape(words)}</p>'


def _since(citation: CitationOut) -> str:
    """What became of the source since it was cited; nothing while it can be opened."""
    if citation.state == "live":
        return ""
    words = text("source.replaced_since")
    if citation.state == "deleted":
        day = citation.deleted_at.astimezone().date() if citation.deleted_at else None
        words = text("source.deleted_on", date=date_label(day)) if day else text("source.deleted")
    return f'<p class="source-standing">{escape(words)}</p>'


def _also(others: Sequence[AlsoOut]) -> str:
    """The other documents with the same words, as links in one line."""
    if not others:
        return ""
    links = " · ".join(
        link(Target(one.view_url, label), label, css="also")
        for one, label in ((one, _also_label(one)) for one in others)
    )
    return f'<p class="source-also">{escape(text("source.also"))} {links}</p>'


def _also_label(other: AlsoOut) -> str:
    page = [] if other.page is None else [text("source.page", page=other.page)]
    label = [text("source.classification", label=other.label)] if other.label else []
    return ", ".join([other.title or other.file, *page, *label])


def _ways_to_open(citation: CitationOut, name: tuple[str, str, str]) -> None:
    if not citation.view_url:
        if citation.current_url:
            target = Target(citation.current_url, citation.title or citation.file)
            st.html(link(target, text("source.open_current"), css="open"))
        return
    words = text("source.open" if citation.page else "source.open_section")
    target = Target(citation.view_url, _place(citation))
    with st.container(
        key=f"open-{name[1]}-{name[2]}", horizontal=True, vertical_alignment="center"
    ):
        st.html(link(target, words, css="open"), width="content")
        st.button(text("source.here"), key="-".join(name), on_click=dialogs.ask_for, args=name)


def _viewer(citation: CitationOut) -> None:
    title = f"{escape(_place(citation))}{_classification(citation.label)}"
    st.html(f'<p class="source-title">[{citation.marker}] {title}</p>')
    if is_view_url(citation.view_url):
        st.iframe(citation.view_url + PASSAGE, height=_VIEWER_HEIGHT_PX, alt=_place(citation))
