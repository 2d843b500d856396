"""What the machinery needs of the relational store, whatever the reader: vectors, ledger, queue.

Apart from `repositories`, where every read takes a `Scope`: nothing here is ever shown to a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.documents import DocumentVersion, NewChunk, Reason
from assistant.domain.ids import CollectionId, DocumentId, JobId, JobItemId, TenantId, VersionId
from assistant.domain.jobs import ItemState, Job, JobItem, JobState
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Vector


class VectorRepository(Protocol):
    """Vectors by embedder and hash of the embedded text; shared by all versions of all documents."""

    def find(self, hashes: Sequence[str], *, embedder_id: str) -> dict[str, Vector]:
        """The vectors kept for these hashes; the others are absent."""
        ...

    def add(self, vectors: Mapping[str, Vector], *, embedder: EmbedderIdentity) -> None:
        """Keep vectors; those already kept stay as they are."""
        ...

    def last_number(self) -> int:
        """The number of the newest vector, 0 when there is none; after deletions it may be given again."""
        ...

    def forget_unused(self, hashes: Sequence[str]) -> int:
        """Delete the vectors of those of the texts (any number) that no version holds; how many.

        A file that is being embedded loses those that it shares with them, and computes them again.
        """
        ...

    def sweep(self, *, after: str, upto: int, limit: int) -> str:
        """Look at some vectors in order of hash; those of texts that no version holds are deleted.

        Safe at any time: a version is added together with its vectors.

        Args:
            after: Look beyond this hash.
            upto: Vectors with greater numbers stay.
            limit: How many to look at.

        Returns:
            The last hash looked at, empty when all are done.
        """
        ...


class IndexLedger(Protocol):
    """What the index must hold, told by the database. For the machinery: sees every tenant."""

    def add_version(
        self, version: DocumentVersion, chunks: Sequence[NewChunk], *, cut: Cut = ORDINARY
    ) -> None:
        """Keep a complete READY version with its chunks; replaces an older READY one of its document."""
        ...

    def ready_versions(self, *, limit: int) -> list[DocumentVersion]:
        """Versions that wait for the index, oldest first."""
        ...

    def live_versions(self, cut: Cut) -> dict[VersionId, int]:
        """Number of chunks of every live version, oldest first: what an index of a cut must hold.

        A version that is still to be cut so counts one.
        """
        ...

    def live_among(self, version_ids: Sequence[VersionId]) -> frozenset[VersionId]:
        """Those of the versions (any number) that are LIVE."""
        ...

    def points_of(self, version_id: VersionId, *, embedder_id: str, cut: Cut) -> list[IndexPoint]:
        """The points of a version, in order of its chunks of a cut.

        Raises:
            Conflict: It is still to be cut so ("cut_missing"), or some vector of this embedder is
                missing ("vectors_missing").
        """
        ...

    def texts_of(self, version_id: VersionId, cut: Cut) -> dict[str, str]:
        """Embedded text of each chunk of a version under a cut by its hash, to embed it again."""
        ...

    def is_live(self, version_id: VersionId) -> bool:
        """True when the version is the one shown of its document."""
        ...

    def make_live(self, version_id: VersionId, *, now: datetime) -> bool:
        """Show a READY version in one step: it becomes LIVE, its predecessor RETIRED, its document LIVE.

        Why an older attempt failed is forgotten; why one begun since failed stays.

        Returns:
            False, and nothing changes, when the version is no longer READY or its document is deleted.
        """
        ...

    def refuse_version(self, version_id: VersionId, *, reason: Reason, now: datetime) -> bool:
        """Give up a READY version: it becomes RETIRED, its document tells why; what is live stays.

        Returns:
            False, and nothing changes, when the version is no longer READY.
        """
        ...

    def retired_versions(self, *, limit: int) -> list[VersionId]:
        """Versions to remove from the index."""
        ...

    def forget_version(self, version_id: VersionId) -> None:
        """Delete a RETIRED version and its chunks, its document when deleted, and vectors nobody uses.

        Results of evaluations that quote it lose these quotes and their text.
        """
        ...

    def note_files(self, hashes: Collection[str]) -> None:
        """Keep the records of contents, so that `unused_files` tells those that nothing refers to."""
        ...

    def unused_files(self, *, limit: int) -> list[str]:
        """SHA-256 of file contents that no document, version or open job item refers to any more."""
        ...

    def forget_file(self, sha256: str) -> None:
        """Drop the record of a content after its removal from the file store."""
        ...

    def active_index(self) -> str | None:
        """Embedder id of the index in use, None before the first."""
        ...

    def set_active_index(self, embedder_id: str) -> None:
        """Name the embedder of the index in use."""
        ...


class WorkQueue(Protocol):
    """The worker's side of jobs: leases and the next thing to do. Sees every tenant."""

    def lease(self, *, owner: str, now: datetime, until: datetime) -> Job | None:
        """Take the next free job of the tenant served least recently; None when there is none.

        Free is a queued job, one given back whose time has come, and one whose lease has passed or
        lasts impossibly long. Within a tenant likewise: served least recently, then oldest. The job
        becomes RUNNING with its attempt counted. One owner at a time, also across processes.
        """
        ...

    def renew(self, job_id: JobId, *, owner: str, until: datetime) -> bool:
        """Extend a lease; False when it was lost or the job ended."""
        ...

    def release(self, job_id: JobId, *, owner: str, not_before: datetime | None) -> bool:
        """Give a job back for a later turn; False when the lease was lost or the job ended.

        Args:
            job_id: It stays RUNNING.
            owner: Who holds it.
            not_before: When it may be taken again; None at once.
        """
        ...

    def waiting(self, items: Collection[JobItemId]) -> frozenset[JobItemId]:
        """Those of some items that wait to be read, by nobody yet: in PENDING or RETRYING."""
        ...

    def has_others(self, job_id: JobId, *, now: datetime) -> bool:
        """True when some other job could be taken now."""
        ...

    def wake(self, job_id: JobId) -> None:
        """Let a job that waits be taken at once: there is something new to do for it."""
        ...

    def next_retry(self, job_id: JobId) -> JobItem | None:
        """The item in RETRYING that is tried again first, with its reason; None without any."""
        ...

    def open_ids(self) -> frozenset[JobId]:
        """The jobs that have not ended."""
        ...

    def is_cancel_requested(self, job_id: JobId) -> bool:
        """True when somebody asked to stop the job."""
        ...

    def open_items(
        self, job_id: JobId, *, limit: int, due: datetime | None = None
    ) -> list[JobItem]:
        """Items in PENDING, RETRYING, PARSING or EMBEDDING, in order.

        Args:
            job_id: Of which job.
            limit: How many at most.
            due: Leaves out those that are to be tried again only after this time; None takes all.
        """
        ...

    def has_open(self, job_id: JobId) -> bool:
        """True while some item of a job has not ended; cheap however many have."""
        ...

    def update_item(self, item: JobItem) -> None:
        """Replace the mutable fields of an item. Raises `Conflict` for an illegal change of state."""
        ...

    def settle_indexed(
        self, version_id: VersionId, *, state: ItemState, reason: Reason | None = None
    ) -> None:
        """Move the INDEXING item of a version to a final state, with the reason of a failure."""
        ...

    def hand_over(self, document_id: DocumentId, *, to: VersionId) -> None:
        """Have the INDEXING items of a document wait for a newer version, which takes the place of theirs."""
        ...

    def fail_waiting(self, job_id: JobId, *, reason: Reason) -> None:
        """Move items in AWAITING_FILE to FAILED."""
        ...

    def open_jobs(
        self, source: str, *, collection_id: CollectionId, only_waiting: bool = False
    ) -> list[Job]:
        """Jobs of kind INGEST of a source that have not ended, oldest first; only those that await files."""
        ...

    def count_sent(self, tenant_id: TenantId, *, limit: int) -> int:
        """Open jobs of kind INGEST of a tenant that no look made, counted up to a limit."""
        ...

    def job_at(
        self, source: str, *, collection_id: CollectionId, contents: Mapping[DocumentId, str]
    ) -> Job | None:
        """The newest open job of a source, when all that it has left is to read and show these contents.

        Args:
            source: Label of the source.
            collection_id: Of its documents.
            contents: SHA-256 by document.

        Returns:
            None also when the job has read all of them, awaits a file, waits to try one again, or was
            asked to stop.
        """
        ...

    def give_way(self, *, to: Job, only_waiting: bool = False) -> list[Job]:
        """Have older open jobs of the same source leave the files that a new one names to it.

        Those of the same document or still awaited are CANCELLED where nobody works on them
        (AWAITING_FILE, PENDING, RETRYING).

        Args:
            to: The new job, kept with its items.
            only_waiting: Looks only at jobs that await files.

        Returns:
            Those of them that have no other files left to be read, oldest first.
        """
        ...

    def cancel_open(self, job_id: JobId, *, reason: Reason, now: datetime) -> None:
        """Move items that have not ended, INDEXING excepted, to CANCELLED.

        Their documents whose content was never read, and that no other item will read, tell the reason:
        without a live version they fail, with one they stay live.
        """
        ...

    def counts(self, job_id: JobId) -> Mapping[ItemState, int]:
        """Number of items per state, those included that are forgotten."""
        ...

    def forget_items(self, *, before: datetime, limit: int) -> int:
        """Forget items of jobs that ended before a time, at most so many; how many there were.

        The jobs keep their counts, and versions who asked for them. The newest failure of a document
        stays as long as its last attempt is one.
        """
        ...

    def settled_jobs(self) -> list[JobId]:
        """Jobs in state RUNNING all of whose items have ended, oldest first."""
        ...

    def documents_to_read(self, document_ids: Sequence[DocumentId]) -> frozenset[DocumentId]:
        """Those of the documents (any number) whose present content an item waits to have read."""
        ...

    def finish(self, job_id: JobId, *, state: JobState, now: datetime) -> None:
        """End a job and drop its lease; nothing happens when it has ended."""
        ...
