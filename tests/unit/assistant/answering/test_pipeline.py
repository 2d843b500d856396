from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

import pytest

from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.prompt import refusal
from assistant.answering.sufficiency import JUDGE
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerFailed,
    AnswerStatus,
    CitationAdded,
    Notice,
    Question,
    RetrievalCompleted,
    TextDelta,
)
from assistant.domain.catalogue import sentence
from assistant.domain.documents import SourceChunk
from assistant.domain.errors import IndexUnavailable, ModelBusy, ModelMisbehaved, ModelUnavailable
from assistant.domain.marks import MarkKind
from assistant.domain.retrieval import Hit, Retrieval
from assistant.domain.tenancy import Scope
from assistant.ports.models import ChatEnd, ChatModel
from assistant.testing.chat import USAGE, Pause, ScriptedChatModel
from tests.unit.assistant.answering.samples import SCOPE, make_chunk, make_hits

pytestmark = pytest.mark.anyio

CHUNKS = [
    make_chunk("L'aide au vélo électrique s'élève à 200 € par foyer.", id="k1", document="d1"),
    make_chunk("La demande se fait en ligne avant le 31 octobre.", id="k2", document="d2"),
    make_chunk("Le conseil vote le budget en décembre.", id="k3", document="d3"),
    make_chunk("Les lycées reçoivent une dotation annuelle.", id="k4", document="d4"),
]
QUESTION = Question("Quelle aide pour un vélo électrique ?")


@dataclass
class Finder:
    """A retriever that finds what it was given."""

    hits: Sequence[Hit] = field(default_factory=lambda: make_hits(*CHUNKS))
    error: Exception | None = None
    notices: tuple[str, ...] = ()
    texts: list[str] = field(default_factory=list[str])

    def retrieve(self, text: str, *, scope: Scope, limit: int, for_answer: bool) -> Retrieval:
        assert (scope, for_answer) == (SCOPE, True)
        self.texts.append(text)
        if self.error is not None:
            raise self.error
        return Retrieval(tuple(self.hits[:limit]), self.notices)


def make_pipeline(
    model: ChatModel | None,
    *,
    finder: Finder | None = None,
    deltas_per_s: float = 1000,
    rewrite_s: float = 0.3,
    least_sufficiency: float = 0.0,
) -> AnswerPipeline:
    return AnswerPipeline(
        finder or Finder(),
        model,
        passages=8,
        passage_tokens=1000,
        max_tokens=64,
        deltas_per_s=deltas_per_s,
        busy_wait_s=0.5,
        rewrite_s=rewrite_s,
        judge=replace(JUDGE, threshold=least_sufficiency),
    )


async def events_of(
    model: ChatModel | None,
    *,
    finder: Finder | None = None,
    question: Question = QUESTION,
    deltas_per_s: float = 1000,
) -> list[AnswerEvent]:
    pipeline = make_pipeline(model, finder=finder, deltas_per_s=deltas_per_s)
    events = [event async for event in pipeline.run(question, scope=SCOPE)]
    check_order(events)
    return events


def check_order(events: Sequence[AnswerEvent]) -> None:
    ends = [event for event in events if isinstance(event, AnswerCompleted | AnswerFailed)]
    assert ends == [events[-1]]
    end = events[-1]
    if isinstance(end, AnswerCompleted):
        assert isinstance(events[0], RetrievalCompleted)
        assert end.text == "".join(e.text for e in events if isinstance(e, TextDelta))
        cited = [e.citation for e in events if isinstance(e, CitationAdded)]
        assert sorted(cited, key=lambda citation: citation.marker) == list(end.citations)


async def end_of(model: ChatModel | None, **options: Any) -> AnswerCompleted:
    end = (await events_of(model, **options))[-1]
    assert isinstance(end, AnswerCompleted)
    return end


def codes_of(end: AnswerCompleted) -> tuple[str, ...]:
    return tuple(notice.code for notice in end.notices)


