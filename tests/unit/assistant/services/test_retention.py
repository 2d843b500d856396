"""What is not used for longer than a tenant keeps it is erased once a day, and counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.domain.audit import Act
from assistant.domain.errors import StorageError
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Principal, Scope
from assistant.services.conversations import ConversationService
from assistant.services.machinery import MACHINE
from assistant.services.retention import RetentionKeeper
from assistant.services.tenants import TenantChange
from assistant.testing.contracts.repositories_world import Reader, make_answer, make_messages
from tests.house import House
from tests.unit.assistant.services.organisations import Region

pytestmark = pytest.mark.each_engine
DAY = 86_400.0


@pytest.fixture
def region(house: House) -> Region:
    return Region(house)


def keep_for(region: Region, days: int, tenant_id: TenantId | None = None) -> None:
    wanted = tenant_id or region.commune.id
    change = TenantChange(retention_days=days)
    region.organisation.tenants.change(wanted, change, principal=region.owner)


def begin(region: Region, person: Principal, title: str) -> None:
    house = region.house
    ConversationService(house.open_work, house.clock).create(principal=person, title=title)


def titles(region: Region, person: Principal) -> list[str]:
    scope = Scope(person.tenant_id, person.person_id, frozenset())
    house = region.house
    found = ConversationService(house.open_work, house.clock).list_recent(scope=scope, limit=999)
    return [each.title for each in found]


def keeper_of(region: Region) -> RetentionKeeper:
    return RetentionKeeper(region.house.open_work, region.house.clock, audit=region.audit)


def test_only_what_was_not_used_for_so_long_goes_and_only_there(region: Region) -> None:
    keep_for(region, 30)
    begin(region, region.admin, "ancienne")
    begin(region, region.owner, "de la région")
    region.house.clock.advance(29 * DAY)
    begin(region, region.admin, "récente")
    keeper = keeper_of(region)
    keeper.look()
    assert titles(region, region.admin) == ["récente", "ancienne"]

    region.house.clock.advance(DAY + 1)
    keeper.look()

    assert titles(region, region.admin) == ["récente"]
    assert titles(region, region.owner) == ["de la région"]
    expired = [each for each in region.audit.acts if each[0] is Act.CONVERSATIONS_EXPIRED]
    assert expired == [(Act.CONVERSATIONS_EXPIRED, MACHINE, region.commune.id)]


def test_use_puts_it_off(region: Region) -> None:
    keep_for(region, 30)
    begin(region, region.admin, "suivie")
    region.house.clock.advance(20 * DAY)
    scope = Scope(region.admin.tenant_id, region.admin.person_id, frozenset())
    with region.house.open_work() as work:
        (found,) = work.conversations.list_recent(scope=scope, limit=9)
        work.conversations.update(replace(found, updated_at=region.house.clock.now()))
        work.commit()
    region.house.clock.advance(20 * DAY)

    keeper_of(region).look()

    assert titles(region, region.admin) == ["suivie"]


def test_messages_and_answers_go_with_it(region: Region) -> None:
    keep_for(region, 1)
    begin(region, region.admin, "ancienne")
    scope = Scope(region.admin.tenant_id, region.admin.person_id, frozenset())
    with region.house.open_work() as work:
        (found,) = work.conversations.list_recent(scope=scope, limit=9)
        answer = make_answer(Reader(scope), conversation_id=found.id)
        work.answers.add(answer)
        for message in make_messages(answer, conversation_id=found.id):
            work.conversations.add_message(message)
        work.commit()
    region.house.clock.advance(2 * DAY)

    keeper_of(region).look()

    with region.house.open_work() as work:
        assert work.conversations.messages(found.id, scope=scope) == []
        assert work.answers.find(answer.id, scope=scope) is None


def test_it_is_done_once_a_day_and_whatever_their_number(region: Region) -> None:
    keep_for(region, 1)
    keeper = keeper_of(region)
    keeper.look()
    for number in range(205):
        begin(region, region.admin, str(number))
    region.house.clock.advance(DAY + 1)
    keeper.look()
    assert titles(region, region.admin) == []

    keep_for(region, 1, region.owner.tenant_id)
    begin(region, region.owner, "de la région")
    region.house.clock.advance(3600)
    keeper.look()
    assert titles(region, region.owner) == ["de la région"]


def test_a_failure_is_tried_again_at_the_next_look(region: Region) -> None:
    keep_for(region, 1)
    begin(region, region.admin, "ancienne")
    region.house.clock.advance(2 * DAY)
    open_work, failures = region.house.open_work, [StorageError("disk_full")]

    def failing() -> object:
        if failures:
            raise failures.pop()
        return open_work()

    keeper = RetentionKeeper(failing, region.house.clock, audit=region.audit)  # type: ignore[arg-type]
    keeper.look()
    assert titles(region, region.admin) == ["ancienne"]
    keeper.look()
    assert titles(region, region.admin) == []


def test_the_service_does_it_among_its_upkeep(house: House) -> None:
    looked: list[bool] = []
    applier = house.new_applier(upkeep=[lambda: looked.append(True)])

    applier.run_once()

    assert looked == [True]
