"""The processes that serve: the API with its worker child, beside the pages or for one command.

`serve` is the service of the machine; `temporary_service` is the same API for the time of a command.
"""

from __future__ import annotations

import errno
import gc
import ipaddress
import logging
import os
import secrets
import signal
import socket
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from assistant.domain.errors import AssistantError, ConfigurationError
from assistant.ownership import ServerAddress, announced, own
from assistant.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from assistant.bootstrap import Container
    from assistant.supervisor import WorkerSupervisor

_GRACE_S = 1
"""Given to open connections at the end: streams are replayable, pages reconnect."""
_START_S = 30.0
_POLL_S = 0.01
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Backend:
    """An API and what it serves, already at work; its worker child waits to be started."""

    container: Container
    supervisor: WorkerSupervisor
    app: ASGIApp
    """The API, to be mounted under `/api`."""
    address: ServerAddress

    def sign_in_link(self) -> str:
        """A new single-use address that signs the machine's owner in. Blocking."""
        code = self.container.sign_in.issue_link(self.container.access.local_principal())
        return f"{self.address.url}/api/auth/link/{code}"

    @asynccontextmanager
    async def open_for_requests(self) -> AsyncGenerator[None]:
        """Go on with evaluations; end what runs and leave the model with the block, in the same loop."""
        await self.container.aopen()
        try:
            yield
        finally:
            await self.container.aclose()

    def close(self) -> None:
        """End the worker with its children, and give everything back; idempotent."""
        self.supervisor.close()
        self.container.close()


@dataclass(frozen=True, slots=True)
class TemporaryService:
    """The API of one command."""

    address: ServerAddress
    start_worker: Callable[[], None]
    """Start the worker child; the first call counts."""


def serve(
    settings: Settings,
    *,
    announce: Callable[[ServerAddress, str], None],
    then: Callable[[ServerAddress], None] | None = None,
) -> None:
    """Serve API and pages on one port until asked to stop.

    Args:
        settings: The effective settings.
        announce: Called once with the address and a sign-in link, as soon as both are known.
        then: Called once in a thread when the service answers.

    Raises:
        ConfigurationError: A host that is not this machine, a port taken, a data folder in use.
        StorageError: The database cannot be used.
        AssistantError: The application failed to start.
    """
    from assistant.data_folder import prepare_data_folder

    host = loopback_address(settings.server.host)
    folder = prepare_data_folder(settings.data_dir)
    run = folder.run
    with (
        own(run, command="serve"),
        scratch_of_its_own(folder.scratch),
        _listen(host, port=settings.server.port) as listener,
        closing(_backend(settings, url=_url(listener))) as backend,
    ):
        announce(backend.address, backend.sign_in_link())
        backend.supervisor.start()
        server = _Server(_pages(backend), on_stop=backend.supervisor.close)
        with announced(run, backend.address):
            _later(lambda _: _warm(backend), server=server, address=backend.address)
            if then is not None:
                _later(then, server=server, address=backend.address)
            server.run(sockets=[listener])
        if not server.started:
            raise AssistantError


@contextmanager
def temporary_service(settings: Settings, *, command: str) -> Generator[TemporaryService]:
    """The API in a thread of this process, on a port of its own, as owner of the data folder.

    Raises:
        ConfigurationError: As `serve`.
        StorageError: The database cannot be used.
    """
    from assistant.data_folder import prepare_data_folder

    folder = prepare_data_folder(settings.data_dir)
    with (
        own(folder.run, command=command),
        scratch_of_its_own(folder.scratch),
        _listen("127.0.0.1", port=0) as listener,
        closing(_backend(settings, url=_url(listener))) as backend,
    ):
        server = _Server(_api_only(backend), on_stop=backend.supervisor.close)
        thread = threading.Thread(target=server.run, args=([listener],), name="api", daemon=True)
        thread.start()
        try:
            server.wait_started(thread)
            yield TemporaryService(backend.address, backend.supervisor.start)
        finally:
            server.should_exit = True
            backend.supervisor.close()
            thread.join()


def loopback_address(host: str) -> str:
    """The numeric loopback address that a host setting names.

    Raises:
        ConfigurationError: It names anything else ("host_not_loopback").
    """
    if host == "localhost":
        return "127.0.0.1"
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return host
    raise ConfigurationError("host_not_loopback", host=host)


