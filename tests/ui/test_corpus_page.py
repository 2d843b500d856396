"""The part of the health page about documents to look after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from assistant.schemas.corpus_health import (
    CorpusHealthOut,
    HealthFindingOut,
    HealthItemOut,
    KeptQuestionOut,
    KeptQuestionsOut,
    QuestionGapOut,
)
from tests.ui.administration import click, keys, opened, said
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

    kept: KeptQuestionsOut = field(
        default_factory=lambda: KeptQuestionsOut(is_kept=False, since=None, days=90, questions=[])
    )

    def kept_questions(self, *, limit: int = 100) -> KeptQuestionsOut:
        del limit
        return self.kept

    def keep_questions(self, *, is_kept: bool) -> KeptQuestionsOut:
        since = datetime(2026, 11, 2, 9, tzinfo=UTC) if is_kept else None
        self.kept = KeptQuestionsOut(is_kept=is_kept, since=since, days=90, questions=[])
        return self.kept

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
    assert keys(page) == ["questions-keep"]
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


def test_the_words_of_questions_are_kept_once_that_is_confirmed(api: HealthClient) -> None:
    page = opened(api, "health")
    assert "seulement comptées" in said(page)

    page = click(page, "questions-keep")

    assert "registre" in said(page)
    assert not api.kept.is_kept
    page = click(page, "dialog-confirm")
    assert api.kept.is_kept
    words = spaced(said(page))
    assert "2 novembre 2026" in words
    assert "90 jours au plus" in words


def test_kept_questions_are_shown_and_can_be_forgotten(api: HealthClient) -> None:
    asked = KeptQuestionOut(
        day=date(2026, 11, 3), question="Où est <b> la piscine ?", collection_id="x", kind=""
    )
    api.keep_questions(is_kept=True)
    api.kept = api.kept.model_copy(update={"questions": [asked]})
    page = opened(api, "health")

    assert "Où est &lt;b&gt; la piscine ?" in said(page)
    click(click(page, "questions-drop"), "dialog-confirm")
    assert not api.kept.is_kept
