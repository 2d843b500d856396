"""The keys page of administrators."""

from __future__ import annotations

import pytest

from tests.ui.administration import click, keys, opened, said
from tests.ui.scripted import NOW, problem
from tests.ui.scripted_organisation import OrganisingClient, access_key


@pytest.fixture
def api() -> OrganisingClient:
    return OrganisingClient(
        keys=[
            access_key("depot", person_id="id-bruno", permissions=["read", "ingest"], used_at=NOW),
            access_key("ancienne", expires_at=NOW),
            access_key("perdue", person_id="nobody"),
        ]
    )


def test_page_is_for_administrators(api: OrganisingClient) -> None:
    api.roles = ("agent",)

    page = opened(api, "keys")

    assert "réservée aux administrateurs" in page.warning[0].value
    assert keys(page) == []


def test_keys_of_everybody_say_whose_until_when_and_last_use(api: OrganisingClient) -> None:
    words = said(opened(api, "keys"))

    assert "Bruno · ar_12345678… · valable jusqu&#x27;au" in words
    assert "utilisée le 2 mars 2026 à 10 h 30" in words
    assert "Lire et chercher, Changer les documents" in words
    assert "expirée depuis le 2 mars 2026 · jamais utilisée" in words
    assert "personne retirée" in words


def test_key_is_revoked_after_a_warning(api: OrganisingClient) -> None:
    page = click(opened(api, "keys"), "ask-revoke-key-key-depot")
    assert "C'est définitif" in said(page)
    assert api.changes() == []

    click(page, "dialog-confirm")

    assert api.changes() == [("revoke-key", "key-depot", "region")]
    assert "ask-revoke-key-key-depot" not in keys(page)


def test_refused_revocation_is_told(api: OrganisingClient) -> None:
    api.refuse_changes = problem("not_found", status=404, detail="Introuvable.")
    page = click(opened(api, "keys"), "ask-revoke-key-key-depot")

    click(page, "dialog-confirm")

    assert page.error[0].value == "Introuvable."
