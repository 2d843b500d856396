"""Database, index and files compared: each kind of damage planted, found, mended, and gone at the second look."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient
from sqlalchemy import text

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.adapters.qdrant.server import ServerChunkIndex
from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import DocumentState, Reason
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, VersionId, new_id
from assistant.domain.jobs import ItemState, JobState
from assistant.domain.reconciliation import Defect, Reconciliation
from assistant.domain.retrieval import IndexPoint
from assistant.services.reconciliation import Reconciler
from assistant.services.reconciling_tally import Interrupted, Tally
from tests.conftest import FULL_SCALE
from tests.house import House, open_house

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]

FILES = {
    "eau.txt": "Règlement de l'eau\nLe tarif de l'eau est de 3 euros.\nLa fuite est réparée.",
    "cantine.txt": "Règlement de la cantine\nLe repas coûte 4 euros.",
    "marché.txt": "Marché du samedi\nLes étals ouvrent à 7 heures.\nLe parking est gratuit.",
}
ENGINES = ("memory", "edge", "server", "postgresql")
QUESTIONS = ("tarif de l'eau", "repas", "étals", "parking gratuit", "règlement")
OF_TEXTS = (Defect.VECTOR_MISSING, Defect.POINT_MISSING, Defect.POINT_MISPLACED)
Plant = Callable[[House, random.Random], None]


def verify(house: House, *, is_repair: bool = False) -> Reconciliation:
    reconciler = Reconciler(house.open_work, house.index, house.files, house.clock)
    return reconciler.run(Tally(), is_repair=is_repair)


def found(report: Reconciliation) -> dict[Defect, int]:
    return {each.defect: each.count for each in report.findings}


def furnished(root: Path, *, engine: str, url: str = "") -> House:
    house = open_house(root, database_url=url)
    if engine == "edge":
        house.index = EdgeChunkIndex(root / "index", embedder=house.embedder.identity)  # pyright: ignore[reportAttributeAccessIssue]
    if engine == "server":
        client = QdrantClient(path=str(root / "qdrant"), force_disable_check_same_thread=True)
        house.index = ServerChunkIndex(  # pyright: ignore[reportAttributeAccessIssue]
            client, collection="chunks", embedder=house.embedder.identity
        )
    house.applier = house.new_applier()
    house.ingest(FILES)
    return house


@pytest.fixture(params=ENGINES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Over SQLite with each engine of the index, and over a server with the one in memory."""
    is_on_server = request.param == "postgresql"
    url = request.getfixturevalue("postgresql_url") if is_on_server else ""
    house = furnished(tmp_path, engine="memory" if is_on_server else request.param, url=url)
    yield house
    house.index.close()
    house.close()


def points(house: House) -> list[IndexPoint]:
    with house.open_work() as work:
        return [
            point
            for version_id in work.ledger.live_versions(ORDINARY)
            for point in work.ledger.points_of(
                version_id, embedder_id=house.embedder.identity.id, cut=ORDINARY
            )
        ]


def kept(house: House) -> list[str]:
    return sorted(each.sha256 for each in house.all_documents().values())


def run_sql(house: House, statement: str, **values: object) -> None:
    with house.database.engine.begin() as connection:
        connection.execute(text(statement), values)


def plant_missing(house: House, chance: random.Random) -> None:
    house.index.remove_points([chance.choice(points(house)).chunk_id])


def plant_ghost(house: House, chance: random.Random) -> None:
    stray = replace(
        chance.choice(points(house)), chunk_id=ChunkId(new_id()), version_id=VersionId(new_id())
    )
    house.index.upsert([replace(stray, document_texts=("eau",))])


def plant_double(house: House, chance: random.Random) -> None:
    house.index.upsert([replace(chance.choice(points(house)), chunk_id=ChunkId(new_id()))])


def plant_misplaced(house: House, chance: random.Random) -> None:
    point = chance.choice(points(house))
    house.index.upsert([replace(point, collection_id=CollectionId("ailleurs"))])


def plant_without_vector(house: House, chance: random.Random) -> None:
    with house.database.engine.begin() as connection:
        hashes = connection.execute(text("SELECT hash FROM vectors ORDER BY hash")).scalars().all()
    if hashes:
        run_sql(house, "DELETE FROM vectors WHERE hash = :hash", hash=chance.choice(hashes))


