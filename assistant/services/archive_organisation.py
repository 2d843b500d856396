"""A tenant, its people, groups, collections and question sets as lines of an archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from assistant.domain.ids import CollectionId, GroupId, TenantId
from assistant.domain.people import Person
from assistant.domain.question_sets import QuestionSet
from assistant.domain.tenancy import Collection
from assistant.domain.tenants import Tenant
from assistant.ports.repositories import UnitOfWork
from assistant.services.access import LOCAL_PERSON
from assistant.services.archive_lines import (
    QUESTIONS,
    CharterLine,
    CollectionLine,
    GroupLine,
    MemberLine,
    PersonLine,
    QuestionSetLine,
    TenantLine,
)
from assistant.services.names import displayed_name

_FOLDER_CHARS = 60
_NOT_IN_NAMES = '/\\:*?"<>|'
"""Signs that some system refuses in the name of a file."""


def tenant_line(tenant: Tenant) -> TenantLine:
    """A tenant."""
    return TenantLine(
        id=tenant.id,
        name=tenant.name,
        kind=tenant.kind,
        siren=tenant.siren,
        sirets=sorted(tenant.sirets),
        colour=tenant.colour,
        time_zone=tenant.time_zone,
        welcome=tenant.welcome,
        charter=CharterLine(version=tenant.charter.version, text=tenant.charter.text),
        retention_days=tenant.retention_days,
        quotas=asdict(tenant.quotas),
        allowed_models=list(tenant.allowed_models),
    )


def folders_of(collections: Sequence[Collection]) -> dict[CollectionId, str]:
    """A folder for each collection, called as it is, and told apart from others of that name."""
    found: dict[CollectionId, str] = {}
    for collection in collections:
        name = plain_name(collection.name)
        folder, number = name, 1
        while folder.casefold() in {each.casefold() for each in found.values()}:
            number += 1
            folder = f"{name} ({number})"
        found[collection.id] = folder
    return found


def collection_line(collection: Collection, folder: str) -> CollectionLine:
    """A collection; whom it is shared with is not told, for they are others."""
    return CollectionLine(
        id=collection.id,
        name=collection.name,
        label=collection.label,
        audience=collection.audience,
        groups=sorted(collection.groups),
        shared_with=len(collection.tenants),
        folder=folder,
    )


def person_line(person: Person) -> PersonLine:
    """A person, without any credential."""
    return PersonLine(
        id=person.id,
        name=person.name,
        email=person.email,
        roles=sorted(person.roles),
        state=person.state,
        created_at=person.created_at,
        charter_version=person.charter_version,
        seen_at=person.seen_at,
        export_consent=person.export_consent,
    )


def group_lines(work: UnitOfWork, tenant_id: TenantId) -> Iterator[GroupLine]:
    """The groups of a tenant, by name."""
    members: dict[GroupId, list[MemberLine]] = {}
    for each in work.estates.memberships_of(tenant_id):
        if each.person_id != LOCAL_PERSON:
            line = MemberLine(person=each.person_id, provider=each.provider)
            members.setdefault(each.group_id, []).append(line)
    for group in work.groups.list_all(tenant_id=tenant_id):
        yield GroupLine(id=group.id, name=group.name, members=members.get(group.id, []))


def question_set_line(question_set: QuestionSet, *, number: int) -> QuestionSetLine:
    """A question set and where its questions are."""
    created_by = question_set.created_by
    stem = plain_name(question_set.name.rpartition(".")[0] or question_set.name)
    return QuestionSetLine(
        id=question_set.id,
        name=question_set.name,
        revision=question_set.revision,
        question_count=question_set.question_count,
        created_by="" if created_by == LOCAL_PERSON else created_by,
        created_at=question_set.created_at,
        file=f"{QUESTIONS}{number:03} {stem}.csv",
    )


def plain_name(text: str) -> str:
    """A name of a file or folder that any system takes."""
    kept = "".join("_" if char in _NOT_IN_NAMES else char for char in displayed_name(text))
    return kept[:_FOLDER_CHARS].strip(" .") or "_"
