"""Forms: what they hold in memory, and a disk that fills while they come in."""

from __future__ import annotations

import errno
from tempfile import SpooledTemporaryFile
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from assistant.api.body import uploads_of
from tests.api.site import Site

pytestmark = pytest.mark.anyio


async def test_files_of_a_form_stay_on_disk() -> None:
    held: list[bool] = []
    api = FastAPI()

    @api.post("/")
    async def take(request: Request) -> None:  # pyright: ignore[reportUnusedFunction]
        for upload in await uploads_of(request):
            held.append(not vars(upload.file)["_rolled"])
            await upload.close()

    parts = [("files", (f"{size}.txt", b"x" * size)) for size in (1_000, 70_000, 900_000)]
    transport = httpx.ASGITransport(app=api)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        response = await http.post("/", files=parts)

    assert response.status_code == 200
    assert held == [True, False, False]


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [(errno.ENOSPC, 507, "disk_full"), (errno.EMFILE, 503, "storage_error")],
)
async def test_a_form_that_cannot_be_spooled_is_told(
    site: Site, monkeypatch: pytest.MonkeyPatch, number: int, status: int, code: str
) -> None:
    def refuse(self: Any, data: bytes) -> int:
        raise OSError(number, "planted")

    monkeypatch.setattr(SpooledTemporaryFile, "write", refuse)
    async with site.owner() as http:
        response = await http.post("/api/v1/documents", files={"files": ("a.txt", b"x")})

    assert (response.status_code, response.json()["code"]) == (status, code)
