"""What a person says of an answer, below it: useful or not, why, and taken back when it wants."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.answers import AnswerOut
from assistant.schemas.feedback import FeedbackIn, FeedbackOut, ReasonName, VerdictName
from ui import dialogs
from ui.failures import attempt
from ui.markup import escape, plain
from ui.messages import text

REASONS: Mapping[VerdictName, tuple[ReasonName, ...]] = {
    "useful": ("exact", "well_sourced", "clear"),
    "not_useful": (
        "wrong",
        "incomplete",
        "off_topic",
        "badly_sourced",
        "outdated",
        "unclear",
        "refused_wrongly",
    ),
}
"""The reasons offered for each verdict."""
_DIALOG = "feedback"
_COMMENT_CHARS = 1000


def show(api: AssistantClient, answer: AnswerOut, *, said: FeedbackOut | None) -> None:
    """The buttons below an ended answer, or what was said of it.

    Args:
        api: Speaks for the person.
        answer: The answer.
        said: What the person said of it; None when nothing.
    """
    key = answer.answer_id
    with st.container(
        key=f"feedback-{key}", horizontal=True, vertical_alignment="center", gap="small"
    ):
        if said is None:
            st.html(f'<p class="meta">{escape(text("feedback.ask"))}</p>', width="content")
            for verdict in REASONS:
                st.button(
                    text(f"feedback.{verdict}"),
                    key=f"{verdict}-{key}",
                    on_click=_begin,
                    args=(api, key, verdict),
                )
        else:
            st.html(f'<p class="meta">{escape(_spoken(said))}</p>', width="stretch")
            st.button(
                text("feedback.change"),
                key=f"change-{key}",
                type="tertiary",
                on_click=dialogs.ask_for,
                args=(_DIALOG, key),
            )
            st.button(
                text("feedback.withdraw"),
                key=f"withdraw-{key}",
                type="tertiary",
                on_click=attempt,
                args=(api.withdraw_feedback, key),
            )
    if said is not None and dialogs.requested() == (_DIALOG, key):
        dialogs.show(text("feedback.title"), partial(_form, api, key, said))


def _begin(api: AssistantClient, answer_id: str, verdict: VerdictName) -> None:
    """Keep the verdict at once, and ask why; who closes the dialog has said enough."""
    attempt(api.give_feedback, answer_id, FeedbackIn(verdict=verdict))
    dialogs.ask_for(_DIALOG, answer_id)


def _spoken(said: FeedbackOut) -> str:
    words = text(f"feedback.said_{said.verdict}")
    reasons = ", ".join(text(f"feedback_reason.{each}") for each in said.reasons)
    parts = [f"{words} : {reasons}." if reasons else f"{words}."]
    if said.comment:
        parts.append(text("feedback.said_comment", comment=said.comment))
        parts.append(text("feedback.said_shared" if said.is_shared else "feedback.said_private"))
    return " ".join(parts)


def _form(api: AssistantClient, answer_id: str, said: FeedbackOut) -> None:
    verdicts = list(REASONS)
    verdict = st.radio(
        text("feedback.verdict"),
        verdicts,
        index=verdicts.index(said.verdict),
        format_func=lambda each: text(f"feedback.{each}"),
        horizontal=True,
        key=f"verdict-{answer_id}",
    )
    st.write(text("feedback.why"))
    chosen: list[ReasonName] = [
        reason
        for reason in REASONS[verdict]
        if st.checkbox(
            text(f"feedback_reason.{reason}"),
            value=reason in said.reasons,
            key=f"reason-{reason}-{answer_id}",
        )
    ]
    comment = st.text_area(
        text("feedback.comment"),
        value=said.comment,
        max_chars=_COMMENT_CHARS,
        key=f"comment-{answer_id}",
    )
    is_shared = st.checkbox(text("feedback.share"), value=said.is_shared, key=f"share-{answer_id}")
    st.caption(plain(text("feedback.private")))
    if st.button(text("feedback.save"), type="primary", key="feedback-save"):
        asked = FeedbackIn(
            verdict=verdict, reasons=chosen, comment=comment or "", is_shared=is_shared
        )
        api.give_feedback(answer_id, asked)
        dialogs.close()
        st.rerun()
