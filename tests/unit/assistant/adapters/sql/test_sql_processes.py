"""Several processes on one database, some of which are killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.postgresql import Postgresql
from assistant.domain.tenants import Quotas
from assistant.testing.contracts.repositories_world import (
    add_reader,
    make_document,
    store_job,
)

START = """
import json, sys, time
from pathlib import Path
from typing import Any
from assistant.adapters.sql.database import open_database
from assistant.adapters.sql.postgresql import Postgresql
from assistant.testing.contracts.repositories_world import *
place = Postgresql(sys.argv[1]) if "://" in sys.argv[1] else Path(sys.argv[1])
database = open_database(place, migrate=False)
work_of, name = database.unit_of_work, sys.argv[2]
sys.stdin.readline()
"""

LEASE = """
taken = []
for _ in range(40):
    with work_of() as work:
        job = work.queue.lease(owner=name, now=NOON, until=NOON + timedelta(hours=1))
        work.commit()
    if job:
        taken.append(job.id)
print(json.dumps(taken))
"""

READ_THEN_WRITE = """
with work_of() as work:
    scope = Reader(work.tenancy.scope_of(Principal(PersonId("here"), TenantId("tenant-here"), frozenset())))
for turn in range(60):
    with work_of() as work:
        work.documents.list_of_source("upload", collection_id=scope.collection_id, scope=scope.scope)
        work.documents.add(make_document(scope, name=f"{name} {turn}"))
        work.commit()
print(json.dumps(60))
"""

WRITE_FOR_EVER = """
with work_of() as work:
    reader = Reader(work.tenancy.scope_of(Principal(PersonId("here"), TenantId("tenant-here"), frozenset())))
turn = 0
while True:
    document = make_document(reader, name=f"{name} {turn}")
    version = make_version(document)
    with work_of() as work:
        work.documents.add(document)
        work.ledger.add_version(version, make_chunks(version, texts=[f"{name} {n}" for n in range(300)]))
        work.ledger.make_live(version.id, now=NOON)
        if turn % 3 == 2:
            print(turn, flush=True)
        work.commit()
    turn += 1
"""

ASK = """
from assistant.services.quotas import take_question
def take(work, reader, turn):
    answer = make_answer(reader)
    take_question(work, answer, ended=())
    work.answers.add(answer)
"""

SEND = """
from assistant.services.quotas import check_room
from assistant.services.submission import PlannedFile
def take(work, reader, turn):
    document = make_document(reader, name=f"{name} {turn}")
    plan = PlannedFile(document.name, ItemState.PENDING, document.sha256, document.size_bytes)
    check_room(work, [plan], tenant_id=reader.tenant_id)
    work.documents.add(document)
"""

TAKE_ALL = """
from assistant.domain.errors import QuotaExceeded
taken, refused = 0, []
here = Principal(PersonId("here"), TenantId("tenant-here"), frozenset())
for turn in range(30):
    try:
        with work_of() as work:
            take(work, Reader(work.tenancy.scope_of(here)), turn)
            work.commit()
        taken += 1
    except QuotaExceeded as error:
        refused.append(error.code)
print(json.dumps([taken, refused]))
"""

ON_SMALL_DISK = """
set -e
mount -t tmpfs -o size=2m none "$1"
exec "$2" -c "$3" "$1"
"""

FILL = """
import sys
from pathlib import Path
from assistant.adapters.sql.database import open_database
from assistant.domain.errors import StorageError
from assistant.testing.contracts.repositories_world import *
database = open_database(Path(sys.argv[1]) / "assistant.sqlite3", migrate=True)
reader = add_reader(database.unit_of_work, "here")
stored = store_live(database.unit_of_work, reader)
code = ""
for turn in range(1000):
    try:
        store_live(database.unit_of_work, reader, name=str(turn), texts=["a" * 4000] * 20)
    except StorageError as error:
        code = error.code
        break
database.check()
with database.unit_of_work() as work:
    found = work.chunks.find_live(stored.chunk_ids, scope=reader.scope)
