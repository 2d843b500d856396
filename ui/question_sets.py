"""The evaluation page of administrators: their question sets, and the evaluations of each.

What an evaluation found is in `results`; the address says which one is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st
from pydantic import ValidationError

from assistant.client import AssistantClient
from assistant.schemas.evaluations import EvaluationOut, QuestionSetAdded, QuestionSetOut
from assistant.schemas.service import MeOut
from assistant.schemas.wire import FaultyLine, Problem
from ui import dialogs, results, runs
from ui.components import question_set_upload
from ui.failures import attempt
from ui.markup import escape, plain
from ui.messages import counted, date_label, text

_SETS = 100
_RUNS = 40
_RUNS_OF_SET = 5
_NOTICE = "notice"
_LINES = "told-lines"
_REFUSED = "refused-question-set"
_MOST_LINES = 100


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who are not administrators are told so."""
    if not me.is_admin:
        st.title(text("question_sets.title"), anchor=False)
        st.warning(text("question_sets.forbidden"))
        return
    if results.is_wanted() and results.show(api):
        return
    st.title(text("question_sets.title"), anchor=False)
    st.write(text("question_sets.lead"))
    with st.container(key="evaluation-notice"):
        if notice := st.session_state.pop(_NOTICE, None):
            st.success(plain(str(notice)))
        if lines := st.session_state.pop(_LINES, None):
            st.html(notices_html(lines))
    _upload()
    _dialog(api)
    _list(api)


def _upload() -> None:
    st.subheader(text("question_sets.upload_title"), anchor=False)
    question_set_upload(key="question-set", on_answer=take_answer)
    with st.container(key="question-set-refusal"):
        if refused := st.session_state.pop(_REFUSED, None):
            st.html(refusal_html(refused))
    with st.expander(text("question_sets.how_title"), key="how-to-prepare"):
        st.write(text("question_sets.how"))
        st.html(_example_html())
        st.write(text("question_sets.how_end"))


def take_answer(status: int, body: str) -> None:
    """Keep what the API said of a file that the browser sent, for the next run to show.

    Args:
        status: Of the answer; 0 when there was none.
        body: Of the answer.
    """
    try:
        if status == 201:
            added = QuestionSetAdded.model_validate_json(body)
            st.session_state[_NOTICE], st.session_state[_LINES] = _added(added), added.notices
        else:
            st.session_state[_REFUSED] = Problem.model_validate_json(body)
    except ValidationError:
        st.session_state[_REFUSED] = text("question_sets.unreachable")


def _added(added: QuestionSetAdded) -> str:
    said = text("question_sets.added", name=added.name, count=_size(added))
    if not added.ignored_columns:
        return said
    columns = ", ".join(f"« {title} »" for title in added.ignored_columns)
    return " ".join((said, text("question_sets.ignored", columns=columns)))


def notices_html(lines: Sequence[FaultyLine]) -> str:
    """What is to be said of the documents that lines expect."""
    told = (
        text("question_sets.line", line=each.line, fault=each.detail)
        for each in lines[:_MOST_LINES]
    )
    listed = "".join(f"<li>{escape(line)}</li>" for line in told)
    rest = text("question_sets.more_notices") if len(lines) > _MOST_LINES else ""
    lead = escape(text("question_sets.documents_told"))
    return f'<div class="refusal" role="status"><p>{lead}</p><ul>{listed}</ul><p>{escape(rest)}</p></div>'


def refusal_html(refused: Problem | str) -> str:
    """Why a file was refused: what the API says, then each faulty line that it names."""
    if isinstance(refused, str):
        return f'<div class="refusal" role="alert"><p>{escape(refused)}</p></div>'
    lines = refused.lines or []
    told = (  # the first one is in the detail
        text("question_sets.line", line=each.line, fault=each.detail) for each in lines[1:]
    )
    listed = "".join(f"<li>{escape(line)}</li>" for line in told)
    rest = text("question_sets.more_lines") if len(lines) >= _MOST_LINES else ""
    return (
        f'<div class="refusal" role="alert"><p>{escape(refused.detail)}</p>'
        f"<ul>{listed}</ul><p>{escape(rest)}</p></div>"
    )


def _example_html() -> str:
    head, *rows = (
        text(f"question_sets.{name}").split(";")
        for name in ("how_columns", "how_page", "how_passage", "how_none")
    )
    titles = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f'<table class="plain"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'


def _list(api: AssistantClient) -> None:
    st.subheader(text("question_sets.list_title"), anchor=False)
    sets = api.list_question_sets(limit=_SETS)
    if not sets:
        st.info(text("question_sets.empty"))
        return
    recent = api.list_evaluations(limit=_RUNS)
    for each in sets:
        _card(api, each, [run for run in recent if run.question_set.id == each.id])


def _card(
    api: AssistantClient, shown: QuestionSetOut, evaluations: Sequence[EvaluationOut]
) -> None:
    with st.container(key=f"set-{shown.id}", border=True):
        with st.container(key=f"set-head-{shown.id}", horizontal=True, vertical_alignment="center"):
            facts = f"{_size(shown)} · {_added_on(shown)}"
            st.html(
                f'<p class="set-name">{escape(shown.name)}</p><p class="meta">{escape(facts)}</p>'
            )
            st.button(
                text("question_sets.start"),
                key=f"start-{shown.id}",
                type="primary",
                help=plain(text("question_sets.start_label", name=shown.name)),
                on_click=attempt,
                args=(_start, api, shown.id),
            )
            st.button(
                text("question_sets.delete"),
                key=f"delete-{shown.id}",
                help=plain(text("question_sets.delete_label", name=shown.name)),
                on_click=dialogs.ask_for,
                args=("delete-set", shown.id),
            )
        if not evaluations:
            st.caption(text("question_sets.never"))
        for run in evaluations[:_RUNS_OF_SET]:
            runs.show_line(api, run)


def _size(shown: QuestionSetOut) -> str:
    words = (
        counted("question_sets.questions", shown.question_count),
        counted("question_sets.unanswerable", shown.unanswerable_count),
    )
    return ", ".join(words)


def _added_on(shown: QuestionSetOut) -> str:
    return text("question_sets.added_on", date=date_label(shown.created_at.date()))


def _start(api: AssistantClient, set_id: str) -> None:
    started = api.start_evaluation(set_id)
    st.session_state[_NOTICE] = text("question_sets.started")
    st.session_state[_LINES] = started.notices


def _dialog(api: AssistantClient) -> None:
    match dialogs.requested():
        case ("delete-set", set_id):
            found = api.get_question_set(set_id, limit=1).question_set
            title = text("question_sets.delete_title")
            dialogs.show(title, partial(_delete, api, found))
        case _:
            return


def _delete(api: AssistantClient, shown: QuestionSetOut) -> None:
    st.write(plain(text("question_sets.delete_text", name=shown.name)))
    if st.button(text("question_sets.delete_confirm"), type="primary", key="delete-confirm"):
        api.delete_question_set(shown.id)
        dialogs.close()
        st.session_state[_NOTICE] = text("question_sets.deleted", name=shown.name)
        st.rerun()
