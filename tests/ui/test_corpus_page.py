"""The part of the health page about documents to look after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest

from assistant.schemas.corpus_health import (
    CorpusHealthOut,
    HealthFindingOut,
    HealthItemOut,
    QuestionGapOut,
)
from tests.ui.administration import opened, said
from tests.ui.test_health_page import CaringClient, spaced

ITEM = HealthItemOut(
    document_id="d1",
    collection_id="c1",
    name="scan <1>.pdf",
    title="Arrêté <b>",
    reason="",
    note="0.41",
)


def finding(code: str, *items: HealthItemOut) -> HealthFindingOut:
    return HealthFindingOut(
        code=code,
        count=len(items),
        items=list(items),
        detail="Ces numérisations sont mal lues.",
        remedy="Déposez une numérisation plus nette.",
    )


def report(*findings: HealthFindingOut, **changes: object) -> CorpusHealthOut:
    values: dict[str, object] = {
        "days": 90,
        "documents": 12,
        "findings": list(findings),
        "gaps": [],
        "counted_since": None,
    }
    return CorpusHealthOut.model_validate(values | changes)


@dataclass
class HealthClient(CaringClient):
    """As `CaringClient`, with documents to look after."""

    roles: tuple[str, ...] = ("agent", "tenant_admin")
    health: CorpusHealthOut = field(default_factory=report)
    asked: list[int] = field(default_factory=list[int])

    def corpus_health(self, *, days: int = 90, limit: int = 20) -> CorpusHealthOut:
        del limit
        self.asked.append(days)
        return self.health


@pytest.fixture
def api() -> HealthClient:
    return HealthClient()


def test_nothing_to_report_is_said(api: HealthClient) -> None:
    page = opened(api, "health")

    words = spaced(said(page))
    assert "12 documents en service." in words
    assert "Rien à signaler." in words
    assert "Aucune question sans réponse" in words
    assert "pas encore comptés" in words
    assert not page.button
    assert api.asked == [90]


def test_findings_are_named_with_what_to_do(api: HealthClient) -> None:
    api.health = report(finding("poor_ocr", ITEM), finding("old"), counted_since=date(2026, 11, 2))

    page = opened(api, "health")

    words = said(page)
    labels = [each.label.replace("\\", "") for each in page.expander]
    assert labels == ["Numérisations mal lues (1)"]
    assert "Ces numérisations sont mal lues." in words
    assert "Déposez une numérisation plus nette." in words
    assert "Arrêté &lt;b&gt;" in words
    assert "scan &lt;1&gt;.pdf" in words
    assert "0.41" in words
    assert "2 novembre 2026" in words


def test_gaps_are_drawn_by_week_and_named_by_place(api: HealthClient) -> None:
    gaps = [
        QuestionGapOut(week=date(2026, 11, 2), collection_id="x", kind="", amount=2),
        QuestionGapOut(week=date(2026, 11, 9), collection_id="x", kind="reglement", amount=3),
    ]
    api.health = report(gaps=gaps)

    words = said(opened(api, "health"))

    assert '<meter min="0" max="3" value="2">' in words
    assert "2 novembre 2026" in words
    assert "9 novembre 2026" in words
    assert "Aucune, ou d&#x27;un autre organisme" in words


def test_another_period_can_be_asked_for(api: HealthClient) -> None:
    page = opened(api, "health")

    page.selectbox("corpus-days").select(30).run()

    assert api.asked == [90, 30]
