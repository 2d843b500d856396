from __future__ import annotations

from dataclasses import replace

from assistant.answering.passages import choose_passages
from tests.unit.assistant.answering.samples import make_chunk, make_hits, make_paged


def test_passages_are_numbered_from_one_in_order_of_rank() -> None:
    hits = make_hits(make_chunk("un", id="a"), make_chunk("deux", id="b"))

    passages = choose_passages(hits, limit=5, max_tokens=1000)

    assert [(passage.marker, passage.chunk.id) for passage in passages] == [(1, "a"), (2, "b")]


def test_a_passage_that_does_not_fit_is_passed_over() -> None:
    hits = make_hits(
        make_chunk("un", id="a", tokens=60),
        make_chunk("deux", id="b", tokens=60),
        make_chunk("trois", id="c", tokens=40),
    )

    chosen = choose_passages(hits, limit=5, max_tokens=100)

    assert [passage.chunk.id for passage in chosen] == ["a", "c"]


def test_the_best_passage_is_taken_whatever_its_length() -> None:
    hits = make_hits(make_chunk("un", id="a", tokens=5000), make_chunk("deux", id="b", tokens=1))

    assert [p.chunk.id for p in choose_passages(hits, limit=5, max_tokens=100)] == ["a"]


def test_the_limit_holds_and_other_documents_of_a_text_are_told() -> None:
    copy = make_chunk("UN", id="b", document="d2")
    first, *others = make_hits(*(make_chunk(text, id=text) for text in ("un", "deux", "trois")))

    passages = choose_passages([replace(first, also=(copy,)), *others], limit=2, max_tokens=1000)

    assert [passage.chunk.id for passage in passages] == ["un", "deux"]
    assert [passage.also for passage in passages] == [(copy,), ()]


def test_a_passage_opens_where_its_hit_does() -> None:
    hit = replace(make_hits(make_paged("un", "deux"))[0], page=2)

    assert choose_passages([hit], limit=1, max_tokens=100)[0].page == 2
