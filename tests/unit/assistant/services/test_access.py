from __future__ import annotations

import pytest

from assistant.adapters.audit.log import LogAuditTrail
from assistant.domain.audit import Act
from assistant.domain.errors import NotFound, Unauthenticated
from assistant.domain.sessions import Session
from assistant.domain.tenancy import Scope
from assistant.services.access import AccessService, default_collection
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.conversations import ConversationService
from assistant.services.sign_in import SignInService
from tests.house import House
from tests.unit.assistant.services.organisations import KeptAudit


@pytest.fixture
def sign_in(house: House) -> SignInService:
    audit = LogAuditTrail()
    sessions = BrowserSessions(
        house.open_work, house.clock, audit=audit, session_hours=12, idle_minutes=720
    )
    return SignInService(
        house.open_work, house.clock, sessions=sessions, audit=audit, link_minutes=10
    )


def test_default_collection_is_made_once(house: House) -> None:
    service = AccessService(house.open_work, house.clock)

    assert service.ensure_default() == service.ensure_default()
    assert len(house.scope.collection_ids) == 1
    with house.open_work() as work:
        kept = default_collection(work, scope=house.scope)
    assert kept.id == house.scope.collection_ids[0]


def test_no_readable_collection_is_not_found(house: House) -> None:
    nothing = Scope(house.scope.tenant_id, house.scope.person_id, frozenset())

    with house.open_work() as work, pytest.raises(NotFound):
        default_collection(work, scope=nothing)


def test_link_signs_in_once(house: House, sign_in: SignInService) -> None:
    code = sign_in.issue_link(house.principal)

    secret, _ = sign_in.redeem(code)

    assert sign_in.principal_of(secret) == house.principal
    with pytest.raises(Unauthenticated) as error:
        sign_in.redeem(code)
    assert error.value.code == "link_spent"


def test_link_expires(house: House, sign_in: SignInService) -> None:
    code = sign_in.issue_link(house.principal)
    house.clock.advance(601)

    with pytest.raises(Unauthenticated):
        sign_in.redeem(code)


def test_session_ends_by_time_and_by_sign_out(house: House, sign_in: SignInService) -> None:
    kept, _ = sign_in.redeem(sign_in.issue_link(house.principal))
    left, _ = sign_in.redeem(sign_in.issue_link(house.principal))

    sign_in.sign_out(left)
    sign_in.sign_out("unknown")

    with pytest.raises(Unauthenticated):
        sign_in.principal_of(left)
    assert sign_in.principal_of(kept) == house.principal
    house.clock.advance(12 * 3600 + 1)
    with pytest.raises(Unauthenticated):
        sign_in.principal_of(kept)


def test_of_two_that_end_a_session_one_tells_of_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = KeptAudit()
    sessions = BrowserSessions(
        house.open_work, house.clock, audit=audit, session_hours=12, idle_minutes=720
    )
    with house.open_work() as work:
        secret, session = sessions.begin(work, house.principal)
        work.commit()

    found = sessions.find(secret)

    def found_before(_: str) -> Session | None:
        return found

    monkeypatch.setattr(sessions, "find", found_before)
    sessions.end(secret)
    sessions.end(secret)

    assert [(act, subject) for act, _, subject in audit.acts] == [(Act.SIGNED_OUT, session.id)]


def test_secrets_are_not_kept(house: House, sign_in: SignInService) -> None:
    code = sign_in.issue_link(house.principal)
    secret, session = sign_in.redeem(code)

    raw = b"".join(path.read_bytes() for path in house.root.glob("assistant.sqlite3*"))

    assert secret.encode() not in raw
    assert code.encode() not in raw
    assert session.secret_hash != secret


def test_conversations_are_private_to_their_person(house: House) -> None:
    service = ConversationService(house.open_work, house.clock)
    mine = service.create(principal=house.principal, title="  Mobilité ")
    other = house.access.scope_of(house.agent)

    renamed = service.rename(mine.id, title="Lycées", scope=house.scope)

    assert renamed.title == "Lycées"
    assert service.get(mine.id, scope=house.scope) == (renamed, [])
    assert service.list_recent(scope=house.scope, limit=5) == [renamed]
    assert service.list_recent(scope=other, limit=5) == []
    for act in (
        lambda: service.get(mine.id, scope=other),
        lambda: service.rename(mine.id, title="x", scope=other),
        lambda: service.delete(mine.id, scope=other),
    ):
        with pytest.raises(NotFound):
            act()
    service.delete(mine.id, scope=house.scope)
    assert service.list_recent(scope=house.scope, limit=5) == []
