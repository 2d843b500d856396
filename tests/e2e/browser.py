"""The running product and a real browser, for tests that see what people see."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    WebSocket,
    sync_playwright,
)

from assistant.client import AssistantClient, ClientError
from assistant.testing.mock_model import MockModel
from tests.databases import migrated_file

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WAIT_MS = 20_000
_START_S = 60
_STOP_S = 15
_JOB_S = 60


@dataclass(frozen=True)
class Product:
    """A server of its own, with its own data folder."""

    url: str
    client: AssistantClient
    """Speaks for the machine's owner."""

    def sign_in_link(self) -> str:
        """A fresh single-use link."""
        return self.client.issue_link().url

    def ingest(self, paths: Sequence[Path]) -> None:
        """Index files and wait for their end."""
        job = self.client.upload_documents(paths).job
        wait_for(lambda: self.client.get_job(job.id).finished_at is not None, seconds=_JOB_S)


def wait_for(condition: Callable[[], object], *, seconds: float) -> None:
    """Poll until a condition holds; fails the test when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("what the test waits for never came")
        time.sleep(0.1)


@contextmanager
def running_product(
    folder: Path, *, model: MockModel | None = None, variables: Mapping[str, str] | None = None
) -> Generator[Product]:
    """Start `assistant serve` on a free port, as a person would, and stop it at the end.

    Its database has the current schema already: what the first start of all does is for the tests
    of the commands.

    Args:
        folder: Holds its data and its log.
        model: Answers and embeds; without it, the service only searches, with its own embedder.
        variables: More settings.
    """
    data_dir = folder / "data"
    migrated_file(data_dir / "assistant.sqlite3")
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "ASSISTANT_DATA_DIR": str(data_dir),
        "ASSISTANT_SERVER_PORT": "0",
        "ASSISTANT_INGEST_CHILDREN": "1",
        **(_settings_of(model) if model else {}),
        **(variables or {}),
    }
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant", "serve"],
            env=environment, stdout=output, stderr=output, cwd=folder,
        )  # fmt: skip
        try:
            product = _announced(data_dir / "run" / "server.json", process, log)
            with closing(product.client):
                yield product
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_S)


def _settings_of(model: MockModel) -> dict[str, str]:
    return {
        "ASSISTANT_MODEL_URL": model.url,
        "ASSISTANT_MODEL_NAME": "mock-grounded",
        "ASSISTANT_EMBEDDINGS_PROVIDER": "openai",
        "ASSISTANT_EMBEDDINGS_URL": model.url,
        "ASSISTANT_EMBEDDINGS_NAME": "mock",
        "ASSISTANT_EMBEDDINGS_DIMENSIONS": "32",
    }


def _announced(path: Path, process: subprocess.Popen[bytes], log: Path) -> Product:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            address = json.loads(path.read_text("utf-8"))
            client = AssistantClient(address["url"], token=address["token"])
        except (OSError, ValueError):
            time.sleep(0.1)
            continue
        wait_for(partial(_answers, client), seconds=_START_S)
        return Product(address["url"], client)
    raise AssertionError(f"the product does not start: {log.read_text('utf-8', 'replace')[-3000:]}")


def _answers(client: AssistantClient) -> bool:
    try:
        client.health()
    except ClientError:
        return False
    return True


@contextmanager
def chromium() -> Generator[Browser]:
    """A headless Chromium; the test is skipped where there is none."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip("Chromium is not installed (make system-deps installs it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


class Watch:
    """Notes every request, websocket message and breach of the security policy of some pages."""

    def __init__(self, context: BrowserContext) -> None:
        self.urls: list[str] = []
        self.first_messages: list[bytes] = []
        self.policy_breaches: list[str] = []
        context.on("request", lambda request: self.urls.append(request.url))
        context.on("page", self._watch_page)
        context.on("console", self._watch_console)

    def _watch_page(self, page: Page) -> None:
        page.on("websocket", self._watch_socket)

    def _watch_console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.policy_breaches.append(message.text)

    def _watch_socket(self, socket: WebSocket) -> None:
        self.urls.append(socket.url)
        seen: list[bool] = []

        def note(payload: str | bytes) -> None:
            if not seen and isinstance(payload, bytes):
                seen.append(True)
                self.first_messages.append(payload)

        socket.on("framereceived", note)

    def foreign(self, home: str) -> list[str]:
        """Addresses beyond the product's own host and port."""
        own = urlsplit(home).netloc
        return [
            url
            for url in self.urls
            if urlsplit(url).scheme in {"http", "https", "ws", "wss"}
            and urlsplit(url).netloc != own
        ]


def sign_in(page: Page, product: Product) -> None:
    """Open a session as a person does: the link, then its button."""
    page.goto(product.sign_in_link())
    page.get_by_role("button", name="Ouvrir ma session").click()
    page.get_by_role("textbox").first.wait_for(timeout=WAIT_MS)


def ask(page: Page, question: str) -> None:
    """Type a question and send it."""
    box = page.get_by_placeholder("Posez votre question…")
    box.fill(question)
    box.press("Enter")