async def test_an_answer_is_streamed_cited_and_verified() -> None:
    model = ScriptedChatModel(["L'aide est de ", "200 € [1", "]. Faux [9]. En ligne [2]."])

    events = await events_of(model)

    end = cast("AnswerCompleted", events[-1])
    assert end.status is AnswerStatus.ANSWERED
    assert end.text == "L'aide est de 200 € [1]. Faux. En ligne [2]."
    assert [citation.marker for citation in end.citations] == [1, 2]
    assert end.citations[0].quote == CHUNKS[0].text
    assert [(mark.kind, mark.sentence) for mark in end.marks] == [
        (MarkKind.UNKNOWN_SOURCE, "Faux.")
    ]
    assert (end.model, end.tokens, codes_of(end)) == ("scripted", USAGE, ())
    assert end.first_token_ms is not None
    assert model.max_tokens == [64]


@pytest.mark.parametrize("model", [ScriptedChatModel(["L'aide est de 200 € [1]."]), None])
async def test_a_citation_tells_every_document_with_the_same_words(
    model: ChatModel | None,
) -> None:
    twin = make_chunk(CHUNKS[0].text.upper(), id="k9", document="d9")

    first, *others = make_hits(*CHUNKS)

    end = await end_of(model, finder=Finder(hits=[replace(first, also=(twin,)), *others]))

    assert end.citations[0].chunk == CHUNKS[0]
    assert end.citations[0].also == (twin,)


async def test_a_citation_event_follows_the_text_that_holds_it() -> None:
    events = await events_of(ScriptedChatModel(["Vrai [2] ", "puis ", "vrai [1]."]))

    shown = ""
    for event in events:
        if isinstance(event, TextDelta):
            shown += event.text
        if isinstance(event, CitationAdded):
            assert f"[{event.citation.marker}]" in shown


async def test_no_link_leaves_the_stream() -> None:
    model = ScriptedChatModel(
        ["![x](htt", "p://e.example/?q=1) Vrai", " [1] <htt", "ps://e.example>"]
    )

    events = await events_of(model)

    assert not any("e.example" in e.text for e in events if isinstance(e, TextDelta))


async def test_text_is_sent_a_bounded_number_of_times_and_none_waits_for_the_next() -> None:
    words = [f"mot{n} " for n in range(50)]
    model = ScriptedChatModel([*words, Pause(0.3), "fin."])

    events = await events_of(model, deltas_per_s=10)

    deltas = [event.text for event in events if isinstance(event, TextDelta)]
    assert deltas[0].startswith("mot0")
    assert len(deltas) == 3
    assert deltas[1].rstrip().endswith("mot49")
    assert deltas[2].strip() == "fin."


async def test_a_refusal_of_the_model_is_a_refusal() -> None:
    end = await end_of(ScriptedChatModel([refusal(), " Le budget est voté en décembre [3]."]))

    assert end.status is AnswerStatus.REFUSED
    assert [citation.marker for citation in end.citations] == [3]


@pytest.mark.parametrize(
    "pieces",
    [
        [refusal()],
        [refusal()[:30], refusal()[30:], " Le conseil vote le budget en décembre [3].\n"],
    ],
)
async def test_a_refusal_of_the_model_ends_on_the_nearest_documents_and_the_next_step(
    pieces: list[str],
) -> None:
    end = await end_of(ScriptedChatModel(pieces))

    assert end.text.startswith("".join(pieces).strip())
    before, _, after = end.text.partition(f"\n\n{sentence('answer_nearest')}\n")
    assert before == "".join(pieces).strip()
    titles, _, step = after.rpartition("\n\n")
    assert titles.splitlines()
    assert all(line.startswith("- ") for line in titles.splitlines())
    assert step == sentence("answer_next_step")
    assert end.marks == ()


async def test_an_answer_ends_where_the_model_ends_it() -> None:
    end = await end_of(ScriptedChatModel(["Le conseil vote le budget en décembre [3]."]))

    assert sentence("answer_next_step") not in end.text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Merci !", "courtesy_thanks"),
        ("Bonjour", "courtesy_greeting"),
        ("Au revoir, bonne journée", "courtesy_goodbye"),
    ],
)
@pytest.mark.parametrize("model", [None, ScriptedChatModel(["Le budget est voté [3]."])])
async def test_courtesy_is_answered_without_search_nor_sources(
    text: str, code: str, model: ScriptedChatModel | None
) -> None:
    finder = Finder()
    question = Question(text, earlier=(QUESTION.text,))
    events = await events_of(model, finder=finder, question=question)

    found, end = events[0], events[-1]
    assert isinstance(found, RetrievalCompleted)
    assert found.passages == ()
    assert isinstance(end, AnswerCompleted)
    assert (end.status, end.text) == (AnswerStatus.ANSWERED, sentence(code))
    assert (end.citations, end.marks, end.model) == ((), (), None)
    assert finder.texts == []
    assert model is None or model.calls == []


