"""Sources as their administrators see them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from assistant.domain.ids import SourceId, SourceRunId
from assistant.domain.sources import ErasedFile, Source, SourceRun
from assistant.domain.tenancy import Scope


class SourceRepository(Protocol):
    """Sources of the collections that the reader's own tenant owns and the scope grants."""

    def add(self, source: Source, *, sealed: str) -> None:
        """Keep a new source with its sealed password; "" for none.

        Raises:
            Conflict: Its tenant has one of that name.
        """
        ...

    def update(self, source: Source) -> None:
        """Replace all fields but tenant, collection, kind, maker and password.

        Raises:
            NotFound: It is gone.
            Conflict: Its new name is taken.
        """
        ...

    def set_times(
        self,
        source_id: SourceId,
        *,
        next_run_at: datetime | None,
        synced_at: datetime | None = None,
    ) -> None:
        """Replace the time of its next run alone; nothing happens when it is gone.

        Args:
            source_id: The source.
            next_run_at: None for nobody is waited for.
            synced_at: When its documents came in line with it; the first such time is kept.
        """
        ...

    def set_sealed(self, source_id: SourceId, *, sealed: str) -> None:
        """Replace the sealed password; "" for none."""
        ...

    def find(self, source_id: SourceId, *, scope: Scope) -> Source | None:
        """A source of the scope."""
        ...

    def list_all(self, *, scope: Scope) -> list[Source]:
        """The sources of the scope, by name."""
        ...

    def delete(self, source_id: SourceId, *, scope: Scope) -> None:
        """Delete a source with its runs and what is remembered of its files; its documents stay.

        Raises:
            NotFound: No such source in the scope.
        """
        ...

    def erased(self, source_id: SourceId, *, scope: Scope, limit: int) -> list[ErasedFile]:
        """Files that looks at a source pass over since their documents were erased, the newest first."""
        ...

    def count_erased(self, source_id: SourceId, *, scope: Scope) -> int:
        """How many such files there are."""
        ...

    def let_in(self, source_id: SourceId, erased_id: str, *, scope: Scope) -> None:
        """Have looks take such a file again. Raises `NotFound`."""
        ...

    def add_run(self, run: SourceRun) -> None:
        """Keep a new run.

        Raises:
            Conflict: Its source has an open one.
        """
        ...

    def update_run(self, run: SourceRun) -> None:
        """Replace state, times, attempts, outcome, reason and decision of a run."""
        ...

    def find_run(self, run_id: SourceRunId, *, scope: Scope) -> SourceRun | None:
        """A run of a source of the scope."""
        ...

    def open_run(self, source_id: SourceId, *, scope: Scope) -> SourceRun | None:
        """The run of a source that is queued, under way or waits for approval."""
        ...

    def runs(self, source_id: SourceId, *, scope: Scope, limit: int) -> list[SourceRun]:
        """Runs of a source, the newest first."""
        ...
