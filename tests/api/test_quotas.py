"""Bounds over HTTP: the refusal, when to come back, and that nothing was begun."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.testing.clock import FrozenClock
from tests.api.site import REGULATION, open_site

pytestmark = pytest.mark.anyio

EVENING = datetime(2026, 11, 26, 22, 0, tzinfo=UTC)
QUESTION = {"question": "Le transport est-il gratuit ?"}


async def bound(owner: httpx.AsyncClient, **quotas: int) -> None:
    me = (await owner.get("/api/v1/me")).json()
    path = f"/api/v1/tenants/{me['tenant']['id']}"
    assert (await owner.patch(path, json={"quotas": quotas})).status_code == 200


def told(response: httpx.Response) -> tuple[int, str, str | None]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"], response.headers.get("retry-after")


async def test_a_question_too_many_is_a_problem_that_says_when(tmp_path: Path) -> None:
    site = open_site(tmp_path, clock=FrozenClock(EVENING))
    async with site.owner() as owner:
        await bound(owner, questions_per_person=1)
        conversation = (await owner.post("/api/v1/conversations", json={})).json()
        path = f"/api/v1/conversations/{conversation['id']}"
        first = await owner.post("/api/v1/answers", json=QUESTION)
        streamed = await owner.post(
            "/api/v1/answers", json=QUESTION, headers={"Accept": "text/event-stream"}
        )
        message = await owner.post(f"{path}/messages", json=QUESTION)
        kept = (await owner.get(path)).json()
    await site.container.aclose()
    site.close()

    assert first.status_code == 200
    expected = (429, "quota_questions_person", "3600")
    assert [told(streamed), told(message)] == [expected, expected]
    assert message.json()["detail"] == (
        "Vos questions d'aujourd'hui : 1, sur 1 permises par jour et par personne. "
        "Le compteur repart de zéro le 27 novembre 2026 à 0 h 00 (Europe/Paris)."
    )
    assert kept["messages"] == []


async def test_files_without_room_are_refused_whole(tmp_path: Path) -> None:
    site = open_site(tmp_path)
    await site.upload({"reglement.txt": REGULATION})
    files: list[Any] = [("files", (name, name.encode() * 20)) for name in ("un.txt", "deux.txt")]
    async with site.owner() as owner:
        await bound(owner, documents=2)
        many = await owner.post("/api/v1/documents", files=files)
        await bound(owner, storage_mb=0)
        large = await owner.post("/api/v1/documents", files=files[:1])
        documents = (await owner.get("/api/v1/documents")).json()["documents"]
    site.close()

    assert told(many) == (403, "quota_documents", None)
    assert told(large) == (413, "quota_storage", None)
    assert "sur 0,0 Mo permis, et cet envoi en ajouterait 0,1 Mo" in large.json()["detail"]
    assert [each["name"] for each in documents] == ["reglement.txt"]
