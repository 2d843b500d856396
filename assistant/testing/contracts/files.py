# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What every `FileStore` promises. Inherit `FileStoreContract` and give its `store` fixture."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.domain.errors import InvalidInput, NotFound
from assistant.ports.files import FileStore

CONTENT = b"%PDF-1.7 une d\xc3\xa9lib\xc3\xa9ration"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PNG = b"\x89PNG\r\n\x1a\nimage"
PDF = b"%PDF-1.7 des diapositives"
WEBP = b"RIFF\x10\x00\x00\x00WEBPimage"


def put(store: FileStore, content: bytes = CONTENT) -> str:
    """Keep a content and tell its SHA-256."""
    return store.put(io.BytesIO(content), max_bytes=len(content))[0]


class FileStoreContract:
    """Promises of `FileStore`."""

    @pytest.fixture
    def store(self) -> FileStore:
        """An empty store."""
        raise NotImplementedError

    def test_keeps_a_content(self, store: FileStore) -> None:
        assert store.put(io.BytesIO(CONTENT), max_bytes=len(CONTENT)) == (SHA256, len(CONTENT))
        assert store.has(SHA256)
        assert store.path(SHA256).read_bytes() == CONTENT

    def test_keeps_a_content_once(self, store: FileStore) -> None:
        put(store)
        place = store.path(SHA256)
        put(store)
        assert store.path(SHA256) == place

    def test_keeps_an_empty_content(self, store: FileStore) -> None:
        sha256, size = store.put(io.BytesIO(b""), max_bytes=0)
        assert size == 0
        assert store.has(sha256)

    def test_a_content_too_long_is_not_kept(self, store: FileStore) -> None:
        with pytest.raises(InvalidInput) as raised:
            store.put(io.BytesIO(CONTENT), max_bytes=len(CONTENT) - 1)
        assert raised.value.code == "file_too_large"
        assert raised.value.sentence
        assert not store.has(SHA256)

    def test_a_content_is_claimed_until_its_claimant_lets_go(self, store: FileStore) -> None:
        for claimant in ("a", "b"):
            store.put(io.BytesIO(CONTENT), max_bytes=len(CONTENT), claimant=claimant)

        assert (store.claimed(), store.let_go_of()) == ({SHA256}, frozenset())
        store.let_go("a")
        assert (store.claimed(), store.let_go_of()) == ({SHA256}, {SHA256})
        store.let_go("b")
        store.let_go("nobody")
        assert (store.claimed(), store.let_go_of()) == (frozenset(), {SHA256})

    def test_only_claims_that_ended_are_forgotten(self, store: FileStore) -> None:
        other, _ = store.put(io.BytesIO(PDF), max_bytes=len(PDF), claimant="a")
        store.let_go("a")
        store.put(io.BytesIO(CONTENT), max_bytes=len(CONTENT), claimant="a")

        store.forget_claims({SHA256})
        assert (store.claimed(), store.let_go_of()) == ({SHA256}, {other})
        store.forget_claims({SHA256, other})
        assert (store.claimed(), store.let_go_of()) == ({SHA256}, frozenset())

    def test_a_content_that_nobody_claims_is_not_told(self, store: FileStore) -> None:
        put(store)
        assert (store.claimed(), store.let_go_of()) == (frozenset(), frozenset())

    def test_many_threads_keep_one_content(self, store: FileStore) -> None:
        content = CONTENT * 50_000
        with ThreadPoolExecutor(8) as pool:
            kept = set(pool.map(put, [store] * 16, [content] * 16))
        assert kept == {hashlib.sha256(content).hexdigest()}
        assert store.path(kept.pop()).read_bytes() == content

    @pytest.mark.parametrize("sha256", ["ab" * 32, "", "../../etc/passwd", SHA256.upper()])
    def test_what_is_not_kept_is_not_found(self, store: FileStore, sha256: str) -> None:
        put(store)
        assert not store.has(sha256)
        assert store.page_image(sha256, page=1) is None
        store.remove(sha256)
        with pytest.raises(NotFound):
            store.path(sha256)
        assert store.has(SHA256)

    def test_a_removed_content_is_gone_with_its_pages(self, store: FileStore) -> None:
        put(store)
        store.put_page_image(SHA256, page=1, image=PNG)
        store.put_deck_pdf(SHA256, content=PDF)
        store.remove(SHA256)
        store.remove(SHA256)
        assert not store.has(SHA256)
        assert store.deck_pdf(SHA256) is None
        assert store.page_image(SHA256, page=1) is None

    def test_all_that_is_kept_is_walked(self, store: FileStore) -> None:
        kept = sorted(put(store, str(number).encode()) for number in range(9))

        for size in (1, 4, 20):
            pages = list(store.iter_kept(page=size, older_than_s=-60))
            assert [sha256 for page in pages for sha256 in page] == kept
            assert all(0 < len(page) <= size for page in pages)
        assert list(store.iter_kept(page=4, older_than_s=60)) == []

    def test_what_is_held_outlives_its_removal(self, store: FileStore, tmp_path: Path) -> None:
        put(store)
        store.hold(tmp_path)
        store.hold(tmp_path)
        store.remove(SHA256)
        assert (tmp_path / SHA256).read_bytes() == CONTENT

    def test_a_damaged_content_is_told_and_can_be_kept_anew(self, store: FileStore) -> None:
        put(store)
        assert store.is_whole(SHA256)
        assert not store.is_whole("ab" * 32)
        store.path(SHA256).write_bytes(CONTENT[:-1])
        assert store.has(SHA256)
        assert not store.is_whole(SHA256)

        store.set_aside(SHA256)
        store.set_aside(SHA256)

        assert not store.has(SHA256)
        assert not store.put_back(SHA256)
        put(store)
        assert store.is_whole(SHA256)

    def test_what_was_set_aside_whole_is_put_back_until_it_is_dropped(
        self, store: FileStore
    ) -> None:
        put(store)
        store.set_aside(SHA256)
        store.drop_aside(older_than_s=60)

        assert store.put_back(SHA256)
        assert store.is_whole(SHA256)
        assert not store.put_back(SHA256)

        store.set_aside(SHA256)
        store.drop_aside(older_than_s=-60)
        assert not store.put_back(SHA256)
        assert not store.put_back("../etc")

    @pytest.mark.parametrize("image", [PNG, WEBP])
    def test_caches_page_images(self, store: FileStore, image: bytes) -> None:
        put(store)
        kept = store.put_page_image(SHA256, page=12, image=image)
        assert store.page_image(SHA256, page=12) == kept
        assert store.page_image(SHA256, page=1) is None
        assert kept.read_bytes() == image

    def test_caches_the_pdf_of_a_deck(self, store: FileStore) -> None:
        put(store)
        assert store.deck_pdf(SHA256) is None
        kept = store.put_deck_pdf(SHA256, content=PDF)
        assert store.deck_pdf(SHA256) == kept
        assert kept.read_bytes() == PDF
        assert store.deck_pdf("../../etc/passwd") is None
        for sha256, content in ((SHA256, PNG), ("../../etc/passwd", PDF)):
            with pytest.raises(ValueError, match="PDF"):
                store.put_deck_pdf(sha256, content=content)

    def test_a_page_image_is_png_or_webp(self, store: FileStore) -> None:
        with pytest.raises(ValueError, match="PNG"):
            store.put_page_image(SHA256, page=1, image=b"<svg/>")
        with pytest.raises(ValueError, match="page"):
            store.put_page_image(SHA256, page=0, image=PNG)