def plant_incomplete(house: House, chance: random.Random) -> None:
    """A document that was read, and whose vectors went before the index had them."""
    word = f"zinc{chance.getrandbits(32)}"
    house.submit({f"{word}.txt": f"{word} seul"}, source=f"/{word}")
    house.work()
    run_sql(
        house,
        "DELETE FROM vectors WHERE hash IN (SELECT embedded_hash FROM chunks JOIN versions"
        " ON versions.id = chunks.version_id WHERE versions.state = 'ready')",
    )


def plant_lost(house: House, chance: random.Random) -> None:
    sha256 = chance.choice(kept(house))
    if house.files.has(sha256):
        house.files.path(sha256).unlink()


def plant_damaged(house: House, chance: random.Random) -> None:
    sha256 = chance.choice(kept(house))
    if house.files.has(sha256):
        house.files.path(sha256).write_bytes(b"abc")


def plant_orphan(house: House, chance: random.Random) -> None:
    sha256 = f"{chance.getrandbits(256):064x}"
    place = house.root / "files" / sha256[:2] / sha256
    place.parent.mkdir(exist_ok=True)
    place.write_text("un texte oublié")
    hours_ago = time.time() - 7200
    os.utime(place, (hours_ago, hours_ago))


def plant_stuck_document(house: House, chance: random.Random) -> None:
    document = house.all_documents()[chance.choice(sorted(FILES))]
    with house.open_work() as work:
        work.documents.add(
            replace(
                document,
                id=DocumentId(new_id()),
                name=f"{new_id()}.txt",
                state=DocumentState.PENDING,
                live_version_id=None,
            )
        )
        work.commit()


def plant_stuck_item(house: House, chance: random.Random) -> None:
    del chance
    run_sql(house, "UPDATE job_items SET state = 'pending', document_id = NULL WHERE ordinal = 0")


PLANTED: dict[Defect, Plant] = {
    Defect.POINT_MISSING: plant_missing,
    Defect.POINT_GHOST: plant_ghost,
    Defect.POINT_DOUBLE: plant_double,
    Defect.POINT_MISPLACED: plant_misplaced,
    Defect.VECTOR_MISSING: plant_without_vector,
    Defect.READING_INCOMPLETE: plant_incomplete,
    Defect.FILE_LOST: plant_lost,
    Defect.FILE_DAMAGED: plant_damaged,
    Defect.FILE_ORPHAN: plant_orphan,
    Defect.DOCUMENT_STUCK: plant_stuck_document,
    Defect.ITEM_STUCK: plant_stuck_item,
}
UNMENDED = frozenset({Defect.FILE_LOST, Defect.FILE_DAMAGED})
"""What is lost can only be sent again."""
OF_SOURCES = frozenset({Defect.SOURCE_MISSING, Defect.SOURCE_ORPHAN, Defect.SOURCE_CHANGED})
"""Planted in `test_source_comparison`: what mends them is another look at the source."""


def answers(house: House) -> dict[str, list[str]]:
    """What is found and may be quoted, by question."""
    return {question: sorted({c.text for c in house.search(question)}) for question in QUESTIONS}


def test_every_defect_is_planted() -> None:
    assert PLANTED.keys() == set(Defect) - OF_SOURCES


def test_a_sound_house_is_clean(house: House) -> None:
    report = verify(house)

    assert report.is_clean
    assert report.is_settled
    assert report.compared == {"chunks": 8, "points": 8, "files": 3}


@pytest.mark.parametrize("defect", sorted(PLANTED.keys() - UNMENDED))
def test_planted_damage_is_found_then_mended(house: House, defect: Defect) -> None:
    before = answers(house)
    PLANTED[defect](house, random.Random(1))

    seen = verify(house)
    mended = verify(house, is_repair=True)
    house.settle()
    after = verify(house)

    (finding,) = seen.findings
    assert (finding.defect, finding.count, finding.mended) == (defect, 1, 0)
    assert len(finding.examples) == 1
    assert not seen.is_settled
    assert [(each.defect, each.count, each.mended) for each in mended.findings] == [(defect, 1, 1)]
    assert mended.is_settled
    assert after.is_clean
    assert answers(house) == before


