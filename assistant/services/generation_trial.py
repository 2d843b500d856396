"""Asks the question sets of all tenants of two generations, and keeps the figures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, Conflict, UpstreamError
from assistant.domain.evaluations import is_right
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import TenantId
from assistant.domain.question_sets import MAX_QUESTIONS, ExpectedAnswer, QuestionSet
from assistant.domain.retrieval import Hit
from assistant.domain.tenancy import Principal, Role, Scope
from assistant.domain.trials import DEPTH, Found, SetTrial, Trial, changes_of
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.generation_room import GenerationRoom
from assistant.services.machinery import MACHINE
from assistant.services.opened_generations import OpenedGeneration, Searched
from assistant.services.search import PassageRetriever
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

MOST_QUESTIONS = 300
"""Of one set: of a longer one, as many are taken at even distances."""
_SETS = 100
"""Of one tenant, the newest ones."""
_NOTED_S = 1.0
_LEASE = timedelta(seconds=60)
_TRIES = 3
"""Of a question at which a model does not answer: else one slip would begin all of them anew."""
_PAUSE_S = 15.0
"""After an evaluation that something held up."""

_UNMEASURED = {
    "words_only": "generation_trial_words_only",
    "not_reranked": "generation_trial_not_reranked",
}
"""Notices of a search that went without a model: what it found measures no generation."""

RetrieverOf = Callable[[Searched], PassageRetriever]
"""The product's retriever over one generation."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One set and what of it is asked."""

    question_set: QuestionSet
    scope: Scope
    questions: Sequence[ExpectedAnswer]
    present: OpenedGeneration
    """What its tenant searches now."""


class _Ended(Exception):
    """The generation is no longer to be evaluated."""


