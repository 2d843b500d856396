"""Calls about generations of the index."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.client.transport import Transport
from assistant.schemas.generations import (
    GenerationIn,
    GenerationOut,
    GenerationsOut,
    RollbackIn,
    SwitchIn,
)

_PLAN_S = 180.0
"""A batch of texts is embedded to measure the rate."""
_SWITCH_S = 60.0
_PATH = "/api/v1/generations"


class GenerationCalls:
    """The part of the client that deals with generations."""

    _transport: Transport

    def list_generations(self) -> GenerationsOut:
        """All generations, newest first, and the models that may be chosen."""
        return self._transport.call("GET", _PATH, returns=GenerationsOut)

    def plan_generation(self, asked: GenerationIn) -> GenerationOut:
        """Foresee a generation."""
        return self._transport.call(
            "POST",
            _PATH,
            returns=GenerationOut,
            json=asked.model_dump(),
            timeout=_PLAN_S,
        )

    def build_generation(self, generation_id: str) -> GenerationOut:
        """Begin to build a generation."""
        return self._act(generation_id, "build")

    def cancel_generation(self, generation_id: str) -> GenerationOut:
        """Give up building a generation, or evaluating it."""
        return self._act(generation_id, "cancel")

    def evaluate_generation(self, generation_id: str) -> GenerationOut:
        """Ask for the evaluation of a generation."""
        return self._act(generation_id, "evaluate")

    def switch_generation(
        self, generation_id: str, *, reason: str, tenants: Sequence[str] | None = None
    ) -> GenerationOut:
        """Search a generation from now on: tenants of these ids, or all of them."""
        asked = SwitchIn(reason=reason, tenants=None if tenants is None else list(tenants))
        path = f"{_PATH}/{generation_id}/switch"
        return self._transport.call(
            "POST",
            path,
            returns=GenerationOut,
            json=asked.model_dump(),
            timeout=_SWITCH_S,
        )

    def roll_back_generation(
        self,
        *,
        tenants: Sequence[str] | None = None,
        from_id: str | None = None,
        to_id: str | None = None,
    ) -> GenerationOut:
        """Search again what was searched before: tenants of these ids, or all of them.

        Refused when it does not lead from the one generation to the other, where they are told.
        """
        some = None if tenants is None else list(tenants)
        return self._transport.call(
            "POST",
            f"{_PATH}/rollback",
            returns=GenerationOut,
            json=RollbackIn(tenants=some, from_id=from_id, to_id=to_id).model_dump(),
            timeout=_SWITCH_S,
        )

    def remove_generation(self, generation_id: str) -> GenerationOut:
        """Give up a generation with its index."""
        return self._transport.call("DELETE", f"{_PATH}/{generation_id}", returns=GenerationOut)

    def _act(self, generation_id: str, act: str) -> GenerationOut:
        path = f"{_PATH}/{generation_id}/{act}"
        return self._transport.call("POST", path, returns=GenerationOut)
