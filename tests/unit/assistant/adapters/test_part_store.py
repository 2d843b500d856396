"""Begun contents on the disk."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from assistant.adapters.files.parts import FolderPartStore
from assistant.domain.errors import Conflict, NotFound, StorageError
from assistant.domain.ids import TenantId

HERE, THERE = TenantId("here"), TenantId("there")
NAME = "a/../b"


@pytest.fixture
def store(tmp_path: Path) -> FolderPartStore:
    return FolderPartStore(tmp_path / "parts")


def test_a_content_grows_by_its_blocks(store: FolderPartStore) -> None:
    assert store.size(HERE, NAME) == 0
    assert store.append(HERE, NAME, offset=0, block=b"abc") == 3
    assert store.append(HERE, NAME, offset=3, block=b"de") == 5

    with store.opened(HERE, NAME) as stream:
        assert stream.read() == b"abcde"
    assert (store.held_bytes(HERE), store.held_bytes(THERE)) == (5, 0)
    assert store.size(THERE, NAME) == 0


def test_a_block_that_begins_elsewhere_is_refused_with_the_place(store: FolderPartStore) -> None:
    store.append(HERE, NAME, offset=0, block=b"abc")

    for offset in (0, 2, 4):
        with pytest.raises(Conflict) as refused:
            store.append(HERE, NAME, offset=offset, block=b"x")
        assert refused.value.params == {"offset": 3}
    assert store.size(HERE, NAME) == 3


def test_of_many_requests_at_one_place_one_goes_on(store: FolderPartStore) -> None:
    done: list[int] = []

    def go_on() -> None:
        try:
            done.append(store.append(HERE, NAME, offset=0, block=b"x" * 1000))
        except Conflict:
            return

    threads = [threading.Thread(target=go_on) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert done == [1000]
    assert store.size(HERE, NAME) == 1000


def test_a_full_disk_leaves_nothing_of_a_block(
    store: FolderPartStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(HERE, NAME, offset=0, block=b"abc")
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if len(data) <= 4:
            raise OSError(errno.ENOSPC, "full")
        return write(handle, data[:4])

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        with pytest.raises(StorageError) as refused:
            store.append(HERE, NAME, offset=3, block=b"defghij")

    assert refused.value.code == "disk_full"
    assert store.size(HERE, NAME) == 3
    assert store.append(HERE, NAME, offset=3, block=b"d") == 4


def test_what_is_dropped_is_gone(store: FolderPartStore) -> None:
    store.append(HERE, NAME, offset=0, block=b"abc")
    store.drop(HERE, NAME)
    store.drop(HERE, NAME)

    assert store.size(HERE, NAME) == 0
    with pytest.raises(NotFound), store.opened(HERE, NAME):
        pass


def test_all_that_a_tenant_began_is_dropped(store: FolderPartStore, tmp_path: Path) -> None:
    for name in ("a", "b"):
        store.append(HERE, name, offset=0, block=b"abc")
    store.append(TenantId("elsewhere"), "a", offset=0, block=b"d")
    assert store.count(HERE) == 2

    store.drop_all(HERE)
    store.drop_all(HERE)

    assert store.count(HERE) == 0
    assert store.held_bytes(TenantId("elsewhere")) == 1
    assert len(list((tmp_path / "parts").iterdir())) == 1


def test_what_waits_too_long_is_dropped(store: FolderPartStore, tmp_path: Path) -> None:
    store.append(HERE, "old", offset=0, block=b"abc")
    (old,) = (tmp_path / "parts").glob("*/*")
    os.utime(old, (time.time() - 100, time.time() - 100))
    store.append(HERE, "young", offset=0, block=b"d")

    assert store.drop_older(than_s=50) == 1
    assert store.held_bytes(HERE) == 1
    assert store.drop_older(than_s=-50) == 1
    assert list((tmp_path / "parts").iterdir()) == []
