"""Sources over a house: their services and their runner, wired as in the product."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from assistant.adapters.sealing.keyfile import KeyFileSealer
from assistant.domain.ids import SourceId
from assistant.domain.sources import (
    Finding,
    RunKind,
    RunState,
    Schedule,
    Source,
    SourceKind,
    SourceRun,
)
from assistant.services.source_drafts import SourceDraft
from assistant.services.source_runner import SourceRunner
from assistant.services.sources import SourceService
from assistant.settings import SourceFolder, SourcesSettings
from assistant.source_places import SettingsPlaces
from tests.house import MAX_FILE_BYTES, House


@dataclass
class Desk:
    """Short ways to use sources."""

    house: House
    root: Path
    """Open to the tenant of the house."""
    hosts: tuple[str, ...] = ()
    others: tuple[SourceFolder, ...] = ()
    """Further folders, open to other tenants."""
    settings: SourcesSettings = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(exist_ok=True)
        house = self.house
        self.settings = SourcesSettings(
            folders=(SourceFolder(path=str(self.root)), *self.others),
            webdav_hosts=self.hosts,
            silence_s=5,
        )
        self.places = SettingsPlaces(self.settings, house.open_work)
        self.sealer = KeyFileSealer(house.root / "sources.key")
        self.sources = SourceService(
            house.open_work,
            house.clock,
            places=self.places,
            sealer=self.sealer,
            ingestion=house.ingestion,
            audit=house.audit,
        )
        self.requests = self.sources.requests
        self.runner = self.new_runner()

    def new_runner(self, *, owner: str = "runner", patience_s: float = 60) -> SourceRunner:
        scratch = self.house.root / "scratch"
        scratch.mkdir(exist_ok=True)
        return SourceRunner(
            self.house.open_work,
            self.house.files,
            self.house.ingestion,
            self.places,
            self.sealer,
            clock=self.house.clock,
            audit=self.house.audit,
            scratch=scratch,
            max_file_bytes=MAX_FILE_BYTES,
            owner=owner,
            lease_s=30,
            patience_s=patience_s,
        )

    def write(self, contents: dict[str, str]) -> None:
        """Files below the root, last changed an hour ago, each at a time of its own."""
        for name, text in contents.items():
            place = self.root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
            age(place, seconds=3600 + len(text))

    def add(self, *, address: str = "", schedule: Schedule | None = None) -> Source:
        draft = SourceDraft(
            "Délibérations", address or str(self.root), schedule=schedule or Schedule()
        )
        house = self.house
        return self.sources.add(
            draft,
            kind=SourceKind.FOLDER,
            collection_id=None,
            principal=house.principal,
            scope=house.scope,
        ).source

    def change(self, source: Source, draft: SourceDraft) -> Source:
        house = self.house
        return self.sources.change(
            source.id, draft, principal=house.principal, scope=house.scope
        ).source

    def ask(self, source: Source, kind: RunKind = RunKind.SYNC) -> SourceRun:
        return self.requests.ask(
            source.id, kind, principal=self.house.principal, scope=self.house.scope
        )

    def run(self, source: Source, kind: RunKind = RunKind.SYNC) -> SourceRun:
        """Ask, run, read what is new; the run as it ended."""
        run = self.ask(source, kind)
        self.runner.run_once()
        self.house.settle()
        return self.told(source.id, run)

    def decide(self, source: Source, run: SourceRun, *, is_approved: bool) -> None:
        self.requests.decide(
            source.id,
            run.id,
            is_approved=is_approved,
            principal=self.house.principal,
            scope=self.house.scope,
        )

    def told(self, source_id: SourceId, run: SourceRun) -> SourceRun:
        found = self.requests.runs(
            source_id, principal=self.house.principal, scope=self.house.scope, limit=50
        )
        return next(each for each in found if each.id == run.id)


def age(path: Path, *, seconds: float) -> None:
    """Have a file look as if it was changed that long ago."""
    import os
    import time

    then = time.time() - seconds
    os.utime(path, (then, then))


def counts(run: SourceRun) -> dict[str, int]:
    """What a run that ended well counted."""
    assert run.state is RunState.DONE, run
    return {finding.value: count for finding, count in run.outcome.counts.items()}


__all__ = ["Desk", "Finding", "age", "counts"]
