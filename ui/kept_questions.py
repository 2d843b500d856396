"""The questions that nothing answered, for an organisation that keeps them; and the decision to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.corpus_health import KeptQuestionsOut
from ui import acts, dialogs
from ui.markup import escape, plain
from ui.messages import date_label, moment_label, number, text

_DIALOG = "keep-questions"
_KEEP, _DROP = "keep", "drop"


def show(api: AssistantClient, names: Mapping[str, str], *, zone: str | None) -> None:
    """Those that are kept, or that none is, and the button to change that.

    Args:
        api: Speaks for the person.
        names: Of collections, by id.
        zone: Of the organisation.
    """
    kept = api.kept_questions()
    st.markdown(f"**{text('kept_questions.title')}**")
    if kept.is_kept and kept.since is not None:
        since = moment_label(kept.since, zone=zone)
        st.write(plain(text("kept_questions.on", day=since, days=number(kept.days))))
        _table(kept, names)
    else:
        st.write(text("kept_questions.off"))
    name = _DROP if kept.is_kept else _KEEP
    st.button(
        text(f"kept_questions.{name}"),
        key=f"questions-{name}",
        on_click=dialogs.ask_for,
        args=(_DIALOG, name),
    )
    _dialog(api, kept)


def place(names: Mapping[str, str], collection_id: str) -> str:
    """Where a question came nearest, in words."""
    return names.get(collection_id, text("corpus.elsewhere"))


def kind_of(kind: str) -> str:
    """The kind of the nearest document, in words."""
    return text(f"kind.{kind}") if kind else "–"


def _table(kept: KeptQuestionsOut, names: Mapping[str, str]) -> None:
    if not kept.questions:
        st.caption(text("kept_questions.none"))
        return
    labels = ("kept_questions.day", "kept_questions.question", "corpus.nearest", "corpus.kind")
    head = "".join(f'<th scope="col">{escape(text(label))}</th>' for label in labels)
    rows = "".join(
        f"<tr><td>{escape(date_label(each.day))}</td><td>{escape(each.question)}</td>"
        f"<td>{escape(place(names, each.collection_id))}</td>"
        f"<td>{escape(kind_of(each.kind))}</td></tr>"
        for each in kept.questions
    )
    st.html(f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>')


def _dialog(api: AssistantClient, kept: KeptQuestionsOut) -> None:
    match dialogs.requested():
        case (name, ("keep" | "drop") as act) if name == _DIALOG:
            draw = partial(_ask, api, act, days=number(kept.days))
            dialogs.show(text(f"kept_questions.{act}_title"), draw)
        case _:
            return


def _ask(api: AssistantClient, act: str, *, days: str) -> None:
    is_kept = act == _KEEP
    sentences = [text(f"kept_questions.{act}_text", days=days)]
    if is_kept:
        sentences.append(text("kept_questions.keep_law"))
    acts.confirm(
        *sentences,
        button=text(f"kept_questions.{act}_confirm"),
        act=partial(api.keep_questions, is_kept=is_kept),
        done=text("kept_questions.kept" if is_kept else "kept_questions.dropped"),
    )
