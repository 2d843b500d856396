"""What holds for every test: no network, no developer environment, one scale, no silent skip in CI."""

from __future__ import annotations

import gc
import ipaddress
import logging
import os
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import structlog
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from tests.databases import PostgresqlServer

FULL_SCALE = os.environ.get("TEST_SCALE") == "full"  # noqa: TID251 - the switch of `make torture`
IN_CI = os.environ.get("CI") == "true"  # noqa: TID251 - CI says so in the environment only
MUST_RUN_IN_CI = frozenset({"browser", "shared_data", "closed_network"})
NO_NAMESPACES = "the kernel makes no network namespace here"
"""The one reason that CI accepts: a container often lacks this right, and nothing can be installed."""
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

for name in [name for name in os.environ if name.startswith("ASSISTANT_")]:  # noqa: TID251
    del os.environ[name]  # noqa: TID251 - a developer's settings must not leak into tests

for profile, examples in (("sampled", 60), ("full", 2000)):
    hypothesis_settings.register_profile(
        profile,
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
hypothesis_settings.load_profile("full" if FULL_SCALE else "sampled")

gc.set_threshold(20_000)
"""The usual 700 has a process that imports the whole product look for garbage all the time."""


class RemoteConnectionError(AssertionError):
    """A test tried to reach another machine."""


def _is_local(address: Any) -> bool:
    """True for a loopback host, and for a path of this machine's own sockets."""
    if isinstance(address, str | bytes):
        return True
    host = str(cast("tuple[object, ...]", address)[0])
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def no_remote_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection and name look-up beyond this machine."""
    connect = socket.socket.connect
    look_up = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if not _is_local(address):
            raise RemoteConnectionError(f"connection to {address}")
        connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **options: Any) -> Any:
        if not _is_local((host.decode() if isinstance(host, bytes) else host or "", 0)):
            raise RemoteConnectionError(f"look-up of {host}")
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


def pytest_collection_finish() -> None:
    """Leave what every test imports out of all searches for garbage: it stays to the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """In CI a test that lacks its browser or its data fails instead of being skipped."""
    report = yield
    needs = MUST_RUN_IN_CI & {mark.name for mark in item.iter_markers()}
    is_excused = NO_NAMESPACES in str(report.longrepr)
    if IN_CI and report.skipped and needs and not is_excused and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI though marked {sorted(needs)}: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def shared_statements() -> Generator[None]:
    """Compile each statement once."""
    from tests.statements import shared_statements

    with shared_statements():
        yield


@pytest.fixture(scope="session")
def full_scale() -> bool:
    """True under `make torture`: the same tests on full counts."""
    return FULL_SCALE


@pytest.fixture(scope="session")
def closed_network() -> None:
    """Skip a test that needs a closed network, only where the kernel refuses: no program has a say."""
    probe = "import sys; from ingest.processes import leave_network; sys.exit(not leave_network())"
    if subprocess.run([sys.executable, "-c", probe], cwd=Path(__file__).parents[1]).returncode:
        pytest.skip(NO_NAMESPACES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test with many cases a third run on a server, those of contracts and of the store all, and
    all of everything at full scale, the longest files first: the cases differ, and so do the engines,
    but seldom both at once."""
    cases: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
        is_of_store = any(room in item.nodeid for room in ("tests/contract/", "/adapters/sql/"))
        if parameters.get("database_url") == "postgresql" and not is_of_store:
            cases[item.nodeid.partition("[")[0]].append(item)
    left = {id(item) for found in cases.values() for n, item in enumerate(found) if n % 3}
    if left and not FULL_SCALE:
        config.hook.pytest_deselected(items=[item for item in items if id(item) in left])
        items[:] = [item for item in items if id(item) not in left]
    longest = {item.path for item in items if item.get_closest_marker("torture")}
    items.sort(key=lambda item: item.path not in longest)


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the product does."""
    return "asyncio"


@pytest.fixture
def default_logs() -> None:
    """Technical messages as no test before this one has changed them."""
    structlog.reset_defaults()


@pytest.fixture
def restored_logs() -> Generator[None]:
    """Undo what the test changes of where technical messages go, for the tests after it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real documents beside the checkout; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real documents of ../shared/data are not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgresql() -> Generator[PostgresqlServer]:
    """A real PostgreSQL, started for the first test that asks for it; skipped where it cannot be."""
    from tests.databases import postgresql_server

    with postgresql_server() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer) -> Generator[str]:
    """Address of a database of the current schema, for one test."""
    with postgresql.new_database() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The setting `database.url`: empty for SQLite; a test marked `each_engine` runs with both."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    return request.getfixturevalue("postgresql_url")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked so on each engine of the relational store."""
    is_marked = metafunc.definition.get_closest_marker("each_engine") is not None
    if is_marked and "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
