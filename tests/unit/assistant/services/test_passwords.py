"""Local accounts as services: joined, signed in, changed, reset, throttled, on each engine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from assistant.adapters.sql.people import SqlPeopleRepository
from assistant.domain.audit import Act
from assistant.domain.errors import (
    AssistantError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    QuotaExceeded,
    StorageError,
    Unauthenticated,
)
from assistant.domain.identity import LinkedIdentity
from assistant.domain.ids import KeyId, PersonId, TenantId
from assistant.domain.people import Person
from assistant.domain.sessions import Session
from assistant.domain.tenancy import Principal, Role, Scope
from assistant.domain.tenants import TenantState
from assistant.ports.audit import Details
from assistant.ports.repositories import UnitOfWork
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.invitations import Invited
from assistant.services.password_sign_in import Credentials, PasswordSignIn
from assistant.services.passwords import LINK_LIFE, PasswordService
from assistant.services.sign_in import SignInService
from assistant.services.sign_in_guard import of_account, of_address
from tests.house import House
from tests.unit.assistant.services.organisations import PlainHasher, Region

pytestmark = pytest.mark.each_engine

WORDS = "girafe tiroir lundi seize"
OTHER = "bateau cuivre onze nuages"
EMAIL = "zoe@valbourg.example"
TOWN_HALL = "192.0.2.1"


@dataclass
class ToldAudit:
    """Implements `AuditTrail`: keeps all that it is told."""

    told: list[tuple[Act, str, str, str, dict[str, Any]]] = field(
        default_factory=list[tuple[Act, str, str, str, dict[str, Any]]]
    )

    def record(
        self,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        self.told.append((act, by.person_id, tenant_id, subject, dict(details or {})))

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

    def of(self, *acts: Act) -> list[tuple[Act, str, str, str, dict[str, Any]]]:
        return [each for each in self.told if each[0] in acts]


class Town:
    """A commune with local accounts, and one person in it."""

    def __init__(self, house: House) -> None:
        self.house, self.clock = house, house.clock
        self.audit, self.hasher = ToldAudit(), PlainHasher()
        self.region = Region(house, audit=self.audit)
        self.restart()
        self.person = self.join(EMAIL, WORDS)
        self.audit.told.clear()
        self.hasher.verified.clear()

    def restart(self, hasher: PlainHasher | None = None) -> None:
        """Make the services anew, as another process has them."""
        house = self.house
        sessions = BrowserSessions(
            house.open_work, house.clock, audit=self.audit, session_hours=12, idle_minutes=720
        )
        links = SignInService(
            house.open_work, house.clock, sessions=sessions, audit=self.audit, link_minutes=10
        )
        wired: dict[str, Any] = {
            "hasher": hasher or self.hasher, "sessions": sessions, "audit": self.audit,
        }  # fmt: skip
        self.sign_ins = PasswordSignIn(house.open_work, house.clock, **wired)
        self.passwords = PasswordService(
            house.open_work, house.clock, sign_in=links, least_chars=12, **wired
        )
        self.links = links

    def invited(self, email: str, *, admin: Principal | None = None) -> str:
        by = admin or self.region.admin
        invited = Invited(name="Zoé Martin", email=email)
        invitations = self.region.organisation.invitations
        return invitations.invite(invited, tenant_id=by.tenant_id, principal=by)[2]

    def join(self, email: str, password: str, *, admin: Principal | None = None) -> Principal:
        secret, _ = self.passwords.join(self.invited(email, admin=admin), password=password)
        return self.links.principal_of(secret)

    def sign_in(
        self, password: str = WORDS, *, email: str = EMAIL, address: str = TOWN_HALL
    ) -> Session:
        return self.sign_ins.sign_in(Credentials(email, password, address))[1]

    def refused(self, typed: str = "autre", **where: str) -> AssistantError:
        with pytest.raises(AssistantError) as error:
            self.sign_in(typed, **where)
        return error.value

    def link(self, person: Principal | None = None) -> str:
        found = person or self.person
        return self.passwords.issue_link(found.person_id, principal=self.region.admin)[2]

    def kept(self, person: Principal | None = None) -> str | None:
        with self.house.open_work() as work:
            found = work.passwords.find((person or self.person).person_id)
        return None if found is None else found.hash

    def sessions_of(self, person: Principal) -> list[Session]:
        scope = Scope(person.tenant_id, person.person_id, frozenset())
        with self.house.open_work() as work:
            return work.sessions.list_own(scope=scope, now=self.clock.now())


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


def code_of(kind: type[AssistantError], act: Callable[[], object]) -> str:
    with pytest.raises(kind) as error:
        act()
    return error.value.code


def test_an_invited_person_sets_a_password_and_signs_in_with_it(town: Town) -> None:
    session = town.sign_in()

    assert session.person_id == town.person.person_id
    assert town.sign_in(email="  Zoe@VALBOURG.example ").person_id == town.person.person_id
    assert town.refused().code == "sign_in_wrong"


def test_a_refused_password_leaves_the_invitation_good(town: Town) -> None:
    code = town.invited("ana@valbourg.example")

    assert (
        code_of(InvalidInput, lambda: town.passwords.join(code, password="court"))
        == "password_too_short"
    )
    assert (
        code_of(InvalidInput, lambda: town.passwords.join(code, password="motdepasse2026"))
        == "password_common"
    )
    secret, _ = town.passwords.join(code, password=OTHER)
    assert town.links.principal_of(secret).tenant_id == town.person.tenant_id
    assert (
        code_of(Unauthenticated, lambda: town.passwords.join(code, password=OTHER))
        == "invitation_spent"
    )


def test_an_unknown_address_costs_and_says_what_a_wrong_password_does(town: Town) -> None:
    wrong = town.refused()
    of_known, town.hasher.verified = town.hasher.verified, []
    unknown = town.refused(email="personne@valbourg.example")
    malformed = town.refused(email="pas une adresse")

    assert len(of_known) == 1
    assert town.hasher.verified == [None, None]
    assert {(type(each), each.code, each.sentence) for each in (wrong, unknown, malformed)} == {
        (Unauthenticated, "sign_in_wrong", wrong.sentence)
    }


def test_after_five_failures_even_the_right_password_waits_longer_each_time(town: Town) -> None:
    for _ in range(5):
        assert town.refused().code == "sign_in_wrong"
    computed = len(town.hasher.verified)
    refused = town.refused(WORDS)
    assert isinstance(refused, QuotaExceeded)
    assert (refused.code, refused.retry_after_s) == ("sign_in_throttled", 60)
    assert "1 min" in refused.sentence
    assert len(town.hasher.verified) == computed

    town.clock.advance(59)
    assert town.refused(WORDS).code == "sign_in_throttled"
    town.clock.advance(1)
    assert town.refused().code == "sign_in_wrong"
    refused = town.refused(WORDS)
    assert isinstance(refused, QuotaExceeded)
    assert refused.retry_after_s == 120
    town.clock.advance(120)
    town.sign_in()
    assert town.refused().code == "sign_in_wrong"
    town.sign_in()


def test_an_account_made_elsewhere_at_ones_address_wins_no_attempts(town: Town) -> None:
    other = town.region.joined("ailleurs", Role.TENANT_ADMIN, tenant_id=town.region.owner.tenant_id)
    theirs = town.join(EMAIL, OTHER, admin=other)

    for _ in range(5):
        assert town.refused().code == "sign_in_wrong"
        if town.refused(address="203.0.113.7").code == "sign_in_throttled":
            break
        assert town.sign_in(OTHER).person_id == theirs.person_id

    assert town.refused(address="203.0.113.7").code == "sign_in_throttled"
    code = town.passwords.issue_link(theirs.person_id, principal=other)[2]
    town.passwords.set_by_link(code, password="lampe violon mardi neige")
    assert town.refused(address="203.0.113.7").code == "sign_in_throttled"


def test_nobody_makes_a_first_password_for_who_enters_by_a_provider(town: Town) -> None:
    person = town.region.joined("proconnect", Role.AGENT)
    linked = LinkedIdentity(
        issuer="https://fi.example",
        subject="sub-1",
        provider="proconnect",
        person_id=person.person_id,
        tenant_id=person.tenant_id,
        linked_at=town.clock.now(),
    )
    with town.house.open_work() as work:
        work.identities.keep(linked)
        work.commit()

    assert code_of(Conflict, lambda: town.link(person)) == "person_by_provider"


def test_unknown_addresses_are_throttled_alike(town: Town) -> None:
    codes = [
        [town.refused(email=email, address=f"192.0.2.{number}").code for number in range(7)]
        for email in (EMAIL, "personne@valbourg.example")
    ]
    assert codes == [["sign_in_wrong"] * 5 + ["sign_in_throttled"] * 2] * 2


def test_a_restart_forgets_no_failure(town: Town) -> None:
    for _ in range(5):
        town.refused()
    town.restart()

    assert town.refused(WORDS).code == "sign_in_throttled"


def test_any_number_of_attempts_together_is_no_more_than_one_after_another(town: Town) -> None:
    for _ in range(5):
        town.hasher.verified.clear()
        start = Barrier(12)

        def attempt(number: int, start: Barrier = start) -> str:
            given = Credentials(EMAIL, f"essai {number}", f"192.0.2.{number}")
            start.wait(20)
            return code_of(AssistantError, lambda: town.sign_ins.sign_in(given))

        with ThreadPoolExecutor(12) as pool:
            codes = list(pool.map(attempt, range(12)))
        town.clock.advance(timedelta(hours=25).total_seconds())

        assert codes.count("sign_in_wrong") == 5
        assert codes.count("sign_in_throttled") == 7
        assert len(town.hasher.verified) == 5


def test_an_address_that_tries_account_after_account_waits_and_the_others_do_not(
    town: Town,
) -> None:
    for number in range(30):
        assert town.refused(email=f"agent{number}@valbourg.example").code == "sign_in_wrong"

    assert town.refused(WORDS).code == "sign_in_throttled"
    assert town.sign_in(address="192.0.2.2").person_id == town.person.person_id


def test_own_success_does_not_wash_an_address_clean(town: Town) -> None:
    for number in range(29):
        town.refused(email=f"agent{number}@valbourg.example")
    for _ in range(3):
        town.sign_in()
    town.refused(email="agent30@valbourg.example")

    assert town.refused(WORDS).code == "sign_in_throttled"


def test_a_lockout_ends_with_the_link_of_an_administrator(town: Town) -> None:
    for _ in range(5):
        town.refused(address="203.0.113.9")
    assert town.refused(WORDS).code == "sign_in_throttled"

    secret, _ = town.passwords.set_by_link(town.link(), password=OTHER)

    assert town.links.principal_of(secret) == town.person
    assert town.sign_in(OTHER).person_id == town.person.person_id
    assert town.refused(WORDS).code == "sign_in_wrong"


def test_a_link_ends_all_sessions_but_the_one_it_opens_and_serves_once(town: Town) -> None:
    before = [town.sign_in(), *town.sessions_of(town.person)]
    code = town.link()
    again = town.link()

    assert (
        code_of(Unauthenticated, lambda: town.passwords.set_by_link(code, password=OTHER))
        == "password_link_spent"
    )
    assert (
        code_of(
            InvalidInput,
            lambda: town.passwords.set_by_link(again, password="zoé martin zoé martin"),
        )
        == "password_personal"
    )
    _, session = town.passwords.set_by_link(again, password=OTHER)
    assert [each.id for each in town.sessions_of(town.person)] == [session.id]
    assert session.id not in {each.id for each in before}
    assert (
        code_of(Unauthenticated, lambda: town.passwords.set_by_link(again, password=WORDS))
        == "password_link_spent"
    )
    late = town.link()
    town.clock.advance(LINK_LIFE.total_seconds())
    assert (
        code_of(Unauthenticated, lambda: town.passwords.set_by_link(late, password=WORDS))
        == "password_link_spent"
    )
    assert town.kept() == f"1:{OTHER[::-1]}"


def test_until_a_link_serves_the_former_password_does(town: Town) -> None:
    town.link()

    assert town.sign_in().person_id == town.person.person_id


def test_who_may_make_a_link_and_for_whom(town: Town) -> None:
    region = town.region
    voisin = region.joined("voisin", Role.AGENT)
    elsewhere = region.joined("ailleurs", Role.TENANT_ADMIN, tenant_id=region.owner.tenant_id)
    boss = region.joined("plateforme", Role.PLATFORM_ADMIN)
    town.invited("ana@valbourg.example")
    with town.house.open_work() as work:
        invited = work.people.find_by_email("ana@valbourg.example", tenant_id=region.commune.id)
    assert invited is not None

    def issue(person_id: PersonId, by: Principal) -> Callable[[], object]:
        return lambda: town.passwords.issue_link(person_id, principal=by)

    target = town.person.person_id
    assert code_of(Forbidden, issue(target, voisin)) == "forbidden"
    assert code_of(NotFound, issue(target, elsewhere)) == "not_found"
    assert code_of(Forbidden, issue(boss.person_id, region.admin)) == "platform_forbidden"
    assert code_of(Conflict, issue(invited.id, region.admin)) == "person_not_active"
    owner = region.owner
    assert code_of(Conflict, issue(owner.person_id, owner)) == "person_without_address"
    suspended = town.link()
    region.organisation.people.suspend(target, principal=region.admin)
    assert code_of(Conflict, issue(target, region.admin)) == "person_not_active"
    region.organisation.people.restore(target, principal=region.admin)
    assert (
        code_of(Unauthenticated, lambda: town.passwords.set_by_link(suspended, password=OTHER))
        == "password_link_spent"
    )
    region.organisation.tenants.move(region.commune.id, TenantState.SUSPENDED, principal=owner)
    assert code_of(Forbidden, issue(target, region.admin)) == "tenant_suspended"


def test_nobody_becomes_an_auditor_by_a_link(town: Town) -> None:
    region = town.region
    platform = region.owner.tenant_id
    mayor = region.joined("voisine", Role.TENANT_ADMIN, tenant_id=platform)
    auditor = region.joined("controle", Role.AUDITOR, tenant_id=platform)
    of_commune = region.joined("auditrice", Role.AUDITOR)
    town.audit.told.clear()

    def issue(person: Principal, by: Principal) -> Callable[[], object]:
        return lambda: town.passwords.issue_link(person.person_id, principal=by)

    assert code_of(Forbidden, issue(auditor, mayor)) == "auditor_by_platform"
    assert code_of(Forbidden, issue(of_commune, region.admin)) == "auditor_by_platform"
    assert town.audit.told == []
    issue(auditor, region.owner)()
    issue(of_commune, region.owner)()
    assert [each[3] for each in town.audit.of(Act.PASSWORD_LINKED)] == [
        auditor.person_id,
        of_commune.person_id,
    ]


def test_changing_asks_the_former_password_and_ends_the_other_sessions(town: Town) -> None:
    here, there = town.sign_in(), town.sign_in()

    def change(current: str, new: str) -> int:
        return town.passwords.change(town.person, current=current, new=new, session_id=here.id)

    assert code_of(Forbidden, lambda: change("autre", OTHER)) == "password_wrong"
    assert code_of(InvalidInput, lambda: change(WORDS, "court")) == "password_too_short"
    assert town.kept() == f"1:{WORDS[::-1]}"
    ended = change(WORDS, OTHER)
    assert ended >= 1
    left = [each.id for each in town.sessions_of(town.person)]
    assert left == [here.id]
    assert there.id not in left
    closed = town.audit.of(Act.SIGNED_OUT)
    assert len(closed) == ended
    assert there.id in {each[3] for each in closed}
    town.sign_in(OTHER)


def test_changing_ends_a_link_that_was_made_before(town: Town) -> None:
    code = town.link()

    town.passwords.change(town.person, current=WORDS, new=OTHER, session_id=None)

    assert (
        code_of(Unauthenticated, lambda: town.passwords.set_by_link(code, password=WORDS))
        == "password_link_spent"
    )
    assert town.kept() == f"1:{OTHER[::-1]}"


def test_a_further_role_ends_a_link_that_was_made_before(town: Town) -> None:
    def given(*roles: Role) -> None:
        town.region.organisation.people.change(
            town.person.person_id, principal=town.region.owner, roles=frozenset(roles)
        )

    given(Role.TENANT_ADMIN)
    code = town.link()
    given()
    town.passwords.set_by_link(code, password=OTHER)
    code = town.link()
    given(Role.AUDITOR)

    assert (
        code_of(Unauthenticated, lambda: town.passwords.set_by_link(code, password=WORDS))
        == "password_link_spent"
    )


def test_guessing_in_an_open_session_is_throttled_apart_from_sign_in(town: Town) -> None:
    def change(current: str) -> Callable[[], object]:
        return lambda: town.passwords.change(
            town.person, current=current, new=OTHER, session_id=None
        )

    for _ in range(5):
        assert code_of(Forbidden, change("autre")) == "password_wrong"
    assert code_of(QuotaExceeded, change(WORDS)) == "sign_in_throttled"
    town.sign_in()


def test_who_has_none_and_keys_change_nothing(town: Town) -> None:
    voisin = town.region.joined("voisin", Role.AGENT)
    key = replace(town.person, key_id=KeyId("key"))

    def change(principal: Principal) -> Callable[[], object]:
        return lambda: town.passwords.change(principal, current=WORDS, new=OTHER, session_id=None)

    assert code_of(Conflict, change(voisin)) == "password_absent"
    assert code_of(Forbidden, change(key)) == "forbidden"
    assert town.kept(voisin) is None


def test_other_parameters_make_another_hash_at_the_next_sign_in(town: Town) -> None:
    town.restart(PlainHasher(version=2))
    assert town.refused().code == "sign_in_wrong"
    assert town.kept() == f"1:{WORDS[::-1]}"

    town.sign_in()

    assert town.kept() == f"2:{WORDS[::-1]}"
    town.sign_in()


def test_a_password_that_was_changed_meanwhile_opens_nothing(town: Town) -> None:
    code = town.link()

    def overtake() -> None:
        town.hasher.while_hashing = lambda: None
        town.passwords.set_by_link(code, password=OTHER)

    town.hasher.while_hashing = overtake

    assert town.refused(WORDS).code == "sign_in_wrong"
    assert len(town.sessions_of(town.person)) == 1


def test_no_transaction_is_open_while_a_hash_is_computed(town: Town) -> None:
    """Another writer would wait for it, and be refused in the end."""
    written: list[int] = []

    def write_elsewhere() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(town.region.joined, f"agent{len(written)}").result(timeout=5)
        written.append(1)

    session, code = town.sign_in(), town.invited("ana@valbourg.example")
    town.hasher.while_hashing = write_elsewhere

    town.sign_in()
    town.passwords.change(town.person, current=WORDS, new=OTHER, session_id=session.id)
    town.passwords.set_by_link(town.link(), password=WORDS)
    town.passwords.join(code, password=OTHER)

    assert len(written) == 5


def test_only_the_right_password_is_told_of_a_suspension(town: Town) -> None:
    region = town.region
    region.organisation.people.suspend(town.person.person_id, principal=region.admin)

    assert town.refused().code == "sign_in_wrong"
    assert town.refused(WORDS).code == "access_suspended"
    region.organisation.people.restore(town.person.person_id, principal=region.admin)
    for state in (TenantState.SUSPENDED, TenantState.CLOSED):
        region.organisation.tenants.move(region.commune.id, state, principal=region.owner)
    assert town.refused(WORDS).code == "tenant_closed"
    assert town.sessions_of(town.person) == []


def test_of_two_tenants_the_password_says_which_one(town: Town) -> None:
    region = town.region
    mayor = region.joined("voisine", Role.TENANT_ADMIN, tenant_id=region.owner.tenant_id)
    there = town.join(EMAIL, OTHER, admin=mayor)
    assert there.tenant_id != town.person.tenant_id

    assert town.sign_in(WORDS).tenant_id == town.person.tenant_id
    assert town.sign_in(OTHER).tenant_id == there.tenant_id


def test_without_local_accounts_nothing_is_opened_nor_set(house: House) -> None:
    town = Town(house)
    code = town.link()
    audit, links = town.audit, town.links
    sessions = BrowserSessions(
        house.open_work, house.clock, audit=audit, session_hours=12, idle_minutes=720
    )
    sign_ins = PasswordSignIn(
        house.open_work, house.clock, hasher=None, sessions=sessions, audit=audit
    )
    passwords = PasswordService(
        house.open_work,
        house.clock,
        hasher=None,
        sign_in=links,
        sessions=sessions,
        audit=audit,
        least_chars=12,
    )
    person, admin = town.person, town.region.admin
    invited = town.invited("ana@valbourg.example")

    def change() -> int:
        return passwords.change(person, current=WORDS, new=OTHER, session_id=None)

    for act in (
        lambda: sign_ins.sign_in(Credentials(EMAIL, WORDS, TOWN_HALL)),
        lambda: passwords.set_by_link(code, password=OTHER),
        lambda: passwords.join(invited, password=OTHER),
        lambda: passwords.issue_link(person.person_id, principal=admin),
        change,
    ):
        assert code_of(Forbidden, act) == "local_accounts_off"
    assert not passwords.is_on


def test_every_step_is_told_by_ids_only(town: Town) -> None:
    who, where = town.person.person_id, town.person.tenant_id
    admin = town.region.admin.person_id
    town.refused()
    town.refused(email="personne@valbourg.example")
    session = town.sign_in()
    town.passwords.change(town.person, current=WORDS, new=OTHER, session_id=session.id)
    town.passwords.set_by_link(town.link(), password=WORDS)
    code_of(Unauthenticated, lambda: town.passwords.set_by_link("inconnu", password=WORDS))
    code_of(Unauthenticated, lambda: town.links.redeem("inconnu"))
    code_of(Unauthenticated, lambda: town.links.accept_invitation("inconnue"))
    town.join("ana@valbourg.example", OTHER)

    wrong = {"code": "sign_in_wrong", "way": "password"}
    refused = Act.SIGN_IN_REFUSED
    assert town.audit.of(
        refused, Act.PASSWORD_CHANGED, Act.PASSWORD_RESET, Act.PASSWORD_LINKED
    ) == [
        (refused, "", where, who, wrong),
        (refused, "", "", "", wrong),
        (Act.PASSWORD_CHANGED, who, where, who, {}),
        (Act.PASSWORD_LINKED, admin, where, who, {}),
        (Act.PASSWORD_RESET, who, where, who, {}),
        (refused, "", "", "", {"code": "password_link_spent", "way": "password_link"}),
        (refused, "", "", "", {"code": "link_spent", "way": "link"}),
        (refused, "", "", "", {"code": "invitation_spent", "way": "invitation"}),
    ]
    assert len(town.audit.of(Act.PASSWORD_SET)) == 1
    told = repr(town.audit.told)
    assert not any(each in told for each in (WORDS, OTHER, EMAIL, "@", "Zoé"))


def test_throttled_attempts_are_told_of_their_person(town: Town) -> None:
    for _ in range(6):
        town.refused()

    last = town.audit.told[-1]
    assert last[3] == town.person.person_id
    assert last[4] == {"code": "sign_in_throttled", "way": "password"}


def test_who_looks_at_its_own_sessions_leaves_no_entry(town: Town) -> None:
    people, who = town.region.organisation.people, town.person.person_id

    own = people.sessions(who, principal=town.person)
    people.get(who, principal=town.person)
    assert town.audit.told == []
    seen = people.sessions(who, principal=town.region.admin)
    people.get(who, principal=town.region.admin)

    assert own == seen
    admin = town.region.admin.person_id
    assert [(each[1], each[4]) for each in town.audit.of(Act.PERSON_READ)] == [
        (admin, {"sessions": len(seen)}),
        (admin, {}),
    ]


def test_a_busy_database_leaves_a_refusal_what_it_is(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = SqlPeopleRepository.list_by_email
    asked: list[str] = []

    def busy_when_told(people: SqlPeopleRepository, email: str) -> list[Person]:
        asked.append(email)
        if len(asked) > 1:
            raise StorageError("database_locked")
        return known(people, email)

    monkeypatch.setattr(SqlPeopleRepository, "list_by_email", busy_when_told)

    assert town.refused().code == "sign_in_wrong"
    assert [each[3] for each in town.audit.of(Act.SIGN_IN_REFUSED)] == [""]


def test_failures_older_than_a_day_leave_the_database(town: Town) -> None:
    town.refused(email="personne@valbourg.example", address="203.0.113.9")
    town.clock.advance(timedelta(hours=25).total_seconds())
    town.refused()
    with town.house.open_work() as work:
        old = of_account("personne@valbourg.example").key, of_address("203.0.113.9").key
        assert [work.passwords.failures(each) for each in old] == [None, None]
        assert work.passwords.failures(of_account(EMAIL).key) is not None
