from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.draft import Draft, Stopwatch
from assistant.answering.prompt import refusal
from assistant.answering.quotes import way_on
from assistant.domain.answers import AnswerCompleted, CitationAdded
from tests.unit.assistant.answering.samples import cuts_of, make_passages, two_pieces

PASSAGES = make_passages(
    "L'aide au vélo électrique est de 200 €. La demande se fait en ligne. Le dossier compte 1 page.",
    "Le conseil vote le budget en décembre. La dotation des lycées est annuelle.",
)
REPLY = (
    "La demande se fait en ligne [1]. La dotation des lycées est annuelle [2]. "
    "L'aide au vélo électrique est de 200 € [1], le budget est voté en décembre [1, 2]."
)


def completed(pieces: list[str]) -> AnswerCompleted:
    draft = Draft(PASSAGES, stopwatch=Stopwatch(), deltas_per_s=1000)
    events = [event for piece in pieces for event in draft.feed(piece)]
    events += draft.finish()
    end = draft.completed(model="m", tokens=None)
    added = {event.citation for event in events if isinstance(event, CitationAdded)}
    assert added == set(end.citations)
    return end


def test_a_citation_shows_the_sentence_of_its_own_statement() -> None:
    quotes = [citation.quote for citation in completed([REPLY]).citations]

    assert quotes == [
        "La demande se fait en ligne.",
        "La dotation des lycées est annuelle.",
    ]


def test_every_cut_in_two_gives_the_same_citations() -> None:
    whole = completed([REPLY]).citations

    assert all(completed(pieces).citations == whole for pieces in two_pieces(REPLY))


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("deltas_per_s", [1, 1_000_000])
def test_one_blank_line_stands_before_what_a_refusal_ends_on(end: str, deltas_per_s: float) -> None:
    draft = Draft(PASSAGES, stopwatch=Stopwatch(), deltas_per_s=deltas_per_s)
    for piece in (refusal(), end):
        list(draft.feed(piece))
        time.sleep(0.001)
        list(draft.due())
    list(draft.finish())

    assert draft.text == f"{refusal()}\n\n{way_on(PASSAGES)}"


WORDS = st.sampled_from(
    [
        *("La demande ", "en ligne", "vélo ", "200 €", "budget ", "lycées", "dotation ", "mot "),
        *("[1]", "[2]", " [1]", " [2].", "[1, 2]", "[9]", " [9] ", "【2】", "[", "]", ". ", "\n"),
    ]
)


@given(data=st.data(), reply=st.lists(WORDS, max_size=40).map("".join))
def test_any_cut_gives_the_same_citations_with_the_same_quotes(
    data: st.DataObject, reply: str
) -> None:
    pieces = data.draw(cuts_of(reply))

    assert completed(pieces).citations == completed([reply]).citations


def test_the_number_of_a_marker_is_no_word_of_the_statement() -> None:
    (citation,) = completed(["Rien de tel [1]."]).citations

    assert citation.quote == PASSAGES[0].chunk.text
