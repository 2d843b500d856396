"""The rows of an archive written into the store, in the unit of work of its importer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Final

from assistant.domain.catalogue import sentence
from assistant.domain.corrections import CorrectedFields, Correction, Exclusion
from assistant.domain.documents import Document, DocumentState, Reason
from assistant.domain.errors import InvalidInput
from assistant.domain.ids import (
    CollectionId,
    DocumentId,
    GroupId,
    JobId,
    JobItemId,
    PersonId,
    QuestionSetId,
    TenantId,
    new_id,
)
from assistant.domain.jobs import ItemState, Job, JobItem, JobKind, JobState
from assistant.domain.links import LinkState, Proposal
from assistant.domain.people import Group, Person, normalised_email
from assistant.domain.question_sets import ExpectedAnswer, QuestionSet, revision_of
from assistant.domain.tenancy import Audience, Collection, Grant, Role, Scope
from assistant.domain.tenants import Charter, Quotas, Tenant
from assistant.ports.moving import EventCodec
from assistant.ports.repositories import UnitOfWork
from assistant.services import archive_lines as lines
from assistant.services.access import LOCAL_PERSON
from assistant.services.archive_conversations import keep_conversation
from assistant.services.archive_questions import questions_of
from assistant.services.archive_reader import ArchiveReader
from assistant.services.logos import checked_logo
from assistant.services.machinery import MACHINE
from assistant.services.names import is_printable, is_safe_name
from assistant.services.tenants import TEXT_CHARS, TenantChange, applied, checked_name

ITEMS_AT_ONCE: Final = 500
"""Documents of one job."""
_RESERVED = frozenset({LOCAL_PERSON, MACHINE})
_TAKEN_AWAY = frozenset({Role.PLATFORM_ADMIN})
"""Roles that an archive cannot give: they reach beyond its tenant."""
_SOURCE = "reindex"
_DECIDED = frozenset({LinkState.CONFIRMED, LinkState.REJECTED})


@dataclass(slots=True)
class Intake:
    """Writes an archive that was verified. Nothing is committed here.

    Args:
        archive: What to write.
        codec: Reads the events of answers.
        now: The time.
    """

    archive: ArchiveReader
    codec: EventCodec
    now: datetime
    counts: dict[str, int] = field(default_factory=dict[str, int])
    _people: set[str] = field(default_factory=set[str])
    _owned: set[str] = field(default_factory=set[str])

    def tenant(self) -> Tenant:
        """The tenant, active, each field checked as when an administrator gives it.

        Raises:
            InvalidInput: A field is refused; the code names it.
        """
        line = self.archive.one(lines.TENANT, lines.TenantLine)
        change = TenantChange(
            name=line.name,
            kind=line.kind,
            siren=line.siren,
            sirets=frozenset(line.sirets),
            colour=line.colour,
            time_zone=line.time_zone,
            welcome=line.welcome,
            retention_days=line.retention_days or 0,
            quotas=_quotas(line.quotas),
            allowed_models=tuple(line.allowed_models),
        )
        charter = Charter(line.charter.version, line.charter.text[:TEXT_CHARS])
        return applied(Tenant(TenantId(line.id), "", charter=charter), change)

    def write(self, work: UnitOfWork, tenant: Tenant) -> None:
        """Write everything but the contents of the originals, which are kept by now.

        Raises:
            InvalidInput: A line is refused ("archive_line_refused" or the code of a field).
            Conflict: Something of it is here already.
        """
        work.tenancy.add_tenant(tenant)
        if lines.LOGO in self.archive.files:
            work.tenancy.set_logo(tenant.id, image=checked_logo(self.archive.bytes_of(lines.LOGO)))
        self._write_people(work, tenant.id)
        self._write_collections(work, tenant.id)
        self._write_documents(work, tenant.id)
        self._write_links(work, tenant.id)
        self._write_questions(work, tenant.id)
        self._write_conversations(work, tenant.id)

    def _write_people(self, work: UnitOfWork, tenant_id: TenantId) -> None:
        for number, line in self._lines(lines.PEOPLE, lines.PersonLine):
            email = normalised_email(line.email)
            if email is None or line.id in _RESERVED:
                raise _refused(lines.PEOPLE, number)
            work.people.add(
                Person(
                    id=PersonId(line.id),
                    tenant_id=tenant_id,
                    name=checked_name(line.name),
                    email=email,
                    roles=(frozenset(line.roles) | {Role.AGENT}) - _TAKEN_AWAY,
                    state=line.state,
                    created_at=line.created_at,
                    charter_version=line.charter_version,
                    seen_at=line.seen_at,
                )
            )
            self._people.add(line.id)
        for number, line in self._lines(lines.GROUPS, lines.GroupLine):
            group = Group(GroupId(line.id), tenant_id, checked_name(line.name))
            work.groups.add(group)
            if not {each.person for each in line.members} <= self._people:
                raise _refused(lines.GROUPS, number)
        self._write_memberships(work, tenant_id)

    def _write_memberships(self, work: UnitOfWork, tenant_id: TenantId) -> None:
        named: dict[tuple[str, str], list[GroupId]] = {}
        for _, line in self._lines(lines.GROUPS, lines.GroupLine):
            given = [PersonId(each.person) for each in line.members if not each.provider]
            work.groups.add_members(GroupId(line.id), given, tenant_id=tenant_id)
            for each in line.members:
                if each.provider:
                    named.setdefault((each.person, each.provider), []).append(GroupId(line.id))
        for (person, provider), groups in named.items():
            work.groups.take_named(PersonId(person), groups, provider=provider, tenant_id=tenant_id)

    def _write_collections(self, work: UnitOfWork, tenant_id: TenantId) -> None:
        closed = 0
        for _, line in self._lines(lines.COLLECTIONS, lines.CollectionLine):
            is_shared = line.audience not in {Audience.TENANT, Audience.GROUPS}
            audience = Audience.TENANT if is_shared else line.audience
            groups = frozenset(map(GroupId, line.groups))
            closed += is_shared
            work.tenancy.add_collection(
                Collection(
                    id=CollectionId(line.id),
                    tenant_id=tenant_id,
                    name=checked_name(line.name),
                    label=checked_name(line.label) if line.label else "",
                    audience=audience,
                    groups=groups if audience is Audience.GROUPS else frozenset(),
                )
            )
            self._owned.add(line.id)
        self.counts["unshared_collections"] = closed

    def _write_documents(self, work: UnitOfWork, tenant_id: TenantId) -> None:
        waiting: dict[str, list[Document]] = {}
        for number, line in self._lines(lines.DOCUMENTS, lines.DocumentLine):
            document = self._document(line, tenant_id=tenant_id, number=number)
            work.documents.add(document)
            self._curate(work, document, line)
            if line.original is None:
                continue
            batch = waiting.setdefault(line.collection, [])
            batch.append(document)
            if len(batch) == ITEMS_AT_ONCE:
                self._ask_to_read(work, waiting.pop(line.collection))
        for batch in waiting.values():
            self._ask_to_read(work, batch)

    def _curate(self, work: UnitOfWork, document: Document, line: lines.DocumentLine) -> None:
        """What people put right of a document, and that they exclude it: before anybody can read it."""
        grant = Grant(document.tenant_id, document.collection_id)
        scope = Scope(document.tenant_id, MACHINE, frozenset({grant}))
        said = line.correction
        if said is not None:
            fields = CorrectedFields(said.title, said.kind, said.date, said.is_undated)
            correction = Correction(fields, 1, self._known(said.by), said.at)
            work.curation.correct(document.id, correction, scope=scope)
        if line.exclusion is not None:
            exclusion = Exclusion(by=self._known(line.exclusion.by), at=line.exclusion.at)
            work.curation.exclude([document.id], exclusion=exclusion, scope=scope)

    def _document(self, line: lines.DocumentLine, *, tenant_id: TenantId, number: int) -> Document:
        is_named = is_safe_name(line.name) and bool(line.source) and is_printable(line.source)
        if not is_named or line.collection not in self._owned:
            raise _refused(lines.DOCUMENTS, number)
        original = line.original
        return Document(
            id=DocumentId(line.id),
            tenant_id=tenant_id,
            collection_id=CollectionId(line.collection),
            source=line.source,
            name=line.name,
            state=DocumentState.FAILED if original is None else DocumentState.PENDING,
            created_at=line.created_at,
            updated_at=self.now,
            sha256="" if original is None else original.sha256,
            size_bytes=0 if original is None else original.size_bytes,
            title=line.title,
            format=line.format,
            kind=line.kind,
            date=line.date,
            page_count=line.page_count,
            notices=tuple(line.notices),
            reason=_reason(line) if original is None else None,
        )

    def _ask_to_read(self, work: UnitOfWork, documents: list[Document]) -> None:
        """A job for the worker: passages and vectors are made anew."""
        first = documents[0]
        job = Job(
            id=JobId(new_id()),
            tenant_id=first.tenant_id,
            collection_id=first.collection_id,
            kind=JobKind.REINDEX,
            source=_SOURCE,
            state=JobState.QUEUED,
            created_by=MACHINE,
            created_at=self.now,
        )
        items = [
            JobItem(
                id=JobItemId(new_id()),
                job_id=job.id,
                ordinal=ordinal,
                name=document.name,
                state=ItemState.PENDING,
                sha256=document.sha256,
                size_bytes=document.size_bytes,
                document_id=document.id,
            )
            for ordinal, document in enumerate(documents)
        ]
        work.jobs.add(job, items)

    def _write_links(self, work: UnitOfWork, tenant_id: TenantId) -> None:
        """What people decided; what was only proposed is proposed again by the readings."""
        for _, line in self._lines(lines.DOCUMENTS, lines.DocumentLine):
            decided = {
                (each.target, each.kind): each for each in line.links if each.state in _DECIDED
            }
            if not decided:
                continue
            source = DocumentId(line.id)
            grant = Grant(tenant_id, CollectionId(line.collection))
            scope = Scope(tenant_id, MACHINE, frozenset({grant}))
            proposals = [
                Proposal(source, DocumentId(each.target), each.kind, each.evidence)
                for each in decided.values()
            ]
            work.links.propose(proposals, document_id=source, scope=scope, now=self.now)
            for link in work.links.list_of_document(source, scope=scope, managed=scope):
                made = decided.get((link.target.id, link.kind))
                if made is not None and link.source.id == source:
                    by = self._known(made.decided_by)
                    at = made.decided_at or self.now
                    work.links.decide(link.id, state=made.state, by=by, now=at, scope=scope)

    def _write_questions(self, work: UnitOfWork, tenant_id: TenantId) -> None:
        for _, line in self._lines(lines.QUESTION_SETS, lines.QuestionSetLine):
            questions = questions_of(self.archive.bytes_of(line.file), file=line.file)
            by = self._known(line.created_by)
            kept = _question_set(line, questions, tenant_id=tenant_id, by=by)
            work.question_sets.add(kept, questions)

    def _write_conversations(self, work: UnitOfWork, tenant_id: TenantId) -> None:
        for number, line in self._lines(lines.CONVERSATIONS, lines.ConversationLine):
            if line.person not in self._people:
                raise _refused(lines.CONVERSATIONS, number)
            keep_conversation(work, line, tenant_id=tenant_id, codec=self.codec)

    def _known(self, person: str) -> PersonId:
        """A person of the archive; the machinery stands for anybody else."""
        return PersonId(person) if person in self._people else MACHINE

    def _lines(self, path: str, kind: type[lines.T]) -> Iterator[tuple[int, lines.T]]:
        count = 0
        for line in self.archive.lines(path, kind):
            count += 1
            yield count, line
        self.counts[path.partition(".")[0]] = count


def _quotas(told: dict[str, int | None]) -> Quotas:
    """The bounds that this program knows."""
    known = {each.name for each in fields(Quotas)}
    kept = {name: value for name, value in told.items() if name in known}
    if any(value is not None and not 0 <= value < 1 << 31 for value in kept.values()):
        raise _refused(lines.TENANT, 1)
    return Quotas(**kept)


def _reason(line: lines.DocumentLine) -> Reason:
    """Why it could not be read, if there is a sentence for it."""
    told = line.reason
    with suppress(LookupError, ValueError, TypeError):
        if told is not None and sentence(told.code, **told.params):
            return Reason(told.code, told.params)
    return Reason("file_missing", {})


def _question_set(
    line: lines.QuestionSetLine,
    questions: list[ExpectedAnswer],
    *,
    tenant_id: TenantId,
    by: PersonId,
) -> QuestionSet:
    return QuestionSet(
        id=QuestionSetId(line.id),
        tenant_id=tenant_id,
        name=checked_name(line.name),
        revision=revision_of(questions),
        question_count=len(questions),
        unanswerable_count=sum(not each.is_answerable for each in questions),
        created_by=by,
        created_at=line.created_at,
    )


def _refused(path: str, line: int) -> InvalidInput:
    return InvalidInput("archive_line_refused", file=path, line=line)
