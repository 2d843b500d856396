"""A real OpenID provider beside the product, and what a person does on its pages."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.browser import Product

HERE = Path(__file__).parent / "provider"
SIRET = "12345678200010"
"""Of the organisation of everybody whose login names no other."""
SECRET = "un-secret-de-client-assez-long-pour-hs256"
_START_S = 60


@dataclass(frozen=True)
class Place:
    """The service and the provider that it speaks to."""

    service: str
    provider: str

    def variables(self) -> dict[str, str]:
        """Settings of a service that people enter through this provider, as through ProConnect."""
        provider = {
            "id": "proconnect",
            "kind": "proconnect",
            "issuer": self.provider,
            "client_id": "assistant",
            "client_secret": SECRET,
        }
        return {
            "ASSISTANT_SERVER_PORT": self.service.rpartition(":")[2],
            "ASSISTANT_OIDC_PROVIDERS": json.dumps([provider]),
        }


@dataclass(frozen=True)
class Site:
    """A service with its provider."""

    product: Product
    place: Place


@contextmanager
def provided() -> Generator[Place]:
    """A provider, and the address where the service that it knows has to listen."""
    ours, theirs = _free_port(), _free_port()
    place = Place(f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{theirs}")
    with _node_provider(theirs, service=place.service):
        yield place


def without_fonts(pages: Page | BrowserContext) -> None:
    """The provider's own pages ask a font server; nothing leaves this machine."""
    pages.route("**://fonts.googleapis.com/**", lambda route: route.abort())


def identify(page: Page, login: str) -> None:
    """What the person does on the provider's pages."""
    page.get_by_placeholder("Enter any login").fill(login)
    page.get_by_placeholder("and password").fill("secret")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _node_provider(port: int, *, service: str) -> Generator[None]:
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("Node.js with npm is not installed, or the test provider is not (make test)")
    command = [node, str(HERE / "provider.mjs"), str(port), service]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/.well-known/openid-configuration", process)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - of this machine
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the provider does not start")