async def test_a_follow_up_after_thanks_is_about_the_question_before_them() -> None:
    finder = Finder()
    question = Question("Et le délai ?", earlier=(QUESTION.text, "Merci beaucoup !"))
    await events_of(None, finder=finder, question=question)

    (searched,) = finder.texts
    assert "vélo" in searched
    assert "erci" not in searched


async def test_without_passages_the_model_is_not_asked() -> None:
    model = ScriptedChatModel(["jamais"])

    end = await end_of(model, finder=Finder(hits=[]))

    assert (end.status, end.text) == (AnswerStatus.REFUSED, sentence("answer_no_documents"))
    assert model.calls == []


async def test_without_model_the_documents_are_quoted() -> None:
    end = await end_of(None)

    assert (end.status, codes_of(end), end.model) == (AnswerStatus.SEARCH_ONLY, ("no_model",), None)
    assert "200 € par foyer. » [1]" in end.text


async def test_without_model_and_without_evidence_it_is_a_refusal() -> None:
    end = await end_of(None, question=Question("Recette de la tarte aux pommes ?"))

    assert end.status is AnswerStatus.REFUSED
    assert end.citations == ()


async def test_too_little_evidence_is_refused_before_the_model_is_asked() -> None:
    model = ScriptedChatModel(["Jamais demandé."])
    pipeline = make_pipeline(model, least_sufficiency=1.0)

    events = [event async for event in pipeline.run(QUESTION, scope=SCOPE)]

    end = cast("AnswerCompleted", events[-1])
    assert end.status is AnswerStatus.REFUSED
    assert end.text.startswith(sentence("answer_no_evidence"))
    assert CHUNKS[0].title in end.text
    assert end.text.endswith(sentence("answer_next_step"))
    assert end.sufficiency is not None
    assert end.sufficiency < 1
    assert model.calls == []


@pytest.mark.parametrize(
    ("error", "notice"),
    [
        (ModelUnavailable("model_unreachable"), "model_unreachable_notice"),
        (ModelUnavailable("model_unauthorized"), "model_unauthorized_notice"),
        (ModelUnavailable("model_unknown"), "model_unknown_notice"),
        (ModelUnavailable("model_server_error"), "model_server_error_notice"),
        (ModelUnavailable("model_refused"), "model_refused_notice"),
        (ModelUnavailable(), "model_unavailable_notice"),
        (ModelBusy(retry_after_s=60), "model_busy_notice"),
        (ModelMisbehaved("model_stalled"), "model_stalled_notice"),
        (ModelMisbehaved("model_malformed"), "model_malformed_notice"),
        (ModelMisbehaved("model_empty"), "model_empty_notice"),
        (ModelMisbehaved(), "model_unavailable_notice"),
    ],
)
async def test_a_model_that_fails_before_its_first_text_gives_way_to_quotes(
    error: Exception, notice: str
) -> None:
    model = ScriptedChatModel([error])

    end = await end_of(model)

    assert (end.status, codes_of(end)) == (AnswerStatus.SEARCH_ONLY, (notice,))
    assert sentence(notice)
    assert len(model.calls) == 1
    assert model.open_streams == 0


@pytest.mark.parametrize(
    ("error", "notice"),
    [
        (ModelMisbehaved("model_stalled"), "answer_cut_stall"),
        (ModelMisbehaved("model_malformed"), "answer_cut_malformed"),
        (ModelUnavailable("model_unreachable"), "answer_cut_error"),
    ],
)
async def test_what_was_sent_before_a_failure_is_kept_and_marked(
    error: Exception, notice: str
) -> None:
    end = await end_of(ScriptedChatModel(["L'aide est de 200 € [1]. Et ", error]))

    assert (end.status, codes_of(end)) == (AnswerStatus.ANSWERED, (notice,))
    assert end.text == "L'aide est de 200 € [1]. Et"
    assert sentence(notice)


