"""A dead disk takes the places of its own tenant alone, and is not asked again while a call hangs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from assistant.domain.errors import UpstreamError
from assistant.domain.ids import TenantId
from assistant.domain.sources import RunKind, RunState, Source, SourceKind
from assistant.domain.tenancy import Principal
from assistant.services.patience import Callers, within
from assistant.services.source_drafts import SourceDraft
from assistant.settings import SourceFolder
from assistant.testing.contracts.repositories_world import ROLES, Reader, add_reader
from tests.house import House
from tests.sources import Desk

TENANT, OTHER = TenantId("region"), TenantId("commune")


@pytest.fixture
def awake() -> Generator[threading.Event]:
    """Set when what hangs is to go on; at the end of the test in any case."""
    event = threading.Event()
    yield event
    event.set()
    time.sleep(0.1)


def refused(act: Callable[[], object]) -> tuple[str, float]:
    """The code that an act is refused with, and after how many seconds."""
    begun = time.monotonic()
    with pytest.raises(UpstreamError) as error:
        act()
    assert error.value.sentence
    return error.value.code, time.monotonic() - begun


def test_an_address_whose_call_hangs_is_not_called_again(awake: threading.Event) -> None:
    calls: list[str] = []

    def hang() -> None:
        calls.append("a")
        awake.wait(60)

    act = lambda: within(hang, tenant_id=TENANT, address="/a", seconds=0.5)  # noqa: E731

    first, second = refused(act), refused(act)

    assert (first[0], second[0], len(calls)) == ("source_silent", "source_silent", 1)
    assert second[1] < 0.4


def test_two_dead_addresses_close_a_tenant_alone_and_are_told_apart(
    awake: threading.Event,
) -> None:
    def dead(address: str) -> bool:
        return within(lambda: awake.wait(60), tenant_id=TENANT, address=address, seconds=0.1)

    refused(lambda: dead("/a"))
    refused(lambda: dead("/b"))
    third = refused(lambda: within(lambda: 3, tenant_id=TENANT, address="/c", seconds=20))
    other = within(lambda: 4, tenant_id=OTHER, address="/a", seconds=20)

    assert third[0] == "source_calls_busy"
    assert third[1] < 10
    assert other == 4


def test_a_place_is_waited_for_while_the_others_may_still_end() -> None:
    callers = Callers(per_tenant=1)
    first = callers.begin(TENANT, "/a", seconds=60)
    threading.Timer(0.3, lambda: callers.end(TENANT, first)).start()

    second = callers.begin(TENANT, "/a", seconds=60)

    assert refused(lambda: callers.begin(TENANT, "/b", seconds=0.1))[0] == "source_calls_busy"
    callers.end(TENANT, second)


def test_what_ends_late_gives_its_place_back(awake: threading.Event) -> None:
    act = lambda: within(lambda: awake.wait(60), tenant_id=TENANT, address="/a", seconds=0.1)  # noqa: E731
    refused(act)
    awake.set()
    time.sleep(0.2)

    assert act()


@dataclass
class Two:
    """A region whose disk died, and a commune whose disk is well."""

    desk: Desk
    dead: list[Source]
    commune: Reader
    well: Source

    @property
    def mayor(self) -> Principal:
        return Principal(self.commune.person_id, self.commune.tenant_id, ROLES)


@pytest.fixture
def two(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, awake: threading.Event
) -> Two:
    commune = add_reader(house.open_work, "commune")
    well = tmp_path / "vif"
    well.mkdir()
    (well / "a.txt").write_text("Texte A", "utf-8")
    folder = SourceFolder(path=str(well), tenants=(commune.tenant_id,))
    desk = Desk(house, tmp_path / "mort", others=(folder,))
    desk.write({f"{n}/a.txt": "Texte" for n in range(4)})
    dead = [add_source(desk, desk.root / str(n), desk.house) for n in range(4)]
    mayor = Principal(commune.person_id, commune.tenant_id, ROLES)
    source = desk.sources.add(
        SourceDraft("Vive", str(well)),
        kind=SourceKind.FOLDER,
        collection_id=commune.collection_id,
        principal=mayor,
        scope=commune.scope,
    ).source
    monkeypatch.setattr("assistant.source_places._PATIENCE_S", 0.3)
    hang(monkeypatch, awake, desk.root)
    return Two(desk, dead, commune, source)


def add_source(desk: Desk, root: Path, house: House) -> Source:
    return desk.sources.add(
        SourceDraft(f"Morte {root.name}", str(root)),
        kind=SourceKind.FOLDER,
        collection_id=None,
        principal=house.principal,
        scope=house.scope,
    ).source


def hang(monkeypatch: pytest.MonkeyPatch, awake: threading.Event, root: Path) -> None:
    """A disk of which nothing comes any more."""
    real = os.path.realpath

    def realpath(path: str | Path, **kwargs: bool) -> str:
        if str(path).startswith(str(root)):
            awake.wait(120)
        return real(path, **kwargs)

    monkeypatch.setattr(os.path, "realpath", realpath)


def open_to_all(source: Source) -> None:
    del source


def test_a_tenant_whose_disk_died_asks_in_vain_and_another_one_is_served(two: Two) -> None:
    desk, house = two.desk, two.desk.house
    draft = SourceDraft("Essai", two.dead[0].address)
    codes = [refused(partial(desk.ask, source))[0] for source in two.dead * 5]
    tried = refused(
        lambda: desk.sources.test(
            draft, kind=SourceKind.FOLDER, principal=house.principal, scope=house.scope
        )
    )

    asked = desk.requests.ask(
        two.well.id, RunKind.PLAN, principal=two.mayor, scope=two.commune.scope
    )
    told = desk.sources.test(
        SourceDraft("Vive", two.well.address),
        kind=SourceKind.FOLDER,
        principal=two.mayor,
        scope=two.commune.scope,
    )

    assert set(codes) == {"source_silent", "source_calls_busy"}
    assert tried[0] == "source_silent"
    assert (asked.state, told) == (RunState.QUEUED, ("a.txt",))
    assert sum(each.name == "patience" for each in threading.enumerate()) == 2


def test_looks_at_a_dead_disk_leave_those_of_others_alone(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = two.desk
    with monkeypatch.context() as patch:  # asked for while the disk was well
        patch.setattr(desk.places, "check", open_to_all)
        asked = [(source, desk.ask(source)) for source in two.dead]
    for _ in asked:
        assert desk.runner.run_once()

    run = desk.requests.ask(two.well.id, RunKind.SYNC, principal=two.mayor, scope=two.commune.scope)
    assert desk.runner.run_once()
    (looked,) = desk.requests.runs(
        two.well.id, principal=two.mayor, scope=two.commune.scope, limit=9
    )

    ended = [desk.told(source.id, each) for source, each in asked]
    assert [each.reason and each.reason.code for each in ended] == [
        *["source_silent"] * 2,
        *["source_calls_busy"] * 2,
    ]
    assert (looked.id, looked.state) == (run.id, RunState.DONE)
