"""What can go wrong with a shard on disk, and what the process pays for its calls."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.domain.errors import ConfigurationError, IndexUnavailable, StorageError
from assistant.domain.ids import VersionId
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint
from assistant.testing.contracts.index import ALL, EMBEDDER, ids_of, make_point, uuid_of

IDENTITY = EMBEDDER.identity


def build_index(folder: Path, *, texts: int = 3) -> None:
    index = EdgeChunkIndex(folder, embedder=IDENTITY)
    index.upsert([make_point(number, text=f"eau {number}") for number in range(texts)])
    index.close()


def segment_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "shard" / "segments").rglob("*") if path.is_file()]


def test_second_opening_says_that_it_is_in_use(tmp_path: Path) -> None:
    first = EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    with pytest.raises(ConfigurationError) as caught:
        EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    assert caught.value.code == "index_in_use"
    assert "autre processus" in caught.value.sentence
    first.close()


def test_index_may_be_opened_again_after_close(tmp_path: Path) -> None:
    build_index(tmp_path)

    index = EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    assert index.count_all() == 3
    index.close()


def test_an_index_without_documents_is_emptied_to_be_filled_again(tmp_path: Path) -> None:
    build_index(tmp_path)
    identity = tmp_path / "embedder.json"
    told = json.loads(identity.read_text())
    del told["layout"]
    identity.write_text(json.dumps(told))

    index = EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    assert index.held_versions() == {}
    index.upsert([make_point(1, text="eau", whole=("eau",))])
    assert ids_of(index.search_documents("eau", scope=ALL, limit=5)) == [uuid_of(1)]
    index.close()
    again = EdgeChunkIndex(tmp_path, embedder=IDENTITY)
    assert again.count_all() == 1
    again.close()


def test_a_stop_while_an_older_index_is_emptied_leaves_one_that_opens(tmp_path: Path) -> None:
    build_index(tmp_path)
    identity = tmp_path / "embedder.json"
    identity.write_text(json.dumps(json.loads(identity.read_text()) | {"layout": 1}))
    (tmp_path / "shard").rename(tmp_path / "shard.old")
    (tmp_path / "shard.old" / "edge_config.json").unlink()

    index = EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    assert index.count_all() == 0
    assert not (tmp_path / "shard.old").exists()
    index.close()


def test_an_index_without_documents_that_another_holds_is_left_alone(tmp_path: Path) -> None:
    build_index(tmp_path)
    held = EdgeChunkIndex(tmp_path, embedder=IDENTITY)
    identity = tmp_path / "embedder.json"
    identity.write_text(json.dumps(json.loads(identity.read_text()) | {"layout": 1}))

    with pytest.raises(ConfigurationError) as caught:
        EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    assert caught.value.code == "index_in_use"
    assert held.count_all() == 3
    held.close()


def test_damaged_configuration_is_told_with_what_to_do(tmp_path: Path) -> None:
    build_index(tmp_path)
    (tmp_path / "shard" / "edge_config.json").write_text("{")

    with pytest.raises(IndexUnavailable) as caught:
        EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    assert caught.value.code == "index_damaged"
    assert not caught.value.transient
    assert "assistant index rebuild" in caught.value.sentence
    assert "perdu" in caught.value.sentence


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"embedder": 3}', '{"embedder": "x"}'])
def test_lost_identity_is_damage(tmp_path: Path, content: str | None) -> None:
    build_index(tmp_path)
    identity = tmp_path / "embedder.json"
    identity.unlink() if content is None else identity.write_text(content)

    with pytest.raises(IndexUnavailable) as caught:
        EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    assert caught.value.code == "index_damaged"


def test_each_lost_file_of_a_segment_is_damage_or_harmless(
    tmp_path: Path, full_scale: bool
) -> None:
    """The engine either refuses in our terms or answers; it never crashes nor raises its own."""
    script = """
import sys
from pathlib import Path
from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.domain.errors import AssistantError
from assistant.testing.contracts.index import ALL, EMBEDDER
for folder in sys.argv[1:]:
    try:
        index = EdgeChunkIndex(Path(folder), embedder=EMBEDDER.identity)
        index.search_lexical("eau", scope=ALL, limit=5)
        index.search_dense(EMBEDDER.embed_query("eau"), scope=ALL, limit=5)
        index.close()
    except AssistantError as error:
        print(error.code)
