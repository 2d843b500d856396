"""The page on the health of what is indexed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from assistant.client import ClientError
from assistant.schemas.reconciliation import FindingOut, VerificationOut, VerificationReportOut
from assistant.schemas.service import ReadyOut
from tests.ui.administration import click, opened, said
from tests.ui.alone import click_alone
from tests.ui.scripted import NOW, problem
from tests.ui.scripted_organisation import OrganisingClient

PLATFORM = ("agent", "platform_admin")
COUNTS = {"chunks": 1200, "points": 1199, "files": 40}
FINDING = FindingOut(
    code="point_missing",
    count=1,
    mended=0,
    examples=["<id>"],
    detail="Des passages manquent <b>.",
    remedy="La réparation les remet.",
)


def report(*findings: FindingOut, is_settled: bool = False) -> VerificationReportOut:
    return VerificationReportOut(
        started_at=NOW,
        finished_at=NOW,
        is_repair=False,
        is_clean=not findings,
        is_settled=is_settled or not findings,
        compared=COUNTS,
        findings=list(findings),
    )


def spaced(words: str) -> str:
    """With plain spaces only."""
    return " ".join(words.split())


@dataclass
class CaringClient(OrganisingClient):
    """As `OrganisingClient`, with comparisons."""

    roles: tuple[str, ...] = PLATFORM
    found: VerificationOut = field(
        default_factory=lambda: VerificationOut(
            is_running=False, compared={}, failure="", report=None
        )
    )
    begun: list[bool] = field(default_factory=list[bool])
    held: str | None = None
    """Why what was read is not shown."""

    def ready(self) -> ReadyOut:
        return ReadyOut(
            status="ready",
            database=True,
            index=True,
            embedder=True,
            worker=True,
            model="none",
            detail=[],
            indexing_trouble=self.held,
        )

    def verification(self) -> VerificationOut:
        return self.found

    def verify_index(self, *, repair: bool) -> VerificationOut:
        self.begun.append(repair)
        return self.found


@pytest.fixture
def api() -> CaringClient:
    return CaringClient()


def test_the_comparison_is_for_the_platform(api: CaringClient) -> None:
    api.roles = ("agent",)

    page = opened(api, "health")

    assert "réservée" in page.warning[0].value
    assert not page.button


def test_what_holds_the_index_is_told_first(api: CaringClient) -> None:
    assert "pas encore montré" not in said(opened(api, "health"))
    api.held = "Le disque <i> est plein."

    words = said(opened(api, "health")).replace("\\", "")

    assert "n'est pas encore montré" in words
    assert "est plein. Dès que c'est possible, l'indexation continue d'elle-même." in words


def test_nothing_was_compared_yet(api: CaringClient) -> None:
    assert "Aucune vérification" in said(opened(api, "health"))


def test_agreement_is_said_with_its_counts(api: CaringClient) -> None:
    api.found = api.found.model_copy(update={"report": report()})

    words = spaced(said(opened(api, "health")))

    assert "s'accordent" in words
    assert "1 200 passages en base, 1 199 dans l'index, 40 fichiers" in words


def test_findings_are_told_with_what_to_do(api: CaringClient) -> None:
    api.found = api.found.model_copy(update={"report": report(FINDING)})

    page = opened(api, "health")

    words = said(page)
    assert "Des écarts restent à traiter" in words
    assert "Des passages manquent &lt;b&gt;." in words
    assert "&lt;id&gt;" in words
    assert "La réparation les remet." in words


def test_mended_findings_are_said_to_be(api: CaringClient) -> None:
    mended = FINDING.model_copy(update={"mended": 1})
    api.found = api.found.model_copy(update={"report": report(mended, is_settled=True)})

    assert "a été réparé" in said(opened(api, "health"))


def test_a_failure_is_told(api: CaringClient) -> None:
    api.found = api.found.model_copy(update={"failure": "L'index ne répond pas."})

    assert "L'index ne répond pas." in said(opened(api, "health"))


@pytest.mark.parametrize(("button", "is_repair"), [("index-verify", False), ("index-repair", True)])
def test_buttons_begin_a_comparison(api: CaringClient, button: str, is_repair: bool) -> None:
    page = click(opened(api, "health"), button)

    assert api.begun == [is_repair]
    assert "Vérification commencée." in said(page)


def test_while_one_is_under_way_none_is_begun(api: CaringClient) -> None:
    api.found = api.found.model_copy(update={"is_running": True, "compared": COUNTS})

    page = opened(api, "health")

    assert "1 200 passages en base" in spaced(said(page))
    assert all(button.disabled for button in page.button)


@pytest.mark.parametrize("button", ["index-verify", "index-repair"])
def test_a_comparison_that_a_click_began_is_followed(api: CaringClient, button: str) -> None:
    page = opened(api, "health")

    api.found = api.found.model_copy(update={"is_running": True, "compared": COUNTS})
    click_alone(page, button)

    assert page.title
    assert "Vérification commencée." in said(page)
    assert "Vérification en cours" in said(page)


def test_why_none_was_begun_is_told_beside_the_one_under_way(
    api: CaringClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(api, "health")

    def refuse(*, repair: bool) -> VerificationOut:
        raise ClientError(problem("conflict", status=409, detail="Déjà en cours."))

    monkeypatch.setattr(api, "verify_index", refuse)
    api.found = api.found.model_copy(update={"is_running": True, "compared": COUNTS})
    click_alone(page, "index-verify")

    assert [each.value for each in page.error] == ["Déjà en cours."]
    assert "Vérification en cours" in said(page)
