"""What was used and what it costs, from questions and documents to the export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.cli.usage import lines_of, table_of
from assistant.domain.usage import Unit
from assistant.schemas.usage import UsageOut
from assistant.settings import CostsSettings
from assistant.testing.clock import FrozenClock
from tests.api.site import REGULATION, Site, open_site

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

NOVEMBER = "/api/v1/usage?month=2026-11"
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
PRICES = CostsSettings(prompt_tokens=Decimal("0.2"), page=Decimal("0.004"), gb_month=Decimal("1.5"))


@pytest.fixture
def priced(tmp_path: Path, database_url: str) -> Iterator[Site]:
    site = open_site(tmp_path, clock=FrozenClock(NOW), costs=PRICES, database_url=database_url)
    yield site
    site.close()


async def use(site: Site) -> None:
    """A document of four pages, and a question to it."""
    await site.upload({"reglement.pdf": "%PDF\n" + REGULATION})
    async with site.owner() as owner:
        asked = {"question": "Le transport scolaire est-il gratuit ?"}
        answer = await owner.post("/api/v1/answers", json=asked)
        assert answer.json()["status"] == "answered"
    await site.container.answers.close()


def rows_of(body: dict[str, Any], tenant_id: str) -> dict[str, dict[str, Any]]:
    return {row["unit"]: row for row in body["rows"] if row["tenant_id"] == tenant_id}


async def test_the_month_tells_what_each_tenant_used(priced: Site) -> None:
    foreigner = priced.foreigner()
    await use(priced)
    async with priced.owner() as owner, priced.person(foreigner) as other:
        own = (await owner.get("/api/v1/me")).json()["tenant"]["id"]
        everything = (await owner.get(NOVEMBER)).json()
        theirs = (await other.get(NOVEMBER)).json()
        october = (await owner.get("/api/v1/usage?month=2026-10")).json()

    rows = rows_of(everything, own)
    assert {row["tenant_id"] for row in everything["rows"]} == {own, foreigner.tenant_id}
    assert (rows["questions"]["quantity"], rows["questions"]["amount"]) == ("1", "0")
    assert (rows["pages"]["quantity"], rows["pages"]["price"]) == ("4", "0.004")
    assert Decimal(rows["pages"]["amount"]) == Decimal("0.016")
    assert Decimal(rows["prompt_tokens"]["quantity"]) > 0
    assert Decimal(rows["embedded_tokens"]["quantity"]) > 0
    total = sum(Decimal(row["amount"]) for row in rows.values())
    assert everything["totals"][0]["total"] == f"{total:.2f}"
    assert everything["currency"] == "EUR"
    assert {row["tenant_id"] for row in theirs["rows"]} == {foreigner.tenant_id}
    assert {row["quantity"] for row in theirs["rows"]} <= {"0", "0.000", "0.000000"}
    assert october["total"] == "0.00"


async def test_only_administrators_see_usage_and_foreign_is_unknown(priced: Site) -> None:
    foreigner, agent = priced.foreigner(), priced.agent()
    unknown = "00000000-0000-4000-8000-000000000000"
    async with priced.owner() as owner, priced.person(foreigner) as other:
        own = (await owner.get("/api/v1/me")).json()["tenant"]["id"]
        named = await owner.get(f"{NOVEMBER}&tenant_id={foreigner.tenant_id}")
        foreign = await other.get(f"{NOVEMBER}&tenant_id={own}")
        absent = await other.get(f"{NOVEMBER}&tenant_id={unknown}")
        missing = await owner.get(f"{NOVEMBER}&tenant_id={unknown}")
        wrong = await owner.get("/api/v1/usage?month=2026-13")
    async with priced.person(agent) as colleague:
        refused = await colleague.get(NOVEMBER)

    assert named.status_code == 200
    assert body_of(foreign) == body_of(absent)
    assert [each.status_code for each in (foreign, absent, missing)] == [404] * 3
    assert refused.status_code == 403
    assert (wrong.status_code, wrong.json()["code"]) == (422, "month_refused")


def body_of(response: httpx.Response) -> dict[str, Any]:
    return {**response.json(), "request_id": ""}


async def test_what_is_kept_is_noted_by_the_day(priced: Site) -> None:
    await use(priced)
    async with priced.owner() as owner:
        own = (await owner.get("/api/v1/me")).json()["tenant"]["id"]
        with priced.container.open_work() as work:
            size = work.usage.held(own).size_bytes
            levels = work.usage.levels(
                own, unit=Unit.STORED_BYTES, first=NOW.date(), last=NOW.date()
            )

    assert size > 0
    assert levels == {NOW.date(): size}


async def test_the_export_is_a_french_table() -> None:
    shown = UsageOut.model_validate(
        {
            "month": "2026-11",
            "currency": "EUR",
            "rows": [
                {
                    "tenant_id": "t1",
                    "tenant": "=Commune; de X",
                    "unit": "pages",
                    "quantity": "4",
                    "price": "0.004",
                    "amount": "0.016",
                }
            ],
            "totals": [{"tenant_id": "t1", "tenant": "=Commune; de X", "total": "0.02"}],
            "total": "0.02",
        }
    )

    assert table_of(shown).splitlines() == [
        "mois;organisme;identifiant;unité;quantité;prix;montant;monnaie",
        '2026-11;"\'=Commune; de X";t1;pages lues;4;0,004;0,016;EUR',
        '2026-11;"\'=Commune; de X";t1;total;;;0,02;EUR',
    ]
    assert lines_of(shown)[-1].split() == ["total", "0,02", "EUR"]
