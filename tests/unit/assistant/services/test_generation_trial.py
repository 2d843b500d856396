"""An evaluation that something holds up, and what may be done meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering.retriever import Reranking, Retriever
from assistant.api.generations_out import generation_out
from assistant.domain.errors import (
    Conflict,
    EmbedderUnavailable,
    IndexUnavailable,
    InvalidInput,
    RerankerUnavailable,
)
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.question_sets import ExpectedAnswer
from assistant.domain.retrieval import Vector
from assistant.domain.trials import TrialVerdict
from assistant.services.generation_trial import TrialRunner
from assistant.services.opened_generations import Searched
from assistant.testing.embedder import HashEmbedder
from tests.house import open_house
from tests.unit.assistant.services.generation_world import GenerationWorld, MemoryShelf

TWO = {"a.txt": "Aide ancienne\nPlafond de dix euros", "b.txt": "Autre texte"}
WHY = "Décision du comité du 3 décembre"


class Moody(HashEmbedder):
    """Embeds no question while it is away, and counts them."""

    error: EmbedderUnavailable | None = None
    questions = 0

    def embed_query(self, text: str) -> Vector:
        self.questions += 1
        if self.error is not None:
            raise self.error
        return super().embed_query(text)


class Silent:
    """Judges nothing while it is away."""

    is_away = True

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        del query
        if self.is_away:
            raise RerankerUnavailable
        return [0.0] * len(texts)

    def close(self) -> None:
        return


@pytest.fixture
def moody() -> Moody:
    return Moody(dimensions=32)


@pytest.fixture
def world(tmp_path: Path, moody: Moody) -> Generator[GenerationWorld]:
    house = open_house(tmp_path)
    found = GenerationWorld(house, shelf=MemoryShelf(default=moody))
    found.house.ingest(TWO)
    found.keep_questions(ExpectedAnswer(1, "plafond euros", "a.txt"))
    yield found
    house.close()


def run(world: GenerationWorld, made: Generation, trials: TrialRunner | None = None) -> Generation:
    (trials or world.trials).run_once(threading.Event())
    return world.now(made)


def stopped_midway(world: GenerationWorld, made: Generation, moody: Moody) -> Generation:
    """What an evaluation ends as that a person stops while its first question is asked."""
    really = moody.embed_query

    def embed_query(text: str) -> Vector:
        if world.now(made).awaits_trial:
            world.service.cancel(made.id, principal=world.principal)
        return really(text)

    moody.embed_query = embed_query  # type: ignore[method-assign]
    return run(world, made)


def wanted(world: GenerationWorld) -> Generation:
    """A generation of the same embedder whose evaluation was asked for."""
    made = world.built("")
    return world.service.evaluate(made.id, principal=world.principal)


@pytest.mark.parametrize(
    "error",
    [EmbedderUnavailable(), EmbedderUnavailable("embedder_unauthorized", transient=False)],
)
def test_words_alone_measure_nothing(
    world: GenerationWorld, moody: Moody, error: EmbedderUnavailable
) -> None:
    made = wanted(world)
    moody.error = error

    paused = run(world, made)

    assert paused.state is GenerationState.BUILT
    assert paused.awaits_trial
    assert paused.reason is not None
    assert paused.reason.code == "generation_trial_words_only"
    assert paused.trial is not None
    assert (paused.trial.ended_at, paused.trial.sets) == (None, ())

    moody.error = None
    ended = run(world, made)
    assert (ended.state, ended.reason) == (GenerationState.EVALUATED, None)
    assert ended.trial is not None
    assert ended.trial.verdict is TrialVerdict.PASSED


def test_an_order_without_the_reranker_measures_nothing(world: GenerationWorld) -> None:
    silent = Silent()

    def retriever_of(searched: Searched) -> Retriever:
        return Retriever(
            searched.index,
            searched.embedder,
            open_work=world.house.open_work,
            dense_weight=0.5,
            candidates=20,
            reranking=Reranking(silent, candidates=5),
        )

    world.retriever_of = retriever_of  # type: ignore[method-assign]
    trials, made = world.new_trials(), wanted(world)

    paused = run(world, made, trials)
    assert paused.state is GenerationState.BUILT
    assert paused.reason is not None
    assert paused.reason.code == "generation_trial_not_reranked"

    silent.is_away = False
    assert run(world, made, trials).state is GenerationState.EVALUATED


def test_an_index_that_fails_is_told_and_waited_for(world: GenerationWorld) -> None:
    made = wanted(world)
    index = world.places.indexes[made.place]
    real = index.search_lexical

    def fail(*_: object, **__: object) -> None:
        raise IndexUnavailable

    index.search_lexical = fail  # type: ignore[method-assign,assignment]
    paused = run(world, made)
    index.search_lexical = real  # type: ignore[method-assign]

    assert paused.awaits_trial
    assert paused.reason is not None
    assert paused.reason.code == "index_unavailable"
    assert run(world, made).reason is None


def test_a_model_that_is_away_is_left_alone_for_a_while(
    world: GenerationWorld, moody: Moody
) -> None:
    made, trials = wanted(world), world.new_trials(pause_s=60)
    moody.error = EmbedderUnavailable()
    assert trials.run_once(threading.Event())
    asked = moody.questions

    assert not trials.run_once(threading.Event())

    assert moody.questions == asked
    assert world.now(made).awaits_trial


def refused(world: GenerationWorld, made: Generation, *, reason: str = WHY) -> str:
    """The code with which a switch is refused."""
    with pytest.raises(Conflict) as caught:
        world.service.switch(made.id, reason=reason, principal=world.principal)
    return caught.value.code


def test_a_verdict_is_not_passed_over_by_asking_again(world: GenerationWorld, moody: Moody) -> None:
    made = run(world, wanted(world))
    assert made.trial is not None
    assert made.trial.verdict is TrialVerdict.PASSED

    world.service.evaluate(made.id, principal=world.principal)
    assert refused(world, made, reason="") == "generation_trial_wanted"

    moody.error = EmbedderUnavailable()
    run(world, made)
    assert refused(world, made) == "generation_trial_wanted"
    assert world.room.active.searched.number == 1

    moody.error = None
    assert not run(world, made).awaits_trial
    world.service.switch(made.id, reason="", principal=world.principal)
    assert not world.now(made).is_trial_wanted


def test_what_a_person_ends_while_a_model_is_away_wants_a_reason(
    world: GenerationWorld, moody: Moody
) -> None:
    made = wanted(world)
    moody.error = EmbedderUnavailable()
    run(world, made)

    ended = world.service.cancel(made.id, principal=world.principal)

    assert (ended.state, ended.reason) == (GenerationState.EVALUATED, None)
    assert ended.trial is not None
    assert world.now(made).trial == ended.trial
    assert ended.trial.held_up_by == "generation_trial_words_only"
    assert ended.trial.verdict is TrialVerdict.UNMEASURED
    assert not ended.trial.allows_switch
    with pytest.raises(InvalidInput) as caught:
        world.service.switch(made.id, reason="", principal=world.principal)
    assert caught.value.code == "generation_reason_unmeasured"

    world.service.switch(made.id, reason=WHY, principal=world.principal)
    assert (world.now(made).state, world.now(made).overruled) == (GenerationState.ACTIVE, WHY)
    with world.house.open_work() as work:
        told = list(work.audit.walk_on(after=0, limit=999))
    assert '"verdict":"unmeasured"' in told[-1].details.replace(" ", "")


def test_a_model_that_slips_once_is_asked_again(world: GenerationWorld, moody: Moody) -> None:
    made = wanted(world)
    really, asked = moody.embed_query, list[str]()

    def embed_query(text: str) -> Vector:
        asked.append(text)
        if len(asked) < 3:
            raise EmbedderUnavailable
        return really(text)

    moody.embed_query = embed_query  # type: ignore[method-assign]
    ended = run(world, made)

    assert (ended.state, ended.reason) == (GenerationState.EVALUATED, None)
    assert ended.trial is not None
    assert (ended.trial.verdict, ended.trial.held_up_by) == (TrialVerdict.PASSED, "")


def test_what_was_held_up_ends_as_unmeasured_also_once_it_goes_on(
    world: GenerationWorld, moody: Moody
) -> None:
    made = wanted(world)
    moody.error = EmbedderUnavailable()
    run(world, made)
    moody.error = None
    ended = stopped_midway(world, made, moody)

    assert (ended.state, ended.reason) == (GenerationState.EVALUATED, None)
    assert ended.trial is not None
    assert ended.trial.verdict is TrialVerdict.UNMEASURED


def test_an_evaluation_may_be_stopped_and_says_nothing(world: GenerationWorld) -> None:
    made = run(world, wanted(world))
    world.service.evaluate(made.id, principal=world.principal)

    stopped = world.service.cancel(made.id, principal=world.principal)

    assert (stopped.state, stopped.trial, stopped.reason) == (GenerationState.EVALUATED, None, None)
    assert not world.trials.run_once(threading.Event())
    assert refused(world, made) == "generation_not_evaluated"
    with pytest.raises(Conflict):
        world.service.cancel(made.id, principal=world.principal)
    with world.house.open_work() as work:
        told = [each.act for each in work.audit.walk_on(after=0, limit=999)]
    assert told[-1] == "generation.evaluation_stopped"


def test_a_stop_is_seen_between_two_questions(world: GenerationWorld, moody: Moody) -> None:
    made = wanted(world)
    ended = stopped_midway(world, made, moody)

    assert (ended.state, ended.trial) == (GenerationState.BUILT, None)


def test_nobody_waits_for_a_generation_that_is_no_longer_evaluated(world: GenerationWorld) -> None:
    made = run(world, wanted(world))
    world.service.switch(made.id, reason="", principal=world.principal)
    with world.house.open_work() as work:
        work.generations.update(replace(world.now(made), is_trial_wanted=True))
        work.commit()

    kept = world.now(made)
    told = generation_out(kept, is_behind=False, searching=(), now=world.house.clock.now())

    assert not told.is_trial_wanted
    assert not world.trials.run_once(threading.Event())
