"""Generations as the platform's administrators handle them: planned, built, evaluated, switched to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from assistant.domain.audit import Act
from assistant.domain.cuts import ORDINARY, chosen_cut
from assistant.domain.errors import Conflict, InvalidInput, NotFound
from assistant.domain.generations import (
    UNFINISHED,
    Generation,
    GenerationState,
    Progress,
)
from assistant.domain.ids import GenerationId, new_id
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.tenancy import Principal
from assistant.domain.trials import TrialVerdict
from assistant.domain.weighing import AS_IS, WordChoice, WordWeighing
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.generations import EmbedderShelf, IndexPlaces
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.generation_forecast import Forecaster
from assistant.services.generation_room import GenerationRoom
from assistant.services.roles import require_platform_admin
from assistant.services.transactions import retried

LEAST_REASON = 10
MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class ConfiguredEmbedder:
    """An embedder that may be chosen."""

    name: str
    """As the settings call it; empty for the one of `[embeddings]`."""
    identity: EmbedderIdentity
    is_active: bool
    """True for that of the generation that is searched."""


class GenerationService:
    """Plans, builds, evaluates, switches and removes generations; for the platform. Blocking."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        room: GenerationRoom,
        places: IndexPlaces,
        shelf: EmbedderShelf,
        audit: AuditTrail,
    ) -> None:
        self._open_work, self._clock, self._audit = open_work, clock, audit
        self._room, self._places, self._shelf = room, places, shelf
        self._forecaster = Forecaster(open_work, room=room, places=places, shelf=shelf)

    def list_all(self, *, principal: Principal) -> list[Generation]:
        """All generations, newest first.

        Raises:
            Forbidden: The principal does not administer the platform, as in every method here.
        """
        require_platform_admin(principal)
        with self._open_work() as work:
            return work.generations.list_all()

    def get(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """A generation as it stands now.

        Raises:
            NotFound: Unknown.
        """
        require_platform_admin(principal)
        with self._open_work() as work:
            return _found(work, generation_id)

    def embedders(self, *, principal: Principal) -> list[ConfiguredEmbedder]:
        """The embedders of the settings, that of `[embeddings]` first."""
        require_platform_admin(principal)
        active = self._room.active.searched.embedder.identity
        identities = [(name, self._shelf.get(name).identity) for name in self._shelf.names()]
        return [ConfiguredEmbedder(name, each, each == active) for name, each in identities]

    def is_behind(self, generation: Generation) -> bool:
        """True while a generation that follows the searched one is not known to hold what is live."""
        is_follower = generation.is_whole and generation.state is not GenerationState.ACTIVE
        return is_follower and self._room.is_behind(generation.id)

    def plan(
        self,
        embedder_name: str,
        *,
        principal: Principal,
        words: WordChoice = AS_IS,
        chunk_tokens: int | None = None,
    ) -> Generation:
        """Foresee a generation with an embedder of the settings; nothing is built yet.

        The same of everything again makes a compaction: an index without what deletions left in it.

        Args:
            embedder_name: As the settings call it; empty for the one of `[embeddings]`.
            principal: Who asks.
            words: How words are to be weighed; what is not chosen stays as in the searched one.
            chunk_tokens: Length of passages; None for that of the searched one.

        Raises:
            ConfigurationError: The settings name no such embedder ("embedder_not_configured").
            Conflict: Another one is being made ready ("generation_unfinished").
            EmbedderUnavailable: It does not answer.
            InvalidInput: A parameter is out of bounds; see `WordChoice.over` and `chosen_cut`.
        """
        require_platform_admin(principal)
        identity = self._shelf.get(embedder_name).identity
        with self._open_work() as work:
            _refuse_unfinished(work)
            active = work.generations.active()
        composition = self._places.composition(
            identity,
            words=words.over(active.composition.words if active else WordWeighing()),
            cut=chosen_cut(chunk_tokens, present=active.composition.cut if active else ORDINARY),
        )
        forecast = self._forecaster.foresee(composition, embedder_name=embedder_name)

        def made(number: int) -> Generation:
            return Generation(
                id=GenerationId(new_id()),
                number=number,
                embedder_name=embedder_name,
                composition=composition,
                place=self._places.name(number, embedder=identity),
                state=GenerationState.PLANNED,
                created_by=principal.person_id,
                created_at=self._clock.now(),
                forecast=forecast,
            )

        return retried(lambda: self._keep(made, principal=principal))

    def build(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """Let the worker build a generation that is planned, failed or cancelled.

        Raises:
            NotFound: Unknown.
            Conflict: Not possible now ("generation_move_illegal", "generation_unfinished"), or the
                disk has no room for it ("generation_too_large").
        """

        def begun(work: UnitOfWork, held: Generation) -> Generation:
            if held.state not in UNFINISHED:
                _refuse_unfinished(work)
            if held.forecast is not None and not held.forecast.fits:
                raise Conflict("generation_too_large")
            return replace(
                held,
                state=GenerationState.BUILDING,
                progress=Progress(),
                reason=None,
                trial=None,
                is_erased=False,
            )

        return self._change(generation_id, begun, act=Act.GENERATION_BUILT, principal=principal)

    def cancel(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """Give up a generation that is planned or being built; its vectors stay for another try.

        Raises:
            NotFound: Unknown.
            Conflict: Not possible now ("generation_move_illegal").
        """

        def cancelled(work: UnitOfWork, held: Generation) -> Generation:
            del work
            return replace(held, state=GenerationState.CANCELLED)

        return self._change(
            generation_id, cancelled, act=Act.GENERATION_CANCELLED, principal=principal
        )

    def evaluate(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """Ask for an evaluation; the serving process does it in the background.

        Raises:
            NotFound: Unknown.
            Conflict: It is not built, or is searched already ("generation_move_illegal").
        """

        def wanted(work: UnitOfWork, held: Generation) -> Generation:
            del work
            if held.state not in {GenerationState.BUILT, GenerationState.EVALUATED}:
                raise Conflict("generation_move_illegal")
            return replace(held, is_trial_wanted=True)

        return self._change(
            generation_id, wanted, act=Act.GENERATION_EVALUATED, principal=principal
        )

    def switch(
        self, generation_id: GenerationId, *, reason: str, principal: Principal
    ) -> Generation:
        """Search an evaluated generation from now on.

        Args:
            generation_id: The generation.
            reason: Why, if its evaluation does not allow it by itself; kept with it.
            principal: Who decides.

        Raises:
            NotFound: Unknown.
            Conflict: Not evaluated ("generation_not_evaluated"), evaluated against another one than is
                searched now ("generation_trial_outdated"), not whole or still catching up
                ("generation_not_whole", "generation_behind").
            InvalidInput: Its evaluation failed, is unsure or asked nothing, and no reason is given
                ("generation_reason_failed", "generation_reason_unsure",
                "generation_reason_no_questions"), or it is too long ("generation_reason_length").
        """
        require_platform_admin(principal)
        why = reason.strip()

        def decide(work: UnitOfWork) -> Generation:
            held = _found(work, generation_id)
            verdict = _allowed(work, held, reason=why)
            is_overruled = verdict is not TrialVerdict.PASSED
            details = {"number": held.number, "verdict": verdict.value}
            self._tell(work, Act.GENERATION_SWITCHED, held, principal, details)
            return replace(held, overruled=why if is_overruled else "")

        self._room.switch(generation_id, decide=decide)
        return self.get(generation_id, principal=principal)

    def rollback(self, *, principal: Principal) -> Generation:
        """Search the previous generation again; the present one becomes the previous one.

        Raises:
            NotFound: None is kept.
            Conflict: As `switch`.
        """
        require_platform_admin(principal)
        with self._open_work() as work:
            kept = work.generations.list_kept()
        previous = next((each for each in kept if each.state is GenerationState.PREVIOUS), None)
        if previous is None:
            raise NotFound("generation_no_previous")

        def decide(work: UnitOfWork) -> Generation:
            held = _found(work, previous.id)
            if held.state is not GenerationState.PREVIOUS:
                raise Conflict("generation_move_illegal")
            self._tell(work, Act.GENERATION_ROLLED_BACK, held, principal)
            return held

        self._room.switch(previous.id, decide=decide)
        return self.get(previous.id, principal=principal)

    def remove(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """Give up a generation that is not searched, with its index and the vectors only it uses.

        Raises:
            NotFound: Unknown.
            Conflict: It is searched, or being built ("generation_move_illegal").
        """

        def removed(work: UnitOfWork, held: Generation) -> Generation:
            del work
            return replace(
                held,
                state=GenerationState.REMOVED,
                is_trial_wanted=False,
                is_erased=False,
            )

        return self._change(generation_id, removed, act=Act.GENERATION_REMOVED, principal=principal)

    def _keep(self, made: Callable[[int], Generation], *, principal: Principal) -> Generation:
        """Keep a new plan, unless another one came first."""
        with self._open_work() as work:
            work.lock()
            _refuse_unfinished(work)
            generation = made(work.generations.next_number())
            work.generations.add(generation)
            self._tell(work, Act.GENERATION_PLANNED, generation, principal)
            work.commit()
        return generation

    def _change(
        self,
        generation_id: GenerationId,
        change: Callable[[UnitOfWork, Generation], Generation],
        *,
        act: Act,
        principal: Principal,
    ) -> Generation:
        require_platform_admin(principal)

        def changed() -> Generation:
            with self._open_work() as work:
                work.lock()
                held = _found(work, generation_id)
                generation = change(work, held)
                if generation == held or (generation.state is held.state and not _is_asked(act)):
                    raise Conflict("generation_move_illegal")
                work.generations.update(generation)
                self._tell(work, act, generation, principal)
                work.commit()
            return generation

        return retried(changed)

    def _tell(
        self,
        work: UnitOfWork,
        act: Act,
        generation: Generation,
        principal: Principal,
        details: dict[str, str | int] | None = None,
    ) -> None:
        self._audit.record_in(
            work,
            act,
            by=principal,
            tenant_id=principal.tenant_id,
            subject=generation.id,
            details=details or {"number": generation.number},
        )


def _is_asked(act: Act) -> bool:
    """True for an act that leaves the state as it is."""
    return act is Act.GENERATION_EVALUATED


def _found(work: UnitOfWork, generation_id: GenerationId) -> Generation:
    generation = work.generations.find(generation_id)
    if generation is None:
        raise NotFound
    return generation


def _refuse_unfinished(work: UnitOfWork) -> None:
    if any(each.state in UNFINISHED for each in work.generations.list_kept()):
        raise Conflict("generation_unfinished")


def _allowed(work: UnitOfWork, generation: Generation, *, reason: str) -> TrialVerdict:
    """What its evaluation says, when a switch may follow."""
    if generation.state is not GenerationState.EVALUATED or generation.trial is None:
        raise Conflict("generation_not_evaluated")
    active = work.generations.active()
    if active is not None and generation.trial.against != active.number:
        raise Conflict("generation_trial_outdated")
    verdict = generation.trial.verdict
    if len(reason) > MOST_REASON:
        raise InvalidInput("generation_reason_length", limit=MOST_REASON)
    if verdict is not TrialVerdict.PASSED and len(reason) < LEAST_REASON:
        raise InvalidInput(f"generation_reason_{verdict.value}", least=LEAST_REASON)
    return verdict
