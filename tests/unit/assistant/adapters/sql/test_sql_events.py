from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite import dialect

from assistant.adapters.sql.columns import Float32, UtcDateTime, Word
from assistant.adapters.sql.events import dump_event, load_event
from assistant.adapters.sql.locators import dump_locator, load_locator
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerFailed,
    AnswerQueued,
    AnswerStatus,
    Citation,
    CitationAdded,
    Notice,
    Passage,
    RetrievalCompleted,
    SentenceMarked,
    TextDelta,
    TokenUsage,
)
from assistant.domain.documents import DocumentState, SourceChunk
from assistant.domain.marks import Mark, MarkKind
from ingest.model import Box, Locator

SQLITE = dialect()

finite = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.integers(min_value=0, max_value=2**40)
params = st.dictionaries(st.text(), st.one_of(st.text(), numbers, finite))
boxes = st.builds(Box, page=numbers, left=finite, top=finite, right=finite, bottom=finite)
locators = st.builds(
    Locator,
    pages=st.lists(numbers).map(tuple),
    boxes=st.lists(boxes, max_size=3).map(tuple),
    section=st.lists(st.text(), max_size=3).map(tuple),
    first_block=numbers,
    last_block=numbers,
)
source_chunks = st.builds(SourceChunk, locator=locators, tokens=numbers, ordinal=numbers)
equals = st.lists(source_chunks, max_size=2).map(tuple)
citations = st.builds(Citation, marker=numbers, chunk=source_chunks, quote=st.text(), also=equals)
passages = st.builds(Passage, marker=numbers, chunk=source_chunks, also=equals)
usages = st.builds(TokenUsage, prompt=numbers, completion=numbers, is_estimated=st.booleans())
notices = st.builds(Notice, st.text(), params)
marks = st.builds(
    Mark,
    kind=st.sampled_from(MarkKind),
    start=numbers,
    end=numbers,
    words=st.lists(st.text(), max_size=2).map(tuple),
    markers=st.lists(numbers, max_size=2).map(tuple),
    found_in=st.lists(numbers, max_size=2).map(tuple),
)
completed = st.builds(
    AnswerCompleted,
    status=st.sampled_from(AnswerStatus),
    text=st.text(),
    citations=st.lists(citations, max_size=2).map(tuple),
    marks=st.lists(marks, max_size=2).map(tuple),
    model=st.none() | st.text(),
    tokens=st.none() | usages,
    first_token_ms=st.none() | numbers,
    notices=st.lists(notices, max_size=2).map(tuple),
    understood=st.text(),
)
events: st.SearchStrategy[AnswerEvent] = st.one_of(
    st.builds(AnswerQueued, st.integers(min_value=0, max_value=500)),
    st.builds(RetrievalCompleted, st.lists(passages, max_size=2).map(tuple), st.text()),
    st.builds(TextDelta, st.text()),
    st.builds(CitationAdded, citations),
    st.builds(SentenceMarked, marks),
    completed,
    st.builds(AnswerFailed, code=st.text(), params=params),
)


@given(events)
def test_an_event_comes_back_as_it_was(event: AnswerEvent) -> None:
    assert load_event(dump_event(event)) == event


@given(source_chunks, st.text())
def test_an_event_of_an_earlier_version_names_no_equals_and_no_page(
    chunk: SourceChunk, quote: str
) -> None:
    event = CitationAdded(Citation(marker=1, chunk=chunk, quote=quote))
    fields = json.loads(dump_event(event))
    del fields["citation"]["also"], fields["citation"]["page"]

    assert load_event(json.dumps(fields)) == event


@pytest.mark.parametrize(("kept", "notices"), [(None, ()), ("no_model", (Notice("no_model"),))])
def test_an_end_of_the_first_version_has_one_notice_at_most(
    kept: str | None, notices: tuple[Notice, ...]
) -> None:
    end = AnswerCompleted(AnswerStatus.ANSWERED, "Oui.", (), (), None, None, None, notices)
    fields = json.loads(dump_event(end))
    del fields["notices"]

    assert load_event(json.dumps(fields | {"notice": kept})) == end


def test_the_notices_of_an_earlier_version_are_codes() -> None:
    said = (Notice("no_model"), Notice("words_only"))
    end = AnswerCompleted(AnswerStatus.ANSWERED, "Oui.", (), (), None, None, None, said)
    fields = json.loads(dump_event(end))

    assert load_event(json.dumps(fields | {"notices": ["no_model", "words_only"]})) == end


def test_a_retrieval_of_an_earlier_version_names_no_other_question() -> None:
    fields = json.loads(dump_event(RetrievalCompleted(())))
    del fields["understood"]

    assert load_event(json.dumps(fields)) == RetrievalCompleted(())


def test_an_end_of_an_earlier_version_has_sentences_of_unknown_sources() -> None:
    end = AnswerCompleted(AnswerStatus.ANSWERED, "Vrai. Faux.", (), (), None, None, None)
    fields = json.loads(dump_event(end))
    del fields["marks"]

    loaded = load_event(json.dumps(fields | {"unsupported": ["Faux."]}))

    mark = Mark(MarkKind.UNKNOWN_SOURCE, "Faux.", 6, 11)
    assert loaded == replace(end, marks=(mark,))


@given(locators)
def test_a_locator_comes_back_as_it_was(locator: Locator) -> None:
    assert load_locator(dump_locator(locator)) == locator


def test_a_locator_is_compact() -> None:
    locator = Locator((3,), (Box(3, 0.1, 0.2, 0.9, 0.25),), ("Titre I",), 4, 5)
    expected = '{"f":4,"l":5,"p":[3],"b":[[3,0.1,0.2,0.9,0.25]],"s":["Titre I"]}'
    assert dump_locator(locator) == expected


def test_a_locator_of_an_earlier_version_does_not_tell_where_its_pages_begin() -> None:
    locator = Locator(pages=(3, 4), page_starts=(0, 120))
    fields = json.loads(dump_locator(locator))
    del fields["o"]

    assert load_locator(json.dumps(fields)) == Locator(pages=(3, 4))


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(ValueError, match="surprise"):
        load_event('{"type":"surprise"}')


def test_times_are_kept_in_utc() -> None:
    column = UtcDateTime()
    paris = datetime(2026, 7, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    kept = column.process_bind_param(paris, SQLITE)
    assert kept is not None
    assert kept == datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    assert kept.utcoffset() == timedelta()
    read = column.process_result_value(datetime(2026, 7, 1, 12, 30), SQLITE)  # noqa: DTZ001
    assert read == paris
    with pytest.raises(ValueError, match="aware"):
        column.process_bind_param(datetime(2026, 7, 1), SQLITE)  # noqa: DTZ001


def test_a_word_is_one_of_its_enum() -> None:
    column = Word(DocumentState)
    assert column.process_bind_param(DocumentState.LIVE, SQLITE) == "live"
    assert column.process_result_value("live", SQLITE) is DocumentState.LIVE
    with pytest.raises(ValueError, match="alive"):
        column.process_result_value("alive", SQLITE)


def test_a_vector_takes_four_bytes_a_value() -> None:
    kept = Float32().process_bind_param([1.0, -0.5], SQLITE)
    assert kept == b"\x00\x00\x80\x3f\x00\x00\x00\xbf"
