"""The few HTML pages of the API: no script, nothing from elsewhere, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from assistant.schemas.wire import Problem

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
"""Of all pages: no script at all, images of this service only."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("assistant.api"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )


def load_pages() -> None:
    """Read all templates, so that no request does."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


def page(
    template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """A page made from a template of this package."""
    return HTMLResponse(
        _environment().get_template(template).render(**values),
        status_code=status,
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "same-origin",
            **(headers or {}),
        },
    )


def error_page(
    problem: Problem, *, headers: Mapping[str, str], again: str | None = None
) -> HTMLResponse:
    """A problem as a page.

    Args:
        problem: What happened.
        headers: More of them.
        again: Where to begin anew; None leads to the assistant.
    """
    return page("error.html", status=problem.status, headers=headers, problem=problem, again=again)
