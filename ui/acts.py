"""Acts of administration: confirmed in words that say what they do, and told once done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.service import MeOut
from ui import dialogs, fragments
from ui.markup import escape, plain
from ui.messages import text

_NOTICE = "notice"
_TOLD = "told-once"
_TURN = "turns-to-top"
_CHOSEN = "chosen-organisation"
_PICKER = "organisation"


@dataclass(frozen=True)
class Acting:
    """For which organisation a page acts."""

    tenant_id: str
    name: str


def is_platform_admin(me: MeOut) -> bool:
    """True for who tends every organisation."""
    return "platform_admin" in me.roles


def administers(me: MeOut) -> bool:
    """True for who tends the people and collections of an organisation at least."""
    return is_platform_admin(me) or "tenant_admin" in me.roles


def open_page(api: AssistantClient, me: MeOut, *, title: str, lead: str) -> Acting | None:
    """The top of a page of administration: title, what it is for, what was done, for which organisation.

    Args:
        api: Speaks for the person.
        me: The person; who is no administrator is told so.
        title: Of the page.
        lead: What one does here.

    Returns:
        The person's organisation, or the one that an administrator of the platform picks; None when
        the page is not for this person.
    """
    st.title(title, anchor=False)
    if not administers(me):
        st.warning(text("acts.forbidden"))
        return None
    st.write(lead)
    show_notice()
    if is_platform_admin(me):
        return _picked(api, me)
    return Acting(*_own(me))


def _own(me: MeOut) -> tuple[str, str]:
    return (me.tenant.id, me.tenant.name) if me.tenant else ("", "")


def _picked(api: AssistantClient, me: MeOut) -> Acting:
    names = {each.id: each.name for each in api.list_tenants()}
    own_id, own_name = _own(me)
    if own_id:
        names.setdefault(own_id, own_name)
    wanted = st.session_state.get(_CHOSEN, own_id)
    ids = list(names)
    picked = st.selectbox(
        text("acts.organisation"),
        ids,
        index=ids.index(wanted) if wanted in names else 0,
        format_func=lambda tenant_id: names[tenant_id],
        help=text("acts.organisation_help"),
        key=_PICKER,
    )
    act_for(picked)
    return Acting(picked, names[picked])


def act_for(tenant_id: str) -> None:
    """Have the pages act for an organisation until another one is picked."""
    st.session_state[_CHOSEN] = tenant_id


def notify(sentence: str) -> None:
    """Have the next run tell what was done, at the top of the page."""
    st.session_state[_NOTICE] = sentence
    turn_to_top()


def turn_to_top() -> None:
    """Have the next run start at the top of the page."""
    st.session_state[_TURN] = turn() + 1
    fragments.want_page()


def turn() -> int:
    """How often a page was to start at its top."""
    return int(st.session_state.get(_TURN, 0))


def show_notice() -> None:
    """Tell what the last act did, once; its place is always there."""
    with st.container(key="acts-notice"):
        if notice := st.session_state.pop(_NOTICE, None):
            st.success(plain(str(notice)))


def tell_once(page: str, *, sentence: str, secret: str) -> None:
    """Keep a secret, such as a link, for a page to show until it is dismissed or left.

    Args:
        page: Address of the page.
        sentence: Says what it is.
        secret: To copy.
    """
    st.session_state[_TOLD] = (page, sentence, secret)


def show_told() -> None:
    """Show the secret that this page was given, to copy."""
    told = st.session_state.get(_TOLD)
    if told is None:
        return
    _, sentence, secret = told
    with st.container(key="told-once", border=True):
        st.write(plain(sentence))
        st.code(secret, language=None, wrap_lines=True)
        st.button(text("acts.copied"), key="told-once-done", on_click=_forget)


def enter(page: str) -> None:
    """Forget the secret of another page: it is not shown again to who comes back.

    Args:
        page: Address of the page that is opened.
    """
    told = st.session_state.get(_TOLD)
    if told is not None and told[0] != page:
        _forget()


def _forget() -> None:
    st.session_state.pop(_TOLD, None)


def ask_button(label: str, *dialog: str, spoken: str, is_main: bool = False) -> None:
    """A button that opens a dialog.

    Args:
        label: On the button.
        dialog: Name of the dialog, and whom or what it is about.
        spoken: What the button does and to what, for who does not see the line it stands on.
        is_main: True for the first thing to do on the page.
    """
    st.button(
        label,
        key="-".join(("ask", *dialog)),
        type="primary" if is_main else "secondary",
        help=plain(spoken),
        on_click=dialogs.ask_for,
        args=dialog,
    )


def confirm(
    *sentences: str,
    button: str,
    act: Callable[[], object],
    done: str,
    is_possible: bool = True,
) -> None:
    """The inside of a dialog: what an act does, whether it can be undone, and the button that does it.

    Args:
        sentences: Say it, a paragraph each.
        button: Names the act.
        act: Does it; the error it raises is shown in the dialog, which stays open.
        done: Told on the page afterwards.
        is_possible: False while something has to be filled in first.
    """
    for sentence in sentences:
        st.write(plain(sentence))
    finish(button, act=act, done=done, is_possible=is_possible)


def finish(button: str, *, act: Callable[[], object], done: str, is_possible: bool = True) -> None:
    """The button that ends a dialog: does what it says, closes it and tells so on the page."""
    if st.button(button, type="primary", key="dialog-confirm", disabled=not is_possible):
        act()
        dialogs.close()
        notify(done)
        st.rerun()


def line(name: str, *facts: str, badge: str = "", badge_kind: str = "plain") -> None:
    """What a list says of one thing: its name, its state and some facts below."""
    state = f' <span class="tag {badge_kind}">{escape(badge)}</span>' if badge else ""
    said = "".join(f'<p class="meta">{escape(fact)}</p>' for fact in facts if fact)
    st.html(f'<p class="set-name">{escape(name)}{state}</p>{said}')
