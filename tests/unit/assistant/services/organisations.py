"""Another tenant in a house, with its people, and the services about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO

from assistant.domain.audit import Act
from assistant.domain.ids import PersonId, TenantId
from assistant.domain.people import Person, PersonState
from assistant.domain.tenancy import Principal, Role, Scope
from assistant.domain.tenants import Tenant
from assistant.ports.audit import AuditTrail, Details
from assistant.ports.repositories import UnitOfWork
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.organisation import Organisation
from assistant.services.password_sign_in import PasswordSignIn
from assistant.services.passwords import PasswordService
from assistant.services.sign_in import SignInService
from assistant.services.submission import AnnouncedFile, Submission
from assistant.services.tenants import TenantChange
from tests.house import House

ADMIN = frozenset({Role.AGENT, Role.TENANT_ADMIN})


@dataclass
class KeptAudit:
    """Implements `AuditTrail`: keeps acts in a list."""

    acts: list[tuple[Act, PersonId, str]] = field(default_factory=list[tuple[Act, PersonId, str]])

    def record_in(
        self,
        work: UnitOfWork,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        del work
        self.record(act, by=by, tenant_id=tenant_id, subject=subject, details=details)

    def record(
        self,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        self.acts.append((act, by.person_id, subject))


@dataclass
class PlainHasher:
    """Implements `PasswordHasher` at once, and counts."""

    version: int = 1
    verified: list[str | None] = field(default_factory=list[str | None])
    while_hashing: Callable[[], object] = lambda: None

    def hash(self, password: str) -> str:
        self.while_hashing()
        return f"{self.version}:{password[::-1]}"

    def verify(self, password: str, *, against: str | None) -> bool:
        self.verified.append(against)
        self.while_hashing()
        return against is not None and against.partition(":")[2] == password[::-1]

    def is_outdated(self, kept: str) -> bool:
        return not kept.startswith(f"{self.version}:")


class Region:
    """A house with services about tenants, and a commune made by its owner."""

    def __init__(self, house: House, *, audit: AuditTrail | None = None) -> None:
        self.house = house
        self.audit = KeptAudit()
        trail = audit or self.audit
        self.organisation = Organisation(
            house.open_work,
            house.clock,
            files=house.files,
            parts=house.parts,
            index=house.index,
            audit=trail,
        )
        sessions = BrowserSessions(
            house.open_work, house.clock, audit=trail, session_hours=12, idle_minutes=720
        )
        self.sign_in = SignInService(
            house.open_work, house.clock, sessions=sessions, audit=trail, link_minutes=10
        )
        self.by_password = PasswordSignIn(
            house.open_work, house.clock, hasher=PlainHasher(), sessions=sessions, audit=trail
        )
        self.passwords = PasswordService(
            house.open_work,
            house.clock,
            hasher=PlainHasher(),
            sign_in=self.sign_in,
            sessions=sessions,
            audit=trail,
            least_chars=12,
        )
        self.owner = house.principal
        self.commune: Tenant = self.organisation.tenants.create(
            TenantChange(name="Commune de Sainte-Colline"), principal=self.owner
        )
        self.admin = self.joined("maire", *ADMIN)

    def joined(self, name: str, *roles: Role, tenant_id: TenantId | None = None) -> Principal:
        """An active person of the commune, or of another tenant."""
        person = Person(
            id=PersonId(name),
            tenant_id=tenant_id or self.commune.id,
            name=name,
            email=f"{name}@exemple.fr",
            roles=frozenset(roles) | {Role.AGENT},
            state=PersonState.ACTIVE,
            created_at=self.house.clock.now(),
        )
        with self.house.open_work() as work:
            work.people.add(person)
            work.commit()
        return Principal(person.id, person.tenant_id, person.roles)

    def session_of(self, principal: Principal) -> str:
        secret, _ = self.sign_in.redeem(self.sign_in.issue_link(principal))
        return secret

    def scope_of(self, principal: Principal) -> Scope:
        return self.house.access.scope_of(principal)

    def ingest(self, name: str, text: str) -> None:
        """A document of the commune, indexed."""
        data = text.encode()
        file = AnnouncedFile(name, sha256(data).hexdigest(), len(data))
        owned = self.house.access.owned_scope(self.admin)
        _, wanted = self.house.ingestion.submit(
            Submission(source="upload", files=(file,)), principal=self.admin, scope=owned
        )
        for item in wanted:
            self.house.ingestion.receive(item.id, BytesIO(data), principal=self.admin, scope=owned)
        self.house.settle()
