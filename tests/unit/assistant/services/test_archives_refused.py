"""An archive that is damaged, cut or made up is refused with a sentence, and nothing of it stays."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.domain.errors import AssistantError, Conflict, InvalidInput, StorageError
from assistant.services.archive_reader import opened_archive
from tests.house import House, open_house
from tests.unit.assistant.services.moves import (
    Change,
    Town,
    members_of,
    mover_of,
    replaced,
    tampered,
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("first")
    house = open_house(folder)
    yield Town(house).export(folder / "commune.zip").path
    house.close()


def contents_of(house: House) -> set[str]:
    found = (each for each in (house.root / "files").rglob("*") if each.is_file())
    return {each.name for each in found if each.parent.name != "holders"}


def refusal(house: House, path: Path) -> AssistantError:
    """Why an archive is refused, having left nothing."""
    with house.open_work() as work:
        before = work.tenancy.list_tenants()
    kept = contents_of(house)
    with pytest.raises((InvalidInput, Conflict)) as refused:
        mover_of(house).load(path)
    with house.open_work() as work:
        assert work.tenancy.list_tenants() == before
    assert contents_of(house) == kept
    assert refused.value.sentence
    return refused.value


def without(name: str) -> Change:
    def change(members: dict[str, bytes]) -> None:
        del members[name]

    return change


def with_file(name: str) -> Change:
    def change(members: dict[str, bytes]) -> None:
        members[name] = b"x"

    return change


def with_manifest(**fields: Any) -> Change:
    def change(members: dict[str, bytes]) -> None:
        manifest = {**json.loads(members["manifest.json"]), **fields}
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


def with_field(member: str, **fields: Any) -> Change:
    """Changes fields of the first line of a file."""

    def change(members: dict[str, bytes]) -> None:
        first, *rest = members[member].splitlines(keepends=True)
        if member == "tenant.json":
            first, rest = members[member], []
        line = {**json.loads(first), **fields}
        members[member] = b"".join([json.dumps(line).encode() + b"\n", *rest])

    return change


FANFARE = "originals/Culture _ Fêtes/fanfare.txt"
UNTOLD: dict[str, tuple[Change, str]] = {
    "a file is missing": (without(FANFARE), "archive_incomplete"),
    "a file of the format is missing": (without("people.jsonl"), "archive_incomplete"),
    "the manifest is missing": (without("manifest.json"), "archive_unreadable"),
    "another file": (with_file("originals/autre.txt"), "archive_file_unknown"),
    "an original was changed": (replaced(FANFARE, "vendredi", "mercredi"), "archive_damaged"),
    "an original grew": (replaced(FANFARE, "vendredi", "vendredi 13"), "archive_damaged"),
    "a right was changed": (replaced("people.jsonl", "auditor", "agent"), "archive_damaged"),
    "a newer format": (with_manifest(format_version=3), "archive_version_unknown"),
    "another format": (with_manifest(format="autre"), "archive_unreadable"),
    "no manifest": (with_manifest(files=3), "archive_line_refused"),
}
TOLD: dict[str, tuple[Change, str]] = {
    "climbs out": (with_file("originals/../../evil.txt"), "archive_name_unsafe"),
    "absolute": (with_file("/etc/evil"), "archive_name_unsafe"),
    "of Windows": (with_file("C:\\evil"), "archive_name_unsafe"),
    "a folder": (with_file("originals/vide/"), "archive_name_unsafe"),
    "turned round": (with_file("originals/\u202efdp.exe"), "archive_name_unsafe"),
    "out of place": (with_file("keys.jsonl"), "archive_file_unknown"),
    "no JSON": (replaced("groups.jsonl", "{", "["), "archive_line_refused"),
    "an empty line": (with_field("people.jsonl", id=""), "archive_line_refused"),
    "the owner of the machine": (with_field("people.jsonl", id="local"), "archive_line_refused"),
    "no address": (with_field("people.jsonl", email="maire"), "archive_line_refused"),
    "no role": (with_field("people.jsonl", roles=["root"]), "archive_line_refused"),
    "no zone": (
        with_field("people.jsonl", created_at="2026-01-01T00:00:00"), "archive_line_refused",
    ),
    "a sign that no database keeps": (
        with_field("people.jsonl", name="a\0b"), "archive_line_refused",
    ),
    "an unknown member": (
        with_field("groups.jsonl", members=[{"person": "x", "provider": ""}]),
        "archive_line_refused",
    ),
    "an unknown collection": (
        with_field("documents.jsonl", collection="x"), "archive_line_refused",
    ),
    "a title without end": (
        with_field(
            "documents.jsonl",
            correction={
                "title": "t" * 301, "kind": None, "date": None, "is_undated": False, "by": "",
                "at": "2026-01-01T00:00:00Z",
            },
        ),
        "archive_line_refused",
    ),
    "an unsafe document": (with_field("documents.jsonl", name="../a"), "archive_line_refused"),
    "an original elsewhere": (
        with_field(
            "documents.jsonl",
            original={"path": "people.jsonl", "size_bytes": 1, "sha256": "0" * 64},
        ),
        "archive_incomplete",
    ),
    "an unknown group": (
        with_field("collections.jsonl", audience="groups", groups=["x"]), "archive_ids_taken",
    ),
    "a wrong SIREN": (with_field("tenant.json", siren="123"), "siren_refused"),
    "a pale colour": (with_field("tenant.json", colour="#ffffff"), "colour_too_pale"),
    "a wild bound": (with_field("tenant.json", quotas={"documents": -1}), "archive_line_refused"),
    "no questions": (
        replaced("question_sets/001 questions_2026.csv", "1, 3", "1, x"), "archive_line_refused",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", [*UNTOLD, *TOLD])
def test_a_made_up_archive_is_refused(archive: Path, tmp_path: Path, kind: str) -> None:
    house = open_house(tmp_path)
    change, code = {**UNTOLD, **TOLD}[kind]

    path = tampered(archive, change, told=kind in TOLD)

    assert refusal(house, path).code == code
    path.unlink()
    house.close()


def test_an_archive_of_the_format_before_is_taken(archive: Path, tmp_path: Path) -> None:
    house = open_house(tmp_path)

    path = tampered(archive, with_manifest(format_version=1), told=False)
    mover_of(house).load(path)

    assert house.all_documents() == {}
    with house.open_work() as work:
        assert len(work.tenancy.list_tenants()) == 2
    path.unlink()
    house.close()


def test_what_is_no_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    house = open_house(tmp_path)
    text = tmp_path / "texte.zip"
    text.write_text("Ceci n'est pas une archive.")

    assert refusal(house, text).code == "archive_unreadable"
    assert refusal(house, tmp_path / "absent.zip").code == "archive_missing"
    assert refusal(house, tmp_path).code == "archive_missing"
    whole = archive.read_bytes()
    for share in (0.0, 0.01, 0.3, 0.6, 0.9, 0.999):
        text.write_bytes(whole[: int(len(whole) * share)])
        assert refusal(house, text).code == "archive_unreadable"
    house.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_byte_passes_for_another_content(
    archive: Path, tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    changed = tmp_path / "changed.zip"
    changed.write_bytes(whole)

    try:
        with opened_archive(changed) as opened:
            opened.verify()
            found = {path: opened.bytes_of(path) for path in opened.files}
    except InvalidInput:
        return
    expected = members_of(archive)
    del expected["manifest.json"]
    assert found == expected


def interrupted(house: House, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """The file store fails at the fourth content."""
    put, calls = house.files.put, list[int]()

    def failing(stream: BinaryIO, *, max_bytes: int) -> tuple[str, int]:
        calls.append(max_bytes)
        if len(calls) == 4:
            raise error
        return put(stream, max_bytes=max_bytes)

    monkeypatch.setattr(house.files, "put", failing)


@pytest.mark.parametrize("error", [StorageError("disk_full"), KeyboardInterrupt()])
def test_an_import_that_stops_shows_nothing_and_is_taken_up_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    house = open_house(tmp_path)
    interrupted(house, monkeypatch, error)
    with pytest.raises(type(error)):
        mover_of(house).load(archive)
    with house.open_work() as work:
        assert len(work.tenancy.list_tenants()) == 1
    assert len(contents_of(house)) == (3 if isinstance(error, KeyboardInterrupt) else 0)

    mover_of(house).load(archive)
    house.settle()

    assert len(contents_of(house)) == 6
    house.close()


def test_contents_that_somebody_else_uses_outlive_a_failed_import(
    archive: Path, tmp_path: Path
) -> None:
    house = open_house(tmp_path)
    text = members_of(archive)[FANFARE].decode()
    house.ingest({"fanfare.txt": text})

    path = tampered(archive, with_field("collections.jsonl", name=""), told=True)

    assert refusal(house, path).code == "name_refused"
    assert house.live_texts()["fanfare.txt"]
    path.unlink()
    house.close()


def test_contents_that_somebody_else_is_about_to_use_outlive_a_failed_import(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house(tmp_path)
    put = house.files.put
    interrupted(house, monkeypatch, StorageError("disk_full"))
    once = house.files.put

    def claimed_first(stream: BinaryIO, *, max_bytes: int) -> tuple[str, int]:
        content = stream.read()
        if not house.files.claimed():
            put(io.BytesIO(content), max_bytes=max_bytes, claimant="somebody")
        return once(io.BytesIO(content), max_bytes=max_bytes)

    monkeypatch.setattr(house.files, "put", claimed_first)
    with pytest.raises(StorageError):
        mover_of(house).load(archive)
    (claimed,) = house.files.claimed()

    assert [each for each in contents_of(house) if "." not in each] == [claimed]
    house.close()


def test_contents_that_are_swept_meanwhile_are_put_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house(tmp_path)
    put, swept = house.files.put, list[str]()

    def sweeping(stream: BinaryIO, *, max_bytes: int) -> tuple[str, int]:
        sha256, size = put(stream, max_bytes=max_bytes)
        if not swept:
            swept.append(sha256)
            house.files.remove(sha256)
        return sha256, size

    monkeypatch.setattr(house.files, "put", sweeping)
    mover_of(house).load(archive)
    house.settle()

    assert swept[0] in contents_of(house)
    house.close()
