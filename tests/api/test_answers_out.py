from __future__ import annotations

import pytest
from starlette.requests import Request

from assistant.api.answers_out import citation_out, event_out
from assistant.domain.answers import AnswerCompleted, AnswerQueued, AnswerStatus, Citation, Notice
from assistant.domain.catalogue import sentence, sentences
from assistant.domain.ids import AnswerId
from assistant.schemas.answers import AnswerOut, CompletedEvent
from tests.unit.assistant.answering.samples import make_chunk, make_paged


def test_a_citation_names_the_other_documents_with_the_same_words() -> None:
    chunk = make_chunk("Un taux de 5 %", id="a")
    other = make_chunk("un TAUX de 5 %", id="b", document="d2", title="Guide")

    out = citation_out(Citation(marker=1, chunk=chunk, quote="Un taux", also=(other,)))

    assert [each.model_dump() for each in out.also] == [
        {
            "title": "Guide",
            "file": "d2.pdf",
            "document_id": "d2",
            "page": 1,
            "pages": [1],
            "view_url": "/api/v1/passages/b/view",
            "label": "",
        }
    ]
    assert citation_out(Citation(marker=1, chunk=chunk, quote="Un taux")).also == []


def test_a_citation_opens_at_its_page_and_one_kept_before_pages_were_told_at_the_first() -> None:
    chunk = make_paged("Un taux.", "Un plafond.", first=4)

    told = citation_out(Citation(marker=1, chunk=chunk, quote="Un plafond.", page=5))
    kept = citation_out(Citation(marker=1, chunk=chunk, quote="Un plafond."))

    assert (told.page, told.view_url) == (5, "/api/v1/passages/k1/view?page=5")
    assert (kept.page, kept.view_url) == (4, "/api/v1/passages/k1/view")
    assert told.locator.pages == kept.locator.pages == [4, 5]


def test_a_place_in_the_queue_goes_over_the_wire() -> None:
    out = event_out(
        AnswerQueued(2), request=Request({"type": "http"}), answer_id=AnswerId("a1"), given_id=""
    )

    assert out.model_dump() == {"type": "answer.queued", "ahead": 2}


def completed(
    *notices: str, status: AnswerStatus = AnswerStatus.SEARCH_ONLY, text: str = "Oui."
) -> AnswerOut:
    end = AnswerCompleted(status, text, (), (), None, None, 1, tuple(map(Notice, notices)))
    out = event_out(end, request=Request({"type": "http"}), answer_id=AnswerId("a1"), given_id="")
    assert isinstance(out, CompletedEvent)
    return out.answer


def notice_of(*notices: str) -> str | None:
    return completed(*notices).notice


def test_every_notice_of_an_answer_is_said() -> None:
    assert notice_of() is None
    assert notice_of("no_model") == sentence("no_model")
    both = f"{sentence('no_model')} {sentence('words_only')}"
    assert notice_of("no_model", "words_only") == both


CUTS = sorted(code for code in sentences() if code.startswith("answer_cut_"))


def test_the_cuts_are_those_of_the_catalogue() -> None:
    assert CUTS == [
        "answer_cut_error",
        "answer_cut_length",
        "answer_cut_loop",
        "answer_cut_malformed",
        "answer_cut_stall",
    ]


@pytest.mark.parametrize("code", CUTS)
def test_an_answer_cut_short_is_not_complete(code: str) -> None:
    assert not completed(code, status=AnswerStatus.ANSWERED).is_complete
    assert not completed("words_only", code, status=AnswerStatus.ANSWERED).is_complete


def test_only_a_stopped_or_cut_answer_is_not_complete() -> None:
    assert completed("no_model", "words_only").is_complete
    assert completed(status=AnswerStatus.REFUSED).is_complete
    assert not completed(status=AnswerStatus.CANCELLED).is_complete
