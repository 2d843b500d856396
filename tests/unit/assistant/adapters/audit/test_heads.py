"""The file of heads: added to, never rewritten, and read again whatever became of it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.adapters.audit.heads import FileHeadSink
from assistant.domain.audit_chain import Head
from assistant.domain.errors import StorageError

HEADS = [Head(f"2026-11-{day}T00:00:00.000000Z", day, f"{day:064x}") for day in range(10, 16)]


def test_heads_come_back_in_their_order_and_no_line_changes(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    sink = FileHeadSink(path)
    before = b""

    assert sink.noted().heads == ()
    for head in HEADS:
        sink.append(head)
        assert path.read_bytes().startswith(before)
        before = path.read_bytes()

    assert sink.noted().heads == tuple(HEADS)
    assert path.read_text("utf-8").splitlines()[0] == (
        '{"time":"2026-11-10T00:00:00.000000Z","number":10,"hash":"' + f"{10:064x}" + '"}'
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_several_writers_do_not_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(FileHeadSink(path).append, HEADS * 20))

    noted = FileHeadSink(path).noted()
    assert len(noted.heads) == 120
    assert noted.damaged_lines == ()


def test_a_line_cut_short_is_told_and_the_next_head_stands_on_its_own(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    sink = FileHeadSink(path)
    sink.append(HEADS[0])
    with path.open("a") as file:
        file.write('{"time":"2026-')
    sink.append(HEADS[1])

    assert sink.noted().heads == (HEADS[0], HEADS[1])
    assert sink.noted().damaged_lines == (2,)


@pytest.mark.parametrize(
    "line", ["{}", "[]", "null", '{"time":"a","number":"x","hash":""}', "\x00"]
)
def test_a_line_that_is_no_head_is_told(tmp_path: Path, line: str) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_text(line + "\n")

    assert FileHeadSink(path).noted().damaged_lines == (1,)


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    sink = FileHeadSink(tmp_path / "absent" / "heads.jsonl")

    with pytest.raises(StorageError) as caught:
        sink.append(HEADS[0])
    assert caught.value.code == "heads_unwritable"
    assert not (tmp_path / "absent").exists()
    assert sink.noted().heads == ()


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        FileHeadSink(tmp_path).noted()
    assert caught.value.code == "heads_unreadable"
