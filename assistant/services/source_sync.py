"""One look at a source: it is compared with its documents, and, when asked, these are brought in line.

A plan is a difference, so that a look which was killed is simply made again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from assistant.domain.errors import StorageError
from assistant.domain.ids import new_id
from assistant.domain.jobs import JobItem
from assistant.domain.sources import (
    MOST_NAMES,
    Finding,
    KnownFile,
    RunKind,
    RunOutcome,
    Source,
    SourceFile,
    SourceRun,
    erased_digest,
)
from assistant.domain.tenancy import Grant, Principal, Role, Scope
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.alike import FILES_ALIKE, AlikeContents
from assistant.services.ingestion import IngestionService
from assistant.services.names import normalised_name
from assistant.services.source_contents import SourceContents
from assistant.services.source_difference import TOO_LARGE, SourceDifference, WantedFile
from assistant.services.submission import AnnouncedFile, Submission
from assistant.services.transactions import retried
from ingest.sources.listing import FileSource, SourceFault
from ingest.sources.patterns import taker

_T = TypeVar("_T")

_KNOWN_PAGE = 1000
_FILES_A_JOB = 200
_BYTES_A_JOB = 200_000_000
_NAMES_A_JOB = 1000
_RATE_JOBS = 20


class NeedsApproval(Exception):
    """A look would do more than its source may by itself; `outcome` tells what, or what was done."""

    def __init__(self, outcome: RunOutcome) -> None:
        super().__init__()
        self.outcome = outcome


class SourceSync:
    """Compares a source with its documents, and submits what changed. Used from one thread.

    Args:
        open_work: The store.
        files: Takes contents.
        ingestion: Takes submissions.
        max_file_bytes: Larger files cannot be taken.
        run: The look that is made.
        source: Its source.
        place: Its files.
        difference: An empty one.
        check: Called often; raises to give up.
        guard: Called first in each transaction; raises when the look is somebody else's by now.
        tell: Told of what was found so far.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        ingestion: IngestionService,
        *,
        max_file_bytes: int,
        run: SourceRun,
        source: Source,
        place: FileSource,
        difference: SourceDifference,
        check: Callable[[], None],
        guard: Callable[[UnitOfWork], None],
        tell: Callable[[RunOutcome], None],
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._ingestion = ingestion
        self._run, self._source, self._place = run, source, place
        self._difference = difference
        self._check, self._guard, self._tell = check, guard, tell
        self._by = Principal(run.asked_by, source.tenant_id, frozenset({Role.TENANT_ADMIN}))
        grant = Grant(source.tenant_id, source.collection_id)
        self._scope = Scope(source.tenant_id, run.asked_by, frozenset({grant}))
        self._claimant = new_id()
        self._contents = SourceContents(
            place,
            files,
            difference,
            max_file_bytes=max_file_bytes,
            claimant=self._claimant,
            check=check,
        )
        self._found = RunOutcome()
        self._jobs: list[str] = []
        self._same = 0
        self._submitted = Counter[Finding]()
        """Of what was read, what goes into the documents."""
        self._alike = AlikeContents(percent=source.removal_percent)

    def look(self) -> RunOutcome:
        """Compare, and bring the documents in line when that is asked.

        Raises:
            SourceFault: The place cannot be reached; nothing changed.
            NeedsApproval: A person has to say yes first: to removals, before anything changed, or to
                one content for many changed files, none of which changed. Its counts tell in the
                former case what would be done, in the latter what was done already.
            QuotaExceeded: The tenant has no room; what was submitted before stays.
        """
        try:
            return self._look()
        finally:
            with suppress(StorageError):  # it ends by itself
                self._files.let_go(self._claimant)

    def _look(self) -> RunOutcome:
        self._compare()
        found = self._outcome()
        if self._run.kind is RunKind.PLAN:
            return found
        self._found = found
        removed = found.count(Finding.REMOVED)
        known = self._difference.known_count()
        is_approved = found.removal == self._run.approved_removal
        if self._source.must_ask(removed=removed, known=known) and not is_approved:
            raise NeedsApproval(found)
        self._apply()
        return self._finished(found)

    def _compare(self) -> None:
        takes = taker(include=self._source.include, exclude=self._source.exclude)
        difference = self._difference
        listing = self._place.list(check=self._check)
        difference.take_listing(listing, takes=takes, check=self._check)
        difference.take_known(self._known())
        for wanted in difference.rename_candidates():
            self._contents.note(wanted)  # nothing is kept before it is decided
        difference.find_renamed()
        self._keep_out()

    def _keep_out(self) -> None:
        """Pass over files whose document was erased, but for a document that took such a name."""
        with self._open_work() as work:
            erased = work.source_queue.kept_out(self._source.id)
        if erased:
            self._difference.keep_out(
                lambda name: erased_digest(self._source.id, normalised_name(name)) in erased
            )

    def _known(self) -> Iterator[list[KnownFile]]:
        after = ""
        while True:
            with self._open_work() as work:
                page = work.source_queue.known(self._source, after=after, limit=_KNOWN_PAGE)
            if page:
                yield page
            if len(page) < _KNOWN_PAGE:
                return
            after = page[-1].name

    def _outcome(self) -> RunOutcome:
        difference = self._difference
        size = difference.read_bytes()
        with self._open_work() as work:
            rate = work.source_queue.reading_rate(self._source.tenant_id, jobs=_RATE_JOBS)
        return RunOutcome(
            counts=difference.counts(),
            names=difference.names(),
            faults=difference.faults(),
            is_complete=difference.is_complete,
            read_bytes=size,
            estimated_s=None if rate is None else round(rate * size, 1),
            removal=difference.removal(),
            jobs=tuple(self._jobs),
            kept_back=difference.kept_back(),
        )

    def _finished(self, found: RunOutcome) -> RunOutcome:
        """What was found, after the contents were read: some are the same, some could not be taken."""
        difference = self._difference
        counts = dict(difference.counts())
        counts[Finding.CHANGED] = counts.get(Finding.CHANGED, 0) - self._same
        counts[Finding.UNCHANGED] = counts.get(Finding.UNCHANGED, 0) + self._same
        return replace(
            found,
            counts={finding: count for finding, count in counts.items() if count > 0},
            names=difference.names(),
            faults=difference.faults(),
            jobs=tuple(self._jobs),
        )

    def _apply(self) -> None:
        for renamed in _parts(self._difference.renamed(), size=_NAMES_A_JOB):
            self._submit(Submission(self._source.label, (), renamed=tuple(renamed)))
            self._remember_renamed([(each.old, each.new) for each in renamed])
        for removed in _parts(self._difference.removed(), size=_NAMES_A_JOB):
            self._submit(Submission(self._source.label, (), removed=tuple(removed)))
            self._forget(removed)
        batch: list[tuple[WantedFile, AnnouncedFile]] = []
        try:
            for wanted in self._difference.to_read():
                taken = self._contents.take(wanted)
                if taken is not None:
                    batch.append((wanted, taken))
                size = sum(announced.size_bytes for _, announced in batch)
                if len(batch) >= _FILES_A_JOB or size >= _BYTES_A_JOB:
                    full, batch = batch, []
                    self._read(full)
        except SourceFault:  # the next look goes on behind what was taken
            self._read(batch)
            self._submit_faults()
            raise
        self._read(batch)
        self._submit_faults()

    def _read(self, batch: list[tuple[WantedFile, AnnouncedFile]]) -> None:
        """Submit files whose content was taken, but for those that proved to be unchanged."""
        if not batch:
            return
        news = [(wanted, each) for wanted, each in batch if not _is_same(wanted, each)]
        self._same += len(batch) - len(news)
        self._ask_about_alike(news)
        self._submitted.update(wanted.finding for wanted, _ in news)
        self._submit(
            Submission(
                self._source.label,
                tuple(each for _, each in news),
                received=frozenset(each.sha256 for _, each in news),
            )
        )
        self._files.let_go(self._claimant)
        self._remember(
            [
                SourceFile(each.name, each.size_bytes, wanted.listed.stamp, each.sha256)
                for wanted, each in batch
            ]
        )

    def _ask_about_alike(self, news: list[tuple[WantedFile, AnnouncedFile]]) -> None:
        """Have a person look before one page of a server stands for many documents."""
        suspicion, names = self._alike.suspicion(news)
        if names and suspicion != self._run.approved_removal:
            faults = tuple((name, FILES_ALIKE) for name in names[:MOST_NAMES])
            applied = self._applied()
            raise NeedsApproval(
                replace(applied, faults=faults, removal=suspicion, jobs=tuple(self._jobs))
            )

    def _applied(self) -> RunOutcome:
        """What was done before contents were read, and with those read so far."""
        done = (Finding.RENAMED, Finding.REMOVED)
        counts = {each: self._found.count(each) for each in done} | self._submitted
        names = {each: self._found.names[each] for each in done if each in self._found.names}
        told = {finding: count for finding, count in counts.items() if count > 0}
        return replace(self._found, counts=told, names=names)

    def _submit_faults(self) -> None:
        for refused in _parts(self._difference.untold_faults(), size=_NAMES_A_JOB):
            large = [each for each in refused if each.code == TOO_LARGE]
            others = [each for each in refused if each.code != TOO_LARGE]
            files = tuple(AnnouncedFile(each.name, "", each.size_bytes) for each in large)
            unreadable = tuple((each.name, each.code) for each in others)
            self._submit(Submission(self._source.label, files, unreadable=unreadable))

    def _submit(self, request: Submission) -> None:
        self._check()
        if not request.names:
            return
        asked = replace(request, collection_id=self._source.collection_id, is_of_look=True)
        job, wanted = self._ingestion.submit(
            asked, principal=self._by, scope=self._scope, guard=self._guard
        )
        self._jobs.append(job.id)
        self._tell(replace(self._found, jobs=tuple(self._jobs)))
        for item in wanted:
            self._send(item)

    def _send(self, item: JobItem) -> None:
        """Send a content that was forgotten between its taking and the submission."""
        self._check()
        listed, _ = self._difference.listed_as(item.name)
        with self._place.open(listed) as stream:
            self._ingestion.receive(item.id, stream, principal=self._by, scope=self._scope)

    def _remember(self, files: list[SourceFile]) -> None:
        def act() -> None:
            with self._open_work() as work:
                self._guard(work)
                work.source_queue.remember(self._source.id, files)
                work.commit()

        retried(act)

    def _remember_renamed(self, pairs: list[tuple[str, str]]) -> None:
        files: list[SourceFile] = []
        for _, new in pairs:
            listed, sha256 = self._difference.listed_as(new)
            files.append(SourceFile(new, listed.size_bytes, listed.stamp, sha256))
        self._forget([old for old, _ in pairs])
        self._remember(files)

    def _forget(self, names: list[str]) -> None:
        def act() -> None:
            with self._open_work() as work:
                self._guard(work)
                work.source_queue.forget(self._source.id, names)
                work.commit()

        retried(act)


def _is_same(wanted: WantedFile, announced: AnnouncedFile) -> bool:
    """True when the content is the one that its document has, and nothing of it is to be tried again."""
    return wanted.known_sha256 == announced.sha256 and not wanted.is_to_retry


def _parts(items: Iterator[_T], *, size: int) -> Iterator[list[_T]]:
    while part := list(islice(items, size)):
        yield part
