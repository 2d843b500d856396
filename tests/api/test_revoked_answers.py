"""The stream of an answer ends soon after its reader may read nothing any more, in whichever process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Generator
from pathlib import Path

import httpx
import pytest

from assistant.domain.tenancy import Principal
from assistant.domain.tenants import TenantState
from assistant.testing.chat import Pause, ScriptedChatModel
from tests.api.site import BEARER, REGULATION, Site, open_site, served
from tests.api.staging import QUESTION

LATER = "jamais dit"
SOON_S = 15.0
Revoke = Callable[[Site, Principal, str], None]


@pytest.fixture
def site(tmp_path: Path) -> Generator[Site]:
    model = ScriptedChatModel(["Gratuit ", Pause(120), f"{LATER} [1]."])
    opened = open_site(tmp_path / "data", model=model)
    yield opened
    opened.close()


def suspended_here(_: Site, reader: Principal, url: str) -> None:
    path = f"{url}/api/v1/people/{reader.person_id}/suspend"
    assert httpx.post(path, headers=BEARER).status_code == 200


def suspended_elsewhere(site: Site, reader: Principal, _: str) -> None:
    """As another process does it: the one that answers hears of it by the database only."""
    owner = site.container.access.local_principal()
    site.container.organisation.people.suspend(reader.person_id, principal=owner)


def closed_here(_: Site, reader: Principal, url: str) -> None:
    path = f"{url}/api/v1/tenants/{reader.tenant_id}/state"
    for state in ("suspended", "closed"):
        assert httpx.post(path, json={"state": state}, headers=BEARER).status_code == 200


def closed_elsewhere(site: Site, reader: Principal, _: str) -> None:
    owner = site.container.access.local_principal()
    for state in (TenantState.SUSPENDED, TenantState.CLOSED):
        site.container.organisation.tenants.move(reader.tenant_id, state, principal=owner)


@pytest.mark.parametrize(
    "revoke", [suspended_here, suspended_elsewhere, closed_here, closed_elsewhere]
)
def test_a_running_answer_ends_with_the_right_to_read(site: Site, revoke: Revoke) -> None:
    reader = site.foreigner()

    async def send() -> None:
        async with site.person(reader) as http:
            await site.upload({"reglement.txt": REGULATION}, http=http)

    asyncio.run(send())
    cookie = f"assistant_session={site.secret_of(reader)}"
    headers = {"Cookie": cookie, "Accept": "text/event-stream"}
    lines: list[str] = []
    begun = 0.0
    with (
        served(site) as url,
        httpx.stream(
            "POST",
            f"{url}/api/v1/answers",
            json={"question": QUESTION},
            headers=headers,
            timeout=60,
        ) as response,
    ):
        for line in response.iter_lines():
            lines.append(line)
            if not begun and line == "event: text.delta":
                revoke(site, reader, url)
                begun = time.monotonic()
        lasted_s = time.monotonic() - begun
        refused = httpx.get(f"{url}/api/v1/me", headers=headers).status_code

    events = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    end = json.loads(events[-1])
    assert begun
    assert (end["type"], end["answer"]["status"]) == ("answer.completed", "cancelled")
    assert LATER not in "".join(lines)
    assert lasted_s < SOON_S
    assert refused in {401, 403}