@pytest.mark.parametrize(
    ("model", "hits", "notices"),
    [
        (ScriptedChatModel(["L'aide est de 200 € [1]."]), CHUNKS, ("words_only",)),
        (None, CHUNKS, ("no_model", "words_only")),
        (ScriptedChatModel([ModelBusy()]), CHUNKS, ("model_busy_notice", "words_only")),
        (None, [], ("words_only",)),
    ],
)
async def test_an_answer_says_when_the_passages_were_found_by_words_alone(
    model: ChatModel | None, hits: list[SourceChunk], notices: tuple[str, ...]
) -> None:
    finder = Finder(hits=make_hits(*hits), notices=("words_only",))

    end = await end_of(model, finder=finder)

    assert codes_of(end) == notices
    assert sentence("words_only")


async def test_the_token_cap_is_told() -> None:
    end = await end_of(ScriptedChatModel(["Un début", ChatEnd(usage=USAGE, is_cut=True)]))

    assert (end.status, codes_of(end)) == (AnswerStatus.ANSWERED, ("answer_cut_length",))


@pytest.mark.parametrize("steps", [[], ["  \n"], ["[42]"], ["\u200b"]])
async def test_a_reply_without_a_word_gives_way_to_quotes(steps: list[str]) -> None:
    end = await end_of(ScriptedChatModel(steps))

    assert (end.status, codes_of(end)) == (AnswerStatus.SEARCH_ONLY, ("model_empty_notice",))


async def test_a_prompt_that_is_too_long_is_halved_until_it_fits_and_says_so() -> None:
    too_long = ModelUnavailable("model_context_too_long", transient=False)
    model = ScriptedChatModel([too_long], [too_long], ["Vrai [1], faux [2]."])

    end = await end_of(model)

    counts = [call[1].content.count("DÉBUT DU PASSAGE") for call in model.calls]
    assert counts == [4, 2, 1]
    assert end.text == "Vrai [1], faux."
    assert end.notices == (Notice("passages_dropped", {"dropped": 3, "given": 4}),)
    assert "3 sur 4" in sentence("passages_dropped", dropped=3, given=4)


async def test_a_question_that_never_fits_gives_way_to_quotes() -> None:
    model = ScriptedChatModel([ModelUnavailable("model_context_too_long", transient=False)])

    end = await end_of(model)

    assert (end.status, codes_of(end)) == (
        AnswerStatus.SEARCH_ONLY,
        ("model_context_too_long_notice",),
    )
    assert len(model.calls) == 3


async def test_a_busy_model_is_asked_again_after_the_pause_it_wants() -> None:
    model = ScriptedChatModel(
        [ModelBusy(retry_after_s=0.21)], [ModelBusy(retry_after_s=0.21)], ["Vrai [1]."]
    )

    begun = time.monotonic()
    end = await end_of(model)

    assert (end.status, end.notices) == (AnswerStatus.ANSWERED, ())
    assert time.monotonic() - begun >= 0.42
    assert end.first_token_ms is not None
    assert end.first_token_ms >= 420


async def test_a_busy_model_is_not_waited_for_longer_than_allowed() -> None:
    still = ScriptedChatModel([ModelBusy(retry_after_s=0.3)])
    too_long = ScriptedChatModel([ModelBusy(retry_after_s=0.6)])

    assert codes_of(await end_of(still)) == ("model_busy_notice",)
    assert len(still.calls) == 2
    assert codes_of(await end_of(too_long)) == ("model_busy_notice",)
    assert len(too_long.calls) == 1


async def test_a_model_that_repeats_itself_is_stopped_and_the_answer_says_so() -> None:
    model = ScriptedChatModel(
        ["L'aide est de 200 € [1]. ", *["La Région accompagne les territoires. "] * 1000]
    )

    end = await end_of(model)

    assert codes_of(end) == ("answer_cut_loop",)
    assert not end.is_complete
    assert end.text.startswith("L'aide est de 200 € [1].")
    assert len(end.text) < 500
    assert model.open_streams == 0


