from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from assistant.adapters.sql.database import Database
from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.documents import ListFilter
from assistant.domain.ids import (
    ChunkId,
    DocumentId,
    EvaluationId,
    GroupId,
    JobId,
    QuestionSetId,
    VersionId,
)
from assistant.domain.links import LinkState
from assistant.domain.tenancy import Principal
from assistant.ports.repositories import UnitOfWork
from assistant.testing.contracts.repositories_world import (
    EMBEDDER,
    NOON,
    Reader,
    World,
    add_reader,
    make_answer,
    make_job,
    sha,
    store_live,
)

Act = Callable[[UnitOfWork, World], object]
HASHES = [sha(str(number)) for number in range(300)]


@pytest.fixture
def world(database: Database) -> World:
    here, there = (add_reader(database.unit_of_work, name) for name in ("here", "there"))
    return World(here=Reader(here.scope), there=there)


BOUNDED = "SCAN anon_"
"""The few rows of a page that a query has just taken from an index."""
HARMLESS = {"SCAN CONSTANT ROW", "SCAN lineage"}
"""The few tenants above one, which a query has just found."""


def principal_of(world: World) -> Principal:
    return Principal(world.here.person_id, world.here.tenant_id, frozenset())


@contextmanager
def plans_of(database: Database) -> Generator[list[str]]:
    """Collects the plan of every statement run meanwhile, one line a step."""
    found: list[str] = []

    def explain(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if statement.split(maxsplit=1)[0] in {"WITH", "SELECT", "UPDATE", "DELETE"} and not many:
            probe = cursor.connection.cursor()
            rows = probe.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            found.extend(row[3] for row in rows)

    event.listen(database.engine, "before_cursor_execute", explain)
    yield found
    event.remove(database.engine, "before_cursor_execute", explain)


ACTS: dict[str, Act] = {
    "find_live of 1": lambda w, x: w.chunks.find_live([ChunkId("a")], scope=x.here.scope),
    "find_live of 200": lambda w, x: w.chunks.find_live(
        [ChunkId(str(n)) for n in range(200)], scope=x.here.scope
    ),
    "find_live of 500 in two collections": lambda w, x: w.chunks.find_live(
        [ChunkId(str(n)) for n in range(500)], scope=x.both
    ),
    "find document": lambda w, x: w.documents.find("a", scope=x.here.scope),  # type: ignore[arg-type]
    "find_named": lambda w, x: w.documents.find_named(
        "a", source="s", collection_id=x.here.collection_id, scope=x.here.scope
    ),
    "list_of_source": lambda w, x: w.documents.list_of_source(
        "s", collection_id=x.here.collection_id, scope=x.here.scope
    ),
    "list_page": lambda w, x: w.documents.list_page(scope=x.here.scope, limit=50, offset=0),
    "list_page of two collections": lambda w, x: w.documents.list_page(
        scope=x.both, wanted=ListFilter(name_contains="é"), limit=50, offset=0
    ),
    "names": lambda w, x: w.documents.list_names(scope=x.here.scope),
    "counts": lambda w, x: w.documents.counts(scope=x.here.scope),
    "sample_headings": lambda w, x: w.chunks.sample_headings(scope=x.here.scope, limit=5),
    "readings by mark": lambda w, x: w.links.find_readings(
        {"a", "b"}, scope=x.here.scope, limit=20
    ),
    "links of a document": lambda w, x: w.links.list_of_document(
        DocumentId("a"), scope=x.here.scope
    ),
    "proposed links": lambda w, x: w.links.list_page(
        scope=x.here.scope, state=LinkState.PROPOSED, limit=20, offset=0
    ),
    "successors": lambda w, x: w.links.successors(
        [DocumentId(str(n)) for n in range(60)], scope=x.here.scope
    ),
    "ready_versions": lambda w, _: w.ledger.ready_versions(limit=8),
    "retired_versions": lambda w, _: w.ledger.retired_versions(limit=8),
    "points_of": lambda w, _: w.ledger.points_of(VersionId("a"), embedder_id="e", cut=ORDINARY),
    "points_of a cut": lambda w, _: w.ledger.points_of(
        VersionId("a"), embedder_id="e", cut=Cut(128)
    ),
    "active cut": lambda w, _: w.cuts.active(),
    "uncut": lambda w, _: w.cuts.uncut(Cut(128), limit=8),
    "copy of a cut": lambda w, _: w.cuts.copy(VersionId("a"), cut=Cut(128)),
    "forget a cut": lambda w, _: w.cuts.forget(Cut(128), after="", limit=8),
    "open ids": lambda w, _: w.queue.open_ids(),
    "newest vector": lambda w, _: w.vectors.last_number(),
    "unused vectors": lambda w, _: w.vectors.forget_unused(HASHES),
    "recount": lambda w, _: w.cuts.recount(after="", limit=8),
    "forget_version": lambda w, _: w.ledger.forget_version(VersionId("a")),
    "make_live": lambda w, _: w.ledger.make_live(VersionId("a"), now=NOON),
    "vectors": lambda w, _: w.vectors.find(HASHES, embedder_id="e"),
    "lease": lambda w, _: w.queue.lease(owner="a", now=NOON, until=NOON),
    "open jobs": lambda w, x: w.queue.open_jobs("s", collection_id=x.here.collection_id),
    "due items": lambda w, _: w.queue.open_items(JobId("a"), limit=4, due=NOON),
    "items to read": lambda w, _: w.queue.open_items(JobId("a"), limit=1),
    "open items": lambda w, _: w.queue.has_open(JobId("a")),
    "open jobs that were sent": lambda w, x: w.queue.count_sent(x.here.tenant_id, limit=9),
    "job at contents": lambda w, x: w.queue.job_at(
        "s", collection_id=x.here.collection_id, contents={}
    ),
    "give way": lambda w, x: w.queue.give_way(to=make_job(x.here)),
    "job counts": lambda w, x: w.jobs.counts("a", scope=x.here.scope),  # type: ignore[arg-type]
    "jobs": lambda w, x: w.jobs.list_recent(scope=x.here.scope, limit=9),
    "scope": lambda w, x: w.tenancy.scope_of(principal_of(x)),
    "owned scope": lambda w, x: w.tenancy.owned_scope(principal_of(x)),
    "readable collections": lambda w, x: w.tenancy.list_readable(scope=x.both),
    "standing": lambda w, x: w.people.standing(x.here.person_id),
    "people": lambda w, x: w.people.list_page(tenant_id=x.here.tenant_id, limit=9, offset=9),
    "person by address": lambda w, x: w.people.find_by_email("a", tenant_id=x.here.tenant_id),
    "groups": lambda w, x: w.groups.list_all(tenant_id=x.here.tenant_id),
    "members": lambda w, x: w.groups.members(GroupId("a"), tenant_id=x.here.tenant_id),
    "groups of a person": lambda w, x: w.groups.groups_of(
        x.here.person_id, tenant_id=x.here.tenant_id
    ),
    "invitations": lambda w, x: w.invitations.list_all(tenant_id=x.here.tenant_id),
    "key": lambda w, _: w.keys.find("a", now=NOON),
    "keys": lambda w, x: w.keys.list_all(tenant_id=x.here.tenant_id, person_id=None),
    "keys of a person": lambda w, x: w.keys.delete_of(x.here.person_id),
    "sessions of a person": lambda w, x: w.sessions.revoke_of(x.here.person_id),
    "session": lambda w, _: w.sessions.find("a", now=NOON),
    "conversations": lambda w, x: w.conversations.list_recent(scope=x.here.scope, limit=9),
    "messages": lambda w, x: w.conversations.messages("a", scope=x.here.scope),  # type: ignore[arg-type]
    "events": lambda w, x: w.answers.events_after(
        make_answer(x.here).id, number=3, scope=x.here.scope
    ),
    "question sets": lambda w, x: w.question_sets.list_recent(scope=x.here.scope, limit=9),
    "questions": lambda w, x: w.question_sets.questions(
        QuestionSetId("a"), scope=x.here.scope, limit=9, offset=0
    ),
    "evaluations": lambda w, x: w.evaluations.list_recent(scope=x.here.scope, set_id=None, limit=9),
    "evaluations of a set": lambda w, x: w.evaluations.list_recent(
        scope=x.here.scope, set_id=QuestionSetId("a"), limit=9
    ),
    "rows of an evaluation": lambda w, x: w.evaluations.rows(
        EvaluationId("a"), scope=x.here.scope, limit=9, offset=0
    ),
    "some rows of an evaluation": lambda w, x: w.evaluations.rows(
        EvaluationId("a"), scope=x.here.scope, limit=9, offset=0, ordinals=[1, 2]
    ),
    "outcomes": lambda w, x: w.evaluations.outcomes(EvaluationId("a"), scope=x.here.scope),
    "tallies": lambda w, x: w.evaluations.tallies(
        [EvaluationId(str(n)) for n in range(100)], scope=x.here.scope
    ),
    "next evaluation": lambda w, _: w.evaluations.next_unfinished(),
    "unfinished evaluations": lambda w, x: w.evaluations.count_unfinished(scope=x.here.scope),
    "running answers": lambda w, _: w.answers.running(),
}


@pytest.mark.parametrize("name", ACTS)
def test_every_table_is_reached_by_an_index(database: Database, world: World, name: str) -> None:
    with plans_of(database) as steps, database.unit_of_work() as work:
        ACTS[name](work, world)
    assert steps
    assert [
        step
        for step in steps
        if step.startswith("SCAN") and step not in HARMLESS and not step.startswith(BOUNDED)
    ] == []


@pytest.mark.parametrize(
    "name",
    [
        "list_page",
        "conversations",
        "ready_versions",
        "jobs",
        "question sets",
        "evaluations",
        "questions",
        "people",
        "keys",
        "groups",
    ],
)
def test_a_page_is_read_in_the_order_of_an_index(
    database: Database, world: World, name: str
) -> None:
    with plans_of(database) as steps, database.unit_of_work() as work:
        ACTS[name](work, world)
    assert [step for step in steps if "TEMP B-TREE" in step] == []


@pytest.mark.parametrize("name", ["due items", "items to read", "open items"])
def test_no_item_that_has_ended_is_walked_past(database: Database, world: World, name: str) -> None:
    with plans_of(database) as steps, database.unit_of_work() as work:
        ACTS[name](work, world)
    looks = [step for step in steps if "job_items" in step and "rowid=?" not in step]
    assert looks
    assert all("(job_id=? AND state=?" in step for step in looks), looks


def test_no_job_that_has_ended_is_walked_past_for_those_that_have_not(
    database: Database, world: World
) -> None:
    with plans_of(database) as steps, database.unit_of_work() as work:
        ACTS["jobs"](work, world)
    assert [step for step in steps[:-1] if not step.endswith("(state=?)")] == []


@pytest.mark.parametrize("name", ["find_live of 1", "find_live of 200"])
def test_a_look_up_of_chunks_starts_from_their_ids(
    database: Database, world: World, name: str
) -> None:
    with plans_of(database) as steps, database.unit_of_work() as work:
        ACTS[name](work, world)
    assert steps[0].startswith("SEARCH chunks")
    assert "(id=?)" in steps[0]


PAGES: dict[str, Act] = {
    "sweep of vectors": lambda w, _: w.vectors.sweep(after="0", upto=9, limit=50),
    "vectors of an embedder": lambda w, _: w.generations.forget_vectors(
        EMBEDDER.id, after="0", limit=50, but=[ORDINARY]
    ),
    "chunks of a cut": lambda w, _: w.cuts.forget(Cut(128), after="0", limit=50),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_begins_where_the_last_one_ended(
    database: Database, world: World, name: str
) -> None:
    stored = store_live(database.unit_of_work, world.here)
    with database.unit_of_work() as work:
        work.vectors.add(dict.fromkeys(HASHES, (0.5,) * 4), embedder=EMBEDDER)
        work.cuts.copy(stored.version.id, cut=Cut(128))
        work.commit()

    with plans_of(database) as steps, database.unit_of_work() as work:
        PAGES[name](work, world)

    found = [step for step in steps if "vectors" in step or "versions" in step]
    assert any(">?" in step for step in found)
    for step in found:
        assert step.startswith("SEARCH")
        assert "hash=?" in step or "id=?" in step or (">?" in step and "COVERING" in step)


def test_counting_the_passages_of_live_versions_reads_none_of_them(
    database: Database, world: World
) -> None:
    with plans_of(database) as steps, database.unit_of_work() as work:
        work.ledger.live_versions(ORDINARY)
    (chunks,) = [step for step in steps if " chunks " in step]
    assert "USING COVERING INDEX" in chunks


def test_a_look_beyond_a_version_reads_neither_older_ones_nor_their_passages(
    database: Database, world: World
) -> None:
    store_live(database.unit_of_work, world.here)
    with database.unit_of_work() as work:
        settled = work.cuts.settled_version()
    with plans_of(database) as steps, database.unit_of_work() as work:
        work.cuts.settled_version()
        work.generations.missing("e", Cut(128), since=settled)
        work.cuts.uncut(Cut(128), limit=1, since=settled)

    assert [step for step in steps if step.startswith("SCAN")] == []
    beyond = [step for step in steps if "number>?" in step or "(rowid>?)" in step]
    assert len(beyond) == 3
    assert all(step.startswith("SEARCH versions USING") for step in beyond)