class _Server(uvicorn.Server):
    """A quiet server that stops on signals without passing them on."""

    def __init__(self, app: ASGIApp, *, on_stop: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on",
                server_header=False,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the worker is told at once, beside the open connections."""
        del frame
        if self.should_exit:
            self.force_exit = sig == signal.SIGINT
            return
        self.should_exit = True
        threading.Thread(target=self._on_stop, name="stop", daemon=True).start()

    def wait_started(self, thread: threading.Thread) -> None:
        """Block until requests are answered.

        Raises:
            AssistantError: The application failed to start.
        """
        deadline = time.monotonic() + _START_S
        while not self.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise AssistantError
            time.sleep(_POLL_S)


@contextmanager
def scratch_of_its_own(folder: Path) -> Generator[None]:
    """Short-lived files of this process go into the data folder; those of a dead one leave it.

    Uploads are spooled there: the system's own folder may be small, in memory, or readable by others.
    """
    from assistant.services.scratch import sweep_scratch
    from ingest.reader import remove_leftovers

    remove_leftovers(folder)
    sweep_scratch(folder)
    usual, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = usual


def _backend(settings: Settings, *, url: str) -> Backend:
    from assistant.api.app import create_api
    from assistant.bootstrap import build
    from assistant.supervisor import WorkerSupervisor

    container = build(settings, role="web")
    try:
        container.start()
        supervisor = WorkerSupervisor(settings)
        token = secrets.token_urlsafe(32)
        api = create_api(
            container,
            local_token=token,
            base_url=_public_url(settings) or url,
            worker_alive=lambda: supervisor.is_alive,
            worker_refused=lambda: supervisor.is_refused,
        )
    except BaseException:
        container.close()
        raise
    return Backend(container, supervisor, api, ServerAddress(url, os.getpid(), token))


def _pages(backend: Backend) -> ASGIApp:
    """The whole application: the API under `/api`, the pages under `/`."""
    import streamlit
    from streamlit.file_util import get_static_dir

    from assistant.api.app import mounted
    from assistant.api.entrance import Entrance

    @asynccontextmanager
    async def lifespan(_: streamlit.App) -> AsyncGenerator[None]:
        _quiet()
        async with backend.open_for_requests():
            yield

    pages = streamlit.App(
        Path(str(files("ui") / "app.py")),
        routes=[mounted(backend.app)],
        lifespan=lifespan,
        secrets={"api_url": backend.address.url},
    )
    index = (Path(get_static_dir()) / "index.html").read_text("utf-8")
    public_url = _public_url(backend.container.settings)
    return Entrance(pages, base_url=public_url or backend.address.url, index=index)


def _public_url(settings: Settings) -> str:
    """Where browsers reach the service by a proxy; empty when they come straight."""
    return settings.server.public_url.rstrip("/")


def _quiet() -> None:
    """Undo what Streamlit does to the server's loggers when it reads its configuration."""
    for name in ("uvicorn", "uvicorn.asgi", "uvicorn.error", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").handlers.clear()


def _api_only(backend: Backend) -> ASGIApp:
    from starlette.applications import Starlette

    from assistant.api.app import mounted
    from assistant.api.entrance import Entrance

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with backend.open_for_requests():
            yield

    routes = Starlette(routes=[mounted(backend.app)], lifespan=lifespan)
    return Entrance(routes, base_url=backend.address.url)


@contextmanager
def _listen(host: str, *, port: int) -> Generator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            code = "port_in_use" if error.errno == errno.EADDRINUSE else "port_refused"
            raise ConfigurationError(code, host=host, port=port) from error
        yield listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _later(
    act: Callable[[ServerAddress], None], *, server: uvicorn.Server, address: ServerAddress
) -> None:
    def wait() -> None:
        while not server.started:
            if server.should_exit:
                return
            time.sleep(_POLL_S)
        act(address)

    threading.Thread(target=wait, name="after-start", daemon=True).start()


def _warm(backend: Backend) -> None:
    """Load the models of questions before the first one comes."""
    for opened in backend.container.generations.room.searched:
        with suppress(AssistantError):
            opened.searched.embedder.embed_query("délibération")
    pass_over_start()


def pass_over_start() -> None:
    """Have the garbage collector pass over what the start made: it stays, and each full run took 0.1 s."""
    gc.collect()
    gc.freeze()
