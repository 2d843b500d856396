"""What the comparison of database, index and files reads and mends. For the machinery: sees every tenant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.ids import ChunkId, DocumentId, VersionId
from assistant.domain.reconciliation import (
    ChunkOwner,
    ExpectedPoint,
    KnownDocument,
    Reconciliation,
    SourceGap,
    StuckItem,
)


class ReconciliationRepository(Protocol):
    """Never shown to a person, but for the reports."""

    def expected_points(
        self, *, embedder_id: str, after: int, limit: int, cut: Cut = ORDINARY
    ) -> Sequence[ExpectedPoint]:
        """The points that an index of a cut must hold, in the order of their numbers, beyond one of them."""
        ...

    def owners_of(
        self, chunk_ids: Collection[ChunkId], cut: Cut = ORDINARY
    ) -> dict[ChunkId, ChunkOwner]:
        """The versions of some chunks of a cut; those that are unknown or of another are absent."""
        ...

    def live_among(self, version_ids: Collection[VersionId]) -> frozenset[VersionId]:
        """Those of the versions that are live."""
        ...

    def needed_contents(self, *, after: str, limit: int) -> Sequence[str]:
        """SHA-256 of contents that are served or to be read, in order, beyond one of them."""
        ...

    def needed_among(self, hashes: Collection[str]) -> frozenset[str]:
        """Those of the SHA-256 that are needed, as `needed_contents` tells."""
        ...

    def known_contents(self, hashes: Collection[str]) -> frozenset[str]:
        """Those of the SHA-256 that the database has a record of."""
        ...

    def documents_served_from(self, hashes: Collection[str]) -> Sequence[KnownDocument]:
        """Documents whose live version was read from one of these contents."""
        ...

    def documents_of_versions(
        self, version_ids: Collection[VersionId]
    ) -> dict[VersionId, KnownDocument]:
        """The documents of some versions that are not deleted."""
        ...

    def stuck_documents(self, *, after: str, limit: int) -> Sequence[KnownDocument]:
        """Documents that nothing serves and nothing will read, by id, beyond one of them."""
        ...

    def stuck_items(self, *, limit: int) -> Sequence[StuckItem]:
        """Files of jobs that nothing will end, oldest first."""
        ...

    def source_gaps(self, *, limit: int) -> Sequence[SourceGap]:
        """Where sources that are not being looked at and their documents differ, at most so many of a kind."""
        ...

    def end_item(self, item: StuckItem) -> None:
        """End such a file; why is told with one that fails ("reading_lost")."""
        ...

    def tell_lost(self, document_ids: Collection[DocumentId], *, now: datetime) -> None:
        """Say of documents that their original is lost ("original_lost"): FAILED unless they are served."""
        ...

    def tell_found(self, *, kept: Collection[str], now: datetime) -> None:
        """Say no longer so of documents whose content is one of these."""
        ...

    def told_lost(self) -> Sequence[KnownDocument]:
        """Documents that say that their original is lost."""
        ...

    def add_report(self, report: Reconciliation) -> None:
        """Keep a report; the last thirty stay."""
        ...

    def last_report(self) -> Reconciliation | None:
        """The newest report, None before the first."""
        ...