"""
    build_index(tmp_path / "whole")
    count = len(segment_files(tmp_path / "whole"))
    folders: list[str] = []
    for number in range(0, count, 1 if full_scale else 9):
        folder = tmp_path / str(number)
        build_index(folder)
        sorted(segment_files(folder), key=lambda path: path.parts[-3:])[number].unlink()
        folders.append(str(folder))

    child = subprocess.run(
        [sys.executable, "-c", script, *folders], capture_output=True, text=True, timeout=120
    )

    assert child.returncode == 0, child.stderr
    assert set(child.stdout.split()) <= {"index_damaged", "index_unavailable"}


def test_killed_creation_starts_again(tmp_path: Path) -> None:
    (tmp_path / "shard.new").mkdir(parents=True)
    (tmp_path / "shard.new" / "edge_config.json").write_text("{")

    build_index(tmp_path)

    assert json.loads((tmp_path / "embedder.json").read_text())["embedder"] == IDENTITY.id


def test_acknowledged_points_survive_a_kill_without_flush(tmp_path: Path) -> None:
    script = """
import sys, time
from pathlib import Path
from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.testing.contracts.index import EMBEDDER, make_point
index = EdgeChunkIndex(Path(sys.argv[1]), embedder=EMBEDDER.identity)
for start in range(0, 600, 100):
    index.upsert([make_point(n, text=f"eau {n}") for n in range(start, start + 100)])
print("done", flush=True)
time.sleep(60)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout
        assert child.stdout.readline() == "done\n"
        child.send_signal(signal.SIGKILL)

    index = EdgeChunkIndex(tmp_path, embedder=IDENTITY)

    assert index.count_all() == 600
    assert ids_of(index.search_lexical("eau 42", scope=ALL, limit=1)) == [uuid_of(42)]
    index.close()


def test_full_disk_refuses_to_write_and_still_reads_and_removes(tmp_path: Path) -> None:
    build_index(tmp_path)
    index = EdgeChunkIndex(tmp_path, embedder=IDENTITY, reserve_bytes=1 << 60)

    with pytest.raises(StorageError) as caught:
        index.upsert([make_point(9, text="forêt")])

    assert caught.value.code == "index_disk_full"
    assert len(index.search_lexical("eau", scope=ALL, limit=9)) == 3
    index.remove_version(VersionId("v1"))
    assert index.count_all() == 0
    index.close()


def test_full_disk_refuses_to_create(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        EdgeChunkIndex(tmp_path / "new", embedder=IDENTITY, reserve_bytes=1 << 60)


def test_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError) as caught:
        EdgeChunkIndex(tmp_path / "file" / "index", embedder=IDENTITY)

    assert caught.value.code == "storage_error"


def test_use_after_close_is_an_error_of_our_tree(tmp_path: Path) -> None:
    index = EdgeChunkIndex(tmp_path, embedder=IDENTITY)
    index.close()

    with pytest.raises(IndexUnavailable):
        index.count_all()


def test_text_of_a_chunk_is_nowhere_on_disk(tmp_path: Path) -> None:
    index = EdgeChunkIndex(tmp_path, embedder=IDENTITY)
    index.upsert([make_point(1, text="confidentiel zanzibarien")])
    index.close()

    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert files
    assert not any(b"zanzibarien" in path.read_bytes() for path in files)


def test_dense_search_is_exact_where_8_bits_cannot_tell(tmp_path: Path) -> None:
    """Vectors nearer to each other than the 8-bit error are still ordered by true cosine."""
    identity = EmbedderIdentity("near", 8)
    index = EdgeChunkIndex(tmp_path, embedder=identity)
    points: list[IndexPoint] = []
    for number in range(180):
        vector = [1.0, (number * 37 % 180) * 1e-6, 0.3, 0.2, 0.1, 0.0, 0.0, 0.0]
        points.append(replace(make_point(number, text="eau"), vector=vector))
    index.upsert(points)

    ranking = index.search_dense([0.0, 1.0, 0, 0, 0, 0, 0, 0], scope=ALL, limit=5)

    best = sorted(points, key=lambda point: -point.vector[1])[:5]
    assert ids_of(ranking) == [point.chunk_id for point in best]
    index.close()


def test_adding_and_removing_let_other_threads_run(tmp_path: Path, full_scale: bool) -> None:
    """A ticker is never held as long as a reader would notice while chunks come and go."""
    index = EdgeChunkIndex(tmp_path, embedder=IDENTITY)
    batches = [
        [make_point(n, text=f"eau potable {n} " * 20) for n in range(start, start + 200)]
        for start in range(0, 5000 if full_scale else 1000, 200)
    ]
    gaps: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        last = time.perf_counter()
        while not stop.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    ticker = threading.Thread(target=tick)
    ticker.start()
    for batch in batches:
        index.upsert(batch)
    index.remove_version(VersionId("v1"))
    stop.set()
    ticker.join()

    assert sorted(gaps)[-2] < (0.1 if full_scale else 0.5)
    index.close()
