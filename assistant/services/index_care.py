"""What brings the index in line with the database and looks whether it is, wired together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from assistant.domain.documents import Reason
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.applier import IndexApplier
from assistant.services.corpus_health import CorpusHealthService
from assistant.services.followers import Followers
from assistant.services.reconciliation import Reconciler, ReconciliationKeeper
from assistant.services.scratch import sweep_scratch


class IndexCare:
    """The applier of an index, and its comparison with database and files."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        index: ChunkIndex,
        files: FileStore,
        clock: Clock,
        *,
        audit: AuditTrail,
        upkeep: Sequence[Callable[[], None]],
        followers: Followers,
        scratch: Path,
        searched: Callable[[], Sequence[ChunkIndex]],
        stack: ExitStack,
    ) -> None:
        """Wire; nothing runs yet.

        Args:
            open_work: The store.
            index: The index.
            files: The contents.
            clock: The time.
            audit: Told who had the index mended.
            upkeep: What is looked at by the way, each from time to time.
            followers: Indexes that hold the same, beside this one.
            scratch: What dead processes left there is removed.
            searched: Those of them that somebody searches at the time.
            stack: Ends at its end what is under way.
        """
        reconciler = Reconciler(open_work, index, files, clock, others=searched)
        self.health = CorpusHealthService(open_work, clock, audit=audit)
        self.reconciliation = ReconciliationKeeper(open_work, reconciler, clock, audit=audit)
        self.applier = IndexApplier(
            open_work,
            index,
            files,
            clock,
            upkeep=[
                *upkeep,
                self.reconciliation.look,
                self.health.found.flush,
                self.health.questions.look,
                partial(sweep_scratch, scratch),
            ],
            followers=followers,
        )
        stack.callback(self.health.found.flush)
        stack.callback(self.reconciliation.stop)
        stack.callback(self.applier.stop)

    def held_by(self) -> Reason | None:
        """Why what was read is not shown now; None when nothing keeps it back."""
        return self.applier.trouble
