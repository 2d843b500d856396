"""A person's own sessions: seen, ended one by one or together, by idleness and by age."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from assistant.testing.clock import FrozenClock
from tests.api.site import Site, open_site

pytestmark = pytest.mark.anyio

HOUR = 3600


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def site(tmp_path: Path, clock: FrozenClock) -> Generator[Site]:
    opened = open_site(tmp_path / "data", clock=clock)
    yield opened
    opened.close()


async def test_a_person_sees_and_ends_its_own_sessions_only(site: Site) -> None:
    async with (
        site.person(site.agent()) as here,
        site.person(site.agent()) as there,
        site.person(site.foreigner()) as foreigner,
    ):
        listed = (await here.get("/api/v1/sessions")).json()
        (other,) = [each["id"] for each in listed if not each["is_current"]]
        foreign = await foreigner.delete(f"/api/v1/sessions/{other}")
        unknown = await foreigner.delete("/api/v1/sessions/inconnue")
        still = await there.get("/api/v1/me")
        ended = await here.delete(f"/api/v1/sessions/{other}")
        after = await there.get("/api/v1/me")

    assert len(listed) == 2
    assert (foreign.status_code, unknown.status_code, still.status_code) == (404, 404, 200)
    assert (ended.status_code, after.status_code) == (204, 401)


async def test_all_others_end_together(site: Site) -> None:
    async with (
        site.person(site.agent()) as here,
        site.person(site.agent()) as there,
        site.owner() as owner,
        site.person(site.container.access.local_principal()) as browser,
    ):
        ended = (await here.delete("/api/v1/sessions")).json()
        statuses = [(await each.get("/api/v1/me")).status_code for each in (here, there, browser)]
        by_token = (await owner.delete("/api/v1/sessions")).json()

    assert ended == {"ended": 1}
    assert statuses == [200, 401, 200]
    assert by_token == {"ended": 1}


async def test_a_session_ends_when_idle_and_use_puts_it_off(site: Site, clock: FrozenClock) -> None:
    async with site.person(site.agent()) as used, site.person(site.agent()) as idle:
        for _ in range(3):
            clock.advance(HOUR)
            assert (await used.get("/api/v1/me")).status_code == 200
        assert (await idle.get("/api/v1/me")).status_code == 401
        clock.advance(2 * HOUR)
        assert (await used.get("/api/v1/me")).status_code == 401


async def test_no_use_keeps_a_session_beyond_its_age(site: Site, clock: FrozenClock) -> None:
    async with site.person(site.agent()) as used:
        statuses: list[int] = []
        for _ in range(12):
            clock.advance(HOUR)
            statuses.append((await used.get("/api/v1/me")).status_code)

    assert statuses == [200] * 11 + [401]


async def test_use_is_told_to_some_minutes(site: Site, clock: FrozenClock) -> None:
    begun = clock.now()
    async with site.person(site.agent()) as used:
        clock.advance(299)
        (early,) = (await used.get("/api/v1/sessions")).json()
        clock.advance(1)
        (late,) = (await used.get("/api/v1/sessions")).json()

    assert early["seen_at"] == begun.isoformat().replace("+00:00", "Z")
    assert late["seen_at"] == clock.now().isoformat().replace("+00:00", "Z")
