"""Title, type and date of a document, as a person says they are."""

from __future__ import annotations

import re
from datetime import date
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.curation import TITLE_CHARS, CorrectionIn, CorrectionOut, DossierOut
from ui import acts
from ui.failures import attempt, guarded
from ui.markup import plain
from ui.messages import catalogue, counted, date_label, moment_label, text

_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def show(api: AssistantClient, dossier: DossierOut, *, zone: str | None) -> None:
    """A form with what holds now, what was read beside it, and a way back to that."""
    st.subheader(text("correction.title"), anchor=False)
    st.caption(text("correction.help"))
    _tell(dossier, zone=zone)
    _form(api, dossier)
    kept = dossier.correction
    if kept is not None and not kept.is_empty:
        st.button(
            text("correction.revert"),
            key="revert",
            on_click=attempt,
            args=(_keep, api, dossier, CorrectionIn(revision=kept.revision)),
        )


def _tell(dossier: DossierOut, *, zone: str | None) -> None:
    kept, read = dossier.correction, dossier.read
    if kept is not None and not kept.is_empty:
        by = kept.by or text("document.somebody")
        st.info(plain(text("correction.by", by=by, at=moment_label(kept.at, zone=zone))))
    if read is not None:
        day = date_label(read.date) or text("document.undated")
        kind = text(f"kind.{read.kind}")
        st.caption(plain(text("correction.read", title=read.title, kind=kind, date=day)))


def _form(api: AssistantClient, dossier: DossierOut) -> None:
    document = dossier.document
    # A form of another revision is another form: it starts from what holds then.
    key = f"{document.id}-{_revision(dossier.correction)}"
    with st.form(f"correction-{key}", border=True):
        title = st.text_input(
            text("correction.field_title"),
            value=document.title,
            max_chars=TITLE_CHARS,
            key=f"title-{key}",
        )
        kinds = _kinds()
        kind = st.selectbox(
            text("correction.field_kind"),
            kinds,
            index=kinds.index(document.kind) if document.kind in kinds else 0,
            format_func=lambda each: text(f"kind.{each}"),
            key=f"kind-{key}",
        )
        typed = st.text_input(
            text("correction.field_date"),
            value=f"{document.date:%d/%m/%Y}" if document.date else "",
            placeholder=text("audit.day_hint"),
            key=f"date-{key}",
        )
        st.caption(counted("correction.cost", document.chunk_count))
        is_sent = st.form_submit_button(text("correction.keep"), key=f"keep-{key}", type="primary")
    if is_sent:
        try:
            day = day_of(typed)
        except ValueError:
            st.error(text("correction.day_refused"))
            return
        wanted = wanted_of(dossier, title=title, kind=kind, day=day)
        guarded(partial(_keep_and_show, api, dossier, wanted))


def _keep_and_show(api: AssistantClient, dossier: DossierOut, wanted: CorrectionIn) -> None:
    """A refusal stands below the form, which keeps what was written."""
    _keep(api, dossier, wanted)
    st.rerun()


def wanted_of(dossier: DossierOut, *, title: str, kind: str, day: date | None) -> CorrectionIn:
    """What differs from the reading; what is as it was read is left to it, now and in later versions."""
    read = dossier.read
    is_read_day = read is not None and day == read.date
    return CorrectionIn(
        title=None if read is not None and title == read.title else title,
        kind=None if read is not None and kind == read.kind else kind,
        date=None if is_read_day else day,
        is_undated=day is None and not is_read_day,
        revision=_revision(dossier.correction),
    )


def _keep(api: AssistantClient, dossier: DossierOut, wanted: CorrectionIn) -> None:
    done = api.correct_document(dossier.document.id, wanted)
    acts.notify(text("correction.kept_reread" if done.job_id else "correction.kept"))


def _revision(kept: CorrectionOut | None) -> int:
    return 0 if kept is None else kept.revision


def _kinds() -> list[str]:
    """The types of documents, as the catalogue names them."""
    return [key.removeprefix("kind.") for key in catalogue() if key.startswith("kind.")]


def day_of(typed: str | None) -> date | None:
    """A day as it was typed, JJ/MM/AAAA: Streamlit's own field for dates speaks English. None for nothing.

    Raises:
        ValueError: It is no date.
    """
    written = (typed or "").strip()
    if not written:
        return None
    found = _DAY.fullmatch(written)
    if found is None:
        raise ValueError
    day, month, year = map(int, found.groups())
    return date(year, month, day)
