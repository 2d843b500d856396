from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from assistant.cli.failures import Misuse
from assistant.cli.scanning import scan


def write(path: Path, content: str = "texte") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "actes"
    write(folder / "b.txt", "bé")
    write(folder / "a.txt")
    write(folder / "sous" / "c.txt")
    return folder


def names(folder: Path) -> list[str]:
    (source,) = scan([folder])
    return [file.name for file in source.files]


def test_a_folder_is_a_complete_source_named_by_its_path(folder: Path) -> None:
    (source,) = scan([folder])

    assert source.label == str(folder)
    assert source.is_complete
    assert [file.name for file in source.files] == ["a.txt", "b.txt", "sous/c.txt"]
    assert source.files[1].sha256 == hashlib.sha256("bé".encode()).hexdigest()
    assert source.files[1].size_bytes == 3
    assert source.paths["sous/c.txt"] == folder / "sous" / "c.txt"


def skipped(path: Path) -> list[tuple[str, str]]:
    (source,) = scan([path])
    return [(problem.name, problem.code) for problem in source.skipped]


def test_hidden_files_and_office_locks_are_left_away(folder: Path) -> None:
    write(folder / ".caché")
    write(folder / ".git" / "config")
    write(folder / "~$b.docx")

    assert names(folder) == ["a.txt", "b.txt", "sous/c.txt"]


def test_links_are_followed_inside_the_folder_only(folder: Path, tmp_path: Path) -> None:
    (folder / "dedans.txt").symlink_to(folder / "a.txt")
    (folder / "dehors.txt").symlink_to(write(tmp_path / "secret.txt"))
    (folder / "perdu.txt").symlink_to(tmp_path / "nulle-part")
    (folder / "boucle").symlink_to(folder)
    (folder / "ailleurs").symlink_to(tmp_path)

    assert names(folder) == ["a.txt", "b.txt", "dedans.txt", "sous/c.txt"]
    assert skipped(folder) == [
        ("ailleurs", "link_outside"),
        ("dehors.txt", "link_outside"),
        ("perdu.txt", "link_outside"),
    ]


def test_devices_are_left_away_and_told(folder: Path) -> None:
    os.mkfifo(folder / "tube")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(os.path.relpath(folder / "sous" / "prise"))

    assert names(folder) == ["a.txt", "b.txt", "sous/c.txt"]
    assert skipped(folder) == [("tube", "not_a_file"), ("sous/prise", "not_a_file")]


def test_a_pipe_given_by_itself_is_told_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "tube")

    assert skipped(folder / "tube") == [("tube", "not_a_file")]


def test_a_file_joins_the_source_of_its_folder_without_completing_it(folder: Path) -> None:
    (source,) = scan([folder / "a.txt", folder / "b.txt"])

    assert source.label == str(folder)
    assert not source.is_complete
    assert [file.name for file in source.files] == ["a.txt", "b.txt"]


def test_a_path_given_twice_counts_once(folder: Path) -> None:
    (source,) = scan([folder, folder / "a.txt", folder / "sous" / ".."])

    assert source.is_complete
    assert len(source.files) == 3


def test_names_that_are_no_utf_8_are_kept(folder: Path) -> None:
    (folder / os.fsdecode(b"d\xe9lib.txt")).write_text("texte", "utf-8")

    assert "d�lib.txt" in names(folder)


def test_names_take_the_form_under_which_the_service_keeps_them(folder: Path) -> None:
    on_disk = write(folder / "sous" / "de\u0301libe\u0301ration.txt")

    (source,) = scan([folder])

    assert source.paths["sous/d\u00e9lib\u00e9ration.txt"] == on_disk
    assert "sous/d\u00e9lib\u00e9ration.txt" in [file.name for file in source.files]


def test_of_two_names_alike_the_first_keeps_its_path(folder: Path) -> None:
    first = write(folder / "de\u0301cision.txt", "un")
    second = write(folder / "d\u00e9cision.txt", "deux")

    (source,) = scan([folder])
    (given,) = scan([first, second])

    assert source.paths["d\u00e9cision.txt"] == first
    assert [file.name for file in source.files].count("d\u00e9cision.txt") == 2
    assert [file.name for file in given.files] == ["d\u00e9cision.txt"] * 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_reported(folder: Path) -> None:
    (folder / "a.txt").chmod(0)

    (source,) = scan([folder])

    assert [(problem.name, problem.code) for problem in source.unreadable] == [
        ("a.txt", "file_unreadable")
    ]
    assert [file.name for file in source.files] == ["b.txt", "sous/c.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_without_permission_removes_nothing(folder: Path) -> None:
    (folder / "sous").chmod(0)

    (source,) = scan([folder])
    (folder / "sous").chmod(0o700)

    assert not source.is_complete
    assert source.skips_removal
    assert [problem.name for problem in source.unreadable] == ["sous"]


def test_a_folder_that_cannot_be_listed_is_told_as_a_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    def refuse(path: str) -> Any:
        if Path(path) == folder / "sous":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)

    (source,) = scan([folder])

    assert (source.is_complete, source.skips_removal) == (False, True)
    assert [(each.name, each.code) for each in source.unreadable] == [("sous", "folder_unreadable")]
    assert [file.name for file in source.files] == ["a.txt", "b.txt"]


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="n'existe pas"):
        scan([tmp_path / "absent"])


def test_a_folder_whose_name_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"d\xe9libs")
    path = write(folder / "a.txt")

    for given in (folder, path):
        with pytest.raises(Misuse, match="n'est pas en UTF-8"):
            scan([given])