class TrialRunner:
    """Evaluates generations for which it was asked. Blocking; used by one thread.

    Interrupted, an evaluation begins anew: it changes nothing but its report.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        room: GenerationRoom,
        clock: Clock,
        *,
        retriever_of: RetrieverOf,
        owner: str,
        sleep: Callable[[float], object] = time.sleep,
        pause_s: float = _PAUSE_S,
    ) -> None:
        """Prepare.

        Args:
            open_work: The store.
            room: The open generations.
            clock: Tells when.
            retriever_of: Makes a retriever, as searches use it.
            owner: Name of this process, unlike any other's.
            sleep: Waits between two questions, as long as the last one took.
            pause_s: How long nothing is asked after a model or an index failed.
        """
        self._open_work, self._room, self._clock = open_work, room, clock
        self._retriever_of, self._owner, self._sleep = retriever_of, owner, sleep
        self._pause_s, self._retry_at = pause_s, 0.0

    def run_once(self, stop: threading.Event) -> bool:
        """Evaluate one generation that waits for it; False when none does.

        A model or an index that fails holds it up: the generation says why, and it begins anew after
        a pause.

        Raises:
            StorageError: The database fails; it is tried again at the next call.
        """
        if time.monotonic() < self._retry_at:
            return False
        generation = self._next()
        if generation is None or not self._take(generation):
            return False
        try:
            self._evaluate(generation, stop)
        except _Ended:
            _log.info("trial_ended", number=generation.number)
        except (UpstreamError, Conflict) as error:
            self._hold_up(generation, error)
        return True

    def _next(self) -> Generation | None:
        with self._open_work() as work:
            kept = work.generations.list_kept()
        return next((each for each in kept if each.awaits_trial), None)

    def _hold_up(self, generation: Generation, error: AssistantError) -> None:
        """Keep why it does not get on, for who waits for it."""
        _log.warning("trial_paused", number=generation.number, code=error.code)
        self._retry_at = time.monotonic() + self._pause_s
        reason = Reason(error.code, dict(error.params))
        retried(lambda: self._change(generation, lambda held: replace(held, reason=reason)))

    def _take(self, generation: Generation) -> bool:
        now = self._clock.now()
        with self._open_work() as work:
            is_ours = work.generations.lease(
                generation.id, owner=self._owner, now=now, until=now + _LEASE
            )
            work.commit()
        return is_ours

    def _evaluate(self, generation: Generation, stop: threading.Event) -> None:
        with self._open_work() as work:
            asked = list(_asked(work, lambda tenant_id: self._present(tenant_id, generation)))
        against = self._room.active.searched.number
        total = sum(len(each.questions) for each in asked)
        held_up_by = "" if generation.reason is None else generation.reason.code
        trial = Trial(against, self._clock.now(), asked=0, total=total, held_up_by=held_up_by)
        self._note(generation, trial)
        noted_at = time.monotonic()
        sets: list[SetTrial] = []
        for each in asked:
            pairs: list[tuple[Found, Found]] = []
            for question in each.questions:
                if stop.is_set():
                    raise _Ended
                pairs.append(self._compared(generation, question, of=each))
                trial = replace(trial, asked=trial.asked + 1)
                if time.monotonic() - noted_at > _NOTED_S:
                    self._note(generation, trial)
                    noted_at = time.monotonic()
            sets.append(_set_trial(each, pairs, against=against))
        ended = replace(trial, ended_at=self._clock.now(), sets=tuple(sets), held_up_by="")
        self._note(generation, ended)

    def _present(self, tenant_id: TenantId, generation: Generation) -> OpenedGeneration:
        """What a generation is compared with for a tenant: never with itself."""
        opened = self._room.of(tenant_id)
        return self._room.active if opened.id == generation.id else opened

    def _compared(
        self, generation: Generation, question: ExpectedAnswer, *, of: _Asked
    ) -> tuple[Found, Found]:
        begun = time.monotonic()
        before = self._found(of.present.borrowed(), question, scope=of.scope)
        after = self._found(self._room.borrow_of(generation.id), question, scope=of.scope)
        self._sleep(min(1.0, time.monotonic() - begun))
        return before, after

    def _found(
        self,
        borrowed: AbstractContextManager[Searched],
        question: ExpectedAnswer,
        *,
        scope: Scope,
    ) -> Found:
        lacking = ""
        with borrowed as searched:
            retriever = self._retriever_of(searched)
            for attempt in range(_TRIES):
                if attempt:
                    self._sleep(float(attempt))
                found = retriever.retrieve(question.question, scope=scope, limit=DEPTH)
                if not found.notices:
                    ranks = (hit.rank for hit in found.hits if _is_right(question, hit))
                    return Found(next(ranks, None))
                lacking = found.notices[0]
        raise UpstreamError(_UNMEASURED.get(lacking))

    def _note(self, generation: Generation, trial: Trial) -> None:
        """Write how far it is; at its end, the generation is evaluated.

        Raises:
            _Ended: Its evaluation is no longer wanted.
        """

        def noted(held: Generation) -> Generation:
            # until an answer came, what held up the last try may still do
            reason = None if trial.asked or trial.ended_at else held.reason
            noted = replace(held, trial=trial, reason=reason)
            if trial.ended_at is None:
                return noted
            return replace(noted, state=GenerationState.EVALUATED, is_trial_wanted=False)

        if not retried(lambda: self._change(generation, noted)):
            raise _Ended

    def _change(self, generation: Generation, change: Callable[[Generation], Generation]) -> bool:
        """Write a change of it and keep the right to work on it; False when nobody waits any more."""
        now = self._clock.now()
        with self._open_work() as work:
            work.lock()
            held = work.generations.find(generation.id)
            if held is None or not held.awaits_trial:
                return False
            changed = change(held)
            work.generations.update(changed)
            if changed.awaits_trial:
                until = now + _LEASE
                work.generations.lease(generation.id, owner=self._owner, now=now, until=until)
            work.commit()
        return True


class GenerationKeeper:
    """Keeps a serving process in line with what the database tells of generations, in a thread."""

    def __init__(self, room: GenerationRoom, trials: TrialRunner, *, poll_s: float = 0.5) -> None:
        self._room, self._trials, self._poll_s = room, trials, poll_s
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Look at once, then every half second; evaluate in a thread of its own."""
        if not self._threads:
            self._stop.clear()
            self._threads = [
                threading.Thread(target=self._keep, args=(act,), name=name, daemon=True)
                for name, act in (
                    ("generations", lambda: self._room.look(is_stopped=self._stop.is_set)),
                    ("generation-trials", lambda: self._trials.run_once(self._stop)),
                )
            ]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """End the threads after what they do; idempotent."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _keep(self, act: Callable[[], object]) -> None:
        while not self._stop.wait(self._poll_s):
            try:
                act()
            except AssistantError as error:
                _log.warning("generations_paused", code=error.code)
                self._stop.wait(self._poll_s)
            except Exception as error:  # noqa: BLE001 - a dead thread would end every switch
                _log.error("generations_failed", kind=type(error).__name__)
                self._stop.wait(self._poll_s)


def _asked(work: UnitOfWork, present: Callable[[TenantId], OpenedGeneration]) -> Iterator[_Asked]:
    """The question sets of all tenants, with the questions that the corpus is to answer."""
    for tenant in work.tenancy.list_tenants():
        scope = _readable(work, tenant.id)
        for question_set in work.question_sets.list_recent(scope=scope, limit=_SETS):
            questions = work.question_sets.questions(
                question_set.id, scope=scope, limit=MAX_QUESTIONS, offset=0
            )
            answerable = [each for each in questions if each.is_answerable]
            yield _Asked(question_set, scope, _spread(answerable), present(tenant.id))


def _spread(questions: Sequence[ExpectedAnswer]) -> list[ExpectedAnswer]:
    if len(questions) <= MOST_QUESTIONS:
        return list(questions)
    step = len(questions) / MOST_QUESTIONS
    return [questions[int(place * step)] for place in range(MOST_QUESTIONS)]


def _readable(work: UnitOfWork, tenant_id: TenantId) -> Scope:
    """What a tenant owns and what is shared with all of it: what its questions may be answered from."""
    member = Principal(MACHINE, tenant_id, frozenset({Role.AGENT}))
    owner = Principal(MACHINE, tenant_id, frozenset({Role.TENANT_ADMIN}))
    owned = work.tenancy.owned_scope(owner)
    return replace(owned, grants=owned.grants | work.tenancy.scope_of(member).grants)


def _is_right(question: ExpectedAnswer, hit: Hit) -> bool:
    return any(is_right(question, chunk) for chunk in (hit.chunk, *hit.also))


def _set_trial(asked: _Asked, pairs: Sequence[tuple[Found, Found]], *, against: int) -> SetTrial:
    own = asked.present.searched.number
    return SetTrial(
        set_id=asked.question_set.id,
        tenant_id=asked.question_set.tenant_id,
        revision=asked.question_set.revision,
        questions=len(pairs),
        changes=changes_of(pairs),
        against=None if own == against else own,
    )
