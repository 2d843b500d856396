"""Nothing changes without the audit log: every route that changes something, walked."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from assistant.api.app import openapi_text
from assistant.domain.errors import StorageError
from assistant.services.audit_trail import ChainAuditTrail
from tests.api.accounted import TABLE, Walk, unaccounted, unsafe
from tests.api.site import Site
from tests.api.walking import SECRETS, opened_home

pytestmark = pytest.mark.anyio

FEW = (
    "POST /v1/groups",
    "POST /v1/documents/{document_id}/links/{link_id}/confirm",
    "POST /v1/jobs/{job_id}/cancel",
)


def schema() -> dict[str, Any]:
    return json.loads(openapi_text())


def test_every_route_that_changes_something_has_an_entry() -> None:
    assert unaccounted(schema()) == set()
    assert all(reason for reason in TABLE["none"].values())


def test_a_route_without_an_entry_is_seen() -> None:
    described = schema()
    described["paths"]["/v1/planted"] = {"post": {}}
    described["paths"]["/v1/groups"]["put"] = {}

    assert unaccounted(described) == {"POST /v1/planted", "PUT /v1/groups"}


@pytest.mark.each_engine
@pytest.mark.timeout(300)
async def test_every_route_records_what_its_entry_says(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_home(site) as home, AsyncExitStack() as stack:
        faults = await Walk(home, stack, monkeypatch).faults(unsafe(schema()))
        with site.container.open_work() as work:
            told = "\n".join(f"{each}" for each in work.audit.walk_on(after=0, limit=9999))

    assert faults == []
    for text in (*SECRETS, "note.txt", "jeu.csv", "Mienne", "Autre", "Ana", "transport"):
        assert text not in told


async def test_a_service_that_forgets_the_log_is_seen(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(*_: object, **__: object) -> None:
        return

    async with opened_home(site) as home, AsyncExitStack() as stack:
        with monkeypatch.context() as planted:
            planted.setattr(ChainAuditTrail, "record_in", forget)
            faults = await Walk(home, stack, monkeypatch).faults(FEW)

    for route in FEW:
        assert f"{route}: recorded []" in faults


async def test_a_change_that_stands_without_its_entry_is_seen(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ChainAuditTrail.record_in

    def forgiving(*told: Any, **facts: Any) -> None:
        with suppress(StorageError):
            kept(*told, **facts)

    async with opened_home(site) as home, AsyncExitStack() as stack:
        with monkeypatch.context() as planted:
            planted.setattr(ChainAuditTrail, "record_in", forgiving)
            faults = await Walk(home, stack, monkeypatch).faults(FEW)

    for route in FEW:
        assert any(each.startswith(route) and "with a broken log" in each for each in faults)
