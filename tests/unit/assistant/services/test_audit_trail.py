"""Acts of the services in the chain: who is named how, what a flood costs, and what a failure does."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from assistant.adapters.sql.audit import SqlAuditRepository
from assistant.domain.audit import REFUSALS, REPEATED, Act
from assistant.domain.audit_chain import WITHHELD, AuditEntry, walk
from assistant.domain.errors import Forbidden, NotFound, StorageError, Unauthenticated
from assistant.domain.ids import KeyId, PersonId, TenantId
from assistant.domain.tenancy import Permission, Principal, Role
from assistant.domain.tenants import TenantState
from assistant.ports.audit import AuditFilter, Details
from assistant.ports.repositories import UnitOfWork
from assistant.services.audit_log import AuditLog
from assistant.services.audit_reading import verify
from assistant.services.audit_trail import (
    MOST_KINDS,
    NOBODY,
    WINDOW,
    ChainAuditTrail,
    CountingAuditTrail,
)
from assistant.services.collections import CollectionChange
from assistant.services.conversation_desk import ConversationDesk
from assistant.services.conversations import ConversationService
from assistant.services.invitations import Invited
from assistant.services.machinery import MACHINE
from assistant.services.password_sign_in import Credentials
from assistant.services.tenants import TenantChange
from assistant.testing.clock import FrozenClock
from tests.house import House
from tests.unit.assistant.services.organisations import KeptAudit, Region
from tests.unit.assistant.services.test_audit_heads import MemoryHeadSink

pytestmark = pytest.mark.each_engine


@dataclass
class Kept:
    """A region whose acts go into the chain."""

    region: Region
    log: AuditLog
    spare: KeptAudit = field(default_factory=KeptAudit)

    def entries(self) -> list[AuditEntry]:
        with self.region.house.open_work() as work:
            return work.audit.walk_on(after=0, limit=999)

    def last(self) -> AuditEntry:
        return self.entries()[-1]

    def pseudonym(self, person_id: str) -> str | None:
        with self.region.house.open_work() as work:
            return work.audit.pseudonym_of(PersonId(person_id))


@pytest.fixture
def kept(house: House) -> Kept:
    spare = KeptAudit()
    log = AuditLog(house.open_work, house.clock, spare=spare, sink=MemoryHeadSink())
    return Kept(Region(house, audit=log.trail), log, spare)


def live(region: Region) -> list[str]:
    """Something of everything that is recorded; the names and texts that came up."""
    organisation, admin = region.organisation, region.admin
    here: dict[str, Any] = {"tenant_id": region.commune.id, "principal": admin}
    texts = ["Zoé Payet", "zoe.payet@exemple.fr", "Finances locales", "Clé du site", "Budget 2026",
             "Relisez toujours.", "Commune de Sainte-Colline"]  # fmt: skip
    organisation.tenants.change(
        region.commune.id, TenantChange(charter_text="Relisez toujours."), principal=admin
    )
    group = organisation.groups.create("Finances locales", **here)
    invited = Invited("Zoé Payet", "zoe.payet@exemple.fr", groups=[group.id])
    invitation, person, code = organisation.invitations.invite(invited, **here)
    words = ["girafe tiroir lundi seize", "bateau cuivre onze nuages", "pas le bon mot"]
    region.passwords.join(code, password=words[0])
    zoe = Principal(person.id, person.tenant_id, person.roles)
    region.sign_in.accept_charter(zoe, version=1)
    organisation.people.consent(zoe, export=True)
    region.sign_in.sign_out(region.session_of(zoe))
    region.passwords.change(zoe, current=words[0], new=words[1], session_id=None)
    _, _, link = region.passwords.issue_link(person.id, principal=admin)
    region.passwords.set_by_link(link, password=words[0])
    for address in ("zoe.payet@exemple.fr", "inconnue@exemple.fr"):
        with suppress(Unauthenticated):
            region.by_password.sign_in(Credentials(address, words[2], "192.0.2.1"))
    organisation.people.list_page(**here, limit=9)
    organisation.people.get(person.id, principal=admin)
    organisation.people.change(person.id, principal=admin, roles=frozenset({Role.TENANT_ADMIN}))
    key, _ = organisation.keys.create(
        "Clé du site", permissions=frozenset({Permission.READ}), days=9, principal=admin
    )
    organisation.keys.revoke(key.id, **here)
    collection = organisation.collections.create(CollectionChange(name="Budget 2026"), **here)
    organisation.collections.delete(collection.id, **here)
    organisation.groups.remove_member(group.id, person.id, **here)
    organisation.groups.add_members(group.id, [person.id], **here)
    organisation.groups.delete(group.id, **here)
    region.session_of(zoe)
    organisation.people.end_sessions(person.id, principal=admin)
    organisation.people.suspend(person.id, principal=admin)
    organisation.people.restore(person.id, principal=admin)
    gone, _, _ = organisation.invitations.invite(Invited("Zoé Payet", "z.p@exemple.fr"), **here)
    organisation.invitations.withdraw(gone.id, **here)
    told = ["z.p@exemple.fr", "inconnue@exemple.fr", "192.0.2.1", *words, link]
    return [*texts, *told, invitation.code_hash, code]


def read_and_expire(kept: Kept) -> list[str]:
    """A conversation that an auditor reads, and that is not kept for long; the texts that came up."""
    region, title, reason = kept.region, "Congé de Zoé Payet", "Vérification : plainte de Zoé Payet"
    house, auditor = region.house, kept.region.joined("auditrice", Role.AUDITOR)
    desk = ConversationDesk(house.open_work, house.clock, audit=kept.log.trail)
    talked = ConversationService(house.open_work, house.clock).create(
        principal=region.admin, title=title
    )
    desk.inspections.overview(tenant_id=None, pseudonym="", principal=auditor, limit=9, offset=0)
    scope = region.scope_of(auditor)
    desk.inspections.inspect(talked.id, reason=reason, principal=auditor, scope=scope)
    region.organisation.tenants.change(
        region.commune.id, TenantChange(retention_days=1), principal=region.admin
    )
    house.clock.advance(2 * 86_400)
    desk.retention.look()
    return [title, reason, auditor.person_id]


OF_DOCUMENTS = frozenset(
    act.value
    for act in Act
    if act.value.partition(".")[0]
    in {
        "document",
        "original",
        "job",
        "link",
        "question_set",
        "evaluation",
        "source",
        "generation",
        "index",
    }
) | {"audit.verified"}
"""Acts that the table of routes walks, or the tests it names."""


def test_what_services_do_is_one_chain_and_names_nobody(kept: Kept) -> None:
    region = kept.region
    texts = [*live(region), *read_and_expire(kept)]
    people = [region.owner.person_id, region.admin.person_id, *_ids_of_people(region)]

    entries = kept.entries()

    assert verify(region.house.open_work, heads=[]).is_whole
    acts = {each.act for each in entries}
    assert acts == {act.value for act in Act} - {
        "questions.kept",
        "questions.dropped",
        "tenant.moved",
        "tenant.erased",
        "tenant.exported",
        "tenant.imported",
        "group.changed",
        "collection.changed",
        "person.resolved",
        "audit.exported",
        "access.refused",
        *OF_DOCUMENTS,
    }
    held = "\n".join(
        "|".join([each.actor, each.subject, each.details, each.tenant, each.act])
        for each in entries
    )
    for secret in [*texts, *people]:
        assert secret not in held
    assert WITHHELD not in held
    assert kept.spare.acts == []


def _ids_of_people(region: Region) -> list[str]:
    with region.house.open_work() as work:
        return [
            p.id for p in work.people.list_page(tenant_id=region.commune.id, limit=99, offset=0)
        ]


def test_actor_and_subject_stand_under_their_pseudonyms(kept: Kept) -> None:
    region = kept.region
    agent = region.joined("agent")

    region.organisation.people.suspend(agent.person_id, principal=region.admin)

    entry = kept.last()
    assert (entry.act, entry.tenant) == ("person.suspended", region.commune.id)
    assert entry.actor == kept.pseudonym(region.admin.person_id)
    assert entry.subject == kept.pseudonym(agent.person_id)


def test_an_act_of_another_tenant_or_of_a_key_says_so(kept: Kept) -> None:
    region = kept.region
    region.organisation.tenants.move(
        region.commune.id, TenantState.SUSPENDED, principal=region.owner
    )
    by_owner = kept.last()
    admin = region.admin
    key = Principal(admin.person_id, region.commune.id, admin.roles, key_id=KeyId("key"))
    kept.log.trail.record(Act.KEY_REVOKED, by=key, tenant_id=key.tenant_id, subject="k-1")

    assert by_owner.facts == {
        "state": "suspended",
        "before": "active",
        "by_tenant": region.owner.tenant_id,
    }
    assert kept.last().facts == {"by_key": 1}


def test_the_machinery_and_the_unknown_have_no_pseudonym(kept: Kept) -> None:
    machine = Principal(MACHINE, kept.region.commune.id, frozenset())
    for by in (machine, NOBODY):
        kept.log.trail.record(Act.SIGNED_OUT, by=by, tenant_id=by.tenant_id, subject="s-1")

    assert [each.actor for each in kept.entries()[-2:]] == ["system", ""]


def test_an_erased_person_leaves_entries_that_nobody_can_link_to_it(kept: Kept) -> None:
    region = kept.region
    agent = region.joined("agent")
    region.session_of(agent)
    before = kept.entries()
    pseudonym = before[-1].actor
    reader = kept.log.reader
    assert reader.resolve(pseudonym, principal=region.admin).id == agent.person_id
    with region.house.open_work() as work:
        work.people.delete(agent.person_id, tenant_id=agent.tenant_id)
        work.commit()

    with pytest.raises(NotFound):
        reader.resolve(pseudonym, principal=region.admin)
    kept.log.trail.record(
        Act.PERSON_SUSPENDED, by=agent, tenant_id=agent.tenant_id, subject=agent.person_id
    )

    after = kept.entries()
    assert after[: len(before)] == before
    assert (after[-1].actor, after[-1].subject) == ("", "")
    assert walk(after, heads=[]).is_whole


def test_who_asks_whom_a_pseudonym_stands_for_is_recorded(kept: Kept) -> None:
    region = kept.region
    agent = region.joined("agent")
    region.session_of(agent)
    pseudonym = kept.last().actor

    kept.log.reader.resolve(pseudonym, principal=region.admin)

    assert kept.last().act == "person.resolved"
    assert kept.last().subject == pseudonym
    assert kept.last().actor == kept.pseudonym(region.admin.person_id)


def test_the_tenant_erased_with_its_people_leaves_a_whole_chain(kept: Kept) -> None:
    region = kept.region
    live(region)
    for state in (TenantState.SUSPENDED, TenantState.CLOSED, TenantState.ARCHIVED):
        region.organisation.tenants.move(region.commune.id, state, principal=region.owner)

    report = region.organisation.eraser.erase(region.commune.id, principal=region.owner)

    assert report.is_complete
    assert report.found.rows["audit_pseudonyms"] > 0
    assert kept.last().act == "tenant.erased"
    assert verify(region.house.open_work, heads=[]).is_whole


class BrokenStore:
    """Opens units of work, except when it is told to fail."""

    def __init__(self, house: House, error: Exception) -> None:
        self._house, self._error = house, error
        self.tries = 0

    def __call__(self) -> UnitOfWork:
        self.tries += 1
        raise self._error


@pytest.mark.parametrize("error", [StorageError("disk_full"), RuntimeError("defect")])
def test_a_look_that_cannot_be_kept_is_told_to_the_spare_trail(
    house: House, error: Exception
) -> None:
    spare, store = KeptAudit(), BrokenStore(house, error)
    region = Region(house, audit=ChainAuditTrail(store, house.clock, spare=spare))
    agent = region.joined("agent")

    region.organisation.people.get(agent.person_id, principal=region.admin)

    assert spare.acts == [(Act.PERSON_READ, region.admin.person_id, agent.person_id)]
    assert store.tries == 1


@pytest.mark.parametrize("error", [StorageError("disk_full"), RuntimeError("defect")])
def test_a_change_that_cannot_be_kept_is_not_made(
    house: House, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = Region(house, audit=house.audit)
    here: dict[str, Any] = {"tenant_id": region.commune.id, "principal": region.admin}

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(SqlAuditRepository, "append", fail)
    with pytest.raises(type(error)):
        region.organisation.groups.create("Finances", **here)

    assert region.organisation.groups.list_all(**here) == []


def test_an_entry_of_a_change_that_is_undone_is_not_kept(kept: Kept) -> None:
    region, before = kept.region, kept.entries()
    with region.house.open_work() as work:
        kept.log.trail.record_in(
            work, Act.GROUP_CREATED, by=region.admin, tenant_id=region.commune.id, subject="g-1"
        )

    assert kept.entries() == before


def counts(kept: Kept) -> list[int | str]:
    return [each.facts.get("count", 1) for each in kept.entries() if each.act == "access.refused"]


def test_a_flood_of_refusals_costs_two_entries_a_window(kept: Kept) -> None:
    clock = kept.region.house.clock
    for _ in range(500):
        kept.log.refused("unauthenticated", status=401, by=None)
    assert counts(kept) == [1]

    clock.advance(WINDOW.total_seconds())
    kept.log.trail.flush()
    kept.log.trail.flush()

    assert counts(kept) == [1, 499]
    assert kept.last().facts == {
        "code": "unauthenticated", "status": 401, "count": 499, "seconds": 300,
    }  # fmt: skip
    kept.log.refused("unauthenticated", status=401, by=None)
    assert counts(kept) == [1, 499, 1]


def test_refusals_of_different_people_and_codes_are_told_apart(kept: Kept) -> None:
    agent = kept.region.joined("agent")
    for by in (agent, kept.region.admin, None):
        for code in ("forbidden", "key_forbidden"):
            kept.log.refused(code, status=403, by=by)

    assert counts(kept) == [1] * 6
    kept.log.trail.flush(all_of_them=True)
    assert counts(kept) == [1] * 6


LOOKS = sorted(REPEATED - REFUSALS)


def read_of(by: str, subject: str, *, act: Act = Act.PERSON_READ, tenant: str = "t") -> ToldAct:
    return ToldAct(act, by, tenant, subject, {})


@dataclass(frozen=True)
class ToldAct:
    act: Act
    by: str
    tenant: str
    subject: str
    details: Mapping[str, str | int]


class ToldAudit(KeptAudit):
    """Keeps acts whole."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[ToldAct] = []

    def record(
        self,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        kept = dict(details or {})
        self.told.append(ToldAct(act, by.person_id, tenant_id, subject, kept))


def tell(trail: CountingAuditTrail, told: ToldAct) -> None:
    by = Principal(PersonId(told.by), TenantId(told.tenant), frozenset())
    trail.record(told.act, by=by, tenant_id=by.tenant_id, subject=told.subject)


@pytest.mark.parametrize("act", LOOKS)
def test_beyond_its_most_kinds_an_actor_is_still_told_with_the_number_of_its_acts(
    act: Act,
) -> None:
    audit, clock = ToldAudit(), FrozenClock()
    trail = CountingAuditTrail(audit, clock)
    looks = [read_of("curious", f"s-{number}", act=act) for number in range(MOST_KINDS + 5)]
    for look in looks:
        tell(trail, look)
    assert audit.told == looks[:MOST_KINDS]

    clock.advance(WINDOW.total_seconds())
    trail.flush()

    rest = {"others": 1, "count": 5, "seconds": 300}
    assert audit.told[MOST_KINDS:] == [ToldAct(act, "curious", "t", "", rest)]


def test_a_single_act_beyond_the_most_kinds_is_told() -> None:
    audit = ToldAudit()
    trail = CountingAuditTrail(audit, FrozenClock())
    for number in range(MOST_KINDS + 1):
        tell(trail, read_of("curious", f"s-{number}"))

    trail.flush(all_of_them=True)

    rest = {"others": 1, "count": 1, "seconds": 0}
    assert audit.told[-1] == ToldAct(Act.PERSON_READ, "curious", "t", "", rest)


def test_a_flood_of_one_actor_hides_nothing_of_another() -> None:
    audit = ToldAudit()
    trail = CountingAuditTrail(audit, FrozenClock())
    for number in range(MOST_KINDS + 5):
        tell(trail, read_of("curious", f"s-{number}"))
    others = [
        read_of("neighbour", "s-1", tenant="u"),
        read_of("colleague", "s-1"),
        read_of("curious", "s-1", tenant="u"),
    ]
    for look in others:
        tell(trail, look)

    assert audit.told[MOST_KINDS:] == others


def test_an_actor_whose_window_is_over_is_told_whole_again() -> None:
    audit, clock = ToldAudit(), FrozenClock()
    trail = CountingAuditTrail(audit, clock)
    for number in range(MOST_KINDS):
        tell(trail, read_of("curious", f"s-{number}"))
    clock.advance(WINDOW.total_seconds())
    trail.flush()

    tell(trail, read_of("curious", "s-new"))

    assert audit.told[MOST_KINDS:] == [read_of("curious", "s-new")]


def test_when_the_memory_is_full_looks_are_each_kept_and_refusals_counted_together() -> None:
    audit = ToldAudit()
    trail = CountingAuditTrail(audit, FrozenClock(), most_in_all=3)
    for number in range(3):
        tell(trail, read_of(f"p-{number}", "s-1"))
    looks = [read_of("late", "s-1", act=act) for act in LOOKS] * 2
    for told in [*looks, *(read_of(f"p-{n}", "", act=Act.REFUSED) for n in range(7))]:
        tell(trail, told)
    assert audit.told[3:] == looks

    trail.flush(all_of_them=True)

    rest = {"others": 1, "count": 7, "seconds": 0}
    assert audit.told[-1] == ToldAct(Act.REFUSED, "", "", "", rest)


def test_a_clock_set_back_keeps_no_count_for_long() -> None:
    audit, clock = ToldAudit(), FrozenClock()
    trail = CountingAuditTrail(audit, clock)
    for _ in range(2):
        tell(trail, read_of("curious", "s-1"))
    clock.advance(-WINDOW.total_seconds())

    trail.flush()

    assert audit.told[-1].details == {"count": 1, "seconds": 0}


def test_acts_that_are_not_repeated_at_will_are_each_kept(kept: Kept) -> None:
    for _ in range(3):
        kept.region.session_of(kept.region.admin)

    assert [each.act for each in kept.entries()][-3:] == ["session.opened"] * 3


@pytest.mark.parametrize("method", ["page", "export"])
def test_each_reads_within_its_reach(kept: Kept, method: str) -> None:
    region = kept.region
    live(region)
    commune, own = region.commune.id, region.owner.tenant_id
    auditor = region.joined("auditeur", Role.AUDITOR)
    agent = region.joined("agent")
    keys = [
        Principal(auditor.person_id, commune, auditor.roles, frozenset({Permission.ASK})),
        Principal(
            region.admin.person_id, commune, region.admin.roles, frozenset({Permission.READ})
        ),
    ]

    def tenants(principal: Principal, tenant_id: TenantId | None = None) -> set[str]:
        reader = kept.log.reader
        if method == "export":
            found = reader.export(AuditFilter(), tenant_id=tenant_id, principal=principal)
        else:
            found = reader.page(
                AuditFilter(), tenant_id=tenant_id, principal=principal, before="", limit=999
            )
        return {each.tenant for each in found}

    region.session_of(region.owner)
    assert tenants(region.admin) == tenants(auditor) == {commune}
    assert tenants(auditor, commune) == {commune}
    # The one of no tenant is an attempt for an address that nobody has.
    assert tenants(region.owner) == {commune, own, ""}
    assert tenants(region.owner, commune) == {commune}
    for refused in (agent, *keys):
        with pytest.raises(Forbidden):
            tenants(refused)
    for foreign in (region.admin, auditor, agent):
        with pytest.raises(NotFound):
            tenants(foreign, own)


def test_an_export_ends_with_what_there_was_and_is_recorded(kept: Kept) -> None:
    region = kept.region
    live(region)
    before = kept.entries()
    exported = kept.log.reader.export(AuditFilter(), tenant_id=None, principal=region.owner)
    first = next(exported)
    region.session_of(region.admin)

    assert [first, *exported] == before
    acts = [each.act for each in kept.entries()[len(before) :]]
    assert acts == ["audit.exported", "session.opened"]
