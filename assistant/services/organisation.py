"""The services about tenants and the people in them, wired together."""

from __future__ import annotations

from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.parts import PartStore
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.collections import CollectionService
from assistant.services.groups import GroupService
from assistant.services.invitations import InvitationService
from assistant.services.keys import KeyService
from assistant.services.people import PeopleService
from assistant.services.tenant_erasure import TenantEraser
from assistant.services.tenants import TenantService


class Organisation:
    """Tenants, people, groups, invitations, keys and collections."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        files: FileStore,
        parts: PartStore,
        index: ChunkIndex,
        audit: AuditTrail,
    ) -> None:
        self.tenants = TenantService(open_work, clock, audit=audit)
        self.eraser = TenantEraser(open_work, files, index, clock, parts=parts, audit=audit)
        self.people = PeopleService(open_work, clock, audit=audit)
        self.invitations = InvitationService(open_work, clock, audit=audit)
        self.groups = GroupService(open_work, audit=audit)
        self.keys = KeyService(open_work, clock, audit=audit)
        self.collections = CollectionService(open_work, audit=audit)