print(code, len(found))
"""


@dataclass(frozen=True)
class Shared:
    """A database, and how other processes are told of it."""

    database: Database
    place: str


@pytest.fixture
def shared(path: Path, database_url: str) -> Generator[Shared]:
    database = open_database(Postgresql(database_url) if database_url else path, migrate=False)
    yield Shared(database, database_url or str(path))
    database.check()
    database.close()


def start(place: str, script: str, *, name: str) -> subprocess.Popen[str]:
    imports = "from assistant.domain.tenancy import Principal\n"
    return subprocess.Popen(
        [sys.executable, "-c", imports + START + script, place, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_together(place: str, script: str, *, processes: int) -> list[Any]:
    children = [start(place, script, name=str(number)) for number in range(processes)]
    found: list[Any] = []
    for child in children:
        assert child.stdin
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        output, _ = child.communicate(timeout=90)
        assert child.returncode == 0
        found.append(json.loads(output))
    return found


@pytest.mark.each_engine
def test_two_processes_never_lease_one_job(shared: Shared) -> None:
    work_of = shared.database.unit_of_work
    reader = add_reader(work_of, "here")
    jobs = [store_job(work_of, reader)[0].id for _ in range(40)]

    taken = run_together(shared.place, LEASE, processes=2)
    assert sorted(job_id for each in taken for job_id in each) == sorted(jobs)


@pytest.mark.each_engine
def test_who_reads_then_writes_never_fails_beside_another_process(shared: Shared) -> None:
    reader = add_reader(shared.database.unit_of_work, "here")

    run_together(shared.place, READ_THEN_WRITE, processes=3)
    with shared.database.unit_of_work() as work:
        assert work.documents.counts(scope=reader.scope).pending == 180


@pytest.mark.each_engine
@pytest.mark.parametrize(
    ("take", "quotas", "code"),
    [
        (ASK, Quotas(questions_per_day=25), "quota_questions_tenant"),
        (ASK, Quotas(questions_per_person=25), "quota_questions_person"),
        (ASK, Quotas(concurrent_answers=25), "quota_answers_tenant"),
        (SEND, Quotas(documents=25), "quota_documents"),
    ],
)
def test_two_processes_together_never_pass_a_quota(
    shared: Shared, take: str, quotas: Quotas, code: str
) -> None:
    work_of = shared.database.unit_of_work
    reader = add_reader(work_of, "here")
    with work_of() as work:
        tenant = work.tenancy.find_tenant(reader.tenant_id)
        assert tenant is not None
        work.tenancy.update_tenant(replace(tenant, quotas=quotas))
        work.commit()

    counts = run_together(shared.place, take + TAKE_ALL, processes=2)

    assert sum(taken for taken, _ in counts) == 25
    assert [each for _, refused in counts for each in refused] == [code] * 35


@pytest.mark.each_engine
@pytest.mark.parametrize("kill_after", [2, 5])
def test_a_process_killed_while_it_writes_leaves_an_intact_database(
    shared: Shared, kill_after: int
) -> None:
    database = shared.database
    reader = add_reader(database.unit_of_work, "here")
    child = start(shared.place, WRITE_FOR_EVER, name="w")
    assert child.stdin
    assert child.stdout
    child.stdin.write("\n")
    child.stdin.flush()
    while int(child.stdout.readline()) < kill_after:
        continue
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=30)

    database.check()
    with database.unit_of_work() as work:
        counts = work.documents.counts(scope=reader.scope)
        assert counts.live >= kill_after
        assert counts.chunks == 300 * counts.live
        work.documents.add(make_document(reader, name="after"))
        work.commit()


def test_a_full_disk_is_told_and_the_database_stays_intact(tmp_path: Path) -> None:
    run = subprocess.run(
        ["unshare", "-rm", "sh", "-c", ON_SMALL_DISK, "sh", str(tmp_path), sys.executable, FILL],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "unshare" in run.stderr or "mount" in run.stderr:
        pytest.skip(f"no small disk here: {run.stderr.strip()}")
    assert (run.stdout.split(), run.stderr) == (["disk_full", "1"], "")


@pytest.mark.each_engine
def test_work_that_outlives_the_service_leaves_no_connection_open(shared: Shared) -> None:
    with shared.database.engine.connect() as begun_before:
        shared.database.close()
        with shared.database.engine.connect() as begun_after:
            connections = [each.connection.dbapi_connection for each in (begun_before, begun_after)]
    for connection in connections:
        assert connection is not None
        with pytest.raises(Exception, match="closed"):
            connection.cursor()
