# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repositories of sign-ins through identity providers promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.errors import Conflict
from assistant.domain.identity import (
    FederatedSession,
    LinkedIdentity,
    LogoutNotice,
    SignInAttempt,
)
from assistant.domain.ids import PersonId, SessionId
from assistant.domain.sessions import Session
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import NOON, RepositoryContract, World

LATER = NOON + timedelta(minutes=10)
ATTEMPT = SignInAttempt("state", "browser", "proconnect", "nonce", "verifier", "/documents", LATER)
NOTICE = LogoutNotice("https://issuer", "subject", "sid", "jti", LATER)


class FederationContract(RepositoryContract):
    """Promises of `FederationRepository`, and of the parts of `SessionRepository` that it needs."""

    @pytest.fixture
    def linked(self, open_work: UnitOfWorkFactory, world: World) -> FederatedSession:
        """A session with its provider's side."""
        here = world.here
        session = Session(
            SessionId("one"), "secret", here.person_id, here.tenant_id, NOON, LATER,
            seen_at=NOON, idle_until=LATER,
        )  # fmt: skip
        linked = FederatedSession(
            session.id, "proconnect", "https://issuer", "subject", "sid", "a.b.c"
        )
        with open_work() as work:
            work.sessions.add(session)
            work.federation.add_session(linked)
            work.commit()
        return linked

    def test_one_of_many_threads_gets_an_attempt(self, open_work: UnitOfWorkFactory) -> None:
        with open_work() as work:
            work.federation.add_attempt(ATTEMPT, now=NOON)
            work.commit()

        def take(_: int) -> SignInAttempt | None:
            with open_work() as work:
                taken = work.federation.take_attempt("state", now=NOON)
                work.commit()
            return taken

        with ThreadPoolExecutor(8) as pool:
            assert [each for each in pool.map(take, range(16)) if each] == [ATTEMPT]

    def test_an_attempt_expires(self, open_work: UnitOfWorkFactory) -> None:
        with open_work() as work:
            work.federation.add_attempt(ATTEMPT, now=NOON)
            assert work.federation.take_attempt("other", now=NOON) is None
            assert work.federation.take_attempt("state", now=LATER) is None

    def test_the_providers_side_ends_with_its_session(
        self, open_work: UnitOfWorkFactory, linked: FederatedSession
    ) -> None:
        with open_work() as work:
            work.federation.mark_leaving(linked.session_id, leaving_hash="leaving")
            found = work.federation.find_session(linked.session_id)
            assert found == replace(linked, leaving_hash="leaving")
            work.sessions.revoke(linked.session_id)
            assert work.federation.find_session(linked.session_id) is None

    @pytest.mark.parametrize(
        ("changes", "is_meant"),
        [
            ({}, True),
            ({"sid": ""}, True),
            ({"subject": ""}, True),
            ({"sid": "", "subject": ""}, False),
            ({"sid": "other"}, False),
            ({"subject": "other"}, False),
            ({"issuer": "https://other"}, False),
        ],
    )
    def test_a_notice_names_sessions(
        self,
        open_work: UnitOfWorkFactory,
        linked: FederatedSession,
        changes: dict[str, str],
        is_meant: bool,
    ) -> None:
        with open_work() as work:
            found = work.federation.sessions_of(replace(NOTICE, **changes))
        assert list(found) == ([linked.session_id] if is_meant else [])

    def test_a_notice_is_taken_once(self, open_work: UnitOfWorkFactory) -> None:
        with open_work() as work:
            assert work.federation.spend_notice(NOTICE, now=NOON)
            assert not work.federation.spend_notice(NOTICE, now=NOON)
            assert work.federation.spend_notice(replace(NOTICE, issuer="https://b"), now=NOON)
            assert work.federation.spend_notice(replace(NOTICE, jti="other"), now=LATER)


class IdentityContract(RepositoryContract):
    """Promises of `IdentityRepository`."""

    def test_an_identity_is_of_one_person_for_good(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here, there = world.here, world.there
        first = LinkedIdentity(
            "https://issuer", "subject", "keycloak", here.person_id, here.tenant_id, NOON
        )
        with open_work() as work:
            work.identities.keep(first)
            work.identities.keep(
                replace(first, person_id=there.person_id, tenant_id=there.tenant_id)
            )
            work.commit()

        with open_work() as work:
            assert work.identities.find(issuer="https://issuer", subject="subject") == first
            assert work.identities.find(issuer="https://other", subject="subject") is None
            assert work.identities.find(issuer="https://issuer", subject="other") is None
            assert work.identities.list_of(here.person_id, tenant_id=here.tenant_id) == [first]
            assert work.identities.list_of(here.person_id, tenant_id=there.tenant_id) == []
            assert work.identities.list_of(there.person_id, tenant_id=there.tenant_id) == []

    def test_a_person_has_several_and_takes_them_along(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here = world.here
        first = LinkedIdentity("b", "1", "keycloak", here.person_id, here.tenant_id, NOON)
        second = replace(first, issuer="a", linked_at=LATER)
        with open_work() as work:
            work.identities.keep(second)
            work.identities.keep(first)
            own = work.identities.list_of(here.person_id, tenant_id=here.tenant_id)
            work.people.delete(here.person_id, tenant_id=here.tenant_id)
            assert work.identities.find(issuer="a", subject="1") is None
        assert own == [first, second]

    def test_nobody_has_none(self, open_work: UnitOfWorkFactory, world: World) -> None:
        nobodys = LinkedIdentity(
            "a", "1", "keycloak", PersonId("nobody"), world.here.tenant_id, NOON
        )
        with open_work() as work, pytest.raises(Conflict):
            work.identities.keep(nobodys)
