from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from ingest.sources.folder import FolderSource
from ingest.sources.listing import ListedFile, ListingFault, SourceFault
from ingest.sources.patterns import taker


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (1_700_000_000, 1_700_000_000))


def listed(root: Path) -> list[str]:
    return [each.name for each in FolderSource(root).list() if isinstance(each, ListedFile)]


def faults(root: Path) -> dict[str, str]:
    found = FolderSource(root).list()
    return {each.name: each.code for each in found if isinstance(each, ListingFault)}


def test_files_are_listed_by_their_whole_names(tmp_path: Path) -> None:
    names = ["a/b.txt", "a/c/d.txt", "a.txt", "a-b.txt", "b.txt", "Été.txt"]
    write(tmp_path, *names)

    assert listed(tmp_path) == sorted(names)


def test_hidden_files_and_locks_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, ".caché", ".git/objet", "~$ouvert.docx", "ouvert.docx")

    assert listed(tmp_path) == ["ouvert.docx"]


def test_names_are_told_in_one_unicode_form_and_opened_in_theirs(tmp_path: Path) -> None:
    write(tmp_path, "Arre\u0302te\u0301.txt")
    source = FolderSource(tmp_path)
    [file] = source.list()
    assert isinstance(file, ListedFile)

    assert file.name == "Arrêté.txt"
    with source.open(file) as stream:
        assert stream.read().decode() == "Arre\u0302te\u0301.txt"


def test_stamps_tell_changes_and_nothing_about_files_changed_just_now(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt")
    (tmp_path / "neuf.txt").write_text("neuf")
    stamps = {
        each.name: each.stamp
        for each in FolderSource(tmp_path).list()
        if isinstance(each, ListedFile)
    }

    assert stamps["a.txt"] == stamps["b.txt"] != ""
    assert stamps["neuf.txt"] == ""


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "racine", tmp_path / "racine-bis"
    write(root, "a.txt", "sous/b.txt")
    write(elsewhere, "secret.txt")
    (root / "fichier").symlink_to(elsewhere / "secret.txt")
    (root / "dossier").symlink_to(elsewhere)
    (root / "boucle").symlink_to(root / "boucle")
    (root / "nulle-part").symlink_to(root / "absent")
    (root / "interne").symlink_to(root / "sous/b.txt")
    (root / "parent").symlink_to(root)

    assert listed(root) == ["a.txt", "interne", "sous/b.txt"]
    assert faults(root) == dict.fromkeys(
        ("boucle", "dossier", "fichier", "nulle-part"), "link_outside"
    )


@pytest.mark.parametrize("part", ["a.txt", "sous/a.txt"])
def test_a_file_or_folder_that_became_a_link_since_its_listing_is_not_followed(
    tmp_path: Path, part: str
) -> None:
    root = tmp_path / "racine"
    write(root, part)
    write(tmp_path / "secret", "a.txt")
    source = FolderSource(root)
    [file] = source.list()
    assert isinstance(file, ListedFile)
    top = root / part.split("/", maxsplit=1)[0]
    top.rename(tmp_path / "ancien")
    top.symlink_to(tmp_path / "secret" / ("" if "/" in part else "a.txt"))

    with pytest.raises(SourceFault) as fault, source.open(file):
        pass
    assert fault.value.code == "link_outside"


def test_a_root_that_becomes_a_link_leads_nowhere(tmp_path: Path) -> None:
    root, secret = tmp_path / "commune", tmp_path / "secret"
    for folder in (root, secret):
        folder.mkdir()
        (folder / "a.txt").write_text("un texte")
    source = FolderSource(root)
    listed = [each for each in source.list() if isinstance(each, ListedFile)]
    root.rename(tmp_path / "commune-avant")
    root.symlink_to(secret)

    for act in (lambda: source.first_names(limit=9), lambda: list(source.list())):
        with pytest.raises(SourceFault) as fault:
            act()
        assert fault.value.code == "folder_missing"
    with pytest.raises(SourceFault) as fault, source.open(listed[0]):
        pass
    assert fault.value.code == "link_outside"


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tube")

    assert faults(tmp_path) == {"tube": "not_a_file"}
    with (
        pytest.raises(SourceFault) as fault,
        FolderSource(tmp_path).open(ListedFile("tube", "tube", 0, "")),
    ):
        pass
    assert fault.value.code == "not_a_file"


def test_what_cannot_be_opened_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = FolderSource(tmp_path)
    with pytest.raises(SourceFault) as fault, source.open(ListedFile("x", "x", 1, "")):
        pass
    assert fault.value.code == "file_missing"

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SourceFault) as fault, source.open(ListedFile("x", "x", 1, "")):
        pass
    assert fault.value.code == "file_unreadable"


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    source = FolderSource(tmp_path)
    [file] = source.list()
    assert isinstance(file, ListedFile)

    def change() -> None:
        with source.open(file) as stream:
            stream.read()
            (tmp_path / "a.txt").write_text("autre chose")

    with pytest.raises(SourceFault) as fault:
        change()
    assert fault.value.code == "file_changing"


def test_a_folder_that_is_not_there_or_goes_midway_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceFault) as fault:
        listed(tmp_path / "absent")
    assert fault.value.code == "folder_missing"

    root = tmp_path / "racine"
    write(root, "a.txt", "b.txt")
    listing = FolderSource(root).list()
    next(listing)
    root.rename(tmp_path / "démonté")
    root.mkdir()
    with pytest.raises(SourceFault) as fault:
        list(listing)
    assert fault.value.code == "folder_vanished"


def test_a_subfolder_that_goes_midway_hides_its_files(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "sous/b.txt")
    listing = FolderSource(tmp_path).list()
    next(listing)
    (tmp_path / "sous").rename(tmp_path.parent / "ailleurs")

    [fault] = listing
    assert fault == ListingFault("sous", "folder_unreadable", hides_files=True)


@pytest.mark.parametrize("folders", [20, pytest.param(100, marks=pytest.mark.torture)])
def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path, folders: int) -> None:
    for folder in range(folders):
        place = tmp_path / f"{folder:03}"
        place.mkdir()
        for number in range(1000):
            os.close(os.open(place / f"{number:04}.txt", os.O_CREAT))

    tracemalloc.start()
    count = sum(1 for _ in FolderSource(tmp_path).list())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == folders * 1000
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("include", "exclude", "name", "is_taken"),
    [
        ((), (), "a.pdf", True),
        (("*.pdf",), (), "sous/A.PDF", True),
        (("*.pdf",), (), "a.docx", False),
        ((), ("*.tmp",), "a.tmp", False),
        ((), ("brouillons",), "2024/Brouillons/a.pdf", False),
        ((), ("2024/brouillons",), "2024/brouillons/a.pdf", False),
        ((), ("2024/brouillons/",), "2025/brouillons/a.pdf", True),
        ((), ("2024/*.pdf",), "2024/a.pdf", False),
        (("2024/*",), ("*brouillon*",), "2024/a brouillon.pdf", False),
        (("délib?.pdf",), (), "délib1.pdf", True),
        (("[1].pdf",), (), "1.pdf", True),
    ],
)
def test_patterns(
    include: tuple[str, ...], exclude: tuple[str, ...], name: str, is_taken: bool
) -> None:
    assert taker(include=include, exclude=exclude)(name) is is_taken
