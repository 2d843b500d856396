"""How many files of one tenant are read at once, over all of its jobs and turns."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager

from assistant.domain.ids import TenantId

_LOOK_S = 0.2


class ReadingPlaces:
    """Places of readings. Usable from several threads.

    Readings that a turn leaves behind when it gives way keep their places until they end.

    Args:
        per_tenant: At most so many readings of one tenant at once; fewer than there are children, so
            that one is left for the files of others.
    """

    def __init__(self, *, per_tenant: int) -> None:
        self._per_tenant = per_tenant
        self._changed = threading.Condition()
        self._taken: Counter[TenantId] = Counter()

    @contextmanager
    def one_of(self, tenant_id: TenantId, *, is_wanted: Callable[[], bool]) -> Generator[bool]:
        """Wait for a place of a tenant and hold it.

        Args:
            tenant_id: The tenant.
            is_wanted: Asked while none is free; False ends the wait.

        Yields:
            False, and none is held, when it was wanted no more.
        """
        is_held = self._take(tenant_id, is_wanted=is_wanted)
        try:
            yield is_held
        finally:
            if is_held:
                self._give_back(tenant_id)

    def _take(self, tenant_id: TenantId, *, is_wanted: Callable[[], bool]) -> bool:
        with self._changed:
            while self._taken[tenant_id] >= self._per_tenant:
                if not is_wanted():
                    return False
                self._changed.wait(_LOOK_S)
            self._taken[tenant_id] += 1
        return True

    def _give_back(self, tenant_id: TenantId) -> None:
        with self._changed:
            self._taken[tenant_id] -= 1
            self._taken += Counter()  # forgets those that hold none
            self._changed.notify_all()
