"""Errors: one table, one shape, a sentence for each, nothing internal."""

from __future__ import annotations

import ast
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from assistant.api.error_table import ERROR_TABLE, row_of
from assistant.api.errors import problem_of, response_of_error, spoken
from assistant.domain import errors as tree
from assistant.domain.catalogue import sentences
from assistant.domain.errors import AssistantError, ModelBusy
from tests.api.site import Site, request_of

ROOT = Path(__file__).parents[2]
CLASSES = {
    name: kind
    for name, kind in vars(tree).items()
    if isinstance(kind, type) and issubclass(kind, AssistantError)
}
AT_START_ONLY = frozenset({"ConfigurationError"})


def raised_codes() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "assistant").rglob("*.py")):
        if "testing" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id not in CLASSES or node.func.id in AT_START_ONLY:
                continue
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value, f"{path.name}:{node.lineno}"


def test_every_code_raised_has_a_row_and_a_sentence() -> None:
    codes = dict(raised_codes()) | {
        kind.default_code: name for name, kind in CLASSES.items() if name not in AT_START_ONLY
    }

    assert {code: place for code, place in codes.items() if code not in ERROR_TABLE} == {}
    assert {code: place for code, place in codes.items() if code not in sentences()} == {}


def test_every_row_has_a_sentence_and_a_fitting_status() -> None:
    assert [code for code in ERROR_TABLE if code not in sentences()] == []
    assert all(400 <= status < 600 and title for status, title in ERROR_TABLE.values())


@pytest.mark.parametrize("code", sorted(ERROR_TABLE))
def test_each_row_becomes_its_problem(code: str) -> None:
    error = AssistantError(code, **Anything())

    response = response_of_error(error, request=request_of())

    body = json.loads(bytes(response.body))
    assert response.status_code == body["status"] == ERROR_TABLE[code][0]
    assert response.media_type == "application/problem+json"
    assert body == {
        "type": f"urn:assistant:error:{code}",
        "title": ERROR_TABLE[code][1],
        "status": ERROR_TABLE[code][0],
        "detail": body["detail"],
        "instance": "/api/v1/x",
        "code": code,
        "request_id": "req",
    }
    assert body["detail"] == sentences()[code].format_map(Anything())


PARAMETERS = (
    "detail", "limit_mb", "size_mb", "characters", "limit", "path", "problems", "built", "asked",
    "status", "model", "received", "expected", "page", "pages", "format", "seconds", "host", "port",
    "documents", "count", "line", "fault", "name", "version", "contrast", "siret",
    "minutes", "used", "resets", "added", "file", "known", "least", "pattern", "address",
    "tool", "said", "backup", "here", "offset", "size", "type", "removed", "percent", "reason",
)  # fmt: skip


class Anything(dict[str, str]):
    """Parameters for every sentence."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(PARAMETERS, "7"))


def test_a_code_without_a_row_takes_that_of_its_class() -> None:
    assert row_of("inconnu", error=tree.Conflict("inconnu"))[0] == 409
    assert row_of("inconnu", error=tree.ModelBusy("inconnu"))[0] == 503
    assert row_of("inconnu")[0] == 500


def test_a_missing_sentence_or_parameter_says_the_general_one() -> None:
    assert spoken("inconnu", params={}) == sentences()["internal_error"]
    assert spoken("invalid_input", params={}) == sentences()["internal_error"]


def test_a_wait_asked_upstream_is_passed_on() -> None:
    response = response_of_error(ModelBusy("model_busy", retry_after_s=2.2), request=request_of())

    assert response.headers["retry-after"] == "3"


def test_a_browser_gets_a_page() -> None:
    accept = "text/html,application/xhtml+xml"
    request = request_of("/<script>", accept)
    response = response_of_error(tree.NotFound(), request=request)

    assert response.media_type == "text/html"
    assert "Élément introuvable" in bytes(response.body).decode()
    assert problem_of("not_found", params={}, request=request).instance == "/<script>"
    assert "<script>" not in bytes(response.body).decode()


@pytest.mark.anyio
class TestOverHttp:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b"{", "JSON mal formé"),
            (b"{}", "« query » : valeur obligatoire absente"),
            (b'{"query": ""}', "« query » : texte trop court (minimum 1)"),
            (b'{"query": "a", "limit": 0}', "« limit » : valeur trop petite (minimum 1)"),
            (b'{"query": "a", "limit": 999}', "« limit » : valeur trop grande (maximum 100)"),
            (b'{"query": "a", "scope": 1}', "« scope » : champ inconnu"),
            (b'{"query": 3}', "« query » : un texte est attendu"),
        ],
    )
    async def test_invalid_requests_are_explained_in_french(
        self, site: Site, body: bytes, words: str
    ) -> None:
        async with site.owner() as http:
            headers = {"Content-Type": "application/json"}
            response = await http.post("/api/v1/search", content=body, headers=headers)

        assert response.status_code == 422
        assert response.json()["code"] == "invalid_input"
        assert words in response.json()["detail"]

    async def test_unknown_addresses_and_methods_are_problems(self, site: Site) -> None:
        async with site.owner() as http:
            unknown = await http.get("/api/v1/rien")
            wrong = await http.put("/api/v1/me")

        assert (unknown.status_code, unknown.json()["code"]) == (404, "route_not_found")
        assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")

    async def test_a_body_beyond_its_limit_is_refused_announced_or_not(self, site: Site) -> None:
        async def endless() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b"x" * 100_000

        async with site.owner() as http:
            announced = await http.post("/api/v1/search", content=b"x" * 2_000_000)
            headers = {"Content-Type": "application/json"}
            growing = await http.post("/api/v1/search", content=endless(), headers=headers)

        assert [announced.status_code, growing.status_code] == [413, 413]
        assert growing.json()["code"] == "request_too_large"

    async def test_an_unforeseen_error_says_nothing_internal(
        self, site: Site, capfd: pytest.CaptureFixture[str]
    ) -> None:
        secret = "texte confidentiel d'une délibération"

        def fail(*_: object, **__: object) -> None:
            raise RuntimeError(secret)

        object.__setattr__(site.container.conversations, "list_recent", fail)
        async with site.owner() as http:
            response = await http.get("/api/v1/conversations")

        logged = "".join(capfd.readouterr())
        assert response.status_code == 500
        assert response.json()["code"] == "internal_error"
        assert secret not in response.text
        assert logged.count("request_crashed") == 1
        assert response.json()["request_id"] in logged
        assert secret not in logged


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["documents/%0A", "%0A", "auth/oidc/%0A/callback", "a%0Db%0A"])
async def test_a_line_break_in_an_address_does_not_lead_past_the_api(site: Site, path: str) -> None:
    async with site.owner() as owner:
        got = await owner.get(f"/api/{path}", headers={"Accept": "application/json"})

    assert got.status_code == 404
    assert "x-request-id" in got.headers
    assert not got.headers["content-type"].startswith("text/plain")
