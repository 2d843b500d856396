"""Whatever is done and whoever is killed, each document answers once: no gap, no double, no ghost."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import pytest

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.client import AssistantClient
from assistant.domain.ids import ChunkId, VersionId, new_id
from assistant.domain.retrieval import IndexPoint
from assistant.schemas.sources import SourceIn
from assistant.testing.contracts.index import make_point
from assistant.testing.embedder import HashEmbedder
from assistant.testing.mock_model import running_mock_model
from tests.api.site import TOKEN, Site, open_site, served
from tests.integration.estate import estate_of, unsettled
from tests.integration.served import Served
from tests.integration.visibility_campaign import Campaign, Prober, variables_of
from tests.integration.visibility_checker import (
    NOBODY,
    Expectations,
    document_marker,
    kinds,
    revision_marker,
    shown_by,
    text_of,
)

SEED = 20261126
REAL_KILLS = 20
MARKER, REVISION = document_marker(1), revision_marker(1)
T = TypeVar("T")


@pytest.fixture(scope="module")
def model_url() -> Generator[str]:
    """Of a server of embeddings."""
    with running_mock_model() as model:
        yield model.url


def check(campaign: Campaign) -> None:
    print(campaign.report())
    for fault in campaign.tally.faults[:20] + campaign.operator.surprises[:20]:
        print(fault)
    assert campaign.tally.faults == []
    assert campaign.operator.surprises == []
    assert not campaign.tally.refused
    assert campaign.served.left_over() == []


@pytest.mark.timeout(7200)
def test_each_document_answers_once_whatever_is_done_and_killed(
    tmp_path: Path, model_url: str, full_scale: bool
) -> None:
    served = Served(tmp_path, variables_of(tmp_path, model_url=model_url))
    served.start()
    campaign = Campaign(served, seed=SEED, slots=30 if full_scale else 10)
    try:
        if full_scale:
            campaign.run(acts=1000, kills=40, quiets=5)
        else:
            campaign.run(acts=36, kills=1, quiets=1)
    finally:
        served.end()
    check(campaign)
    assert campaign.tally.probes > campaign.operator.acts.total()


@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_it_is_so_with_separate_workers_too(
    tmp_path: Path, model_url: str, postgresql_url: str
) -> None:
    variables = variables_of(tmp_path, model_url=model_url, database_url=postgresql_url)
    served = Served(tmp_path, variables, separate_workers=2)
    served.start()
    campaign = Campaign(served, seed=SEED, slots=30, database_url=postgresql_url)
    try:
        campaign.run(acts=1000, kills=40, quiets=5)
    finally:
        served.end()
    check(campaign)


@pytest.mark.torture
@pytest.mark.shared_data
@pytest.mark.timeout(7200)
def test_real_documents_are_read_through_kills(
    tmp_path: Path, model_url: str, shared_data: Path
) -> None:
    """A folder is read, and read again until there were enough kills, each at a random instant."""
    shutil.copytree(shared_data / "admin_docs", tmp_path / "source")
    served = Served(tmp_path, variables_of(tmp_path, model_url=model_url))
    served.start()
    try:
        read_through_kills(served, kills=REAL_KILLS, seed=SEED)
        served.kill()
    finally:
        served.end()
    estate = estate_of(served.data)
    contents = {
        str(path.relative_to(tmp_path / "source")): sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "source").rglob("*")
        if path.is_file()
    }
    assert served.left_over() == []
    print(f"{len(contents)} files, {served.kills} kills, {len(estate.live)} live documents")

    assert estate.faults(is_quiet=True) == []
    assert sorted((each.name, each.sha256) for each in estate.documents) == sorted(contents.items())
    shown = set(estate.live.values())
    # what cannot be read says so; nothing is left half done
    assert {each.state for each in estate.documents if each.id not in shown} <= {"failed"}
    assert len(shown) > 0.9 * len(contents)


def read_through_kills(served: Served, *, kills: int, seed: int) -> None:
    """Have a folder read to its end, killing the server or its worker at random instants."""
    chance = random.Random(seed)
    place = str(served.folder / "source")
    wanted = SourceIn(kind="folder", name="Dossier", address=place)
    source = served.call(lambda client: client.add_source(wanted))
    served.call(lambda client: client.sync_source(source.id))
    while True:
        if served.kills < kills:
            time.sleep(chance.uniform(0, 20))
            if chance.random() < 0.3:
                served.kill_worker(0)
            else:
                served.kill()
                found = estate_of(served.data).faults(is_quiet=False)
                assert found == []
                served.start()
        runs = served.call(lambda client: client.list_source_runs(source.id))
        if runs[0].finished_at is None or unsettled(served.data):
            time.sleep(0.2)
        elif served.kills >= kills:
            assert runs[0].state == "done"
            return
        else:
            served.call(lambda client: client.reindex(None))


@dataclass
class Planted:
    """A server in this process with one document, a checker that finds nothing wrong, and its folder."""

    site: Site
    client: AssistantClient
    expected: Expectations
    data: Path

    def call(self, act: Callable[[AssistantClient], T]) -> T:
        return act(self.client)

    def upload(self, name: str, text: str) -> str:
        """Put a document in; its id."""
        path = self.data.parent / name
        path.write_text(text, "utf-8")
        job = self.client.upload_documents([path]).job
        self.site.settle()
        (item,) = self.client.list_job_items(job.id)
        assert item.document_id is not None
        return item.document_id

    def answered(self) -> set[str]:
        """Kinds of faults in an answer."""
        prober = Prober(self, self.expected, seed=1)
        prober.ask_all()
        assert prober.tally.answers == 1
        return kinds(prober.tally.faults)

    def read(self) -> set[str]:
        """Kinds of faults on disk."""
        return kinds(estate_of(self.data).faults(is_quiet=True))

    def run(self, statement: str, *, changes: bool = True) -> None:
        """Change the database behind the back of the server."""
        with closing(sqlite3.connect(self.data / "assistant.sqlite3")) as connection, connection:
            assert (connection.execute(statement).rowcount > 0) == changes

    def stop(self) -> EdgeChunkIndex:
        """End the server; its index, to be changed behind its back."""
        self.site.close()
        shutil.copytree(self.data / "index", self.data / "sound")
        embedder = HashEmbedder(dimensions=32).identity
        return EdgeChunkIndex(self.data / "index" / "hash-32", embedder=embedder, reserve_bytes=0)

    def mend(self) -> None:
        """Put the index back as it was when the server ended."""
        shutil.rmtree(self.data / "index")
        (self.data / "sound").rename(self.data / "index")
        assert self.read() == set()

    def point(self) -> IndexPoint:
        """One of the live version, of a passage that there is not."""
        (version,) = estate_of(self.data).live
        point = make_point(1, text="doublon")
        vector = HashEmbedder(dimensions=32).embed_query("doublon")
        return replace(
            point, vector=vector, chunk_id=ChunkId(new_id()), version_id=VersionId(version)
        )


@pytest.fixture
def planted(tmp_path: Path) -> Generator[Planted]:
    site = open_site(tmp_path / "data", index=None)
    expected = Expectations()
    expected.tell(REVISION, parts=2)
    expected.allow(MARKER, frozenset({REVISION}))
    with served(site) as url, closing(AssistantClient(url, token=TOKEN)) as client:
        made = Planted(site, client, expected, tmp_path / "data")
        made.upload("acte.txt", text_of(MARKER, REVISION, parts=2))
        assert made.answered() == set()
        yield made
    site.close()


def test_a_planted_gap_is_reported(planted: Planted) -> None:
    planted.run("UPDATE versions SET state = 'retired'")
    assert planted.answered() == {"gap"}
    planted.run("UPDATE versions SET state = 'live'")

    index = planted.stop()
    assert planted.read() == set()
    index.remove_points([ChunkId(min(estate_of(planted.data).points["hash-32"]))])
    index.close()
    assert planted.read() == {"gap"}

    planted.mend()
    content = next((planted.data / "files").glob("[0-9a-f][0-9a-f]/*"))
    content.write_bytes(b"abc")
    assert planted.read() == {"gap"}
    content.unlink()
    assert planted.read() == {"gap"}


def test_a_planted_double_is_reported(planted: Planted) -> None:
    copy = planted.upload("copie.txt", text_of(MARKER, REVISION, parts=2))
    assert planted.answered() == {"double"}
    planted.client.delete_document(copy)
    planted.site.settle()
    assert planted.answered() == set()

    point = planted.point()
    index = planted.stop()
    assert planted.read() == set()
    index.upsert([point])
    index.close()
    assert planted.read() == {"double"}

    planted.mend()
    planted.run("DROP INDEX uq_versions_one_live", changes=False)
    kept = (
        "document_id, tenant_id, collection_id, state, sha256, fingerprint, title, searched_title,"
        " format, kind, page_count, notices, created_at"
    )
    planted.run(f"INSERT INTO versions (id, {kept}) SELECT 'autre', {kept} FROM versions")  # noqa: S608 - constants
    assert planted.read() == {"double"}


def test_a_planted_ghost_is_reported(planted: Planted) -> None:
    (document_id,) = estate_of(planted.data).live.values()
    planted.client.exclude_documents([document_id])
    planted.expected.allow(MARKER, frozenset({NOBODY}))
    assert planted.answered() == set()
    planted.run("UPDATE documents SET excluded_at = NULL, excluded_by = NULL")
    assert planted.answered() == {"ghost"}

    stray = replace(planted.point(), version_id=VersionId(new_id()))
    index = planted.stop()
    assert planted.read() == set()
    index.upsert([stray])
    index.close()
    assert planted.read() == {"ghost"}

    planted.mend()
    name = sha256(b"ancien").hexdigest()
    content = planted.data / "files" / name[:2] / name
    content.parent.mkdir(exist_ok=True)
    content.write_bytes(b"ancien")
    assert planted.read() == set()
    hours_ago = time.time() - 7200
    os.utime(content, (hours_ago, hours_ago))
    assert planted.read() == {"ghost"}
    content.unlink()
    (planted.data / "pages" / name).mkdir()
    assert planted.read() == {"ghost"}


def faults_of(expected: Expectations, *passages: tuple[str, str], begun: float = 0) -> set[str]:
    """Kinds of faults of an answer that ends now."""
    begun = begun or time.monotonic()
    found = expected.faults(shown_by(passages), asked=[MARKER], begun=begun, ended=time.monotonic())
    return kinds(found)


def test_an_answer_is_compared_with_what_was_allowed_while_it_was_made() -> None:
    expected, newer = Expectations(), revision_marker(2)
    for revision in (REVISION, newer):
        expected.tell(revision, parts=2)
    old, new = (
        [("id", f"{MARKER} {revision} {part}") for part in ("zqpbb", "zqpbc")]
        for revision in (REVISION, newer)
    )
    expected.allow(MARKER, frozenset({REVISION}))
    begun = time.monotonic()
    assert faults_of(expected, *old) == set()
    assert faults_of(expected, *new) == {"ghost"}

    expected.allow(MARKER, frozenset({REVISION, newer}))
    assert faults_of(expected, *old) == faults_of(expected, *new) == set()
    assert faults_of(expected) == {"gap"}
    assert faults_of(expected, *new[:1]) == {"gap"}
    assert faults_of(expected, *new, *new[:1]) == {"double"}
    assert faults_of(expected, *new, *old) == {"double"}

    expected.allow(MARKER, frozenset({newer}))
    assert faults_of(expected, *old) == {"ghost"}
    assert faults_of(expected, *old, begun=begun) == set()

    expected.allow(MARKER, frozenset({NOBODY}))
    assert faults_of(expected) == set()
    assert faults_of(expected, *new) == {"ghost"}
