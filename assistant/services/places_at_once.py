"""How many at once may wait for a place that somebody else runs: what is beyond is refused, not queued."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from assistant.domain.errors import QuotaExceeded
from assistant.domain.ids import TenantId

_RETRY_S = 15.0


class FewAtOnce:
    """Lets a few through. Usable from several threads.

    Args:
        per_tenant: At most so many of one tenant.
        in_all: At most so many together, so that the threads that serve everybody are never all taken.
    """

    def __init__(self, *, per_tenant: int, in_all: int) -> None:
        self._per_tenant, self._in_all = per_tenant, in_all
        self._lock = threading.Lock()
        self._taken: Counter[TenantId] = Counter()

    @contextmanager
    def one_of(self, tenant_id: TenantId) -> Generator[None]:
        """Hold one.

        Raises:
            QuotaExceeded: None is left now ("source_tests_busy").
        """
        with self._lock:
            is_full = self._taken.total() >= self._in_all
            if is_full or self._taken[tenant_id] >= self._per_tenant:
                raise QuotaExceeded("source_tests_busy", retry_after_s=_RETRY_S)
            self._taken[tenant_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[tenant_id] -= 1
                self._taken += Counter()  # forgets those that hold none
