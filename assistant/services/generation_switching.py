"""Who searches which generation: switches to an evaluated one and back, for some tenants or for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, InvalidInput, NotFound
from assistant.domain.generations import Generation, GenerationState, TenantChoice
from assistant.domain.ids import GenerationId, TenantId
from assistant.domain.tenancy import Principal
from assistant.domain.trials import Trial, TrialVerdict
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.generation_room import GenerationRoom
from assistant.services.roles import require_platform_admin

LEAST_REASON = 10
MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class SearchingTenant:
    """A tenant that searches another generation than the active one."""

    choice: TenantChoice
    name: str


class GenerationSwitches:
    """Switches and goes back; for the platform. Blocking."""

    def __init__(
        self, open_work: UnitOfWorkFactory, clock: Clock, *, room: GenerationRoom, audit: AuditTrail
    ) -> None:
        self._open_work, self._clock = open_work, clock
        self._room, self._audit = room, audit

    def get(self, generation_id: GenerationId, *, principal: Principal) -> Generation:
        """A generation as it stands now.

        Raises:
            NotFound: Unknown.
        """
        require_platform_admin(principal)
        with self._open_work() as work:
            return found(work, generation_id)

    def searching(self, *, principal: Principal) -> list[SearchingTenant]:
        """The tenants that search another generation than the active one, by name."""
        require_platform_admin(principal)
        with self._open_work() as work:
            choices = work.generations.choices()
            names = {each.id: each.name for each in work.tenancy.list_tenants()} if choices else {}
        named = [SearchingTenant(each, names.get(each.tenant_id, "")) for each in choices]
        return sorted(named, key=lambda each: (each.name, each.choice.tenant_id))

    def switch(
        self,
        generation_id: GenerationId,
        *,
        reason: str,
        principal: Principal,
        tenants: Collection[TenantId] | None = None,
    ) -> Generation:
        """Search an evaluated generation from now on.

        Args:
            generation_id: The generation.
            reason: Why, if its evaluation does not allow it by itself; kept with it.
            principal: Who decides.
            tenants: Who searches it, while the others go on as they are; None is all, and no tenant
                has a choice of its own afterwards.

        Raises:
            NotFound: Unknown generation or tenant.
            Conflict: Being evaluated ("generation_trial_wanted"), not evaluated
                ("generation_not_evaluated"), evaluated against another one than is searched now
                ("generation_trial_outdated"), searched by these tenants already
                ("generation_already_searched"), of other passages than the active one while only some
                would search it ("generation_other_cut"), not whole or still catching up
                ("generation_not_whole", "generation_behind").
            InvalidInput: Its evaluation failed, is unsure, asked nothing or was ended unmeasured, and no
                reason is given ("generation_reason_failed", "generation_reason_unsure",
                "generation_reason_no_questions", "generation_reason_unmeasured"), or it is too
                long ("generation_reason_length").
        """
        require_platform_admin(principal)
        why = reason.strip()

        def decide(work: UnitOfWork) -> Sequence[GenerationId]:
            held = found(work, generation_id)
            verdict = _allowed(work, held, tenants=tenants, reason=why)
            overruled = "" if verdict is TrialVerdict.PASSED else why
            if tenants is None:
                work.generations.switch(replace(held, overruled=overruled), now=self._clock.now())
            else:
                self._choose(work, held, tenants, overruled=overruled)
            act = Act.GENERATION_SWITCHED
            self._tell_all(work, act, held, principal, tenants=tenants, trial=held.trial)
            return [held.id]

        self._room.switch(decide)
        return self.get(generation_id, principal=principal)

    def rollback(
        self,
        *,
        principal: Principal,
        tenants: Collection[TenantId] | None = None,
        from_id: GenerationId | None = None,
        to_id: GenerationId | None = None,
    ) -> Generation:
        """Search what was searched before; the generation that is.

        All tenants go back to the previous generation, and the present one becomes the previous one.
        Tenants that are named go back to the active one when they search another; those that search
        the active one go back to the previous one, alone. Done twice, it leads there and back again,
        unless it is told from where to where.

        Args:
            principal: Who decides.
            tenants: Who goes back; None is all.
            from_id: What they are to search until then; None for whatever they do.
            to_id: What they are to search afterwards; None for wherever it leads.

        Raises:
            NotFound: None is kept ("generation_no_previous"), or an unknown tenant.
            Conflict: The tenants do not search the same one ("generation_rollback_mixed"), it does not
                lead from there to there any more ("generation_rollback_changed"), or as `switch`.
        """
        require_platform_admin(principal)
        gone_back: list[GenerationId] = []

        def decide(work: UnitOfWork) -> Sequence[GenerationId]:
            held, is_active = _way_back(work, tenants, from_id=from_id, to_id=to_id)
            if tenants is None:
                work.generations.switch(held, now=self._clock.now())
            elif is_active:
                work.generations.give_back(tenants)
            else:
                self._choose(work, held, tenants)
            self._tell_all(work, Act.GENERATION_ROLLED_BACK, held, principal, tenants=tenants)
            gone_back[:] = [held.id]
            return [] if is_active else [held.id]

        self._room.switch(decide)
        return self.get(gone_back[0], principal=principal)

    def _choose(
        self,
        work: UnitOfWork,
        generation: Generation,
        tenants: Collection[TenantId],
        *,
        overruled: str = "",
    ) -> None:
        searched = {each.tenant_id: each.generation_id for each in work.generations.choices()}
        if all(searched.get(each) == generation.id for each in tenants):
            raise Conflict("generation_already_searched")
        active = work.generations.active()
        if active is not None and active.composition.cut != generation.composition.cut:
            raise Conflict("generation_other_cut")
        now = self._clock.now()
        for each in tenants:
            work.generations.choose(TenantChoice(each, generation.id, now, overruled))

    def _tell_all(
        self,
        work: UnitOfWork,
        act: Act,
        generation: Generation,
        principal: Principal,
        *,
        tenants: Collection[TenantId] | None,
        trial: Trial | None = None,
    ) -> None:
        """One entry for all, or one in the log of each tenant that is named, which tells of no other."""
        for each in [None] if tenants is None else sorted(tenants):
            told: dict[str, str | int] = {"number": generation.number}
            if trial is not None:
                told["verdict"] = trial.verdict_for(None if each is None else [each]).value
            self._tell(work, act, generation, principal, told, tenant_id=each)

    def _tell(
        self,
        work: UnitOfWork,
        act: Act,
        generation: Generation,
        principal: Principal,
        details: dict[str, str | int] | None = None,
        *,
        tenant_id: TenantId | None = None,
    ) -> None:
        self._audit.record_in(
            work,
            act,
            by=principal,
            tenant_id=tenant_id or principal.tenant_id,
            subject=generation.id,
            details=details or {"number": generation.number},
        )


def found(work: UnitOfWork, generation_id: GenerationId) -> Generation:
    """A generation.

    Raises:
        NotFound: Unknown.
    """
    generation = work.generations.find(generation_id)
    if generation is None:
        raise NotFound
    return generation


def _way_back(
    work: UnitOfWork,
    tenants: Collection[TenantId] | None,
    *,
    from_id: GenerationId | None,
    to_id: GenerationId | None,
) -> tuple[Generation, bool]:
    """Where a way back leads now, and whether that one is the active one.

    Raises:
        Conflict: It does not lead from there to there ("generation_rollback_changed").
    """
    active = work.generations.active()
    if active is None:
        raise Conflict("generation_unknown")
    present = active.id if tenants is None else _present(work, tenants, active=active)
    if from_id not in {None, present} or to_id == present:
        raise Conflict("generation_rollback_changed")
    held = _previous(work) if present == active.id else active
    if to_id not in {None, held.id}:
        raise Conflict("generation_rollback_changed")
    return held, held is active


def _present(
    work: UnitOfWork, tenants: Collection[TenantId], *, active: Generation
) -> GenerationId:
    """What some tenants search, all the same."""
    if any(work.tenancy.find_tenant(each) is None for each in tenants):
        raise NotFound
    chosen = {each.tenant_id: each.generation_id for each in work.generations.choices()}
    present, *others = {chosen.get(each, active.id) for each in tenants}
    if others:
        raise Conflict("generation_rollback_mixed")
    return present


def _previous(work: UnitOfWork) -> Generation:
    kept = work.generations.list_kept()
    previous = next((each for each in kept if each.state is GenerationState.PREVIOUS), None)
    if previous is None:
        raise NotFound("generation_no_previous")
    return previous


def _allowed(
    work: UnitOfWork, generation: Generation, *, tenants: Collection[TenantId] | None, reason: str
) -> TrialVerdict:
    """What its evaluation says for these tenants, when a switch may follow."""
    if generation.awaits_trial:
        raise Conflict("generation_trial_wanted")
    trial = generation.trial
    if generation.state is not GenerationState.EVALUATED or trial is None or not trial.ended_at:
        raise Conflict("generation_not_evaluated")
    if _is_outdated(work, generation, trial=trial, tenants=tenants):
        raise Conflict("generation_trial_outdated")
    verdict = trial.verdict_for(tenants)
    if len(reason) > MOST_REASON:
        raise InvalidInput("generation_reason_length", limit=MOST_REASON)
    if verdict is not TrialVerdict.PASSED and len(reason) < LEAST_REASON:
        raise InvalidInput(f"generation_reason_{verdict.value}", least=LEAST_REASON)
    return verdict


def _is_outdated(
    work: UnitOfWork,
    generation: Generation,
    *,
    trial: Trial,
    tenants: Collection[TenantId] | None,
) -> bool:
    """True when some of the tenants search another generation than it was compared with for them."""
    active = work.generations.active()
    if active is None or trial.against != active.number:
        return active is not None
    numbers = {each.id: each.number for each in work.generations.list_kept()}
    searched = {
        each.tenant_id: numbers[each.generation_id]
        for each in work.generations.choices()
        if each.generation_id != generation.id
    }
    return any(
        (each.against or trial.against) != searched.get(each.tenant_id, active.number)
        for each in trial.sets_of(tenants)
    )
