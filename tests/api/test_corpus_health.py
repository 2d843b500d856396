"""What administrators are told of the health of their documents, and what it is counted from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, text, update

from assistant.adapters.sql.tables import documents
from assistant.cli.caring import show_health
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerStatus,
    NumberedEvent,
    Passage,
    RetrievalCompleted,
)
from assistant.domain.documents import LinkKind
from assistant.domain.ids import DocumentId, TenantId
from assistant.domain.tenancy import Role
from assistant.schemas.corpus_health import CorpusHealthOut
from assistant.services.answer_record import AnswerRecord
from assistant.services.corpus_health import count_result
from assistant.testing.clock import FrozenClock
from assistant.testing.contracts.repositories_world import Reader, make_answer
from tests.api.site import REGULATION, Site, open_site, propose
from tests.api.walking import new_tenant

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

PATH = "/api/v1/corpus-health"
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
DAY_S = 24 * 3600
FILES = {
    "reglement.txt": REGULATION,
    "copie.txt": REGULATION,
    "piscine.txt": "Règlement de la piscine\nLe bonnet est obligatoire.",
    "abîmé.txt": "damaged",
}


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
def site(tmp_path: Path, database_url: str, clock: FrozenClock) -> Iterator[Site]:
    opened = open_site(tmp_path, clock=clock, database_url=database_url)
    yield opened
    opened.close()


async def told(site: Site, query: str = "") -> dict[str, Any]:
    async with site.owner() as owner:
        response = await owner.get(PATH + query)
    assert response.status_code == 200, response.text
    return response.json()


def names(report: dict[str, Any], code: str) -> list[str]:
    (finding,) = [each for each in report["findings"] if each["code"] == code]
    assert finding["count"] >= len(finding["items"])
    return [item["name"] for item in finding["items"]]


def ids_of(site: Site) -> dict[str, str]:
    scope = site.container.access.scope_of(site.container.access.local_principal())
    found = site.container.documents.list_page(scope=scope, limit=99)
    return {each.name: each.id for each in found}


def run(site: Site, statement: Executable) -> None:
    with site.container.open_work() as work:
        vars(work)["_transaction"].write(statement)
        work.commit()


def run_sql(site: Site, statement: str, **values: object) -> None:
    run(site, text(statement).bindparams(**values))


async def search(site: Site, query: str) -> None:
    async with site.owner() as owner:
        assert (await owner.post("/api/v1/search", json={"query": query})).status_code == 200
    await asyncio.to_thread(site.container.corpus_health.found.flush)


async def test_failed_and_identical_documents_are_named_with_what_to_do(site: Site) -> None:
    await site.upload(FILES)

    report = await told(site)

    assert report["documents"] == 3
    assert names(report, "failed") == ["abîmé.txt"]
    assert names(report, "same_content") == ["copie.txt", "reglement.txt"]
    assert names(report, "poor_ocr") == names(report, "old") == names(report, "without_text") == []
    failed = report["findings"][0]
    assert failed["items"][0]["reason"].startswith("Le fichier est endommagé")
    assert all(each["detail"] and each["remedy"] for each in report["findings"])


async def test_what_is_not_served_is_no_copy_and_cannot_be_kept(site: Site) -> None:
    await site.upload(FILES)
    known = ids_of(site)
    copy, served = known["copie.txt"], known["reglement.txt"]
    async with site.owner() as owner:
        both = (await owner.get(f"/api/v1/documents/{served}/copies")).json()
        run_sql(site, "UPDATE documents SET state = 'failed' WHERE id = :id", id=copy)
        run_sql(site, "UPDATE versions SET state = 'retired' WHERE document_id = :id", id=copy)
        report = await told(site)
        kept = await owner.post(f"/api/v1/documents/{copy}/keep", json={"document_ids": [served]})
        others = await owner.get(f"/api/v1/documents/{served}/copies")
        still = (await owner.get(f"/api/v1/documents/{served}")).json()
        alone = await owner.post(f"/api/v1/documents/{served}/keep", json={"document_ids": [copy]})

    assert [each["name"] for each in both] == ["copie.txt"]
    assert names(report, "same_content") == []
    assert (kept.status_code, kept.json()["code"]) == (409, "document_not_served")
    assert others.json() == []
    assert still["state"] == "live"
    assert alone.json() == {"changed": 0}


async def test_a_content_that_was_given_up_is_no_copy_of_what_serves_it(site: Site) -> None:
    await site.upload(FILES)
    run_sql(
        site,
        "UPDATE documents SET sha256 = (SELECT sha256 FROM documents WHERE name = 'copie.txt')"
        " WHERE name = 'piscine.txt'",
    )

    report = await told(site)

    assert names(report, "same_content") == ["copie.txt", "reglement.txt"]


async def test_a_group_is_kept_whole_however_few_of_it_are_named(site: Site) -> None:
    await site.upload({f"copie {number:02}.txt": REGULATION for number in range(12)})
    first = ids_of(site)["copie 00.txt"]
    async with site.owner() as owner:
        listed = (await owner.get(f"/api/v1/documents/{first}/copies")).json()
        body = {"document_ids": [each["id"] for each in listed]}
        kept = await owner.post(f"/api/v1/documents/{first}/keep", json=body)
        again = await owner.get(f"/api/v1/documents/{first}/copies")
    async with site.person(site.foreigner()) as other:
        foreign = await other.get(f"/api/v1/documents/{first}/copies")
        refused = await other.post(f"/api/v1/documents/{first}/keep", json=body)

    assert [each["name"] for each in listed] == [f"copie {n:02}.txt" for n in range(1, 12)]
    assert kept.json() == {"changed": 11}
    assert again.json() == []
    assert names(await told(site, "?limit=5"), "same_content") == []
    assert (foreign.status_code, refused.status_code) == (404, 404)


async def test_scans_texts_dates_and_links_are_judged(site: Site) -> None:
    await site.upload(FILES)
    known = ids_of(site)
    run_sql(
        site,
        "UPDATE readings SET quality = REPLACE(quality, :old, :new) WHERE version_id IN"
        " (SELECT id FROM versions WHERE document_id = :id)",
        old='"ocr_confidence":null',
        new='"ocr_confidence":0.41',
        id=known["piscine.txt"],
    )
    run_sql(site, "UPDATE documents SET date = '2019-01-02' WHERE id = :id", id=known["copie.txt"])
    run_sql(site, "UPDATE documents SET chunk_count = 0 WHERE id = :id", id=known["reglement.txt"])
    propose(site, source=known["copie.txt"], target=known["reglement.txt"], kind=LinkKind.SAME_ACT)
    propose(site, source=known["piscine.txt"], target=known["copie.txt"])

    report = await told(site)

    assert names(report, "poor_ocr") == ["piscine.txt"]
    assert names(report, "old") == ["copie.txt"]
    assert names(report, "without_text") == ["reglement.txt"]
    assert names(report, "near_duplicate") == ["copie.txt"]
    assert names(report, "undecided_version") == ["piscine.txt"]
    notes = {each["code"]: [item["note"] for item in each["items"]] for each in report["findings"]}
    assert notes["poor_ocr"] == ["0.41"]
    assert notes["old"] == ["2019-01-02"]
    assert notes["near_duplicate"] == ["reglement.txt"]


async def test_what_nobody_finds_is_told_once_it_was_counted_for_long_enough(
    site: Site, clock: FrozenClock
) -> None:
    await site.upload(FILES)
    early = await told(site, "?days=30")
    await search(site, "transport scolaire gratuit")
    clock.advance(31 * DAY_S)
    late = await told(site, "?days=30")
    await search(site, "bonnet de la piscine")
    after = await told(site, "?days=30")

    assert early["counted_since"] is None
    assert names(early, "never_found") == []
    assert late["counted_since"] == "2026-11-30"
    assert names(late, "never_found") == ["copie.txt", "piscine.txt", "reglement.txt"]
    assert "piscine.txt" not in names(after, "never_found")
    with site.container.open_work() as work:
        rows = vars(work)["_transaction"].read(text("SELECT * FROM document_days"))
    assert all("transport" not in repr(row) for row in rows)


async def test_what_came_from_elsewhere_is_not_told_unfound_before_it_was_counted_here(
    site: Site, clock: FrozenClock
) -> None:
    await site.upload(FILES)
    await search(site, "bonnet de la piscine")
    clock.advance(100 * DAY_S)
    newcomer = site.joined("secrétaire", new_tenant(site, "Commune"), Role.TENANT_ADMIN)
    async with site.person(newcomer) as admin:
        await site.upload({"ancien.txt": "Ancien règlement", "lu.txt": "Le marché"}, http=admin)
        own = documents.c.tenant_id == newcomer.tenant_id
        run(site, update(documents).where(own).values(created_at=NOW - timedelta(days=2000)))
        before = (await admin.get(f"{PATH}?days=30")).json()
        body = {"query": "horaires du marché", "limit": 1}
        assert (await admin.post("/api/v1/search", json=body)).status_code == 200
        await asyncio.to_thread(site.container.corpus_health.found.flush)
        begun = (await admin.get(f"{PATH}?days=30")).json()
    clock.advance(31 * DAY_S)
    async with site.person(newcomer) as admin:
        late = (await admin.get(f"{PATH}?days=30")).json()

    assert (before["counted_since"], names(before, "never_found")) == (None, [])
    assert begun["counted_since"] == (NOW + timedelta(days=100)).date().isoformat()
    assert names(begun, "never_found") == []
    assert "ancien.txt" in names(late, "never_found")


async def test_a_question_without_answer_begins_the_counting(site: Site) -> None:
    asked = {"question": "Quelle est la hauteur de la tour Eiffel ?"}
    async with site.owner() as owner:
        await owner.post("/api/v1/answers", json=asked)
    await site.container.answers.close()

    assert (await told(site))["counted_since"] == "2026-11-30"


async def test_questions_without_answer_are_counted_without_a_word(site: Site) -> None:
    asked = {"question": "Quelle est la hauteur de la tour Eiffel ?"}
    async with site.owner() as owner:
        answer = (await owner.post("/api/v1/answers", json=asked)).json()
    await site.container.answers.close()

    report = await told(site)

    assert answer["status"] == "refused"
    assert report["gaps"] == [{"week": "2026-11-30", "collection_id": "", "kind": "", "amount": 1}]
    with site.container.open_work() as work:
        rows = vars(work)["_transaction"].read(text("SELECT * FROM gap_days"))
    assert "Eiffel" not in repr(rows)


@pytest.mark.parametrize("is_own", [True, False])
async def test_a_question_without_answer_is_placed_near_own_documents_only(
    site: Site, *, is_own: bool
) -> None:
    await site.upload(FILES)
    principal = site.container.access.local_principal()
    scope = site.container.access.scope_of(principal)
    document_id = DocumentId(ids_of(site)["reglement.txt"])
    with site.container.open_work() as work:
        chunk = work.chunks.list_of_document(document_id, scope=scope, limit=1, offset=0)[0]
        near = chunk if is_own else replace(chunk, tenant_id=TenantId("autre"))
        end = AnswerCompleted(AnswerStatus.REFUSED, "", (), (), None, None, None)
        events = (RetrievalCompleted((Passage(1, near),)), end)
        answer = replace(make_answer(Reader(scope)), created_at=NOW)
        numbered = tuple(NumberedEvent(n, each) for n, each in enumerate(events, start=1))
        count_result(work, AnswerRecord(answer, numbered))
        work.commit()

    (gap,) = (await told(site))["gaps"]

    place = (chunk.collection_id, "reglement") if is_own else ("", "")
    assert (gap["collection_id"], gap["kind"], gap["amount"]) == (*place, 1)


async def test_only_the_own_documents_are_told_and_only_to_administrators(site: Site) -> None:
    await site.upload(FILES)
    async with site.person(site.foreigner()) as other, site.person(site.agent()) as agent:
        theirs = await other.get(PATH)
        refused = await agent.get(PATH)

    assert theirs.json()["documents"] == 0
    assert all(each["count"] == 0 for each in theirs.json()["findings"])
    assert refused.status_code == 403


async def test_counts_go_with_their_document_and_old_ones_by_themselves(
    site: Site, clock: FrozenClock
) -> None:
    await site.upload(FILES)
    await search(site, "transport scolaire gratuit")
    scope = site.container.access.scope_of(site.container.access.local_principal())
    with site.container.open_work() as work:
        counted = work.corpus_health.counted_since(scope=scope)
    async with site.owner() as owner:
        for document_id in ids_of(site).values():
            await owner.delete(f"/api/v1/documents/{document_id}")
    await asyncio.to_thread(site.settle)
    with site.container.open_work() as work:
        gone = work.corpus_health.counted_since(scope=scope)
    await site.upload(FILES)
    await search(site, "bonnet de la piscine")
    clock.advance(401 * DAY_S)
    await search(site, "bonnet de la piscine")
    with site.container.open_work() as work:
        kept = work.corpus_health.counted_since(scope=scope)

    assert counted == NOW.date()
    assert gone is None
    assert kept == clock.now().date()


async def test_the_command_names_them(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    await site.upload(FILES)
    show_health(CorpusHealthOut.model_validate(await told(site)))

    shown = capsys.readouterr().out
    assert "3 documents en service." in shown
    assert "failed (1) :" in shown
    assert "abîmé.txt  Le fichier est endommagé" in shown
    assert "0 question sans réponse en 90 jours." in shown
