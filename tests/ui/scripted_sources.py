"""An API in memory for the page of sources."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.client import ClientError
from assistant.schemas.sources import (
    SourceChangeIn,
    SourceIn,
    SourceOut,
    SourcePlaces,
    SourceRunOut,
    SourceTested,
    SourceTestIn,
)
from assistant.schemas.wire import Problem
from tests.ui.scripted import NOW
from tests.ui.scripted_organisation import OrganisingClient


def run(**changes: object) -> SourceRunOut:
    values: dict[str, object] = {
        "id": "run-1",
        "kind": "sync",
        "state": "done",
        "asked_at": NOW,
        "by_schedule": False,
        "started_at": NOW,
        "finished_at": NOW,
        "counts": {},
        "names": {},
        "faults": [],
        "is_complete": True,
        "kept_back": 0,
        "read_bytes": 0,
        "estimated_s": None,
        "jobs": [],
        "reason_code": None,
        "reason": None,
    }
    return SourceRunOut.model_validate(values | changes)


def source(name: str = "actes", **changes: object) -> SourceOut:
    values: dict[str, object] = {
        "id": f"source-{name}",
        "label": f"source:source-{name}",
        "collection_id": "collection-actes",
        "kind": "folder",
        "name": name.capitalize(),
        "address": f"/srv/partage/{name}",
        "user": "",
        "has_password": False,
        "include": [],
        "exclude": [],
        "schedule": {"rhythm": "manual"},
        "removal_percent": 20,
        "created_at": NOW,
        "next_run_at": None,
        "open_run": None,
        "last_run": None,
    }
    return SourceOut.model_validate(values | changes)


@dataclass
class SourcesClient(OrganisingClient):
    """As `OrganisingClient`, with sources; changes are noted in `calls`."""

    sources: list[SourceOut] = field(default_factory=list[SourceOut])
    places: SourcePlaces = field(
        default_factory=lambda: SourcePlaces(
            folders=["/srv/partage"], webdav_hosts=["nuage.ville.fr"]
        )
    )
    refuse_test: Problem | None = None

    def list_sources(self) -> list[SourceOut]:
        self._check()
        return self.sources

    def source_places(self) -> SourcePlaces:
        return self.places

    def add_source(self, asked: SourceIn) -> SourceOut:
        password = asked.password.get_secret_value() if asked.password else None
        kept = asked.model_dump(mode="json", exclude={"password"})
        self._note("add-source", kept, password)
        made = source("nouvelle", kind=asked.kind)
        self.sources.append(made)
        return made

    def change_source(self, source_id: str, asked: SourceChangeIn) -> SourceOut:
        self._note("change-source", source_id, asked.model_dump(mode="json"))
        return self.sources[0]

    def remove_source(self, source_id: str, *, keeps_documents: bool) -> None:
        self._note("remove-source", source_id, keeps_documents)
        self.sources = [each for each in self.sources if each.id != source_id]

    def test_source(self, asked: SourceTestIn) -> SourceTested:
        if self.refuse_test is not None:
            raise ClientError(self.refuse_test)
        return SourceTested(names=["2025", "2026"])

    def plan_source(self, source_id: str) -> SourceRunOut:
        self._note("plan-source", source_id)
        return self._opened(source_id, "plan")

    def sync_source(self, source_id: str) -> SourceRunOut:
        self._note("sync-source", source_id)
        return self._opened(source_id, "sync")

    def decide_source_run(self, source_id: str, run_id: str, *, is_approved: bool) -> SourceOut:
        self._note("decide-source", source_id, run_id, is_approved)
        return self.sources[0]

    def let_erased_file_in(self, source_id: str, erased_id: str) -> SourceOut:
        self._note("let-in", source_id, erased_id)
        self.sources = [each.model_copy(update={"erased": []}) for each in self.sources]
        return self.sources[0]

    def cancel_source_run(self, source_id: str, run_id: str) -> SourceOut:
        self._note("cancel-source", source_id, run_id)
        ended = run(state="cancelled")
        self.sources = [
            each.model_copy(update={"open_run": None, "last_run": ended})
            if each.id == source_id
            else each
            for each in self.sources
        ]
        return self.sources[0]

    def _opened(self, source_id: str, kind: str) -> SourceRunOut:
        asked = run(kind=kind, state="queued", finished_at=None)
        self.sources = [
            each.model_copy(update={"open_run": asked}) if each.id == source_id else each
            for each in self.sources
        ]
        return asked
