"""A seeded administrator who never rests, and the model of what each of its acts allows readers to see."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from assistant.client import AssistantClient, ClientError
from assistant.schemas.curation import CorrectionIn
from assistant.schemas.documents import JobItemOut, JobOut
from assistant.schemas.generations import GenerationIn
from assistant.schemas.sources import SourceIn, SourceOut
from tests.integration.served import Served
from tests.integration.visibility_checker import (
    NOBODY,
    Expectations,
    Shown,
    document_marker,
    revision_marker,
    text_of,
)

OTHER_EMBEDDER = "autre"
_DAMAGED = b"%PDF-1.7\nnothing that follows the head of a document\n"
_MOST_PENDING = 8
_ABSENT = frozenset({NOBODY})
_ENDED = frozenset({"indexed", "unchanged", "removed", "failed", "cancelled"})
_MOST_PARTS = 4
_RECENT = 100
"""Jobs that are looked at; those that are under way are among them."""
_REASON = "Essai de bascule par le vérificateur"


@dataclass
class Pending:
    """A content on its way."""

    job: str
    revision: str
    before: frozenset[str]
    may_fail: bool = False
    is_alone: bool = True
    """Nothing else may bring its content: no call that was made twice, no reading again."""


@dataclass
class Slot:
    """A document under one name, as the operator knows it."""

    number: int
    name: str
    revisions: frozenset[str] = _ABSENT
    """Those that may answer while it is not excluded."""
    is_excluded: bool = False
    is_changing: bool = False
    """An exclusion, or its end, was asked for and not yet confirmed."""
    pending: Pending | None = None
    latent: str = ""
    """A revision that was taken and never shown: what reads the document again may show it."""
    again: str = ""
    """The ended job whose content may be tried again."""
    document_id: str = ""

    @property
    def marker(self) -> str:
        return document_marker(self.number)

    @property
    def is_there(self) -> bool:
        return bool(self.document_id) and self.revisions != _ABSENT

    @property
    def is_shown(self) -> bool:
        """It has been read, and nothing is asked that would take it away."""
        return bool(self.document_id) and NOBODY not in self.revisions

    @property
    def allowed(self) -> frozenset[str]:
        if self.is_changing:
            return self.revisions | {NOBODY}
        return _ABSENT if self.is_excluded else self.revisions


@dataclass
class Sync:
    """A look at the folder that is under way, and what it is to bring."""

    run: str
    becoming: dict[int, str]
    """Revision by number of the slot; `NOBODY` for a file that is gone."""


class Operator:
    """Works a server. Used from one thread."""

    def __init__(
        self, served: Served, expected: Expectations, *, folder: Path, seed: int, slots: int
    ) -> None:
        self._served, self._expected, self._folder = served, expected, folder
        self._chance = random.Random(seed)
        self._numbers = count(1)
        self._texts: dict[str, str] = {}
        self.acts: Counter[str] = Counter()
        self.untimely: Counter[str] = Counter()
        """Steps of generations that came too early or too late."""
        self.surprises: list[str] = []
        """What the product refused or failed though it should not."""
        uploads = slots * 3 // 5
        self.uploaded = [Slot(each, f"acte-{each}.md") for each in range(uploads)]
        self.filed = [Slot(each, f"bureau/dossier-{each}.md") for each in range(uploads, slots)]
        self._source = self._label = self._last_run = ""
        self._sync: Sync | None = None
        self._readings: list[str] = []
        self._is_repairing = False
        for slot in self.uploaded + self.filed:
            self._publish(slot)

    @property
    def is_idle(self) -> bool:
        """Nothing that was asked for is still to be confirmed."""
        return not (self._sync or self._readings or any(slot.pending for slot in self.uploaded))

    @property
    def _reads_again(self) -> bool:
        return bool(self._readings) or self._is_repairing

    def act(self) -> None:
        """Do one more thing, if there is room for it, and see what became of the others."""
        busy = sum(slot.pending is not None for slot in self.uploaded)
        act = self._chance.choices([*self._choices()], [*self._choices().values()])[0]
        if busy < _MOST_PENDING or act not in {self._upload, self._upload_again}:
            act()
        self.look()

    def look(self) -> None:
        """See which of the acts that are under way have ended."""
        if self._is_repairing:
            self._is_repairing = self._served.call(AssistantClient.verification).is_running
        if self.is_idle:
            return
        recent = self._served.call(lambda client: client.list_jobs(limit=_RECENT))
        still = {job.id for job in recent if not _is_over(job)}
        for slot in self.uploaded:
            if slot.pending is not None and slot.pending.job not in still:
                self._settle(slot, slot.pending)
        self._readings = [each for each in self._readings if each in still]
        if self._sync is not None and not still & self._synced(recent):
            self._look_at_sync(self._sync)

    def learn(self, shown: Mapping[str, Shown]) -> None:
        """Take over, at a quiet moment, which of several revisions it came to be."""
        for slot in self.uploaded + self.filed:
            if len(slot.revisions) > 1 and slot.marker in shown:
                slot.revisions &= frozenset(shown[slot.marker].revisions)
                self._publish(slot)

    def _choices(self) -> dict[Callable[[], None], int]:
        return {
            self._upload: 34,
            self._upload_again: 5,
            self._upload_damaged: 3,
            self._delete: 8,
            self._exclude: 6,
            self._include: 6,
            self._correct: 4,
            self._reindex: 5,
            self._cancel: 6,
            self._retry: 5,
            self._synchronise: 10,
            self._turn_generation: 9,
            self._verify: 2,
        }

    def _publish(self, slot: Slot) -> None:
        self._expected.allow(slot.marker, slot.allowed)

    def _pick(self, wanted: Callable[[Slot], bool], *, filed: bool = False) -> Slot | None:
        slots = self.uploaded + (self.filed if filed else [])
        found = [slot for slot in slots if wanted(slot)]
        return self._chance.choice(found) if found else None

    def _new_revision(self, slot: Slot) -> str:
        number = next(self._numbers)
        revision = revision_marker(number)
        parts = self._chance.randint(1, _MOST_PARTS)
        self._expected.tell(revision, parts=parts)
        self._texts[revision] = text_of(slot.marker, revision, parts=parts)
        return revision

    def _upload(self) -> None:
        slot = self._pick(lambda slot: slot.pending is None)
        if slot is not None:
            self.acts["replace" if slot.is_there else "upload"] += 1
            self._send(slot, self._new_revision(slot))

    def _upload_again(self) -> None:
        slot = self._pick(lambda slot: slot.pending is None and slot.is_there)
        if slot is not None and len(slot.revisions) == 1:
            self.acts["upload identical"] += 1
            self._send(slot, *slot.revisions)

    def _upload_damaged(self) -> None:
        slot = self._pick(lambda slot: slot.pending is None and slot.is_there)
        if slot is not None:
            self.acts["upload damaged"] += 1
            before = slot.revisions
            job, document_id = self._sent(slot, _DAMAGED)
            slot.pending = Pending(job, NOBODY, before, may_fail=True)
            slot.document_id, slot.latent = document_id, ""

    def _send(self, slot: Slot, revision: str) -> None:
        before = slot.revisions
        slot.revisions = before | {revision}
        self._publish(slot)
        unanswered = self._served.unanswered
        job, document_id = self._sent(slot, self._texts[revision].encode())
        is_alone = self._served.unanswered == unanswered and not self._reads_again
        slot.pending = Pending(job, revision, before, is_alone=is_alone)
        slot.document_id, slot.again = document_id, ""

    def _sent(self, slot: Slot, content: bytes) -> tuple[str, str]:
        path = self._folder / slot.name
        path.write_bytes(content)
        job = self._served.call(lambda client: client.upload_documents([path])).job
        item = self._item(job.id)
        return job.id, item.document_id or slot.document_id

    def _item(self, job_id: str) -> JobItemOut:
        (item,) = self._served.call(lambda client: client.list_job_items(job_id))
        return item

    def _settle(self, slot: Slot, pending: Pending) -> None:
        item = self._item(pending.job)
        if item.state not in _ENDED:
            return
        slot.pending = None
        if item.state in {"indexed", "unchanged"}:
            slot.revisions, slot.latent = frozenset({pending.revision}), ""
        elif item.state == "cancelled":
            slot.latent, slot.again = pending.revision, pending.job
            # what reads documents again may meet the content that was taken and not shown
            is_free = pending.is_alone and not self._reads_again
            slot.revisions = pending.before if is_free else slot.revisions
        elif pending.may_fail and item.state == "failed":
            slot.again = pending.job
        else:
            self.surprises.append(f"{slot.name} {item.state} {item.reason_code}")
        self._publish(slot)

    def _delete(self) -> None:
        slot = self._pick(lambda slot: slot.is_there)
        if slot is None:
            return
        self.acts["delete"] += 1
        slot.revisions |= {NOBODY}
        self._publish(slot)
        self._tolerated(lambda client: client.delete_document(slot.document_id), "not_found")
        slot.revisions, slot.pending, slot.is_excluded = _ABSENT, None, False
        slot.latent = slot.again = slot.document_id = ""
        self._publish(slot)

    def _exclude(self) -> None:
        slot = self._pick(lambda slot: slot.is_shown and not slot.is_excluded, filed=True)
        if slot is not None:
            self.acts["exclude"] += 1
            self._hide(slot, is_excluded=True)

    def _include(self) -> None:
        slot = self._pick(lambda slot: slot.is_shown and slot.is_excluded, filed=True)
        if slot is not None:
            self.acts["include"] += 1
            self._hide(slot, is_excluded=False)

    def _hide(self, slot: Slot, *, is_excluded: bool) -> None:
        slot.is_changing = True
        self._publish(slot)
        ids = [slot.document_id]

        def change(client: AssistantClient) -> object:
            return client.exclude_documents(ids) if is_excluded else client.include_documents(ids)

        self._served.call(change)
        slot.is_changing, slot.is_excluded = False, is_excluded
        self._publish(slot)

    def _correct(self) -> None:
        slot = self._pick(lambda slot: slot.is_shown)
        if slot is None:
            return
        self.acts["correct title"] += 1
        self._loosen([slot])
        title = f"Règlement corrigé {next(self._numbers)}"

        def correct(client: AssistantClient) -> str | None:
            known = client.get_dossier(slot.document_id).correction
            wanted = CorrectionIn(title=title, revision=known.revision if known else 0)
            return client.correct_document(slot.document_id, wanted).job_id

        self._read_by(self._served.call(correct))

    def _reindex(self) -> None:
        is_all = self._chance.random() < 0.1
        slot = self._pick(lambda slot: slot.is_there)
        if slot is None:
            return
        self.acts["re-index all" if is_all else "re-index"] += 1
        self._loosen(self.uploaded if is_all else [slot])
        ids = None if is_all else [slot.document_id]
        self._read_by(self._served.call(lambda client: client.reindex(ids)).id)

    def _loosen(self, slots: list[Slot]) -> None:
        """Documents are read again: what was taken and not shown may be shown."""
        for slot in slots:
            if slot.pending is not None:
                slot.pending.is_alone = False
            if slot.latent:
                slot.revisions |= {slot.latent}
                self._publish(slot)

    def _read_by(self, job_id: str | None) -> None:
        if job_id is not None:
            self._readings.append(job_id)

    def _cancel(self) -> None:
        slot = self._pick(lambda slot: slot.pending is not None)
        if slot is not None and slot.pending is not None:
            self.acts["cancel"] += 1
            job = slot.pending.job
            self._tolerated(lambda client: client.cancel_job(job), "job_ended")

    def _retry(self) -> None:
        slot = self._pick(lambda slot: bool(slot.again) and slot.pending is None)
        if slot is None:
            return
        self.acts["retry"] += 1
        job, before, is_damaged = slot.again, slot.revisions, not slot.latent
        if not is_damaged:
            slot.revisions |= {slot.latent}
            self._publish(slot)
        self._tolerated(lambda client: client.retry_job(job), "nothing_to_retry", "job_running")
        slot.pending = Pending(job, slot.latent or NOBODY, before, may_fail=is_damaged)
        slot.again = ""

    def _tolerated(self, act: Callable[[AssistantClient], object], *codes: str) -> bool:
        """Do something that may have been done before the server died, or be too late."""
        try:
            self._served.call(act)
        except ClientError as error:
            if error.code not in codes:
                raise
            return False
        return True

    # --- the folder

    def _synchronise(self) -> None:
        if self._sync is not None:
            return
        if not self._source:
            self._add_source()
        becoming = dict(self._changes())
        self.acts["sync"] += 1
        for slot in self.filed:
            if slot.number in becoming:
                slot.revisions |= {becoming[slot.number]}
                self._publish(slot)
        for slot in self.filed:
            if slot.number in becoming:
                self._write(slot, becoming[slot.number])
        self._sync = Sync(self._asked_run(), becoming)

    def _changes(self) -> Iterator[tuple[int, str]]:
        for slot in self._chance.sample(self.filed, k=min(3, len(self.filed))):
            kind = self._chance.random()
            if slot.revisions == _ABSENT or kind < 0.5:
                self.acts["write a file"] += 1
                yield slot.number, self._new_revision(slot)
            elif kind < 0.65:
                self.acts["remove a file"] += 1
                yield slot.number, NOBODY
            else:
                self.acts["move a file"] += 1
                self._move(slot)

    def _write(self, slot: Slot, revision: str) -> None:
        path = self._folder / "source" / slot.name
        if revision == NOBODY:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._texts[revision], "utf-8")
        # no two contents of one time: it tells the product that a file changed
        then = time.time() - 1_000_000 + next(self._numbers)
        os.utime(path, (then, then))

    def _move(self, slot: Slot) -> None:
        room = self._chance.choice(("bureau", "archives", "séances/2026"))
        name = f"{room}/dossier-{slot.number}-{next(self._numbers)}.md"
        (self._folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / "source" / slot.name).rename(self._folder / "source" / name)
        slot.name = name

    def _add_source(self) -> None:
        place = self._folder / "source"
        place.mkdir(exist_ok=True)
        (place / "garde.md").write_text("# Garde\n\nCe dossier n'est jamais vide.", "utf-8")
        wanted = SourceIn(kind="folder", name="Dossier", address=str(place), removal_percent=100)

        def add(client: AssistantClient) -> SourceOut:
            known = client.list_sources()
            return known[0] if known else client.add_source(wanted)

        source = self._served.call(add)
        self._source, self._label = source.id, source.label

    def _asked_run(self) -> str:
        """Ask for a look, once, whoever died meanwhile."""

        def ask(client: AssistantClient) -> str:
            newest = client.list_source_runs(self._source, limit=1)
            if newest and newest[0].id != self._last_run:
                return newest[0].id
            return client.sync_source(self._source).id

        self._last_run = self._served.call(ask)
        return self._last_run

    def _synced(self, jobs: Sequence[JobOut]) -> set[str]:
        """Those jobs that are of the folder; also those of a look that died before it told of them."""
        return {job.id for job in jobs if job.source == self._label}

    def _look_at_sync(self, sync: Sync) -> None:
        runs = self._served.call(lambda client: client.list_source_runs(self._source, limit=5))
        run = next(each for each in runs if each.id == sync.run)
        if run.finished_at is None:
            return
        # what was asked for before the end of the look is there: jobs are listed anew
        recent = self._served.call(lambda client: client.list_jobs(limit=_RECENT))
        jobs = [
            job for job in recent if job.source == self._label and job.created_at >= run.asked_at
        ]
        if run.state != "done" or run.faults:
            self.surprises.append(f"sync {run.state} {run.reason_code} {run.faults}")
        if all(map(_is_over, jobs)):
            items = [item for job in reversed(jobs) for item in self._items(job.id)]
            self._take_over(sync, {item.name: item for item in items})

    def _items(self, job_id: str) -> list[JobItemOut]:
        return self._served.call(lambda client: client.list_job_items(job_id, limit=200))

    def _take_over(self, sync: Sync, items: Mapping[str, JobItemOut]) -> None:
        """What the look brought; of several items of a name, the newest counts."""
        self._sync = None
        self.surprises += [
            f"{item.name} {item.state} {item.reason_code}"
            for item in items.values()
            if item.state in {"failed", "cancelled"}
        ]
        for slot in self.filed:
            if slot.name in items:
                slot.document_id = items[slot.name].document_id or slot.document_id
            if slot.number in sync.becoming:
                slot.revisions = frozenset({sync.becoming[slot.number]})
                if slot.revisions == _ABSENT:
                    slot.document_id, slot.is_excluded = "", False
                self._publish(slot)

    # --- generations and verification

    def _turn_generation(self) -> None:
        """The next step of the youngest generation, or sometimes another one."""
        known = self._served.call(AssistantClient.list_generations).generations
        by_state = {each.state: each.id for each in reversed(known)}
        chance = self._chance.random()
        for state, name, act in (
            ("planned", "build", AssistantClient.build_generation),
            ("built", "evaluate", AssistantClient.evaluate_generation),
            ("evaluated", "switch", _switched),
        ):
            if state in by_state:
                wanted = by_state[state]
                self._step(name, lambda client, act=act, wanted=wanted: act(client, wanted))
                return
        if "building" in by_state:
            if chance < 0.2:
                self._step("cancel", lambda client: client.cancel_generation(by_state["building"]))
        elif "previous" in by_state and chance < 0.5:
            way = {"from_id": by_state["active"], "to_id": by_state["previous"]}
            self._step("roll back", lambda client: client.roll_back_generation(**way))
        elif "previous" in by_state and chance < 0.6:
            self._step("remove", lambda client: client.remove_generation(by_state["previous"]))
        else:
            name = self._chance.choice(("", OTHER_EMBEDDER))
            asked = GenerationIn(embedder=name, bm25_k1=self._chance.choice((None, 0.9)))
            self._step("plan", lambda client: client.plan_generation(asked))

    def _step(self, name: str, act: Callable[[AssistantClient], object]) -> None:
        self.acts[f"generation: {name}"] += 1
        try:
            self._served.call(act)
        except ClientError as error:
            if not error.code.startswith("generation_"):
                raise
            self.untimely[f"{name}: {error.code}"] += 1

    def _verify(self) -> None:
        self.acts["index verify"] += 1
        repair = self._chance.random() < 0.5
        if repair:
            self._is_repairing = True
            self._loosen(self.uploaded)
        self._tolerated(lambda client: client.verify_index(repair=repair), "index_verifying")


def _is_over(job: JobOut) -> bool:
    """It has ended, and none of its files is still on its way into the index."""
    states = {state for state, many in job.counts.items() if many}
    return job.finished_at is not None and states <= _ENDED


def _switched(client: AssistantClient, generation_id: str) -> object:
    return client.switch_generation(generation_id, reason=_REASON)
