"""The acts of the sample corpus, from their files to the links that their texts suggest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.domain.documents import LinkKind
from assistant.domain.links import LinkState, is_touched
from assistant.services.links import LinkService
from tests.house import House
from tests.real_house import ingest_file, real_house

SAMPLE = Path(__file__).parents[2] / "eval" / "sample" / "documents"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with real_house(tmp_path) as house:
        yield house


def ingest(house: House, *paths: Path) -> None:
    """Take files in, one after the other."""
    for path in paths:
        ingest_file(house, path)


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_the_deliberation_that_modifies_another_is_linked_to_it(
    house: House, is_newest_first: bool
) -> None:
    old, new = SAMPLE / "deliberation-2024-117.pdf", SAMPLE / "deliberation-2025-042.pdf"
    ingest(house, *((new, old) if is_newest_first else (old, new)))
    ingest(house, SAMPLE / "guide-du-demandeur.html", SAMPLE / "note-budget-primitif-2025.txt")

    links = LinkService(house.open_work, house.clock, audit=house.audit)
    (link,) = links.list_page(scope=house.scope, state=LinkState.PROPOSED, limit=99)

    assert link.kind is LinkKind.MODIFIES
    assert (link.source.name, link.target.name) == (new.name, old.name)
    assert "modification de la délibération n° 2024-117 du 4 juillet 2024" in link.evidence
    documents = house.all_documents()
    assert documents[new.name].act.number == "2025-042"
    assert documents[old.name].act.authority == "commission permanente"
    quality = documents[old.name].quality
    assert quality is not None
    assert quality.suspicions == ()


def test_only_passages_of_the_modified_articles_are_marked(house: House) -> None:
    old, new = SAMPLE / "deliberation-2024-117.pdf", SAMPLE / "deliberation-2025-042.pdf"
    ingest(house, old, new)
    links = LinkService(house.open_work, house.clock, audit=house.audit)
    (link,) = links.list_page(scope=house.scope, state=LinkState.PROPOSED, limit=99)
    links.decide(
        link.id,
        document_id=link.target.id,
        state=LinkState.CONFIRMED,
        principal=house.principal,
        scope=house.scope,
    )

    with house.open_work() as work:
        chunks = work.chunks.list_of_document(link.target.id, scope=house.scope, limit=99, offset=0)

    told = {each.successor.articles for each in chunks if each.successor is not None}
    assert told == {("1", "2")}
    marked = {is_touched(each) for each in chunks if "\nLe taux de la subvention" in each.text}
    others = {is_touched(each) for each in chunks if each.text.startswith("Article 5")}
    assert (marked, others) == ({True}, {False})


def test_reading_again_proposes_nothing_twice_and_keeps_decisions(house: House) -> None:
    old, new = SAMPLE / "deliberation-2024-117.pdf", SAMPLE / "deliberation-2025-042.pdf"
    ingest(house, old, new)
    links = LinkService(house.open_work, house.clock, audit=house.audit)
    (link,) = links.list_page(scope=house.scope, state=LinkState.PROPOSED, limit=99)
    links.decide(
        link.id,
        document_id=link.target.id,
        state=LinkState.REJECTED,
        principal=house.principal,
        scope=house.scope,
    )

    house.ingestion.reindex(None, force=True, principal=house.principal, scope=house.scope)
    house.settle()

    found = links.of_document(link.target.id, scope=house.scope)
    assert [(each.id, each.state) for each in found] == [(link.id, LinkState.REJECTED)]
    assert links.list_page(scope=house.scope, state=LinkState.PROPOSED, limit=99) == []


def test_the_same_text_in_two_formats_is_one_act(house: House, tmp_path: Path) -> None:
    text = (SAMPLE / "note-budget-primitif-2025.txt").read_text("utf-8")
    copy = tmp_path / "note.md"
    copy.write_text(text, "utf-8")
    ingest(house, Path(shutil.copy(SAMPLE / "note-budget-primitif-2025.txt", tmp_path)), copy)

    links = LinkService(house.open_work, house.clock, audit=house.audit)
    proposed = links.list_page(scope=house.scope, state=LinkState.PROPOSED, limit=99)

    assert [each.kind for each in proposed] == [LinkKind.SAME_ACT]
