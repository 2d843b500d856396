"""A question is answered with the rights that its asker has while it is answered, not when it was asked."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.domain.answers import TextDelta
from assistant.domain.ids import AnswerId
from assistant.domain.people import ApiKey, Group
from assistant.domain.tenancy import Audience, Permission, Principal, Role
from assistant.services.collections import CollectionChange
from assistant.testing.chat import Pause, ScriptedChatModel
from tests.api.site import REGULATION, Site, open_site, served
from tests.api.staging import QUESTION
from tests.api.walking import new_tenant

pytestmark = pytest.mark.each_engine

LATER = "jamais dit"
SOON_S = 15.0
SECRETS = ("internes", "reglement.txt", "Règlement des transports")


@dataclass
class Commune:
    """A tenant whose documents only a group reads: its administrator and a colleague."""

    site: Site
    admin: Principal
    agent: Principal
    group: Group
    key: ApiKey
    secret: str
    """Of the colleague's key."""

    @property
    def acting(self) -> dict[str, Any]:
        return {"tenant_id": self.admin.tenant_id, "principal": self.admin}

    def cookie(self, principal: Principal) -> dict[str, str]:
        return {"Cookie": f"assistant_session={self.site.secret_of(principal)}"}

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def leave_group(self) -> None:
        groups = self.site.container.organisation.groups
        groups.remove_member(self.group.id, self.agent.person_id, **self.acting)

    def delete_group(self) -> None:
        self.site.container.organisation.groups.delete(self.group.id, **self.acting)

    def withdraw_sharing(self) -> None:
        collections = self.site.container.organisation.collections
        (own,) = collections.list_owned(**self.acting)
        nobody = CollectionChange(audience=Audience.GROUPS, groups=[])
        collections.change(own.id, nobody, **self.acting)

    def revoke_key(self) -> None:
        self.site.container.organisation.keys.revoke(self.key.id, **self.acting)

    def suspend(self) -> None:
        people = self.site.container.organisation.people
        people.suspend(self.agent.person_id, principal=self.admin)

    def exclude(self) -> None:
        container = self.site.container
        scope = container.access.owned_scope(self.admin)
        (document,) = container.documents.list_page(scope=scope, limit=9)
        container.curation.exclude([document.id], principal=self.admin, scope=scope)


Revoke = Callable[[Commune], None]


@pytest.fixture
def commune(tmp_path: Path, database_url: str) -> Generator[Commune]:
    """One answer at a time, which the model does not end for a long while."""
    model = ScriptedChatModel(["Gratuit ", Pause(40), f"{LATER} [1]."])
    site = open_site(
        tmp_path / "data", model=model, database_url=database_url, concurrent_answers=1
    )
    tenant_id = new_tenant(site, "Commune")
    admin = site.joined("secrétaire", tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    agent = site.joined("agente", tenant_id, Role.AGENT)
    acting: dict[str, Any] = {"tenant_id": tenant_id, "principal": admin}

    async def send() -> None:
        async with site.person(admin) as http:
            await site.upload({"reglement.txt": REGULATION}, http=http)

    asyncio.run(send())
    organisation = site.container.organisation
    group = organisation.groups.create("RH", **acting)
    organisation.groups.add_members(group.id, [admin.person_id, agent.person_id], **acting)
    (own,) = organisation.collections.list_owned(**acting)
    opened = CollectionChange(audience=Audience.GROUPS, groups=[group.id])
    organisation.collections.change(own.id, opened, **acting)
    permissions = frozenset({Permission.ASK})
    key, secret = organisation.keys.create(
        "Essai", permissions=permissions, days=2, principal=agent
    )
    yield Commune(site, admin, agent, group, key, secret)
    site.close()


def asked(url: str, headers: dict[str, str]) -> str:
    """A question of a new conversation; the path of its answer."""
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers) as http:
        conversation = http.post("/conversations", json={}).json()["id"]
        path = f"/conversations/{conversation}/messages"
        started = http.post(path, json={"question": QUESTION})
    assert started.status_code == 202, started.text
    return f"{url}/api/v1/answers/{started.json()['answer_id']}"


def last_of(lines: list[str]) -> dict[str, Any]:
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return json.loads(data[-1])


