"""Generations as the platform's administrators handle them: planned, built, evaluated, switched to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from assistant.domain.audit import Act
from assistant.domain.cuts import ORDINARY, chosen_cut
from assistant.domain.errors import Conflict
from assistant.domain.generations import (
    TRIED,
    UNFINISHED,
    Generation,
    GenerationState,
    Progress,
)
from assistant.domain.ids import GenerationId, new_id
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.tenancy import Principal
from assistant.domain.weighing import AS_IS, WordChoice, WordWeighing
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.generations import EmbedderShelf, IndexPlaces
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.generation_forecast import Forecaster
from assistant.services.generation_room import GenerationRoom
from assistant.services.generation_switching import GenerationSwitches, found
from assistant.services.roles import require_platform_admin
from assistant.services.transactions import retried


@dataclass(frozen=True, slots=True)
class ConfiguredEmbedder:
    """An embedder that may be chosen."""

    name: str
    """As the settings call it; empty for the one of `[embeddings]`."""
    identity: EmbedderIdentity
    is_active: bool
    """True for that of the active generation."""


class GenerationService(GenerationSwitches):
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
        super().__init__(open_work, clock, room=room, audit=audit)
        self._places, self._shelf = places, shelf
        self._forecaster = Forecaster(open_work, room=room, places=places, shelf=shelf)

    def list_all(self, *, principal: Principal) -> list[Generation]:
        """All generations, newest first.

        Raises:
            Forbidden: The principal does not administer the platform, as in every method here.
        """
        require_platform_admin(principal)
        with self._open_work() as work:
            return work.generations.list_all()

    def embedders(self, *, principal: Principal) -> list[ConfiguredEmbedder]:
        """The embedders of the settings, that of `[embeddings]` first."""
        require_platform_admin(principal)
        active = self._room.active.searched.embedder.identity
        identities = [(name, self._shelf.get(name).identity) for name in self._shelf.names()]
        return [ConfiguredEmbedder(name, each, each == active) for name, each in identities]

    def is_behind(self, generation: Generation) -> bool:
        """True while a generation that follows the active one is not known to hold what is live."""
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
                is_trial_wanted=False,
                is_erased=False,
            )

        return self._change(generation_id, begun, act=Act.GENERATION_BUILT, principal=principal)

    def cancel(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """Give up an evaluation that has not ended, or else a generation that is planned or being built.

        Vectors stay for another try. An evaluation that was held up by a model or an index ends as
        unmeasured, so that a person may decide with a reason; any other says nothing unless it ends.

        Raises:
            NotFound: Unknown.
            Conflict: Not possible now ("generation_move_illegal").
        """

        def cancelled(work: UnitOfWork, held: Generation) -> Generation:
            del work
            return replace(held, state=GenerationState.CANCELLED)

        def stopped(work: UnitOfWork, held: Generation) -> Generation:
            del work
            return _stopped(held, at=self._clock.now()) if held.awaits_trial else held

        is_trial = self.get(generation_id, principal=principal).awaits_trial
        change = stopped if is_trial else cancelled
        act = Act.GENERATION_TRIAL_STOPPED if is_trial else Act.GENERATION_CANCELLED
        return self._change(generation_id, change, act=act, principal=principal)

    def evaluate(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """Ask for an evaluation; the serving process does it in the background.

        Raises:
            NotFound: Unknown.
            Conflict: It is not built, or is searched already ("generation_move_illegal").
        """

        def wanted(work: UnitOfWork, held: Generation) -> Generation:
            del work
            if held.state not in TRIED:
                raise Conflict("generation_move_illegal")
            return replace(held, is_trial_wanted=True)

        return self._change(
            generation_id, wanted, act=Act.GENERATION_EVALUATED, principal=principal
        )

    def remove(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """Give up a generation that is not searched, with its index and the vectors only it uses.

        Raises:
            NotFound: Unknown.
            Conflict: It is searched ("generation_searched"), active or being built
                ("generation_move_illegal").
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
                held = found(work, generation_id)
                generation = change(work, held)
                if generation == held or (generation.state is held.state and not _is_asked(act)):
                    raise Conflict("generation_move_illegal")
                work.generations.update(generation)
                self._tell(work, act, generation, principal)
                work.commit()
            return generation

        return retried(changed)


def _stopped(held: Generation, *, at: datetime) -> Generation:
    """A generation whose evaluation a person gives up."""
    rested = replace(held, is_trial_wanted=False, trial=None, reason=None)
    if held.trial is None or held.trial.ended_at is not None:
        return rested
    held_up_by = held.trial.held_up_by if held.reason is None else held.reason.code
    if not held_up_by:
        return rested
    trial = replace(held.trial, ended_at=at, sets=(), held_up_by=held_up_by)
    return replace(rested, state=GenerationState.EVALUATED, trial=trial)


def _is_asked(act: Act) -> bool:
    """True for an act that may leave the state as it is."""
    return act in {Act.GENERATION_EVALUATED, Act.GENERATION_TRIAL_STOPPED}


def _refuse_unfinished(work: UnitOfWork) -> None:
    if any(each.state in UNFINISHED for each in work.generations.list_kept()):
        raise Conflict("generation_unfinished")
