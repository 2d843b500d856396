"""Contents that nothing came to refer to: refused, or put by a process that died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from assistant.domain.errors import InvalidInput, QuotaExceeded, StorageError
from assistant.domain.sources import RunState
from assistant.domain.tenants import Quotas
from assistant.services.ingestion import IngestionService
from assistant.services.pushed_documents import Place, PushedDocuments, Put
from assistant.services.unused_files import forget_unused_files
from tests.house import MAX_FILE_BYTES, House
from tests.sources import Desk

pytestmark = pytest.mark.each_engine
LONG = b"Un texte long. " * 80_000
HALF = b"x" * 600_000
KILLED_AFTER_PUT = """
import io, os, signal, sys
from pathlib import Path
from assistant.adapters.files.folder import FolderFileStore
store = FolderFileStore(Path(sys.argv[1]))
store.put(io.BytesIO(b"Un texte."), max_bytes=9, claimant="somebody")
os.kill(os.getpid(), signal.SIGKILL)
"""


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def pushed(house: House) -> PushedDocuments:
    return PushedDocuments(
        house.open_work,
        house.files,
        ingestion=house.ingestion,
        documents=house.documents,
        max_file_bytes=MAX_FILE_BYTES,
    )


def test_a_content_that_is_announced_beyond_the_quota_is_not_read(
    house: House, pushed: PushedDocuments
) -> None:
    bound(house, Quotas(storage_mb=1))
    stream = BytesIO(LONG)

    with pytest.raises(QuotaExceeded) as refused:
        put(house, pushed, stream, size_bytes=len(LONG))

    assert refused.value.code == "quota_storage"
    assert stream.tell() == 0


def test_a_content_is_read_no_further_than_there_is_room(
    house: House, pushed: PushedDocuments
) -> None:
    bound(house, Quotas(storage_mb=1))
    stream = BytesIO(LONG * 3)

    with pytest.raises(QuotaExceeded) as refused:
        put(house, pushed, stream)

    assert refused.value.code == "quota_storage"
    assert stream.tell() < len(LONG) * 2
    assert kept(house) == set()


def test_a_content_too_large_for_all_is_told_as_such(house: House, pushed: PushedDocuments) -> None:
    with pytest.raises(InvalidInput) as refused:
        put(house, pushed, BytesIO(b"x" * (MAX_FILE_BYTES + 1)))

    assert refused.value.code == "file_too_large"


def test_what_a_content_replaces_makes_room_for_it(house: House, pushed: PushedDocuments) -> None:
    bound(house, Quotas(storage_mb=1, documents=1))
    put(house, pushed, BytesIO(HALF), size_bytes=len(HALF))

    made = put(house, pushed, BytesIO(HALF + b"y"), size_bytes=len(HALF) + 1)

    assert not made.is_new
    with pytest.raises(QuotaExceeded) as refused:
        put(house, pushed, BytesIO(b"z"), external_id="autre")
    assert refused.value.code == "quota_documents"


def test_a_content_refused_after_it_was_read_is_swept(
    house: House, pushed: PushedDocuments
) -> None:
    bound(house, Quotas(storage_mb=1))
    stream = Interrupted(HALF, lambda: put(house, pushed, BytesIO(HALF[1:]), external_id="b"))

    with pytest.raises(QuotaExceeded):
        put(house, pushed, stream, external_id="a")

    assert len(kept(house)) == 2
    house.apply()
    assert kept(house) == {digest(HALF[1:])}


def test_the_sweep_leaves_what_a_submission_is_about_to_refer_to(
    house: House, pushed: PushedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = put(house, pushed, BytesIO(b"Un texte."))
    house.jobs.cancel(known.job.id, principal=house.principal, scope=house.scope)
    house.documents.delete(known.document.id, principal=house.principal, scope=house.scope)
    before(monkeypatch, IngestionService, lambda: sweep(house))

    put(house, pushed, BytesIO(b"Un texte."))
    house.settle()

    assert house.live_texts() == {"a.txt": ["Un texte."]}


def test_a_content_that_its_claimant_forgot_is_swept_an_hour_later(
    house: House, pushed: PushedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(house.files, "let_go", lambda claimant: None)  # type: ignore[misc]
        before(patch, IngestionService, die)
        with pytest.raises(Killed):
            put(house, pushed, BytesIO(b"Un texte."))

    sweep(house)
    assert kept(house) == {digest(b"Un texte.")}
    pass_an_hour(house)
    sweep(house)

    assert kept(house) == set()
    assert list((house.root / "files" / "claims").iterdir()) == []


def test_what_a_killed_process_had_put_is_swept_at_once(house: House) -> None:
    run = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_PUT, str(house.root / "files")], timeout=60, check=False
    )
    before = kept(house)
    sweep(house)

    assert run.returncode == -signal.SIGKILL
    assert before == {digest(b"Un texte.")}
    assert kept(house) == set()
    assert list((house.root / "files" / "claims").iterdir()) == []


def test_a_push_whose_content_was_lost_is_refused_and_made_again(
    house: House, pushed: PushedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(house, pushed, BytesIO(b"Un texte."))
    house.settle()
    with monkeypatch.context() as patch:
        before(patch, IngestionService, lambda: house.files.remove(digest(b"Un autre texte.")))
        with pytest.raises(StorageError):
            put(house, pushed, BytesIO(b"Un autre texte."))
    jobs = house.jobs.list_recent(scope=house.scope, limit=9)

    put(house, pushed, BytesIO(b"Un autre texte."))
    house.settle()

    assert len(jobs) == 1
    assert house.live_texts() == {"a.txt": ["Un autre texte."]}


def test_a_document_deleted_right_after_it_came_leaves_the_disk_at_once(
    house: House, pushed: PushedDocuments
) -> None:
    made = put(house, pushed, BytesIO(b"Un texte."))
    house.settle()

    house.documents.delete(made.document.id, principal=house.principal, scope=house.scope)
    house.settle()

    assert kept(house) == set()


def test_a_refused_content_leaves_the_name_that_was_there(
    house: House, pushed: PushedDocuments
) -> None:
    put(house, pushed, BytesIO(HALF))
    bound(house, Quotas(storage_mb=1))
    stream = Interrupted(HALF + HALF[:300_000], lambda: bound(house, Quotas(storage_mb=0)))

    with pytest.raises(QuotaExceeded):
        put(house, pushed, stream, name="b.txt")

    assert set(house.all_documents()) == {"a.txt"}


def test_name_and_content_change_in_one_job(house: House, pushed: PushedDocuments) -> None:
    first = put(house, pushed, BytesIO(b"Un texte."))
    house.settle()

    second = put(house, pushed, BytesIO(b"Un autre texte."), name="b.txt")
    house.settle()
    assert len(house.jobs.list_recent(scope=house.scope, limit=9)) == 2
    third = put(house, pushed, BytesIO(b"Un autre texte."), name="c.txt")

    assert second.document.id == first.document.id == third.document.id
    assert house.live_texts() == {"c.txt": ["Un autre texte."]}


def test_a_source_beyond_its_quota_leaves_nothing_on_the_disk(house: House, tmp_path: Path) -> None:
    desk = Desk(house, tmp_path / "partage")
    desk.write({"a.txt": "x" * 600_000, "b.txt": "y" * 600_000})
    source = desk.add()
    bound(house, Quotas(storage_mb=1))

    run = desk.run(source)

    assert (run.state, run.reason and run.reason.code) == (RunState.FAILED, "quota_storage")
    assert kept(house) == set()


def test_what_a_look_forgot_that_it_had_taken_is_swept_an_hour_later(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(house, tmp_path / "partage")
    desk.write({"a.txt": "Un.", "b.txt": "Deux."})
    source = desk.add()
    with monkeypatch.context() as patch:
        patch.setattr(house.files, "let_go", lambda claimant: None)  # type: ignore[misc]
        before(patch, IngestionService, die)
        desk.ask(source)
        with pytest.raises(Killed):
            desk.runner.run_once()

    sweep(house)
    assert len(kept(house)) == 2
    pass_an_hour(house)
    sweep(house)

    assert kept(house) == set()


class Interrupted(BytesIO):
    """A content at whose end something else happens."""

    def __init__(self, content: bytes, at_end: Callable[[], object]) -> None:
        super().__init__(content)
        self._at_end = at_end

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        if not block:
            self._at_end()
        return block


def put(
    house: House,
    pushed: PushedDocuments,
    stream: BytesIO,
    *,
    external_id: str = "a",
    name: str = "a.txt",
    size_bytes: int | None = None,
) -> Put:
    with house.open_work() as work:
        (collection,) = work.tenancy.list_collections(tenant_id=house.principal.tenant_id)
    return pushed.put(
        Place(external_id, collection.id),
        stream,
        name=name,
        principal=house.principal,
        scope=house.scope,
        size_bytes=size_bytes,
    )


def bound(house: House, quotas: Quotas) -> None:
    with house.open_work() as work:
        tenant = work.tenancy.find_tenant(house.principal.tenant_id)
        assert tenant is not None
        work.tenancy.update_tenant(replace(tenant, quotas=quotas))
        work.commit()


def before(
    patch: pytest.MonkeyPatch, service: type[IngestionService], act: Callable[[], object]
) -> None:
    """Have something happen once each content was taken, before it is submitted."""
    submit = service.submit

    def late(*args: object, **kwargs: object) -> object:
        act()
        return submit(*args, **kwargs)  # type: ignore[arg-type]

    patch.setattr(service, "submit", late)


def sweep(house: House) -> None:
    while forget_unused_files(house.open_work, house.files):
        pass


def die() -> None:
    raise Killed


def pass_an_hour(house: House) -> None:
    for claim in (house.root / "files" / "claims").iterdir():
        then = claim.stat().st_mtime - 3601
        os.utime(claim, (then, then))


def kept(house: House) -> set[str]:
    return {path.name for path in (house.root / "files").glob("[0-9a-f][0-9a-f]/*")}


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()
