# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repositories of question sets and evaluations promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.answers import AnswerStatus
from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.evaluation_summary import Tally
from assistant.domain.evaluations import (
    CitedPassage,
    Evaluation,
    EvaluationRow,
    EvaluationState,
    Outcome,
)
from assistant.domain.ids import ChunkId, EvaluationId, PersonId, QuestionSetId, new_id
from assistant.domain.question_sets import ExpectedAnswer, QuestionSet, revision_of
from assistant.domain.tenancy import Scope
from assistant.ports.evaluations import EvaluationRepository
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    Reader,
    RepositoryContract,
    World,
    store_live,
)

QUESTIONS = (
    ExpectedAnswer(2, "Quel taux ?", "règlement.pdf", (3, 4), "40 %", "40 % des dépenses"),
    ExpectedAnswer(4, "Et sur Mars ?", None),
    ExpectedAnswer(5, "Qui paie ?", "Budget primitif"),
)
RIGHT = EvaluationRow(
    ordinal=0,
    outcome=Outcome(
        is_answerable=True,
        status=AnswerStatus.ANSWERED,
        document_rank=1,
        passage_rank=2,
        citation_rank=1,
        quote_rank=2,
        expected_words=0.5,
        unsupported_sentences=2,
        uncited_sentences=0,
        model_fault="answer_cut_stall",
    ),
    text="Le taux est de 40 % [1].",
    citations=(
        CitedPassage(
            "règlement.pdf", "Règlement", (3,), "40 %", is_right=True, chunk_id=ChunkId("a")
        ),
    ),
    reason=None,
    elapsed_ms=1200,
)
FAILED = EvaluationRow(
    ordinal=1,
    outcome=Outcome(
        is_answerable=False,
        status=AnswerStatus.FAILED,
        document_rank=None,
        passage_rank=None,
        citation_rank=None,
        quote_rank=None,
        expected_words=None,
    ),
    text="",
    citations=(),
    reason=Reason("model_unreachable", {"seconds": 2}),
    elapsed_ms=7,
)


