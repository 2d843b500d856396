"""Pages that are slow to draw delay nothing but pages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio import to_thread

from assistant.api.drawing import Drawing
from assistant.domain.errors import IngestionError, NotFound
from assistant.domain.ids import DocumentId
from tests.api.site import Site

pytestmark = pytest.mark.anyio

PAGES = 50
PDF = "%PDF\n" + "".join(f"Ligne {number}\n" for number in range(1, PAGES + 1))


class Desk:
    """Draws as the reader of the site does, once its gate is open."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = threading.Event()
        self.asked: list[int] = []
        self._begun = threading.Event()
        self.before: Callable[[], None] = lambda: None
        self._draw = site.container.reader.render_page
        monkeypatch.setattr(site.container.reader, "render_page", self._slow)

    def _slow(self, path: Path, *, page: int) -> bytes:
        self.asked.append(page)
        self._begun.set()
        assert self.gate.wait(60)
        image = self._draw(path, page=page)
        self.before()
        return image

    async def reached(self) -> None:
        wait = partial(self._begun.wait, 10)
        assert await to_thread.run_sync(wait, limiter=anyio.CapacityLimiter(1))


@pytest.fixture
def desk(site: Site, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(site, monkeypatch)


async def document_of(site: Site) -> DocumentId:
    await site.upload({"schema.pdf": PDF})
    async with site.owner() as http:
        found = (await http.get("/api/v1/documents")).json()["documents"][0]
    return DocumentId(found["id"])


def scope_of(site: Site) -> Any:
    return site.container.access.scope_of(site.container.access.local_principal())


async def test_fifty_slow_pages_delay_no_other_request(site: Site, desk: Desk) -> None:
    document_id = await document_of(site)
    answers: list[httpx.Response] = []
    others: list[httpx.Response] = []
    drawn_meanwhile = -1
    async with site.owner() as http, anyio.create_task_group() as tasks:

        async def ask(page: int) -> None:
            answers.append(await http.get(f"/api/v1/documents/{document_id}/pages/{page}"))

        for page in range(1, PAGES + 1):
            tasks.start_soon(ask, page)
        await desk.reached()
        with anyio.move_on_after(10):
            others += [
                await http.get("/api/health"),
                await http.get("/api/v1/documents"),
                await http.post("/api/v1/search", json={"query": "ligne"}),
            ]
        drawn_meanwhile = len(answers)
        desk.gate.set()

    assert [each.status_code for each in others] == [200] * 3
    assert drawn_meanwhile == 0
    assert [each.status_code for each in answers] == [200] * PAGES
    assert sorted(desk.asked) == list(range(1, PAGES + 1))


async def test_a_page_asked_by_many_at_once_is_drawn_once(site: Site, desk: Desk) -> None:
    document_id = await document_of(site)
    answers: list[int] = []
    async with site.owner() as http, anyio.create_task_group() as tasks:

        async def ask() -> None:
            found = await http.get(f"/api/v1/documents/{document_id}/pages/3")
            answers.append(found.status_code)

        for _ in range(10):
            tasks.start_soon(ask)
        await desk.reached()
        desk.gate.set()

    assert answers == [200] * 10
    assert desk.asked == [3]


async def test_a_turn_that_does_not_come_is_told(site: Site, desk: Desk) -> None:
    document_id = await document_of(site)
    drawing = Drawing(site.container.documents, wait_s=0.2)
    scope = scope_of(site)
    refused: list[IngestionError] = []

    async def ask(page: int) -> None:
        try:
            await drawing.page_image(document_id, page=page, scope=scope)
        except IngestionError as error:
            refused.append(error)
            if len(refused) == 3:
                desk.gate.set()

    async with anyio.create_task_group() as tasks:
        for page in range(1, 6):
            tasks.start_soon(ask, page)

    assert {each.code for each in refused} == {"reader_busy"}
    assert len(desk.asked) == 2
    assert (await drawing.page_image(document_id, page=1, scope=scope)).is_file()


async def test_a_busy_reader_leaves_the_text_of_a_passage(site: Site, desk: Desk) -> None:
    document_id = await document_of(site)
    state = site.app.routes[0].app.state
    state.api = replace(state.api, drawing=Drawing(site.container.documents, wait_s=0.2))
    shown: list[httpx.Response] = []
    refused: list[httpx.Response] = []
    async with site.owner() as http, anyio.create_task_group() as tasks:
        listed = (await http.get(f"/api/v1/documents/{document_id}/passages")).json()

        async def ask(page: int) -> None:
            image = await http.get(f"/api/v1/documents/{document_id}/pages/{page}")
            if image.status_code == 200:
                return
            refused.append(image)
            shown.append(await http.get(f"/api/v1/passages/{listed[9]['chunk_id']}/view"))
            desk.gate.set()

        for page in (1, 2, 3):
            tasks.start_soon(ask, page)

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(503, "reader_busy")]
    assert shown[0].status_code == 200
    assert "Ligne 10" in shown[0].text
    assert "<img" not in shown[0].text


async def test_a_page_drawn_while_its_document_is_deleted_leaves_nothing(
    site: Site, desk: Desk
) -> None:
    document_id = await document_of(site)
    desk.gate.set()

    def delete() -> None:
        principal = site.container.access.local_principal()
        scope = site.container.access.scope_of(principal)
        site.container.documents.delete(document_id, principal=principal, scope=scope)
        site.settle()

    desk.before = delete
    scope = scope_of(site)

    with pytest.raises(NotFound):
        await to_thread.run_sync(
            lambda: site.container.documents.page_image(document_id, page=1, scope=scope)
        )

    assert list((site.container.folder.root / "pages").iterdir()) == []


async def test_pages_are_drawn_while_a_deck_is_printed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.upload({"bilan.pptx": "%DECK\nBilan\nCalendrier\n"})
    gate, begun = threading.Event(), threading.Event()
    print_deck = site.container.reader.print_deck

    def slowly(path: Path) -> bytes:
        begun.set()
        assert gate.wait(60)
        return print_deck(path)

    monkeypatch.setattr(site.container.reader, "print_deck", slowly)
    slides: list[int] = []
    drawn_meanwhile: list[int] = []
    pages: list[int] = []
    async with site.owner() as http:
        deck = (await http.get("/api/v1/documents")).json()["documents"][0]["id"]
        await site.upload({"schema.pdf": PDF})
        listed = (await http.get("/api/v1/documents")).json()["documents"]
        other = next(each["id"] for each in listed if each["id"] != deck)

        async def ask(slide: int) -> None:
            found = await http.get(f"/api/v1/documents/{deck}/pages/{slide}")
            slides.append(found.status_code)

        async with anyio.create_task_group() as tasks:
            for slide in (1, 2, 1):
                tasks.start_soon(ask, slide)
            wait = partial(begun.wait, 10)
            assert await to_thread.run_sync(wait, limiter=anyio.CapacityLimiter(1))
            with anyio.fail_after(10):
                page = await http.get(f"/api/v1/documents/{other}/pages/1")
            pages.append(page.status_code)
            drawn_meanwhile += slides
            gate.set()

    assert pages == [200]
    assert drawn_meanwhile == []
    assert slides == [200] * 3
