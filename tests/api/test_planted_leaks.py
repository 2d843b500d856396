"""Defences of isolation taken out one at a time: the walk of the table has to tell each of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import true

from assistant.adapters.sql import chunks, conversations, documents, scopes
from assistant.api import deps
from assistant.domain.tenancy import Principal, Scope
from assistant.services import people
from assistant.services.access import AccessService
from assistant.services.sign_in import SignInService
from tests.api.isolation import walk, walk_with_keys
from tests.api.site import Site
from tests.api.walking import Home, Strangers, opened_home

pytestmark = pytest.mark.anyio

Plant = Callable[[pytest.MonkeyPatch, Home], None]

DOCUMENT = "GET /v1/documents/{document_id}"
DOCUMENTS = "GET /v1/documents"
PASSAGES = "GET /v1/documents/{document_id}/passages"
PASSAGE = "GET /v1/passages/{chunk_id}"
CONVERSATION = "GET /v1/conversations/{conversation_id}"
EVALUATION = "GET /v1/evaluations/{evaluation_id}"
PERSON = "GET /v1/people/{person_id}"
ROUTES = (DOCUMENT, DOCUMENTS, PASSAGES, PASSAGE, CONVERSATION, EVALUATION, PERSON)


def always(value: Any) -> Callable[..., Any]:
    """A function that answers this whatever it is asked."""

    def answer(*args: Any, **options: Any) -> Any:
        del args, options
        return value

    return answer


def without_document_filter(patch: pytest.MonkeyPatch, _: Home) -> None:
    """One query forgets the scope."""
    patch.setattr(documents, "within", always(true()))


def without_chunk_filter(patch: pytest.MonkeyPatch, _: Home) -> None:
    patch.setattr(chunks, "within", always(true()))


def default_scope(patch: pytest.MonkeyPatch, home: Home) -> None:
    """Whoever calls gets a scope that somebody thought a good default."""
    own = home.site.container.access.scope_of(home.admin)
    patch.setattr(AccessService, "scope_of", always(own))


def without_reader(patch: pytest.MonkeyPatch, _: Home) -> None:
    """Conversations are no longer those of their person."""

    def inverted(scope: Scope, table: Any) -> Any:
        return table.c.person_id != scope.person_id

    patch.setattr(conversations, "of_reader", inverted)


def without_group(patch: pytest.MonkeyPatch, _: Home) -> None:
    """A collection of a group opens to its whole tenant."""
    of_open_tenants: Any = vars(scopes)["_collections"]
    patch.setattr(scopes, "_opened_to_groups", always(of_open_tenants()))


def every_colleague(patch: pytest.MonkeyPatch, _: Home) -> None:
    """Administration is not asked for."""
    patch.setattr(Principal, "administers", always(True))


def any_tenant(patch: pytest.MonkeyPatch, _: Home) -> None:
    """The owner of a person is not looked at."""

    def found(work: Any, person_id: Any, *, principal: Principal) -> Any:
        del principal
        return work.people.standing(person_id).person

    patch.setattr(people, "found_person", found)


def the_suspended(patch: pytest.MonkeyPatch, home: Home) -> None:
    """A session is enough: its person is not looked at."""
    patch.setattr(SignInService, "principal_of", always(home.admin))


def every_key(patch: pytest.MonkeyPatch, _: Home) -> None:
    """What a key is for is not looked at."""
    patch.setattr(deps, "_require", always(None))


PLANTED: tuple[tuple[Plant, str, set[str]], ...] = (
    (without_document_filter, "foreign_agent", {DOCUMENT, DOCUMENTS}),
    (without_chunk_filter, "foreign_agent", {PASSAGE}),
    (default_scope, "foreign_admin", {DOCUMENT, DOCUMENTS, PASSAGES, PASSAGE}),
    (without_reader, "foreign_agent", {CONVERSATION}),
    (without_reader, "outsider", {CONVERSATION}),
    (without_group, "outsider", {DOCUMENT, DOCUMENTS, PASSAGES, PASSAGE}),
    (every_colleague, "outsider", {PERSON}),
    (any_tenant, "foreign_admin", {PERSON}),
    (the_suspended, "suspended_person", {*ROUTES}),
    (the_suspended, "expired_session", {*ROUTES}),
)


async def test_a_missing_defence_is_seen(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading changes nothing, so that one organisation serves all of them in turn."""
    async with opened_home(site) as home, AsyncExitStack() as stack:
        strangers = Strangers(home, stack)
        for caller in dict.fromkeys(caller for _, caller, _ in PLANTED):
            assert await walk(home, strangers, caller=caller, routes=ROUTES) == []
        unseen: list[str] = []
        for plant, caller, expected in PLANTED:
            with monkeypatch.context() as patch:
                plant(patch, home)
                faults = await walk(home, strangers, caller=caller, routes=ROUTES)
            missed = {each for each in expected if not any(f"{each}: " in told for told in faults)}
            unseen += [f"{plant.__name__}: {caller}: {route}" for route in sorted(missed)]
            assert await walk(home, strangers, caller=caller, routes=ROUTES) == []

    assert unseen == []


async def test_a_key_that_may_everything_is_seen(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_home(site) as home, AsyncExitStack() as stack:
        every_key(monkeypatch, home)
        faults = await walk_with_keys(home, Strangers(home, stack), routes=ROUTES)
        monkeypatch.undo()

    assert any("without read" in each for each in faults)
    assert any("without ask" in each for each in faults)
