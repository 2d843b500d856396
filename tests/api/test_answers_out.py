from __future__ import annotations

from assistant.api.answers_out import citation_out
from assistant.domain.answers import Citation
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
