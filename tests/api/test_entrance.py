"""What a server answers at all, to whom, and under which headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import HTMLResponse
from starlette.types import Message, Receive, Scope, Send
from streamlit.file_util import get_static_dir

from assistant.api.entrance import PAGE_PATHS, Entrance
from assistant.api.mapping import API_PREFIX
from tests.api.site import BASE_URL, Site
from ui.shell import ADMINISTRATION

pytestmark = pytest.mark.anyio

INDEX = (Path(get_static_dir()) / "index.html").read_text("utf-8")
ROOT = Path(__file__).parents[2]


async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers everything, as Streamlit does."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await HTMLResponse("Streamlit")(scope, receive, send)


def browser(entrance: Any, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=entrance)
    return httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)


@pytest.fixture
def entrance() -> Entrance:
    return Entrance(streamlit, base_url=BASE_URL, index=INDEX)


async def handshake(entrance: Entrance, path: str, headers: Mapping[str, str]) -> str:
    """The type of the first message that answers a websocket's handshake."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": path, "headers": raw, "query_string": b""}
    await entrance(scope, receive, send)
    return str(sent[0]["type"])


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/static/a.js", "/api/health", "/x"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.4:8501", ""])
async def test_another_name_is_refused_everywhere(entrance: Entrance, path: str, host: str) -> None:
    async with browser(entrance, Host=host) as http:
        response = await http.get(path)

    assert (response.status_code, response.json()["code"]) == (421, "host_refused")


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:9000", "[::1]:8501"])
async def test_the_names_of_this_machine_are_answered(entrance: Entrance, host: str) -> None:
    async with browser(entrance, Host=host) as http:
        assert (await http.get("/")).status_code == 200


@pytest.mark.parametrize(
    ("host", "origin", "answer"),
    [
        ("127.0.0.1:8501", "http://127.0.0.1:8501", "websocket.accept"),
        ("localhost:9000", "http://localhost:9000", "websocket.accept"),
        ("127.0.0.1:8501", None, "websocket.accept"),
        ("127.0.0.1:8501", "http://127.0.0.1:9000", "websocket.close"),
        ("127.0.0.1:8501", "http://localhost:8501", "websocket.close"),
        ("127.0.0.1:8501", "https://evil.example", "websocket.close"),
        ("127.0.0.1:8501", "null", "websocket.close"),
        ("evil.example", "http://evil.example", "websocket.close"),
        ("evil.example", None, "websocket.close"),
    ],
)
async def test_a_socket_is_for_the_own_pages_only(
    entrance: Entrance, host: str, origin: str | None, answer: str
) -> None:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})

    assert await handshake(entrance, "/_stcore/stream", headers) == answer


@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/_stcore/agent/stream"])
async def test_there_is_one_socket(entrance: Entrance, path: str) -> None:
    assert await handshake(entrance, path, {"host": "localhost"}) == "websocket.close"


@pytest.mark.parametrize("path", ["/", "/documents", "/static/a.js", "/_stcore/health", "/inconnu"])
async def test_every_answer_carries_the_headers(entrance: Entrance, path: str) -> None:
    async with browser(entrance) as http:
        headers = (await http.get(path)).headers

    policy = headers["content-security-policy"]
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in {"same-origin", "no-referrer"}
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-eval" not in policy
    assert re.findall(r"https?:|wss?:|\*", policy) == []
    assert "'unsafe-inline'" not in re.findall(r"script-src ([^;]*)", policy)[0]


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics", "/_stcore/agent/interact", "/_stcore/agent/openapi.json",
        "/_stcore/script-health-check", "/_stcore/upload_file/a/b", "/component/a", "/auth/login",
        "/oauth2callback", "/manifest.json", "/documents/_stcore/host-config", "/inconnu", "/api",
    ],
)  # fmt: skip
async def test_what_the_pages_do_not_need_is_closed(entrance: Entrance, path: str) -> None:
    async with browser(entrance) as http:
        response = await http.get(path)
        shown = await http.get(path, headers={"Accept": "text/html"})

    assert (response.status_code, response.json()["code"]) == (404, "route_not_found")
    assert "Adresse inconnue" in shown.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_pages_are_only_read(entrance: Entrance, method: str) -> None:
    async with browser(entrance) as http:
        assert (await http.request(method, "/_stcore/health")).status_code == 404


async def test_no_other_origin_may_steer_the_pages(entrance: Entrance) -> None:
    async with browser(entrance) as http:
        config = (await http.get("/_stcore/host-config")).json()

    assert config["allowedOrigins"] == []
    assert config["metricsUrl"] == "off"


@pytest.mark.parametrize("path", sorted(PAGE_PATHS))
async def test_the_page_is_french_before_any_script_ran(entrance: Entrance, path: str) -> None:
    async with browser(entrance) as http:
        html = (await http.get(path)).text

    assert '<html lang="fr">' in html
    assert "<title>Assistant régional</title>" in html
    assert "Activez-le dans votre navigateur" in html
    assert re.findall(r"<script(?![^>]* src=)", html) == []
    for link in re.findall(r'(?:src|href)="\./([^"]*)"', html):
        assert (Path(get_static_dir()) / link).is_file()
    assert html.count("modulepreload") == INDEX.count('"modulepreload"') > 10


def test_an_index_without_scripts_is_told_at_the_start() -> None:
    with pytest.raises(RuntimeError):
        Entrance(streamlit, base_url=BASE_URL, index="<html></html>")


def test_every_page_of_the_interface_is_open() -> None:
    shell = (ROOT / "ui" / "shell.py").read_text("utf-8")

    named = {*re.findall(r'url_path="(\w+)"', shell), *ADMINISTRATION}
    assert {f"/{name}" for name in named} == PAGE_PATHS - {"/"}


async def test_a_command_serves_the_api_alone(site: Site) -> None:
    entrance = Entrance(site.app, base_url=BASE_URL)
    async with browser(entrance) as http:
        page = await http.get("/")
        health = await http.get(f"{API_PREFIX}/health")

    assert (page.status_code, page.json()["code"]) == (404, "route_not_found")
    assert health.json() == {"status": "ok"}
    assert health.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'self'"
    assert await handshake(entrance, "/_stcore/stream", {"host": "localhost"}) == "websocket.close"
