"""Who an identity is here: a person that is tied to it, or one that was invited by its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from assistant.domain.audit import Act
from assistant.domain.errors import Forbidden
from assistant.domain.identity import Identity, LinkedIdentity
from assistant.domain.people import Person, PersonState
from assistant.domain.tenancy import Principal
from assistant.domain.tenants import Tenant
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.sign_in_refusals import Way, tell_refusal


@dataclass(frozen=True, slots=True)
class AttachmentRule:
    """What a provider is believed."""

    sirens: frozenset[str]
    """The only organisations whose people it may let in; empty for all."""
    needs_siret: bool
    """True lets in only people whose establishment it names, and who belong to its tenant."""
    match_email: bool
    """True takes the same address for the same person when its provider names it anew."""
    tells_groups: bool
    """True takes the groups it names for those of the tenant."""

    def allows(self, tenant: Tenant) -> bool:
        """True when the provider may let in people of a tenant."""
        return not self.sirens or tenant.siren in self.sirens


class PeopleResolver:
    """Implements `IdentityResolver`: nobody comes in whom no administrator has invited."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        audit: AuditTrail,
        rules: Mapping[str, AttachmentRule],
    ) -> None:
        """Prepare.

        Args:
            open_work: Opens units of work.
            clock: Tells the time.
            audit: Told of who joins.
            rules: By id of provider.
        """
        self._open_work = open_work
        self._clock = clock
        self._audit = audit
        self._rules = rules

    def resolve(self, identity: Identity, *, provider: str) -> Principal:
        """The person of an identity; one that was invited has joined from now on.

        Raises:
            Forbidden: The establishment is missing, of no tenant, of another one than the person, or of
                one for which this provider has no say ("access_not_attached"); nobody of that identity
                or address was invited ("access_not_invited"); the person is suspended
                ("access_suspended"); its tenant is closed ("tenant_closed").
        """
        try:
            return self._attached(identity, provider=provider)
        except Forbidden as error:
            people = self._linked(identity)
            tell_refusal(
                self._audit, error.code, way=Way.PROVIDER, people=people, provider=provider
            )
            raise

    def _attached(self, identity: Identity, *, provider: str) -> Principal:
        rule = self._rules[provider]
        with self._open_work() as work:
            work.lock()
            tenant = _tenant_of(work, identity, rule=rule)
            person = self._found(work, identity, tenant=tenant, rule=rule)
            principal, has_joined = self._admitted(work, person)
            self._tie(work, identity, person=person, provider=provider)
            if rule.tells_groups:
                _take_groups(work, person, identity=identity, provider=provider)
            if has_joined:
                self._tell(work, principal)
            work.commit()
        return principal

    def _linked(self, identity: Identity) -> list[Person]:
        """The person that an identity is tied to: an address alone proves nobody to be refused."""
        with self._open_work() as work:
            linked = work.identities.find(issuer=identity.issuer, subject=identity.subject)
            person = (
                work.people.find(linked.person_id, tenant_id=linked.tenant_id) if linked else None
            )
        return [] if person is None else [person]

    def _found(
        self, work: UnitOfWork, identity: Identity, *, tenant: Tenant | None, rule: AttachmentRule
    ) -> Person:
        linked = work.identities.find(issuer=identity.issuer, subject=identity.subject)
        if linked is not None:
            person = work.people.find(linked.person_id, tenant_id=linked.tenant_id)
        else:
            person = self._expected(work, identity, tenant=tenant, rule=rule)
        if person is None:
            raise Forbidden("access_not_invited")
        own = work.tenancy.find_tenant(person.tenant_id)
        is_foreign = tenant is not None and person.tenant_id != tenant.id
        if is_foreign or own is None or not rule.allows(own):
            raise Forbidden("access_not_attached")
        return person

    def _expected(
        self, work: UnitOfWork, identity: Identity, *, tenant: Tenant | None, rule: AttachmentRule
    ) -> Person | None:
        """The one person of the address that may be tied to an identity never seen before."""
        if not identity.email:
            return None
        people = [
            each
            for each in work.people.list_by_email(identity.email)
            if (tenant is None or each.tenant_id == tenant.id)
            and self._may_be_tied(work, each, rule=rule)
        ]
        return people[0] if len(people) == 1 else None

    def _may_be_tied(self, work: UnitOfWork, person: Person, *, rule: AttachmentRule) -> bool:
        if person.state is PersonState.INVITED:
            invitation = work.invitations.find_of(person.id, tenant_id=person.tenant_id)
            return invitation is not None and invitation.expires_at > self._clock.now()
        return rule.match_email or not work.identities.list_of(
            person.id, tenant_id=person.tenant_id
        )

    def _admitted(self, work: UnitOfWork, person: Person) -> tuple[Principal, bool]:
        """Who signs in, and whether it joins now."""
        if person.state is PersonState.SUSPENDED:
            raise Forbidden("access_suspended")
        invitation = work.invitations.find_of(person.id, tenant_id=person.tenant_id)
        if invitation is not None:
            work.people.update(replace(person, state=PersonState.ACTIVE))
            work.invitations.delete(invitation.id, tenant_id=person.tenant_id)
        standing = work.people.standing(person.id)
        if standing is None or standing.is_shut_out:
            raise Forbidden("tenant_closed")
        return standing.principal(), invitation is not None

    def _tie(self, work: UnitOfWork, identity: Identity, *, person: Person, provider: str) -> None:
        work.identities.keep(
            LinkedIdentity(
                issuer=identity.issuer,
                subject=identity.subject,
                provider=provider,
                person_id=person.id,
                tenant_id=person.tenant_id,
                linked_at=self._clock.now(),
            )
        )

    def _tell(self, work: UnitOfWork, principal: Principal) -> None:
        self._audit.record_in(
            work,
            Act.PERSON_JOINED,
            by=principal,
            tenant_id=principal.tenant_id,
            subject=principal.person_id,
        )


def _tenant_of(work: UnitOfWork, identity: Identity, *, rule: AttachmentRule) -> Tenant | None:
    """The tenant of the establishment; None when none is given, or its tenant is of no weight."""
    tenant = None
    if identity.siret:
        tenant = work.tenancy.tenant_of_siret(identity.siret)
        tenant = tenant or work.tenancy.tenant_of_siren(identity.siren)
    if tenant is None and rule.needs_siret:
        raise Forbidden("access_not_attached")
    return tenant


def _take_groups(work: UnitOfWork, person: Person, *, identity: Identity, provider: str) -> None:
    """Those of the tenant's groups that the provider names; what it gave before and no longer does ends."""
    known = work.groups.list_all(tenant_id=person.tenant_id)
    named = [each.id for each in known if each.name in identity.groups]
    work.groups.take_named(person.id, named, provider=provider, tenant_id=person.tenant_id)
