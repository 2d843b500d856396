"""`assistant search`: passages without an answer."""

from __future__ import annotations

from assistant.cli.console import say
from assistant.cli.queries import QueryLine, Row
from assistant.client import AssistantClient
from assistant.domain.catalogue import sentence
from assistant.schemas.search import SearchOut, SearchResult

_EXCERPT_CHARS = 300


def search_row(client: AssistantClient, line: QueryLine, *, limit: int) -> Row:
    """The result of one query, as the API gives it."""
    return client.search(line.text, limit=limit).model_dump(mode="json")


def show_results(found: SearchOut) -> None:
    """Write results for a person."""
    if not found.results:
        say("Aucun passage ne correspond.")
    for result in found.results:
        say(
            f"{result.rank}. {result.title}{_place(result)} ({result.file}){classified(result.label)}"
        )
        say(f"   {excerpt(result.text)}")


def excerpt(text: str) -> str:
    """The start of a text on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _EXCERPT_CHARS else f"{flat[:_EXCERPT_CHARS].rstrip()}…"


def classified(label: str) -> str:
    """The label of the collection of a source, to stand after it; nothing without one."""
    return f" — {sentence('place_classified', label=label)}" if label else ""


def _place(result: SearchResult) -> str:
    section = result.locator.section[-1:]
    page = [f"p. {result.page}"] if result.page is not None else []
    return "".join(f" — {part}" for part in [*section, *page])
