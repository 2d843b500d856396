"""The API as one ASGI application, to be mounted under `/api`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp

from assistant.api import errors
from assistant.api.auth import Gate
from assistant.api.deps import ApiState
from assistant.api.drawing import Drawing
from assistant.api.frontier import BodyLimit, Frontier, own_hosts
from assistant.api.mapping import API_PREFIX
from assistant.api.pages import load_pages
from assistant.api.password_room import PasswordRoom
from assistant.api.readiness import Readiness
from assistant.api.routes import (
    answers,
    audit,
    collections,
    conversations,
    corpus_health,
    curation,
    documents,
    evaluations,
    federation,
    feedback,
    generations,
    groups,
    inspections,
    jobs,
    keys,
    me,
    passages,
    passwords,
    people,
    pushed,
    question_sets,
    reconciliation,
    search,
    service,
    sessions,
    sign_in,
    sources,
    tenants,
    uploads,
    usage,
)
from assistant.containers import Container
from assistant.domain.question_sets import MAX_FILE_BYTES
from ingest.limits import MEGABYTE

_USUAL_BYTES = MEGABYTE
_ANNOUNCEMENT_BYTES = 64 * MEGABYTE
_PUSHED = re.compile("/v1/collections/[^/]+/documents/[^/]+")
_FILES_PER_FORM = 20
"""Files of the largest allowed size that one form may hold."""

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Un problème (RFC 9457), décrit en français ; une page pour un navigateur.",
        "content": {
            errors.PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
            "text/html": {"schema": {"type": "string"}},
        },
    }
}


def mounted(api: ASGIApp) -> Mount:
    """The API under `/api`, whatever signs an address holds: a line break must not lead past it."""
    mount = Mount("/api", api)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


def create_api(
    container: Container,
    *,
    local_token: str,
    base_url: str,
    worker_alive: Callable[[], bool] | None = None,
    worker_refused: Callable[[], bool] | None = None,
    allowed_hosts: frozenset[str] = frozenset(),
) -> FastAPI:
    """The API over the services of a container. Builds and starts nothing else.

    Args:
        container: What `bootstrap` built for the role "web".
        local_token: The owner's token; an empty one is never accepted.
        base_url: Where browsers reach the service, without `/api`. With https, cookies are secure.
        worker_alive: Tells `ready` if a worker runs; None means that there is none.
        worker_refused: Tells it if the worker refused to start; None means that it did not.
        allowed_hosts: Names accepted in the Host header beside loopback and that of `base_url`.
    """
    load_pages()
    api = _application()
    api.router = _routed().router
    gate = Gate(container, local_token=local_token, base_url=base_url)
    readiness = Readiness(container, worker_alive=worker_alive, worker_refused=worker_refused)
    api.state.api = ApiState(
        container,
        gate,
        readiness,
        Drawing(container.documents),
        PasswordRoom(places=container.settings.auth.password_hashes),
    )
    api.add_middleware(
        Frontier,
        hosts=own_hosts(base_url, also=allowed_hosts),
        body_limit=_body_limit(container.settings.ingest.max_file_mb * MEGABYTE),
    )
    return api


def openapi_text() -> str:
    """The OpenAPI description as JSON, the same at every call."""
    return json.dumps(_routed().openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _application() -> FastAPI:
    """An application without routes."""
    api = FastAPI(
        title="Assistant régional",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": API_PREFIX}],
        root_path_in_servers=False,
        responses=_PROBLEMS,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    errors.install(api)
    return api


@cache
def _routed() -> FastAPI:
    """The routes and their description: the same of every application, and slow to make."""
    api = _application()
    api.include_router(service.open_router)
    api.include_router(sign_in.router)
    api.include_router(passwords.router)
    api.include_router(federation.router)
    api.include_router(_version_1(), prefix="/v1")
    return api


def _version_1() -> APIRouter:
    router = APIRouter()
    for part in (
        search,
        answers,
        feedback,
        conversations,
        documents,
        curation,
        passages,
        jobs,
        uploads,
        pushed,
        sources,
        question_sets,
        evaluations,
        generations,
        sessions,
        tenants,
        people,
        groups,
        keys,
        collections,
        audit,
        inspections,
        usage,
        reconciliation,
        corpus_health,
        me,
        service,
    ):
        router.include_router(part.router)
    return router


def _body_limit(max_file_bytes: int) -> BodyLimit:
    """Largest body by route: a file and a little more for a content, many for a form."""

    def limit(method: str, path: str) -> int:
        route = path.removeprefix(API_PREFIX)
        is_content = route.endswith("/content") or _PUSHED.fullmatch(route) is not None
        if method in {"PUT", "PATCH"} and is_content:
            return max_file_bytes + _USUAL_BYTES
        if method == "POST" and route == "/v1/documents":
            return max_file_bytes * _FILES_PER_FORM + _USUAL_BYTES
        if method == "POST" and route == "/v1/question-sets":
            return MAX_FILE_BYTES + _USUAL_BYTES
        if method == "POST" and route == "/v1/jobs":
            return _ANNOUNCEMENT_BYTES
        return _USUAL_BYTES

    return limit
