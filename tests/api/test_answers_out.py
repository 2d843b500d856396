from __future__ import annotations

from starlette.requests import Request

from assistant.api.answers_out import citation_out, event_out
from assistant.domain.answers import AnswerCompleted, AnswerStatus, Citation
from assistant.domain.catalogue import sentence
from assistant.domain.ids import AnswerId
from assistant.schemas.answers import CompletedEvent
from tests.unit.assistant.answering.samples import make_chunk


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
            "view_url": "/api/v1/passages/b/view",
        }
    ]
    assert citation_out(Citation(marker=1, chunk=chunk, quote="Un taux")).also == []


def notice_of(*notices: str) -> str | None:
    end = AnswerCompleted(AnswerStatus.SEARCH_ONLY, "Oui.", (), (), None, None, 1, notices)
    out = event_out(end, request=Request({"type": "http"}), answer_id=AnswerId("a1"), given_id="")
    assert isinstance(out, CompletedEvent)
    return out.answer.notice


def test_every_notice_of_an_answer_is_said() -> None:
    assert notice_of() is None
    assert notice_of("no_model") == sentence("no_model")
    both = f"{sentence('no_model')} {sentence('words_only')}"
    assert notice_of("no_model", "words_only") == both
