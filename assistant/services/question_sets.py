"""Question sets of a tenant: taken from a file whole or not at all, listed, deleted."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

from assistant.domain.audit import Act
from assistant.domain.errors import (
    IngestionError,
    InvalidInput,
    LineFault,
    NotFound,
    StorageError,
)
from assistant.domain.expected_documents import check_documents
from assistant.domain.ids import QuestionSetId, new_id
from assistant.domain.question_lists import QuestionList, read_list
from assistant.domain.question_sets import (
    MAX_FILE_BYTES,
    ExpectedAnswer,
    QuestionSet,
    revision_of,
)
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.parsing import FileReader
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.names import displayed_name
from assistant.services.roles import require_admin, require_writer
from ingest.errors import IngestError
from ingest.limits import MEGABYTE

_BLOCK_BYTES = 256 * 1024
_NAME_CHARS = 200
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class AddedQuestionSet:
    """A question set just taken from a file."""

    question_set: QuestionSet
    ignored: tuple[str, ...]
    """Headings of columns that were not used."""
    notices: tuple[LineFault, ...]
    """Expected documents that are not there or are several; the set is kept all the same."""


class QuestionSetService:
    """Everything about question sets. Blocking: call it in a thread.

    Args:
        open_work: The relational store.
        reader: Reads the rows of a file outside this process.
        clock: The time.
        audit: Told of sets that are taken and deleted.
        scratch: Folder for a file while it is read.
        question_chars: Greatest length of a question, in characters.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        reader: FileReader,
        clock: Clock,
        *,
        audit: AuditTrail,
        scratch: Path,
        question_chars: int,
    ) -> None:
        self._open_work = open_work
        self._reader = reader
        self._clock = clock
        self._audit = audit
        self._scratch = scratch
        self._question_chars = question_chars

    def add(
        self, content: BinaryIO, *, name: str, principal: Principal, scope: Scope
    ) -> AddedQuestionSet:
        """Keep the questions of a CSV, ODS or XLSX file as a new set of the principal's tenant.

        Args:
            content: The file, read to its end.
            name: What it is called; its last part becomes the name of the set.
            principal: Who adds it.
            scope: Where the documents that it expects are looked for.

        Raises:
            Forbidden: The principal is no administrator.
            InvalidInput: The file is too large ("question_set_too_large").
            LinesRefused: Lines are faulty ("question_set_refused"); nothing was kept.
            IngestionError: The file cannot be read.
            StorageError: The disk is full.
        """
        require_writer(principal)
        found = self._read(content, name=name)
        questions = found.questions
        question_set = QuestionSet(
            id=QuestionSetId(new_id()),
            tenant_id=principal.tenant_id,
            name=displayed_name(name.replace("\\", "/").rpartition("/")[2])[:_NAME_CHARS],
            revision=revision_of(questions),
            question_count=len(questions),
            unanswerable_count=sum(not each.is_answerable for each in questions),
            created_by=principal.person_id,
            created_at=self._clock.now(),
        )
        with self._open_work() as work:
            work.question_sets.add(question_set, questions)
            notices = check_documents(questions, work.documents.list_names(scope=scope))
            self._tell(
                work,
                Act.QUESTIONS_IMPORTED,
                question_set.id,
                by=principal,
                questions=question_set.question_count,
            )
            work.commit()
        return AddedQuestionSet(question_set, found.ignored, tuple(notices))

    def list_recent(self, *, principal: Principal, scope: Scope, limit: int) -> list[QuestionSet]:
        """Sets of the tenant, newest first.

        Raises:
            Forbidden: The principal is no administrator.
        """
        require_admin(principal)
        with self._open_work() as work:
            return work.question_sets.list_recent(scope=scope, limit=limit)

    def get(
        self,
        set_id: QuestionSetId,
        *,
        principal: Principal,
        scope: Scope,
        limit: int,
        offset: int = 0,
    ) -> tuple[QuestionSet, list[ExpectedAnswer]]:
        """A set and a page of its questions.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: It is not the tenant's.
        """
        require_admin(principal)
        with self._open_work() as work:
            found = work.question_sets.find(set_id, scope=scope)
            if found is None:
                raise NotFound
            page = work.question_sets.questions(set_id, scope=scope, limit=limit, offset=offset)
        return found, page

    def delete(self, set_id: QuestionSetId, *, principal: Principal, scope: Scope) -> None:
        """Delete a set with all its evaluations, also those of others; a running one stops.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: It is not the tenant's.
        """
        require_writer(principal)
        with self._open_work() as work:
            work.question_sets.delete(set_id, scope=scope)
            self._tell(work, Act.QUESTIONS_DELETED, set_id, by=principal)
            work.commit()

    def _tell(
        self,
        work: UnitOfWork,
        act: Act,
        set_id: QuestionSetId,
        *,
        by: Principal,
        **details: str | int,
    ) -> None:
        self._audit.record_in(
            work, act, by=by, tenant_id=by.tenant_id, subject=set_id, details=details
        )

    def _read(self, content: BinaryIO, *, name: str) -> QuestionList:
        try:
            with NamedTemporaryFile(dir=self._scratch, prefix="questions-") as file:
                _spool(content, file.file)
                rows = self._reader.read_rows(Path(file.name), name=name)
        except IngestError as error:
            raise IngestionError.of(error) from error
        except OSError as error:
            raise StorageError("disk_full" if error.errno in _FULL else None) from error
        return read_list(rows, question_chars=self._question_chars)


def _spool(content: BinaryIO, file: IO[bytes]) -> None:
    left = MAX_FILE_BYTES
    while block := content.read(_BLOCK_BYTES):
        left -= len(block)
        if left < 0:
            raise InvalidInput("question_set_too_large", limit_mb=MAX_FILE_BYTES // MEGABYTE)
        file.write(block)
    file.flush()