@pytest.mark.parametrize(
    ("revoke", "status", "is_key"),
    [
        (Commune.leave_group, "refused", False),
        (Commune.exclude, "refused", False),
        (Commune.suspend, "cancelled", False),
        (Commune.revoke_key, "cancelled", True),
    ],
)
def test_who_waits_in_line_is_answered_with_the_rights_of_its_turn(
    commune: Commune, revoke: Revoke, status: str, is_key: bool
) -> None:
    first = commune.cookie(commune.admin)
    second = commune.bearer if is_key else commune.cookie(commune.agent)
    lines: list[str] = []
    with served(commune.site) as url:
        ahead = asked(url, first)
        with httpx.stream(
            "POST",
            f"{url}/api/v1/answers",
            json={"question": QUESTION},
            headers={**second, "Accept": "text/event-stream"},
            timeout=60,
        ) as response:
            for line in response.iter_lines():
                lines.append(line)
                if line == "event: answer.queued":
                    revoke(commune)
                    stopped = httpx.post(f"{ahead}/cancel", headers=first)
                    assert stopped.status_code == 204

    end = last_of(lines)
    assert "event: answer.queued" in lines
    assert (end["type"], end["answer"]["status"]) == ("answer.completed", status)
    assert end["answer"]["citations"] == []
    for word in (*SECRETS, LATER):
        assert word not in "".join(lines), word


@pytest.mark.parametrize(
    ("revoke", "is_key"),
    [
        (Commune.leave_group, False),
        (Commune.delete_group, False),
        (Commune.withdraw_sharing, False),
        (Commune.exclude, False),
        (Commune.revoke_key, True),
    ],
)
def test_an_answer_ends_when_what_it_rests_on_may_not_be_read_any_more(
    commune: Commune, revoke: Revoke, is_key: bool
) -> None:
    reader = commune.bearer if is_key else commune.cookie(commune.agent)
    before: list[str] = []
    after: list[str] = []
    begun = 0.0
    with (
        served(commune.site) as url,
        httpx.stream(
            "POST",
            f"{url}/api/v1/answers",
            json={"question": QUESTION},
            headers={**reader, "Accept": "text/event-stream"},
            timeout=60,
        ) as response,
    ):
        for line in response.iter_lines():
            (after if begun else before).append(line)
            if not begun and line == "event: text.delta":
                revoke(commune)
                begun = time.monotonic()
        lasted_s = time.monotonic() - begun

    end = last_of(after)
    assert "internes" in "".join(before)
    assert (end["type"], end["answer"]["status"]) == ("answer.completed", "cancelled")
    assert (end["answer"]["answer"], end["answer"]["citations"]) == ("", [])
    assert lasted_s < SOON_S
    for word in (*SECRETS, LATER):
        assert word not in "".join(after), word


@pytest.mark.parametrize(
    ("revoke", "is_key"), [(Commune.withdraw_sharing, False), (Commune.revoke_key, True)]
)
def test_who_waits_for_the_whole_answer_gets_nothing_of_what_it_lost(
    commune: Commune, revoke: Revoke, is_key: bool
) -> None:
    reader = commune.bearer if is_key else commune.cookie(commune.agent)
    with served(commune.site) as url, ThreadPoolExecutor(1) as pool:
        waits = pool.submit(
            httpx.post,
            f"{url}/api/v1/answers",
            json={"question": QUESTION},
            headers=reader,
            timeout=60,
        )
        wait_for_text(commune)
        revoke(commune)
        response = waits.result(SOON_S)

    told = response.json()
    assert (told["status"], told["answer"], told["citations"]) == ("cancelled", "", [])
    assert told["is_withheld"]
    for word in (*SECRETS, "Gratuit", LATER):
        assert word not in response.text, word


def test_an_answer_goes_on_when_something_else_was_lost(commune: Commune) -> None:
    """Another group of the reader goes while it reads; what the answer rests on stays."""
    organisation = commune.site.container.organisation
    other = organisation.groups.create("Sport", **commune.acting)
    person = commune.agent.person_id
    organisation.groups.add_members(other.id, [person], **commune.acting)
    change = CollectionChange(name="Sport", audience=Audience.GROUPS, groups=[other.id])
    organisation.collections.create(change, **commune.acting)
    with served(commune.site) as url:
        answer = asked(url, commune.cookie(commune.agent))
        wait_for_text(commune)
        organisation.groups.delete(other.id, **commune.acting)
        time.sleep(3)
        now = httpx.get(answer, headers=commune.cookie(commune.agent)).json()

    assert (now["status"], now["is_withheld"]) == ("running", False)
    assert now["answer"] == "Gratuit"


def wait_for_text(commune: Commune) -> None:
    """Until the database holds a text of the only running answer."""
    deadline = time.monotonic() + SOON_S
    while not has_text(commune):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def has_text(commune: Commune) -> bool:
    access = commune.site.container.access
    with commune.site.container.open_work() as work:
        running: list[AnswerId] = [each.id for each in work.answers.running()]
        if not running:
            return False
        scope = access.scope_of(commune.agent)
        events = work.answers.events_after(running[0], number=0, scope=scope)
    return any(isinstance(each.event, TextDelta) for each in events)
