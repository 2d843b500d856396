"""Generations of the index: planned, built, evaluated and switched to by the platform's administrators."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from assistant.api.deps import Manager, UseCases
from assistant.api.generations_out import embedder_out, generation_out
from assistant.containers import Container
from assistant.domain.generations import Generation
from assistant.domain.ids import GenerationId, TenantId
from assistant.domain.tenancy import Principal
from assistant.domain.weighing import WordChoice
from assistant.schemas.generations import (
    GenerationIn,
    GenerationOut,
    GenerationsOut,
    RollbackIn,
    SwitchIn,
)
from assistant.services.generation_switching import SearchingTenant

router = APIRouter(prefix="/generations", tags=["generations"])

_ALL = RollbackIn()
"""Without a body, all tenants go back."""


@router.get("")
def list_generations(principal: Manager, services: UseCases) -> GenerationsOut:
    """All generations, newest first, and the embedding models of the settings."""
    found = services.generations.service.list_all(principal=principal)
    embedders = services.generations.service.embedders(principal=principal)
    searching = services.generations.service.searching(principal=principal)
    return GenerationsOut(
        generations=[_out(each, services, searching=searching) for each in found],
        embedders=[embedder_out(each) for each in embedders],
    )


@router.post("", status_code=201)
def plan_generation(asked: GenerationIn, principal: Manager, services: UseCases) -> GenerationOut:
    """Foresee a generation: texts to embed, time and disk. Nothing is built yet."""
    words = WordChoice(k1=asked.bm25_k1, b=asked.bm25_b, length=asked.bm25_length)
    made = services.generations.service.plan(
        asked.embedder, principal=principal, words=words, chunk_tokens=asked.chunk_tokens
    )
    return _out(made, services)


@router.post("/rollback")
def roll_back(principal: Manager, services: UseCases, asked: RollbackIn = _ALL) -> GenerationOut:
    """Search again what was searched before; for all, the present one is kept as the previous one."""
    found = services.generations.service.rollback(
        principal=principal,
        tenants=_named(asked.tenants),
        from_id=None if asked.from_id is None else GenerationId(asked.from_id),
        to_id=None if asked.to_id is None else GenerationId(asked.to_id),
    )
    return _now(found, principal, services)


@router.get("/{generation_id}")
def get_generation(generation_id: str, principal: Manager, services: UseCases) -> GenerationOut:
    """A generation as it stands now."""
    found = services.generations.service.get(GenerationId(generation_id), principal=principal)
    return _now(found, principal, services)


@router.post("/{generation_id}/build")
def build_generation(generation_id: str, principal: Manager, services: UseCases) -> GenerationOut:
    """Build a generation that is planned, failed or cancelled, beside the one that is searched."""
    found = services.generations.service.build(GenerationId(generation_id), principal=principal)
    return _out(found, services)


@router.post("/{generation_id}/cancel")
def cancel_generation(generation_id: str, principal: Manager, services: UseCases) -> GenerationOut:
    """Give up a generation that is planned or being built, or the evaluation of a built one.

    Vectors computed so far are kept; an evaluation that did not end says nothing.
    """
    found = services.generations.service.cancel(GenerationId(generation_id), principal=principal)
    return _out(found, services)


@router.post("/{generation_id}/evaluate")
def evaluate_generation(
    generation_id: str, principal: Manager, services: UseCases
) -> GenerationOut:
    """Ask the question sets of all tenants of a built generation and of the searched one."""
    found = services.generations.service.evaluate(GenerationId(generation_id), principal=principal)
    return _now(found, principal, services)


@router.post("/{generation_id}/switch")
def switch_generation(
    generation_id: str, asked: SwitchIn, principal: Manager, services: UseCases
) -> GenerationOut:
    """Search an evaluated generation from now on, for some tenants or for all of them.

    A reason is needed unless its evaluation passed on the question sets of those concerned.
    """
    found = services.generations.service.switch(
        GenerationId(generation_id),
        reason=asked.reason,
        principal=principal,
        tenants=_named(asked.tenants),
    )
    return _now(found, principal, services)


@router.delete("/{generation_id}")
def remove_generation(generation_id: str, principal: Manager, services: UseCases) -> GenerationOut:
    """Give up a generation that is not searched, with its index and the vectors that only it uses."""
    found = services.generations.service.remove(GenerationId(generation_id), principal=principal)
    return _out(found, services)


def _named(tenants: list[str] | None) -> frozenset[TenantId] | None:
    return None if tenants is None else frozenset(map(TenantId, tenants))


def _now(generation: Generation, principal: Principal, services: Container) -> GenerationOut:
    """With those who search it."""
    searching = services.generations.service.searching(principal=principal)
    return _out(generation, services, searching=searching)


def _out(
    generation: Generation, services: Container, *, searching: Sequence[SearchingTenant] = ()
) -> GenerationOut:
    return generation_out(
        generation,
        is_behind=services.generations.service.is_behind(generation),
        searching=searching,
        now=services.clock.now(),
    )
