"""The conversation page: questions, answers as they are written, and the list of conversations.

Nothing that must survive a reload is kept here: the conversation is in the address, the rest in the API.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial

import streamlit as st
from streamlit.navigation.page import Page

from assistant.client import AssistantClient, ClientError
from assistant.schemas.conversations import ConversationDetail, ConversationOut, MessageOut
from assistant.schemas.service import MeOut
from ui import answers, dialogs, feedback, inspections
from ui.components import keep_end_in_view
from ui.connection import is_missing
from ui.failures import attempt
from ui.markup import escape, paragraphs_html, plain
from ui.messages import counted, text

_PARAM = "c"
_REFUSED = "refused-question"
_LISTED = 50
_TITLE_CHARS = 60
_EXAMPLES = 4
_PAUSE_S = 0.5
_EMPTY_REFRESH = "3s"
_DRAWN = "elements-drawn"
_LEAST_DRAWN = 8


def show(api: AssistantClient, me: MeOut) -> None:
    """The conversation named by the address, or a new one."""
    detail = _current(api)
    running = _running(detail)
    _question_bar(api, running_id=running)
    _refused_question()
    if detail is None:
        _welcome(api, me)
        return
    _heading(api, detail.conversation)
    inspections.show_notices(me, detail.inspections)
    for message in detail.messages:
        _show_message(api, message)
    if running:
        _follow(api, running)
    st.session_state[_DRAWN] = 3 * len(detail.messages) + _LEAST_DRAWN


def list_conversations(api: AssistantClient, me: MeOut, *, page: Page) -> None:
    """The conversations of this person, newest first, and a button for a new one."""
    if st.button(text("conversation.new"), key="new-conversation", width="stretch", type="primary"):
        st.switch_page(page)
    conversations = api.list_conversations(limit=_LISTED)
    st.html(f'<h2 class="list-title">{escape(text("conversation.list"))}</h2>')
    if not conversations:
        st.caption(text("conversation.none"))
    if me.tenant and me.tenant.retention_days:
        st.caption(counted("conversation.retention", me.tenant.retention_days))
    if me.tenant and me.tenant.keeps_questions:
        st.caption(text("conversation.keeps_questions"))
    current = st.query_params.get(_PARAM)
    for one in conversations:
        state = "current" if one.id == current else "other"
        with st.container(key=f"conversation-{state}-{one.id}"):
            st.page_link(page, label=_label(one), query_params={_PARAM: one.id}, width="stretch")


def _label(conversation: ConversationOut) -> str:
    return plain(_title(conversation)[:_TITLE_CHARS])


def _title(conversation: ConversationOut) -> str:
    return conversation.title or text("conversation.untitled")


def _current(api: AssistantClient) -> ConversationDetail | None:
    conversation_id = st.query_params.get(_PARAM)
    if not conversation_id:
        return None
    try:
        return api.get_conversation(conversation_id)
    except ClientError as error:
        if not is_missing(error):
            raise
        st.warning(text("conversation.missing"))
        return None


def _running(detail: ConversationDetail | None) -> str | None:
    for message in reversed(detail.messages if detail else []):
        if message.answer and message.answer.status == "running":
            return message.answer.answer_id
    return None


def _question_bar(api: AssistantClient, *, running_id: str | None) -> None:
    with st.bottom:
        if running_id:
            st.button(
                text("chat.stop"),
                key=f"stop-{running_id}",
                on_click=attempt,
                args=(api.cancel_answer, running_id),
            )
        st.chat_input(
            text("chat.placeholder_busy" if running_id else "chat.placeholder"),
            key="question",
            disabled=running_id is not None,
            on_submit=_ask_typed,
            args=(api,),
        )
        st.html(f'<p class="ai-notice" role="note">{escape(text("app.ai_notice"))}</p>')


def _ask_typed(api: AssistantClient) -> None:
    _ask(api, str(st.session_state["question"]))


def _ask(api: AssistantClient, question: str) -> None:
    try:
        if conversation_id := st.query_params.get(_PARAM):
            api.post_message(conversation_id, question)
        else:
            st.query_params[_PARAM] = _begin(api, question)
    except ClientError as error:
        st.session_state[_REFUSED] = (question, error)


def _begin(api: AssistantClient, question: str) -> str:
    """A new conversation with its first question; nothing is left of it when that is refused."""
    conversation_id = api.create_conversation(title=" ".join(question.split())[:_TITLE_CHARS]).id
    try:
        api.post_message(conversation_id, question)
    except ClientError as error:
        # Without any answer the question may have been taken, and an answer be under way.
        if error.problem.status:
            with suppress(ClientError):
                api.delete_conversation(conversation_id)
        raise
    return conversation_id


def _refused_question() -> None:
    refused = st.session_state.pop(_REFUSED, None)
    if refused is None:
        return
    question, error = refused
    sentence = text("chat.refused")
    st.error(plain(f"{sentence} {error.problem.detail}"))
    st.code(question, language=None, wrap_lines=True)


def _show_message(api: AssistantClient, message: MessageOut) -> None:
    if message.author == "person":
        label = escape(text("conversation.you"))
        words = escape(message.text).replace("\n", "<br>")
        st.html(f'<section class="question" aria-label="{label}"><p>{words}</p></section>')
    elif message.answer and message.answer.status != "running":
        answers.show_answer(message.answer)
        if not message.answer.is_withheld:
            feedback.show(api, message.answer, said=message.feedback)


def _follow(api: AssistantClient, answer_id: str) -> None:
    # Streamlit removes what the previous page left below only when a run ends: overwrite it now.
    keep_end_in_view(key=f"follow-{answer_id}")
    place = st.empty()
    for _ in range(int(st.session_state.get(_DRAWN, _LEAST_DRAWN))):
        st.empty()
    ended = answers.follow(api, answer_id, place=place)
    if not ended:
        time.sleep(_PAUSE_S)
    st.rerun()


def _heading(api: AssistantClient, conversation: ConversationOut) -> None:
    with st.container(
        key="conversation-heading", horizontal=True, vertical_alignment="center", gap="small"
    ):
        st.html(f"<h1>{escape(_title(conversation))}</h1>")
        for action in ("rename", "delete"):
            st.button(
                text(f"conversation.{action}"),
                key=action,
                type="tertiary",
                on_click=dialogs.ask_for,
                args=(action, conversation.id),
            )
    if dialogs.requested() == ("rename", conversation.id):
        dialogs.show(text("conversation.rename_title"), partial(_rename, api, conversation))
    if dialogs.requested() == ("delete", conversation.id):
        dialogs.show(text("conversation.delete_title"), partial(_delete, api, conversation))


def _rename(api: AssistantClient, conversation: ConversationOut) -> None:
    title = st.text_input(
        text("conversation.rename_label"), value=conversation.title, max_chars=200, key="new-title"
    )
    if st.button(text("conversation.save"), type="primary", key="rename-save"):
        api.rename_conversation(conversation.id, title=(title or "").strip())
        dialogs.close()
        st.rerun()


def _delete(api: AssistantClient, conversation: ConversationOut) -> None:
    st.write(plain(text("conversation.delete_warning", title=_title(conversation))))
    if st.button(text("conversation.delete_confirm"), type="primary", key="delete-confirm"):
        api.delete_conversation(conversation.id)
        dialogs.close()
        st.query_params.clear()
        st.rerun()


def _welcome(api: AssistantClient, me: MeOut) -> None:
    st.html(f'<h1 class="welcome">{escape(text("chat.welcome"))}</h1>')
    if me.tenant and me.tenant.welcome:
        st.html(f'<div class="welcome-text">{paragraphs_html(me.tenant.welcome)}</div>')
    counts = api.list_documents(limit=1).counts
    if not counts.live:
        _empty_corpus(me, pending=counts.pending)
        return
    st.html(f'<p class="welcome-text">{escape(text("chat.welcome_text"))}</p>')
    questions = api.examples(limit=_EXAMPLES).questions
    if not questions:
        return
    st.html(f'<h2 class="list-title">{escape(text("chat.examples"))}</h2>')
    with st.container(key="examples"):
        for place, question in enumerate(questions[:_EXAMPLES]):
            st.button(plain(question), key=f"example-{place}", on_click=_ask, args=(api, question))


def _empty_corpus(me: MeOut, *, pending: int) -> None:
    st.subheader(text("chat.empty_title"), anchor=False)
    st.write(text("chat.empty_admin" if me.is_admin else "chat.empty_agent"))
    if pending:
        st.info(counted("chat.empty_pending", pending))
        _wait_for_documents()


@st.fragment(run_every=_EMPTY_REFRESH)
def _wait_for_documents() -> None:
    started = st.session_state.setdefault("waiting-since", time.monotonic())
    if time.monotonic() - started > 1:
        st.session_state["waiting-since"] = time.monotonic()
        st.rerun()
