"""Archives that would fill the disk or the memory are refused before they are read."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest

from assistant.domain.errors import InvalidInput
from assistant.services.archive_lines import (
    CONVERSATIONS,
    DOCUMENTS,
    LOGO,
    ORIGINALS,
    PEOPLE,
    QUESTIONS,
    FileLine,
)
from assistant.services.archive_reader import ArchiveReader
from assistant.services.archive_sizes import (
    CONVERSATIONS_BYTES,
    LINES_BYTES,
    MANIFEST_BYTES,
    SMALL_BYTES,
    check_sizes,
)
from tests.house import MAX_FILE_BYTES, House, open_house
from tests.unit.assistant.services.moves import Change, Town, members_of, mover_of, tampered

BOMB = f"{ORIGINALS}Documents/bombe.txt"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("first")
    house = open_house(folder)
    yield Town(house).export(folder / "commune.zip").path
    house.close()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house where no archive may be read whole."""

    def read(_: ArchiveReader) -> None:
        pytest.fail("it was read before its sizes were looked at")

    monkeypatch.setattr(ArchiveReader, "verify", read)
    house = open_house(tmp_path)
    yield house
    house.close()


def refusal(house: House, path: Path) -> InvalidInput:
    """Why an archive is refused, having left nothing in the file store or the database."""
    with pytest.raises(InvalidInput) as refused:
        mover_of(house).load(path)
    with house.open_work() as work:
        assert len(work.tenancy.list_tenants()) == 1
    found = (each for each in (house.root / "files").rglob("*") if each.is_file())
    assert not [each for each in found if each.parent.name != "holders"]
    assert refused.value.sentence
    return refused.value


def with_bomb(size_bytes: int) -> Change:
    def change(members: dict[str, bytes]) -> None:
        members[BOMB] = bytes(size_bytes)

    return change


def packed(path: Path, *, method: int, padding: int = 0) -> Path:
    """A copy of an archive by another method, its manifest made longer."""
    copy = path.with_name("packed.zip")
    with ZipFile(copy, "w", method) as packed:
        for name, data in members_of(path).items():
            packed.writestr(name, data + b" " * (padding if name == "manifest.json" else 0))
    return copy


def test_an_original_larger_than_one_that_may_be_sent_is_refused(
    archive: Path, house: House
) -> None:
    error = refusal(house, tampered(archive, with_bomb(MAX_FILE_BYTES + 1), told=True))

    assert error.code == "archive_original_too_large"
    assert "6 Mo" in error.sentence
    assert "5 Mo" in error.sentence


def test_an_archive_that_needs_more_than_the_disk_has_is_refused(
    archive: Path, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.files, "room_bytes", lambda: 2_000_000)

    error = refusal(house, tampered(archive, with_bomb(3_000_000), told=True))

    assert error.code == "archive_without_room"
    assert "4 Mo" in error.sentence


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_a_method_that_unpacks_without_bound_is_refused(
    archive: Path, house: House, method: int
) -> None:
    assert refusal(house, packed(archive, method=method)).code == "archive_damaged"


def test_a_manifest_beyond_its_bound_is_refused(archive: Path, house: House) -> None:
    path = packed(archive, method=ZIP_DEFLATED, padding=MANIFEST_BYTES)

    assert refusal(house, path).code == "archive_file_too_large"


def test_a_member_that_is_larger_than_announced_is_refused(archive: Path, house: House) -> None:
    assert refusal(house, tampered(archive, grown, told=False)).code == "archive_damaged"


def grown(members: dict[str, bytes]) -> None:
    members[PEOPLE] += bytes(3_000_000)


def line(path: str, size_bytes: int, *, content: str = "") -> FileLine:
    digest = sha256((content or path).encode()).hexdigest()
    return FileLine(path=path, size_bytes=size_bytes, sha256=digest)


def check(*files: FileLine, room_bytes: int = 1 << 50, kept: str = "") -> None:
    digest = sha256(kept.encode()).hexdigest()
    check_sizes(
        {each.path: each for each in files},
        max_original_bytes=100,
        room_bytes=room_bytes,
        is_kept=lambda each: each == digest,
    )


@pytest.mark.parametrize(
    ("path", "most", "code"),
    [
        (LOGO, SMALL_BYTES, "archive_file_too_large"),
        (f"{QUESTIONS}1.csv", SMALL_BYTES, "archive_file_too_large"),
        (DOCUMENTS, LINES_BYTES, "archive_file_too_large"),
        (CONVERSATIONS, CONVERSATIONS_BYTES, "archive_file_too_large"),
        (BOMB, 100, "archive_original_too_large"),
    ],
)
def test_each_file_has_its_bound(path: str, most: int, code: str) -> None:
    check(line(path, most))

    with pytest.raises(InvalidInput) as refused:
        check(line(path, most + 1))
    assert refused.value.code == code


def test_the_sum_counts_a_content_once_and_none_that_is_here() -> None:
    originals = [
        line(f"{ORIGINALS}a", 60, content="one"),
        line(f"{ORIGINALS}b", 60, content="one"),
        line(f"{ORIGINALS}c", 90, content="here"),
    ]
    rows = [line(f"{QUESTIONS}{number}.csv", 10, content="same") for number in range(2)]

    check(*originals, *rows, room_bytes=80, kept="here")

    for room_bytes, kept in ((79, "here"), (169, "")):
        with pytest.raises(InvalidInput) as refused:
            check(*originals, *rows, room_bytes=room_bytes, kept=kept)
        assert refused.value.code == "archive_without_room"
