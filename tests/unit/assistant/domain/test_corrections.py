"""What people say of a document over what was read of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.corrections import (
    FIRST_DAY,
    TITLE_CHARS,
    CorrectedFields,
    Labels,
    check_fields,
)
from assistant.domain.errors import InvalidInput
from ingest.model import DocumentKind

TODAY = date(2026, 11, 26)
titles = st.text(min_size=1, max_size=TITLE_CHARS)
kinds = st.sampled_from(DocumentKind)
days = st.dates(FIRST_DAY, TODAY)
readings = st.builds(Labels, titles, kinds, st.none() | days)
corrections = st.builds(
    CorrectedFields, title=st.none() | titles, kind=st.none() | kinds, date=st.none() | days
) | st.builds(CorrectedFields, title=st.none() | titles, is_undated=st.just(value=True))


@given(corrections, readings, readings)
def test_what_is_said_holds_over_every_reading_and_the_rest_is_read(
    said: CorrectedFields, read: Labels, later: Labels
) -> None:
    first, second = said.over(read), said.over(later)

    for name in ("title", "kind", "date"):
        if name in said.names:
            assert getattr(first, name) == getattr(second, name) == getattr(said, name)
        else:
            assert getattr(first, name) == getattr(read, name)
    assert said.over(first) == first


@given(readings)
def test_nothing_said_is_what_was_read(read: Labels) -> None:
    assert CorrectedFields().over(read) == read
    assert CorrectedFields().names == ()


@given(corrections)
def test_what_is_within_bounds_is_taken(said: CorrectedFields) -> None:
    check_fields(said, today=TODAY)


@pytest.mark.parametrize(
    "said",
    [
        CorrectedFields(title=""),
        CorrectedFields(title="t" * (TITLE_CHARS + 1)),
        CorrectedFields(date=date(999, 12, 31)),
        CorrectedFields(date=date(2027, 11, 28)),
        CorrectedFields(date=TODAY, is_undated=True),
    ],
)
def test_what_is_beyond_them_is_refused(said: CorrectedFields) -> None:
    with pytest.raises(InvalidInput):
        check_fields(said, today=TODAY)
