"""Random acts of workers, of the index and of people: states stay legal, nothing settles twice."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, Conflict
from assistant.domain.jobs import (
    FINAL_ITEM_STATES,
    FINAL_JOB_STATES,
    ItemState,
    Job,
    JobItem,
    JobState,
    item_may_become,
    may_become,
)
from assistant.domain.retrieval import Vector
from assistant.services.fingerprints import Fingerprints
from assistant.services.job_run import JobRun, Stopped
from tests.conftest import FULL_SCALE
from tests.house import open_house

OWNERS = st.sampled_from(["first", "second"])
PLACES = st.integers(0, 3)
PASSING = Reason("embedder_unavailable", {})


def reaches(state: ItemState, following: ItemState) -> bool:
    """True when an item may go from one state to the other in the two moves of one act, at most."""
    if state is following:
        return True
    between = [each for each in ItemState if item_may_become(state, each)]
    return following in between or any(item_may_become(each, following) for each in between)


class Queue(RuleBasedStateMachine):
    """Two workers that may hold stale views of what they began, one index, one person, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="assistant-queue-"))
        self.house = open_house(self.folder)
        self.fingerprints = Fingerprints(
            self.house.reader, embedder_id=self.house.embedder.identity.id
        )
        self.runs: dict[str, JobRun] = {}
        self.views: dict[str, dict[int, JobItem]] = {}

    @initialize()
    def announce(self) -> None:
        self.job: Job = self.house.submit({f"{n}.txt": f"Texte {n}" for n in range(4)})
        self.seen = {item.id: item for item in self.house.items(self.job).values()}
        self.state = self.job.state

    @rule(owner=OWNERS)
    def lease(self, owner: str) -> None:
        now = self.house.clock.now()
        with self.house.open_work() as work:
            job = work.queue.lease(owner=owner, now=now, until=now + timedelta(seconds=30))
            work.commit()
        if job is not None:
            self.runs[owner] = JobRun(
                self.house.open_work,
                self.house.clock,
                job=job,
                owner=owner,
                lease_s=30,
                fingerprints=self.fingerprints,
            )
            self.views[owner] = {}

    @rule(owner=OWNERS)
    def begin(self, owner: str) -> None:
        if owner not in self.runs:
            return
        for item in self.runs[owner].due_items(limit=2):
            with suppress(Stopped):
                begun = self.runs[owner].begin(item)
                if begun is not None:
                    self.views[owner][item.ordinal] = begun

    @rule(owner=OWNERS, place=PLACES, act=st.sampled_from(["fail", "back", "later", "embed"]))
    def go_on(self, owner: str, place: int, act: str) -> None:
        item = self.views.get(owner, {}).get(place)
        if item is None:
            return
        run = self.runs[owner]
        with suppress(Stopped, Conflict):
            if act == "fail":
                run.fail(item, reason=Reason("file_damaged", {}))
            elif act == "back":
                run.give_back(item)
            elif act == "later":
                run.set_back(item, reason=PASSING, wait=timedelta(seconds=20))
            else:
                self.views[owner][place] = run.mark_embedding(item) or item

    @rule(owner=OWNERS, place=PLACES)
    def keep(self, owner: str, place: int) -> None:
        item = self.views.get(owner, {}).get(place)
        if item is None:
            return
        house = self.house
        reading = house.reader.read(house.files.path(item.sha256), name=item.name)
        title = self.runs[owner].title_of(item, ingested=reading)
        texts = self.runs[owner].texts_of(reading, title=title)
        found = house.embedder.embed_passages(list(texts.values()))
        vectors: dict[str, Vector] = dict(zip(texts, found, strict=True))
        with suppress(Stopped, Conflict):
            self.runs[owner].keep(
                item,
                ingested=reading,
                title=title,
                vectors={house.embedder.identity: vectors},
            )

    @rule(owner=OWNERS, seconds=st.sampled_from([None, 10]))
    def release(self, owner: str, seconds: int | None) -> None:
        now = self.house.clock.now()
        later = None if seconds is None else now + timedelta(seconds=seconds)
        with self.house.open_work() as work:
            work.queue.release(self.job.id, owner=owner, not_before=later)
            work.commit()

    @rule(seconds=st.sampled_from([5, 25, 60, -3600]))
    def wait(self, seconds: int) -> None:
        self.house.clock.advance(seconds)

    @rule()
    def index(self) -> None:
        self.house.applier.run_once()

    @rule(act=st.sampled_from(["cancel", "retry"]))
    def steer(self, act: str) -> None:
        with suppress(AssistantError):
            getattr(self.house.jobs, act)(
                self.job.id, principal=self.house.principal, scope=self.house.scope
            )

    @rule()
    def finish(self) -> None:
        """The real worker takes it from wherever it stands, once leases and waits are over."""
        self.house.clock.advance(120)
        self.house.settle()
        before, items = self.seen, self.house.items(self.job).values()
        for item in items:
            assert item.state in FINAL_ITEM_STATES
            if before[item.id].state in FINAL_ITEM_STATES:
                assert item.state is before[item.id].state
        self.seen = {item.id: item for item in items}
        self.state = self.house.state_of(self.job).state
        assert self.state in FINAL_JOB_STATES

    @invariant()
    def looks_legal(self) -> None:
        if not hasattr(self, "job"):
            return
        items = list(self.house.items(self.job).values())
        for item in items:
            assert reaches(self.seen[item.id].state, item.state)
            assert (item.reason is not None) == (
                item.state in {ItemState.FAILED, ItemState.RETRYING}
            )
            assert (item.not_before is not None) == (item.state is ItemState.RETRYING)
        self.seen = {item.id: item for item in items}
        state = self.house.state_of(self.job).state
        if state in FINAL_JOB_STATES and state is not JobState.CANCELLED:
            assert {item.state for item in items} <= FINAL_ITEM_STATES
        assert state is self.state or self._follows(state)
        self.state = state

    def _follows(self, state: JobState) -> bool:
        """In one act a job may end and, when a person asks, begin again."""
        return may_become(self.state, state) or any(
            may_become(self.state, each) and may_become(each, state) for each in JobState
        )

    def teardown(self) -> None:
        self.house.close()
        shutil.rmtree(self.folder)


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=settings().max_examples // (3 if FULL_SCALE else 6), stateful_step_count=30
)
"""Each example opens a database of its own, and its ends run a whole worker."""