async def test_a_follow_up_is_searched_and_quoted_as_one_question_that_stands_alone() -> None:
    finder = Finder()

    events = await events_of(
        None, finder=finder, question=Question("Et le délai ?", ("Quelle aide pour un vélo ?",))
    )

    assert finder.texts == ["Le délai (aide pour un vélo) ?"]
    assert cast("RetrievalCompleted", events[0]).understood == "Le délai (aide pour un vélo) ?"


async def test_a_question_that_stands_alone_is_not_said_to_be_understood_otherwise() -> None:
    finder = Finder()

    events = await events_of(
        None,
        finder=finder,
        question=Question(" Quand le budget est-il voté ? ", ("Quelle aide pour un vélo ?",)),
    )

    assert finder.texts == ["Quand le budget est-il voté ?"]
    assert cast("RetrievalCompleted", events[0]).understood == ""


async def test_a_model_rewrites_a_follow_up_before_it_answers() -> None:
    finder = Finder()
    model = ScriptedChatModel(["Quel est le délai de l'aide pour un vélo ?"], ["En ligne [2]."])

    events = await events_of(
        model, finder=finder, question=Question("Et le délai ?", ("Quelle aide pour un vélo ?",))
    )

    assert finder.texts == ["Quel est le délai de l'aide pour un vélo ?"]
    assert model.max_tokens == [120, 64]
    assert "Question : Quel est le délai de l'aide pour un vélo ?" in model.calls[1][1].content
    assert cast("AnswerCompleted", events[-1]).text == "En ligne [2]."


async def test_sources_that_disagree_are_both_quoted_the_newest_first_and_named() -> None:
    old = make_chunk("L'aide au vélo électrique est plafonnée à 200 €.", id="k1", document="d1",
                     title="Dépliant", day=date(2022, 3, 1))  # fmt: skip
    new = make_chunk("Le plafond de l'aide au vélo électrique est de 300 €.", id="k2",
                     document="d2", title="Fiche", day=date(2024, 5, 2))  # fmt: skip
    asked = Question("Quel est le plafond de l'aide au vélo électrique ?")

    end = await end_of(None, finder=Finder(hits=make_hits(old, new)), question=asked)

    assert end.text.index("300 €") < end.text.index("200 €")
    assert codes_of(end) == ("no_model", "sources_disagree")
    told = end.notices[1].params["sides"]
    assert told == "300 € [2] (« Fiche », 2 mai 2024) ; 200 € [1] (« Dépliant », 1er mars 2022)"

    model = ScriptedChatModel(["Le plafond est de 300 € [2]."])
    written = await end_of(model, finder=Finder(hits=make_hits(old, new)), question=asked)
    assert "300 € [2] ; 200 € [1]" in model.calls[0][1].content
    assert codes_of(written) == ("sources_disagree",)


async def test_a_failure_of_the_index_ends_the_answer_with_its_code() -> None:
    events = await events_of(None, finder=Finder(error=IndexUnavailable()))

    assert events == [AnswerFailed(code="index_unavailable", params={})]


async def test_an_unforeseen_error_ends_the_answer_and_tells_nothing() -> None:
    before = await events_of(None, finder=Finder(error=RuntimeError("secret")))
    within = await events_of(ScriptedChatModel(["mot ", RuntimeError("secret")]))

    assert before == [AnswerFailed(code="internal_error", params={})]
    assert within[-1] == AnswerFailed(code="internal_error", params={})


async def test_closing_the_events_closes_the_model_at_once() -> None:
    model = ScriptedChatModel(["Un début ", Pause(60), "jamais"])
    events = cast("AsyncGenerator[AnswerEvent]", make_pipeline(model).run(QUESTION, scope=SCOPE))
    async for event in events:
        if isinstance(event, TextDelta):
            break
    assert model.open_streams == 1

    await asyncio.wait_for(events.aclose(), timeout=1)

    assert model.open_streams == 0


async def test_cancelling_the_reader_closes_the_model_at_once() -> None:
    model = ScriptedChatModel(["Un début ", Pause(60), "jamais"])
    task = asyncio.create_task(events_of(model))
    await asyncio.sleep(0.3)
    assert model.open_streams == 1

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, timeout=1)

    assert model.open_streams == 0