@pytest.mark.parametrize("defect", sorted(UNMENDED))
def test_a_lost_original_is_told_and_comes_back_with_its_source(
    house: House, defect: Defect
) -> None:
    before = answers(house)
    PLANTED[defect](house, random.Random(1))

    seen = verify(house)
    mended = verify(house, is_repair=True)

    assert found(seen) == {defect: 1}
    assert [each.mended for each in mended.findings] == [0]
    assert not mended.is_settled
    (told,) = [each for each in house.all_documents().values() if each.reason]
    assert told.reason is not None
    assert (told.reason.code, told.state) == ("original_lost", DocumentState.LIVE)
    assert told.sha256 == mended.findings[0].examples[0]
    assert found(verify(house)) == {Defect.FILE_LOST: 1}
    assert answers(house) == before

    job, wanted = house.announce(FILES)
    assert [item.name for item in wanted] == [told.name]
    house.send(wanted[0], FILES[told.name])
    house.settle()

    assert verify(house).is_clean
    assert all(each.reason is None for each in house.all_documents().values())
    assert answers(house) == before
    assert job.id


def test_a_reading_without_vectors_and_original_is_told_and_ended(tmp_path: Path) -> None:
    house = furnished(tmp_path, engine="memory")
    plant_incomplete(house, random.Random(1))
    (job, *_) = house.jobs.list_recent(scope=house.scope, limit=1)[0]
    (item,) = house.items(job).values()
    house.files.path(item.sha256).unlink()

    assert found(verify(house)) == {Defect.READING_INCOMPLETE: 1, Defect.FILE_LOST: 1}
    verify(house, is_repair=True)
    house.apply()

    (item,) = house.items(job).values()
    assert (item.state, item.reason) == (ItemState.FAILED, Reason("original_lost", {}))
    assert house.state_of(job).state is JobState.FAILED
    assert verify(house).is_clean
    house.close()


@pytest.mark.each_engine
def test_a_file_that_is_put_back_by_hand_is_told_no_longer(
    tmp_path: Path, database_url: str
) -> None:
    house = furnished(tmp_path, engine="memory", url=database_url)
    place = house.files.path(kept(house)[0])
    content = place.read_bytes()
    place.unlink()
    verify(house, is_repair=True)
    place.write_bytes(content)

    report = verify(house, is_repair=True)

    assert report.is_clean
    assert all(each.reason is None for each in house.all_documents().values())
    house.close()


def test_what_is_under_way_is_no_defect(tmp_path: Path) -> None:
    """Versions that wait for the index, that leave it, and files that are just being sent."""
    house = furnished(tmp_path, engine="memory")
    house.submit({**FILES, "eau.txt": "Autre règlement de l'eau"})
    house.work()
    house.documents.delete(
        house.all_documents()["cantine.txt"].id, principal=house.principal, scope=house.scope
    )
    house.announce({"neuf.txt": "À envoyer"}, source="/autre")
    fresh = house.root / "files" / "ab" / ("ab" * 32)
    fresh.parent.mkdir(exist_ok=True)
    fresh.write_text("en route")

    assert verify(house).findings == ()
    house.apply()
    house.close()


def test_it_ends_when_told_to_and_keeps_no_report(tmp_path: Path) -> None:
    house = furnished(tmp_path, engine="memory")
    tally = Tally()
    tally.stop()

    with pytest.raises(Interrupted):
        Reconciler(house.open_work, house.index, house.files, house.clock).run(
            tally, is_repair=True
        )

    with house.open_work() as work:
        assert work.reconciliation.last_report() is None
    house.close()


@settings(
    max_examples=200 if FULL_SCALE else 10, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(
    plants=st.lists(st.sampled_from(sorted(PLANTED)), min_size=1, max_size=12),
    seed=st.integers(0, 2**32),
    engine=st.sampled_from(["memory", "edge"]),
)
def test_whatever_is_damaged_is_mended_and_answers_stay(
    plants: list[Defect], seed: int, engine: str
) -> None:
    """But for originals that are lost: these are told, and all of their text is still found."""
    chance = random.Random(seed)
    with TemporaryDirectory() as folder:
        house = furnished(Path(folder), engine=engine)
        before = answers(house)
        # the plants of points need their vectors
        for defect in sorted(plants, key=lambda each: each is Defect.VECTOR_MISSING):
            PLANTED[defect](house, chance)

        verify(house, is_repair=True)
        house.settle()
        left = verify(house, is_repair=True)
        house.settle()
        after = verify(house)

        # without its original, a text without vector cannot be read again
        lasting = {Defect.FILE_LOST, *OF_TEXTS}
        is_lost = bool(UNMENDED & set(plants))
        assert set(found(after)) <= (lasting if is_lost else set())
        if not is_lost:
            assert left.is_settled
            assert answers(house) == before
        house.index.close()
        house.close()
