"""Errors as RFC 9457 problems: JSON for programs, a small page for browsers."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assistant.api.error_table import row_of
from assistant.api.pages import error_page
from assistant.api.refusals import note_refusal
from assistant.domain.catalogue import sentence
from assistant.domain.errors import (
    AssistantError,
    CharterRequired,
    InvalidInput,
    LineFault,
    LinesRefused,
    QuotaExceeded,
    UpstreamError,
)
from assistant.schemas.wire import CharterOut, FaultyLine, Problem

PROBLEM_TYPE = "application/problem+json"

_log = structlog.get_logger(__name__)
_NOT_FOUND, _NOT_ALLOWED = 404, 405


def problem_of(
    code: str,
    *,
    params: Mapping[str, str | int | float],
    request: Request,
    error: AssistantError | None = None,
) -> Problem:
    """A code as the problem of a request; nothing internal in it."""
    status, title = row_of(code, error=error)
    return Problem(
        type=f"urn:assistant:error:{code}",
        title=title,
        status=status,
        detail=spoken(code, params=params),
        instance=request.url.path,
        code=code,
        request_id=request_id_of(request),
        lines=lines_out(error.faults) if isinstance(error, LinesRefused) else None,
        charter=_charter(error) if isinstance(error, CharterRequired) else None,
    )


def lines_out(faults: Sequence[LineFault]) -> list[FaultyLine]:
    """What is to be said of lines, in French."""
    return [
        FaultyLine(line=fault.line, code=fault.code, detail=spoken(fault.code, params=fault.params))
        for fault in faults
    ]


def _charter(error: CharterRequired) -> CharterOut:
    return CharterOut(version=error.version, text=error.text)


def spoken(code: str, *, params: Mapping[str, str | int | float]) -> str:
    """The French sentence of a code; the one of an unexpected error when it has none."""
    try:
        return sentence(code, **params)
    except (KeyError, IndexError, ValueError):
        _log.error("sentence_missing", code=code)
        return sentence("internal_error")


def request_id_of(request: Request) -> str:
    """The identifier given to a request when it came in."""
    return str(request.scope.get("assistant.request_id", ""))


def wait_headers(error: AssistantError) -> dict[str, str]:
    """When to come back, where an error says so."""
    tells_when = isinstance(error, UpstreamError | QuotaExceeded)
    retry_after_s = error.retry_after_s if tells_when else None
    return {} if retry_after_s is None else {"Retry-After": str(math.ceil(retry_after_s))}


def response_of(
    problem: Problem, *, request: Request, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem as a response: a page when a browser navigates, else JSON."""
    if is_for_reading(request):
        return error_page(problem, headers=headers or {})
    return Response(
        problem.model_dump_json(),
        status_code=problem.status,
        media_type=PROBLEM_TYPE,
        headers=dict(headers or {}),
    )


def response_of_error(error: AssistantError, *, request: Request) -> Response:
    """An error of the tree as a response."""
    problem = problem_of(error.code, params=error.params, request=request, error=error)
    return response_of(problem, request=request, headers=wait_headers(error))


def is_for_reading(request: Request) -> bool:
    """True when a browser navigates, and gets a page."""
    return "text/html" in request.headers.get("accept", "")


def log_unexpected(error: BaseException, *, request_id: str) -> None:
    """Note an unforeseen error: its kind and where, never its message, which may hold contents."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    _log.error("request_crashed", request_id=request_id, kind=type(error).__name__, where=where)


def install(api: FastAPI) -> None:
    """Answer every foreseen error with a problem."""
    api.add_exception_handler(AssistantError, _on_assistant_error)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http_error)


async def _on_assistant_error(request: Request, error: Exception) -> Response:
    await note_refusal(request, cast("AssistantError", error))
    return response_of_error(cast("AssistantError", error), request=request)


async def _on_invalid(request: Request, error: Exception) -> Response:
    faults = cast("Sequence[Mapping[str, Any]]", cast("RequestValidationError", error).errors())
    detail = " ; ".join(_fault(fault) for fault in faults[:5]) + "."
    return response_of_error(InvalidInput("invalid_input", detail=detail), request=request)


async def _on_http_error(request: Request, error: Exception) -> Response:
    if isinstance(error.__cause__, AssistantError):
        await note_refusal(request, error.__cause__)
        return response_of_error(error.__cause__, request=request)
    status = cast("HTTPException", error).status_code
    codes = {_NOT_FOUND: "route_not_found", _NOT_ALLOWED: "method_not_allowed"}
    code = codes.get(status, "request_malformed")
    return response_of(problem_of(code, params={}, request=request), request=request)


_FAULTS = {
    "missing": "valeur obligatoire absente",
    "extra_forbidden": "champ inconnu",
    "json_invalid": "JSON mal formé",
    "string_type": "un texte est attendu",
    "string_too_short": "texte trop court (minimum {min_length})",
    "string_too_long": "texte trop long (maximum {max_length})",
    "string_pattern_mismatch": "texte d'une forme non prévue",
    "int_type": "un entier est attendu",
    "int_parsing": "un entier est attendu",
    "bool_type": "vrai ou faux est attendu",
    "bool_parsing": "vrai ou faux est attendu",
    "list_type": "une liste est attendue",
    "enum": "valeur non prévue",
    "greater_than_equal": "valeur trop petite (minimum {ge})",
    "less_than_equal": "valeur trop grande (maximum {le})",
    "model_attributes_type": "un objet JSON est attendu",
}


def _fault(fault: Mapping[str, Any]) -> str:
    words = _FAULTS.get(str(fault.get("type")), "valeur non valide")
    context = cast("Mapping[str, Any]", fault.get("ctx") or {})
    for name, value in context.items():
        words = words.replace("{" + name + "}", str(value))
    _, *places = fault.get("loc") or ("",)
    place = ".".join(part for part in places if isinstance(part, str))
    return f"« {place[:100]} » : {words}" if place else words