class QuestionSetContract(RepositoryContract):
    """Promises of `QuestionSetRepository`."""

    def test_a_set_is_read_as_it_was_given(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        kept = store_set(open_work, world.here)

        with open_work() as work:
            sets = work.question_sets
            assert sets.find(kept.id, scope=world.here.scope) == kept
            assert sets.questions(kept.id, scope=world.here.scope, limit=9, offset=0) == [
                *QUESTIONS
            ]
            assert sets.questions(kept.id, scope=world.here.scope, limit=1, offset=1) == [
                QUESTIONS[1]
            ]

    def test_the_newest_comes_first(self, open_work: UnitOfWorkFactory, world: World) -> None:
        kept = [store_set(open_work, world.here) for _ in range(3)]

        with open_work() as work:
            assert work.question_sets.list_recent(scope=world.here.scope, limit=2) == [
                kept[2],
                kept[1],
            ]

    def test_the_tenant_shares_its_sets_and_no_other_sees_them(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        own, foreign = (store_set(open_work, each) for each in (world.here, world.there))

        with open_work() as work:
            sets = work.question_sets
            for scope in (world.here.scope, world.colleague().scope, world.nobody, world.both):
                assert sets.list_recent(scope=scope, limit=9) == [own]
                assert sets.find(foreign.id, scope=scope) is None
                assert sets.questions(foreign.id, scope=scope, limit=9, offset=0) == []
                with pytest.raises(NotFound):
                    sets.delete(foreign.id, scope=scope)

    def test_deletion_takes_questions_and_evaluations_along(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        kept = store_set(open_work, world.here)
        evaluation = store_evaluation(open_work, world.here, set_id=kept.id)
        with open_work() as work:
            work.evaluations.add_row(evaluation.id, RIGHT)
            work.question_sets.delete(kept.id, scope=world.here.scope)
            work.commit()

        scope = world.here.scope
        with open_work() as work:
            assert work.question_sets.find(kept.id, scope=scope) is None
            assert work.question_sets.questions(kept.id, scope=scope, limit=9, offset=0) == []
            assert work.evaluations.find(evaluation.id, scope=scope) is None
            assert work.evaluations.outcomes(evaluation.id, scope=scope) == {}
            assert work.evaluations.is_cancel_requested(evaluation.id)
            with pytest.raises(Conflict):
                work.evaluations.add_row(evaluation.id, FAILED)


class EvaluationContract(RepositoryContract):
    """Promises of `EvaluationRepository`."""

    @pytest.fixture
    def kept(self, open_work: UnitOfWorkFactory, world: World) -> Evaluation:
        """A queued evaluation of here."""
        question_set = store_set(open_work, world.here)
        return store_evaluation(open_work, world.here, set_id=question_set.id)

    def test_rows_follow_the_questions_and_may_be_missing(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        with open_work() as work:
            work.evaluations.add_row(kept.id, FAILED)
            work.evaluations.add_row(kept.id, RIGHT)
            work.commit()

        scope = world.here.scope
        with open_work() as work:
            found = work.evaluations.rows(kept.id, scope=scope, limit=9, offset=0)
            page = work.evaluations.rows(kept.id, scope=scope, limit=1, offset=1)
            chosen = work.evaluations.rows(kept.id, scope=scope, limit=9, offset=0, ordinals=[1])
            none = work.evaluations.rows(kept.id, scope=scope, limit=9, offset=0, ordinals=[])
            outcomes = work.evaluations.outcomes(kept.id, scope=scope)
        assert found == list(zip(QUESTIONS, (RIGHT, FAILED, None), strict=True))
        assert page == chosen == [(QUESTIONS[1], FAILED)]
        assert none == []
        assert list(outcomes.items()) == [(0, RIGHT.outcome), (1, FAILED.outcome)]

    def test_equal_outcomes_are_counted_together_for_several_evaluations(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        other = store_evaluation(open_work, world.here, set_id=kept.set_id)
        empty = store_evaluation(open_work, world.here, set_id=kept.set_id)
        foreign = store_evaluation(open_work, world.colleague(), set_id=kept.set_id)
        outcomes = [replace(RIGHT.outcome, expected_words=words) for words in (0.5, 1.0, None, 0.0)]
        with open_work() as work:
            for ordinal, outcome in enumerate(outcomes):
                row = replace(RIGHT, ordinal=ordinal, outcome=outcome)
                work.evaluations.add_row(kept.id, row)
            work.evaluations.add_row(other.id, FAILED)
            work.evaluations.add_row(foreign.id, RIGHT)
            work.commit()

        ids = [each.id for each in (kept, other, empty, foreign)]
        with open_work() as work:
            found = work.evaluations.tallies(ids, scope=world.here.scope)
            assert work.evaluations.tallies([], scope=world.here.scope) == {}
        assert found.keys() == {kept.id, other.id}
        assert sorted(found[kept.id], key=lambda each: each.count) == [
            Tally(outcomes[2], 1),
            Tally(outcomes[0], 3),
        ]
        assert found[other.id] == [Tally(FAILED.outcome, 1)]

    def test_a_forgotten_version_takes_the_quotes_of_it_along_and_no_others(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        gone, other = (store_live(open_work, world.here, name=name) for name in ("a", "b"))
        first, second = (
            replace(RIGHT.citations[0], chunk_id=each.chunk_ids[0]) for each in (gone, other)
        )
        both = replace(RIGHT, citations=(first, second))
        one = replace(RIGHT, ordinal=1, citations=(second,))
        with open_work() as work:
            work.evaluations.add_row(kept.id, both)
            work.evaluations.add_row(kept.id, one)
            work.documents.delete(gone.document.id, scope=world.here.scope, now=NOON)
            work.ledger.forget_version(gone.version.id)
            work.commit()

        with open_work() as work:
            found = work.evaluations.rows(kept.id, scope=world.here.scope, limit=2, offset=0)
        emptied = replace(both, text="", citations=(first.withheld(), second))
        assert [row for _, row in found] == [emptied, one]

    def test_results_are_dropped_from_one_evaluation_alone(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        other = store_evaluation(open_work, world.here, set_id=kept.set_id)
        with open_work() as work:
            work.evaluations.add_row(kept.id, RIGHT)
            work.evaluations.add_row(kept.id, FAILED)
            work.evaluations.add_row(other.id, RIGHT)
            assert work.evaluations.drop_rows(kept.id) == 2
            assert work.evaluations.drop_rows(kept.id) == 0
            assert work.evaluations.outcomes(kept.id, scope=world.here.scope) == {}
            assert work.evaluations.outcomes(other.id, scope=world.here.scope) != {}

    def test_a_question_has_one_row(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        with open_work() as work:
            work.evaluations.add_row(kept.id, RIGHT)
            work.commit()

        with open_work() as work, pytest.raises(Conflict):
            work.evaluations.add_row(kept.id, RIGHT)

    def test_the_oldest_unfinished_comes_first_whoever_asked(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        there = store_set(open_work, world.there)
        later = store_evaluation(open_work, world.there, set_id=there.id)
        running = replace(kept, state=EvaluationState.RUNNING, started_at=NOON, attempt=2)
        ended = replace(
            running,
            state=EvaluationState.FAILED,
            finished_at=NOON,
            made_by={"model": "mistral-small"},
            reason=Reason("evaluation_given_up", {"attempts": 3}),
        )
        with open_work() as work:
            assert work.evaluations.next_unfinished() == kept
            work.evaluations.update(running)
            assert work.evaluations.next_unfinished() == running
            work.evaluations.update(ended)
            assert work.evaluations.next_unfinished() == later
            assert work.evaluations.find(kept.id, scope=world.here.scope) == ended
            work.evaluations.update(replace(later, state=EvaluationState.SUCCEEDED))
            assert work.evaluations.next_unfinished() is None

    def test_tenants_take_turns_whoever_queued_most(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        second = store_evaluation(open_work, world.here, set_id=kept.set_id)
        there = store_set(open_work, world.there).id
        others = [store_evaluation(open_work, world.there, set_id=there) for _ in range(2)]
        turns: list[Evaluation] = []
        with open_work() as work:
            while (found := work.evaluations.next_unfinished()) is not None:
                at = NOON + timedelta(minutes=len(turns))
                turns.append(found)
                ended = replace(found, state=EvaluationState.SUCCEEDED, started_at=at)
                work.evaluations.update(ended)
        assert turns == [kept, others[0], second, others[1]]

    def test_those_of_a_tenant_that_have_not_ended_are_counted(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        running = store_evaluation(open_work, world.colleague(), set_id=kept.set_id)
        ended = store_evaluation(open_work, world.here, set_id=kept.set_id)
        with open_work() as work:
            work.evaluations.update(replace(running, state=EvaluationState.RUNNING))
            work.evaluations.update(replace(ended, state=EvaluationState.FAILED))
            assert work.evaluations.count_unfinished(scope=world.here.scope) == 2
            assert work.evaluations.count_unfinished(scope=world.there.scope) == 0

    def test_only_its_person_stops_it_and_only_before_its_end(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        with open_work() as work:
            ask = work.evaluations.request_cancel
            assert not ask(kept.id, scope=world.there.scope)
            assert not ask(kept.id, scope=world.colleague().scope)
            assert not work.evaluations.is_cancel_requested(kept.id)
            assert ask(kept.id, scope=world.here.scope)
            assert work.evaluations.is_cancel_requested(kept.id)
            work.evaluations.update(replace(kept, state=EvaluationState.CANCELLED))
            assert not ask(kept.id, scope=world.here.scope)

    def test_only_its_person_reads_it(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        with open_work() as work:
            work.evaluations.add_row(kept.id, RIGHT)
            work.commit()

        with open_work() as work:
            assert all(_reads(work.evaluations, kept, world.here.scope))
            for scope in (world.there.scope, world.colleague().scope):
                assert not any(_reads(work.evaluations, kept, scope))

    def test_one_set_is_listed_apart_and_the_newest_comes_first(
        self, open_work: UnitOfWorkFactory, world: World, kept: Evaluation
    ) -> None:
        other = store_set(open_work, world.here)
        second, third = (store_evaluation(open_work, world.here, set_id=other.id) for _ in range(2))

        scope = world.here.scope
        with open_work() as work:
            recent = work.evaluations.list_recent
            assert recent(scope=scope, set_id=None, limit=9) == [third, second, kept]
            assert recent(scope=scope, set_id=other.id, limit=9) == [third, second]
            assert recent(scope=scope, set_id=other.id, limit=1) == [third]

    def test_a_set_of_another_tenant_is_not_evaluated(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        foreign = store_set(open_work, world.there)

        with open_work() as work, pytest.raises(Conflict):
            work.evaluations.add(make_evaluation(world.here, set_id=foreign.id))


def _reads(evaluations: EvaluationRepository, kept: Evaluation, scope: Scope) -> list[object]:
    return [
        evaluations.find(kept.id, scope=scope),
        evaluations.list_recent(scope=scope, set_id=None, limit=9),
        evaluations.list_recent(scope=scope, set_id=kept.set_id, limit=9),
        evaluations.outcomes(kept.id, scope=scope),
        evaluations.tallies([kept.id], scope=scope),
        evaluations.rows(kept.id, scope=scope, limit=9, offset=0),
    ]


def store_set(open_work: UnitOfWorkFactory, reader: Reader) -> QuestionSet:
    """Store the same questions for a reader's tenant."""
    question_set = QuestionSet(
        id=QuestionSetId(new_id()),
        tenant_id=reader.tenant_id,
        name="questions.ods",
        revision=revision_of(QUESTIONS),
        question_count=len(QUESTIONS),
        unanswerable_count=1,
        created_by=PersonId("admin"),
        created_at=NOON,
    )
    with open_work() as work:
        work.question_sets.add(question_set, QUESTIONS)
        work.commit()
    return question_set


def make_evaluation(reader: Reader, *, set_id: QuestionSetId) -> Evaluation:
    """A queued evaluation of a reader."""
    return Evaluation(
        id=EvaluationId(new_id()),
        tenant_id=reader.tenant_id,
        person_id=reader.person_id,
        set_id=set_id,
        state=EvaluationState.QUEUED,
        created_at=NOON,
    )


def store_evaluation(
    open_work: UnitOfWorkFactory, reader: Reader, *, set_id: QuestionSetId
) -> Evaluation:
    """Store a queued evaluation of a reader."""
    evaluation = make_evaluation(reader, set_id=set_id)
    with open_work() as work:
        work.evaluations.add(evaluation)
        work.commit()
    return evaluation
