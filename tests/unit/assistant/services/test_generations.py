from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.domain.errors import (
    ConfigurationError,
    Conflict,
    EmbedderUnavailable,
    Forbidden,
    InvalidInput,
    NotFound,
)
from assistant.domain.generations import GenerationState
from assistant.domain.ids import GenerationId
from assistant.domain.question_sets import ExpectedAnswer
from assistant.domain.retrieval import Vector
from assistant.domain.trials import TrialVerdict
from assistant.domain.weighing import WordChoice, WordWeighing
from assistant.testing.embedder import HashEmbedder
from tests.house import open_house
from tests.unit.assistant.services.generation_world import GenerationWorld

TWO = {"a.txt": "Aide ancienne\nPlafond de dix euros", "b.txt": "Autre texte"}
WHY = "Décision du comité du 3 décembre"


@pytest.fixture
def world(tmp_path: Path):  # noqa: ANN201
    house = open_house(tmp_path)
    yield GenerationWorld(house)
    house.close()


def ask(world: GenerationWorld, *questions: tuple[str, str | None]) -> None:
    """Give the tenant a question set."""
    rows = [ExpectedAnswer(n, text, name) for n, (text, name) in enumerate(questions, start=1)]
    world.keep_questions(*rows)


def acts(world: GenerationWorld) -> list[str]:
    with world.house.open_work() as work:
        entries = work.audit.walk_on(after=0, limit=999)
        return [each.act for each in entries if each.act.startswith("generation.")]


