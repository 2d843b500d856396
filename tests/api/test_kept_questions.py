"""Questions without answer whose words are kept, for an organisation that wants that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from assistant.domain.corpus_health import QUESTIONS_KEPT_DAYS
from assistant.testing.clock import FrozenClock
from tests.api.site import Site, open_site

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

PATH = "/api/v1/corpus-health/questions"
DAY_S = 24 * 3600
TOWER = "Quelle est la hauteur de la tour Eiffel ?"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2026, 11, 30, 12, 0, tzinfo=UTC))


@pytest.fixture
def site(tmp_path: Path, database_url: str, clock: FrozenClock) -> Iterator[Site]:
    opened = open_site(tmp_path, clock=clock, database_url=database_url)
    yield opened
    opened.close()


async def ask(site: Site, http: httpx.AsyncClient) -> None:
    answer = (await http.post("/api/v1/answers", json={"question": TOWER})).json()
    assert answer["status"] == "refused"
    await site.container.answers.close()


async def kept(http: httpx.AsyncClient, is_kept: bool | None = None) -> dict[str, Any]:
    if is_kept is None:
        response = await http.get(PATH)
    else:
        response = await http.put(PATH, json={"is_kept": is_kept})
    assert response.status_code == 200, response.text
    return response.json()


async def test_words_are_kept_once_an_administrator_said_so_and_forgotten_with_its_word(
    site: Site,
) -> None:
    async with site.owner() as http:
        await ask(site, http)
        before = await kept(http)
        begun = await kept(http, is_kept=True)
        await kept(http, is_kept=True)
        me = (await http.get("/api/v1/me")).json()
        await ask(site, http)
        during = await kept(http)
        ended = await kept(http, is_kept=False)
        again = await kept(http, is_kept=True)
        entries = (await http.get("/api/v1/audit")).json()["entries"]
        gaps = (await http.get("/api/v1/corpus-health")).json()["gaps"]

    assert (before["is_kept"], before["questions"]) == (False, [])
    assert (begun["is_kept"], begun["days"], begun["questions"]) == (True, QUESTIONS_KEPT_DAYS, [])
    assert begun["since"].startswith("2026-11-30T12:00")
    assert me["tenant"]["keeps_questions"] is True
    assert [each["question"] for each in during["questions"]] == [TOWER]
    assert set(during["questions"][0]) == {"day", "question", "collection_id", "kind"}
    assert (ended["is_kept"], ended["questions"], again["questions"]) == (False, [], [])
    acts = [each["act"] for each in entries if each["act"].startswith("questions.")]
    assert sorted(acts) == ["questions.dropped", "questions.kept", "questions.kept"]
    assert TOWER not in repr(entries)
    assert sum(gap["amount"] for gap in gaps) == 2


async def test_kept_questions_are_for_their_own_organisation_in_person(site: Site) -> None:
    async with site.owner() as http:
        await kept(http, is_kept=True)
        await ask(site, http)
        asked = {"name": "k", "permissions": ["ingest", "read"]}
        key = (await http.post("/api/v1/keys", json=asked)).json()["secret"]
    async with site.person(site.foreigner()) as http:
        foreign = await kept(http)
    async with site.http(Authorization=f"Bearer {key}") as http:
        by_key = await http.put(PATH, json={"is_kept": False})

    assert (foreign["is_kept"], foreign["questions"]) == (False, [])
    assert (by_key.status_code, by_key.json()["code"]) == (403, "key_forbidden")


async def test_a_kept_question_goes_after_its_days(site: Site, clock: FrozenClock) -> None:
    async with site.owner() as http:
        await kept(http, is_kept=True)
        await ask(site, http)
        site.container.corpus_health.questions.look()
        early = await kept(http)
        clock.advance((QUESTIONS_KEPT_DAYS + 1) * DAY_S)
        hidden = await kept(http)
        site.container.corpus_health.questions.look()
        with site.container.open_work() as work:
            left = work.corpus_health.forget_questions(before=clock.now().date())

    assert len(early["questions"]) == 1
    assert hidden["questions"] == []
    assert left == 0


async def test_a_kept_question_goes_with_its_conversation(site: Site) -> None:
    async with site.owner() as http:
        await kept(http, is_kept=True)
        made = (await http.post("/api/v1/conversations", json={})).json()
        path = f"/api/v1/conversations/{made['id']}"
        await http.post(f"{path}/messages", json={"question": TOWER})
        with anyio.fail_after(60):
            while not (during := await kept(http))["questions"]:  # noqa: ASYNC110 - told by the API
                await anyio.sleep(0.05)
        await http.delete(path)
        after = await kept(http)

    assert [each["question"] for each in during["questions"]] == [TOWER]
    assert after["questions"] == []
