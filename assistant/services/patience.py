"""Waiting for what may never answer, such as a folder of a disk over the network, and giving up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from assistant.domain.errors import UpstreamError
from assistant.domain.ids import TenantId

T = TypeVar("T")

PLACE_PATIENCE_S = 60.0
"""For a place to tell its first names, in seconds: longer than a server is given to answer."""
_LOOK_S = 0.2
"""How often is looked whether the calls that hold all places hang by now, in seconds."""


class Outcome(Generic[T]):
    """What a call in a thread of its own ends with."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._ended = threading.Event()

    def run(self) -> None:
        """Make the call; what it raises is kept."""
        try:
            self._result.append(self._call())
        except BaseException as error:  # noqa: BLE001 - raised where the result is taken
            self._error = error
        finally:
            self._ended.set()

    @property
    def has_ended(self) -> bool:
        """True once it has ended."""
        return self._ended.is_set()

    def wait(self, seconds: float) -> bool:
        """True once it has ended, within so many seconds."""
        return self._ended.wait(seconds)

    def take(self) -> T:
        """Its result, or what it raised. To be called once it has ended."""
        if self._error is not None:
            raise self._error
        return self._result[0]


class _Call:
    """One that waits for a place."""

    def __init__(self, address: str, *, until: float) -> None:
        self.address = address
        self._until = until

    @property
    def hangs(self) -> bool:
        """True once it was given up; what hangs in the kernel cannot be ended."""
        return time.monotonic() >= self._until


class Callers:
    """The calls under way, by tenant: what hangs takes the places of its own tenant alone.

    Args:
        per_tenant: At most so many calls of one tenant, those that hang included.
    """

    def __init__(self, *, per_tenant: int) -> None:
        self._per_tenant = per_tenant
        self._changed = threading.Condition()
        self._calls: dict[TenantId, list[_Call]] = {}

    def begin(self, tenant_id: TenantId, address: str, *, seconds: float) -> _Call:
        """Take a place, which is waited for while a call that holds one may still end in time.

        Raises:
            UpstreamError: An earlier call for the address hangs ("source_silent"), or no place came
                free ("source_calls_busy").
        """
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                calls = self._calls.get(tenant_id, [])
                if any(each.hangs and each.address == address for each in calls):
                    raise UpstreamError("source_silent", transient=True)
                if len(calls) < self._per_tenant:
                    break
                rest = until - time.monotonic()
                if rest <= 0 or all(each.hangs for each in calls):
                    raise UpstreamError("source_calls_busy", transient=True)
                self._changed.wait(min(rest, _LOOK_S))
            begun = _Call(address, until=time.monotonic() + seconds)
            self._calls.setdefault(tenant_id, []).append(begun)
        return begun

    def end(self, tenant_id: TenantId, call: _Call) -> None:
        """Give the place back, however late."""
        with self._changed:
            self._calls[tenant_id].remove(call)
            if not self._calls[tenant_id]:
                del self._calls[tenant_id]
            self._changed.notify_all()


_CALLERS = Callers(per_tenant=2)


def within(call: Callable[[], T], *, tenant_id: TenantId, address: str, seconds: float) -> T:
    """What a call returns, or raises, if it ends in time; else it is left alone.

    Args:
        call: Made in a thread of its own.
        tenant_id: For whom.
        address: What it waits for: while a call of its tenant for the same hangs, none is made.
        seconds: How long is waited.

    Raises:
        UpstreamError: It did not, or an earlier one for the address hangs ("source_silent"); or its
            tenant has too many calls under way ("source_calls_busy").
    """
    held = _CALLERS.begin(tenant_id, address, seconds=seconds)
    outcome = Outcome(call)

    def run() -> None:
        try:
            outcome.run()
        finally:
            _CALLERS.end(tenant_id, held)

    threading.Thread(target=run, name="patience", daemon=True).start()
    if not outcome.wait(seconds):
        raise UpstreamError("source_silent", transient=True)
    return outcome.take()