def test_every_act_is_recorded(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    world.switched()
    world.service.rollback(principal=world.principal)
    other = next(
        each
        for each in world.service.list_all(principal=world.principal)
        if each.state is GenerationState.PREVIOUS
    )
    world.service.remove(other.id, principal=world.principal)
    planned = world.service.plan("", principal=world.principal)
    world.service.cancel(planned.id, principal=world.principal)

    assert acts(world) == [
        "generation.planned",
        "generation.built",
        "generation.evaluated",
        "generation.switched",
        "generation.rolled_back",
        "generation.removed",
        "generation.planned",
        "generation.cancelled",
    ]


def test_only_the_platform_handles_generations(world: GenerationWorld) -> None:
    agent = world.house.agent
    any_id = GenerationId("x")
    calls: Sequence[Callable[[], Any]] = (
        lambda: world.service.list_all(principal=agent),
        lambda: world.service.get(any_id, principal=agent),
        lambda: world.service.embedders(principal=agent),
        lambda: world.service.plan("", principal=agent),
        lambda: world.service.build(any_id, principal=agent),
        lambda: world.service.cancel(any_id, principal=agent),
        lambda: world.service.evaluate(any_id, principal=agent),
        lambda: world.service.switch(any_id, reason=WHY, principal=agent),
        lambda: world.service.rollback(principal=agent),
        lambda: world.service.remove(any_id, principal=agent),
    )
    for call in calls:
        with pytest.raises(Forbidden):
            call()


def test_an_embedder_of_nobody_is_refused(world: GenerationWorld) -> None:
    with pytest.raises(ConfigurationError) as caught:
        world.service.plan("http://ailleurs.example", principal=world.principal)
    assert caught.value.code == "embedder_not_configured"
    assert len(world.service.list_all(principal=world.principal)) == 1


def test_the_embedders_of_the_settings_are_told(world: GenerationWorld) -> None:
    found = world.service.embedders(principal=world.principal)

    assert [(each.name, each.identity.dimensions, each.is_active) for each in found] == [
        ("", 32, True),
        ("autre", 48, False),
    ]


def test_one_generation_is_made_ready_at_a_time(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    cancelled = world.service.plan("", principal=world.principal)
    world.service.cancel(cancelled.id, principal=world.principal)
    world.service.plan("autre", principal=world.principal)

    for act in (
        lambda: world.service.plan("", principal=world.principal),
        lambda: world.service.build(cancelled.id, principal=world.principal),
    ):
        with pytest.raises(Conflict) as caught:
            act()
        assert caught.value.code == "generation_unfinished"


def test_a_disk_without_room_builds_nothing(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    world.places.free = 100
    planned = world.service.plan("autre", principal=world.principal)

    with pytest.raises(Conflict) as caught:
        world.service.build(planned.id, principal=world.principal)

    assert caught.value.code == "generation_too_large"
    assert world.now(planned).state is GenerationState.PLANNED


def test_a_cancelled_generation_goes_on_from_its_vectors(world: GenerationWorld) -> None:
    world.house.ingest({f"{n}.txt": f"Texte {n}" for n in range(9)})
    planned = world.service.plan("autre", principal=world.principal)
    world.service.build(planned.id, principal=world.principal)
    world.new_builder(slice_s=0.0).run_once(threading.Event())
    with world.house.open_work() as work:
        before = work.generations.missing("hash-48").texts

    world.service.cancel(planned.id, principal=world.principal)
    assert not world.new_builder().run_once(threading.Event())
    world.room.look()
    world.service.build(planned.id, principal=world.principal)
    world.settle()

    assert 0 < before <= 9
    assert world.now(planned).state is GenerationState.BUILT
    assert world.held(planned) == world.live_chunks()


def test_a_cancellation_stops_the_worker_at_the_next_batch(world: GenerationWorld) -> None:
    world.house.ingest({f"{n}.txt": f"Texte {n}" for n in range(20)})
    counting = Counting(dimensions=48)
    world.shelf.embedders["autre"] = counting
    planned = world.service.plan("autre", principal=world.principal)
    world.service.build(planned.id, principal=world.principal)
    counting.at_call = (
        counting.calls + 2,
        lambda: world.service.cancel(planned.id, principal=world.principal),
    )

    world.builder.run_once(threading.Event())

    assert counting.calls == counting.at_call[0]
    assert world.now(planned).state is GenerationState.CANCELLED


def test_a_long_document_leaves_jobs_their_turn(world: GenerationWorld) -> None:
    world.house.ingest({"long.txt": "\n".join(f"Article {n}" for n in range(20))})
    counting = Counting(dimensions=48)
    world.shelf.embedders["autre"] = counting
    planned = world.service.plan("autre", principal=world.principal)
    world.service.build(planned.id, principal=world.principal)
    time_s = iter(float(n) for n in range(1000))
    builder = world.new_builder(slice_s=7, now=lambda: next(time_s))
    builder.run_once(threading.Event())
    first = world.now(planned)

    for _ in range(60):
        builder.run_once(threading.Event())
    world.settle()

    assert 0 < first.progress.texts_done < 18
    assert not first.progress.is_embedded
    assert world.now(planned).state is GenerationState.BUILT
    assert counting.passages == len(world.live_chunks())


def test_an_embedder_that_is_away_is_waited_for(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    planned = world.service.plan("autre", principal=world.principal)
    world.service.build(planned.id, principal=world.principal)
    counting = Counting(dimensions=48)
    counting.error = EmbedderUnavailable()
    world.shelf.embedders["autre"] = counting

    world.builder.run_once(threading.Event())
    waiting = world.now(planned)
    counting.error = None
    world.builder = world.new_builder()
    world.settle()

    assert waiting.state is GenerationState.BUILDING
    assert waiting.reason is not None
    assert world.now(planned).state is GenerationState.BUILT
    assert world.now(planned).reason is None


def test_an_embedder_that_refuses_for_good_fails_the_generation(world: GenerationWorld) -> None:
    world.house.ingest({**TWO, "c.txt": "Encore un texte\nEt un autre"})
    planned = world.service.plan("autre", principal=world.principal)
    world.service.build(planned.id, principal=world.principal)
    counting = Counting(dimensions=48)
    counting.error = EmbedderUnavailable(
        "embedder_wrong_dimensions", transient=False, received=3, expected=48
    )
    world.shelf.embedders["autre"] = counting

    world.settle()

    failed = world.now(planned)
    assert failed.state is GenerationState.FAILED
    assert failed.reason is not None
    assert failed.reason.code == "embedder_wrong_dimensions"
    assert world.room.active.searched.number == 1


def test_questions_are_asked_of_both(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    ask(world, ("plafond euros", "a.txt"), ("autre texte", "b.txt"), ("lune", None))

    made = world.evaluated()

    assert made.state is GenerationState.EVALUATED
    assert made.trial is not None
    assert (made.trial.asked, made.trial.total, made.trial.against) == (2, 2, 1)
    (outcome,) = made.trial.sets
    assert outcome.questions == 2
    assert {change.after for change in outcome.changes if change.measure == "found_1"} == {1.0}
    assert made.trial.verdict is TrialVerdict.PASSED
    world.service.switch(made.id, reason="", principal=world.principal)
    assert world.now(made).overruled == ""


def test_without_questions_a_person_has_to_say_why(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()

    with pytest.raises(InvalidInput) as caught:
        world.service.switch(made.id, reason="  ", principal=world.principal)
    assert caught.value.code == "generation_reason_no_questions"
    assert world.room.active.searched.number == 1
    world.service.switch(made.id, reason=WHY, principal=world.principal)
    assert world.now(made).overruled == WHY


def test_a_generation_that_finds_less_is_switched_to_with_a_reason_only(
    world: GenerationWorld,
) -> None:
    texts = {f"{n:02}.txt": f"mot{n} " * 9 + "commun" for n in range(40)}
    world.house.ingest(texts)
    ask(world, *((f"mot{n}", f"{n:02}.txt") for n in range(40)))
    made = world.built()
    index = world.places.indexes[made.place]
    index.search_lexical = lambda *_, **__: ()  # type: ignore[method-assign]
    index.search_dense = lambda *_, **__: ()  # type: ignore[method-assign]
    world.service.evaluate(made.id, principal=world.principal)
    world.trials.run_once(threading.Event())

    trial = world.now(made).trial
    assert trial is not None
    assert trial.verdict is TrialVerdict.FAILED
    with pytest.raises(InvalidInput) as caught:
        world.service.switch(made.id, reason="", principal=world.principal)
    assert caught.value.code == "generation_reason_failed"
    world.service.switch(made.id, reason=WHY, principal=world.principal)
    assert world.room.active.searched.number == made.number


def test_what_was_not_evaluated_is_not_switched_to(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.built()

    with pytest.raises(Conflict) as caught:
        world.service.switch(made.id, reason=WHY, principal=world.principal)
    assert caught.value.code == "generation_not_evaluated"


def test_an_evaluation_against_another_generation_is_outdated(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    world.switched()
    made = world.evaluated("")
    world.service.rollback(principal=world.principal)

    with pytest.raises(Conflict) as caught:
        world.service.switch(made.id, reason=WHY, principal=world.principal)
    assert caught.value.code == "generation_trial_outdated"


def test_there_is_nothing_to_go_back_to_at_first(world: GenerationWorld) -> None:
    with pytest.raises(NotFound) as caught:
        world.service.rollback(principal=world.principal)
    assert caught.value.code == "generation_no_previous"


def test_the_searched_one_is_not_removed(world: GenerationWorld) -> None:
    (first,) = world.service.list_all(principal=world.principal)

    with pytest.raises(Conflict):
        world.service.remove(first.id, principal=world.principal)
    assert world.now(first).state is GenerationState.ACTIVE


def test_a_reading_made_for_another_embedder_stands(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    world.switched()
    world.house.reader.names.clear()

    world.house.ingest(TWO)

    assert world.house.reader.names == []


class Counting(HashEmbedder):
    """Counts its calls, and may fail or have something done at one of them."""

    calls = 0
    passages = 0
    error: EmbedderUnavailable | None = None
    at_call: tuple[int, Callable[[], object]] = (-1, lambda: None)

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        self.calls += 1
        self.passages += len(texts)
        if self.calls == self.at_call[0]:
            self.at_call[1]()
        if self.error is not None:
            raise self.error
        return super().embed_passages(texts)


def test_two_ways_of_weighing_words_stand_side_by_side(world: GenerationWorld) -> None:
    world.house.ingest({"un.txt": "forêt", "trois.txt": "forêt forêt forêt"})
    first = world.service.list_all(principal=world.principal)[0]
    choice = WordChoice(k1=0, b=0)
    planned = world.service.plan("", principal=world.principal, words=choice)
    assert planned.forecast is not None
    assert planned.forecast.texts == 0
    world.service.build(planned.id, principal=world.principal)
    world.settle()

    assert world.now(planned).state is GenerationState.BUILT
    assert world.held(planned) == world.held(first) == world.live_chunks()
    spreads = [
        {
            round(each.score, 3)
            for each in index.search_lexical("forêt", scope=world.house.scope, limit=9)
        }
        for index in (world.places.indexes[first.place], world.places.indexes[planned.place])
    ]
    assert [len(each) for each in spreads] == [2, 1]


def test_words_are_weighed_as_in_the_searched_generation_unless_chosen(
    world: GenerationWorld,
) -> None:
    world.house.ingest(TWO)
    made = world.service.plan("", principal=world.principal, words=WordChoice(k1=0.9, b=0.4))
    world.service.build(made.id, principal=world.principal)
    world.settle()
    world.service.evaluate(made.id, principal=world.principal)
    world.trials.run_once(threading.Event())
    world.service.switch(made.id, reason=WHY, principal=world.principal)

    compaction = world.service.plan("autre", principal=world.principal)

    assert compaction.composition.words == WordWeighing(0.9, 0.4)


def test_a_parameter_out_of_bounds_plans_nothing(world: GenerationWorld) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.service.plan("", principal=world.principal, words=WordChoice(k1=7))
    assert caught.value.code == "generation_k1_range"
    assert len(world.service.list_all(principal=world.principal)) == 1
