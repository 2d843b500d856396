"""No route blocks the event loop that streams answers."""

from __future__ import annotations

import pytest
from blockbuster import blockbuster_ctx

from tests.api.site import REGULATION, Site

pytestmark = pytest.mark.anyio


async def test_no_route_blocks_the_loop(site: Site) -> None:
    await site.upload({"reglement.pdf": "%PDF\n" + REGULATION})
    with blockbuster_ctx("assistant"):
        async with site.owner() as http:
            document = (await http.get("/api/v1/documents")).json()["documents"][0]["id"]
            chunk = (await http.get(f"/api/v1/documents/{document}/passages")).json()[0]["chunk_id"]
            made = (await http.post("/api/v1/conversations", json={})).json()["id"]
            asked = {"question": "Le transport est-il gratuit ?"}
            part = {"files": ("b.txt", REGULATION.encode())}
            responses = [
                await http.get("/api/ready"),
                await http.get("/api/auth/link/x"),
                await http.get("/api/v1/examples"),
                await http.post("/api/v1/search", json={"query": "transport"}),
                await http.post("/api/v1/answers", json=asked),
                await http.post(f"/api/v1/conversations/{made}/messages", json=asked),
                await http.get(f"/api/v1/conversations/{made}"),
                await http.get(f"/api/v1/passages/{chunk}/view"),
                await http.get(f"/api/v1/documents/{document}/original"),
                await http.get(f"/api/v1/documents/{document}/pages/1"),
                await http.get("/api/v1/passages/x/view", headers={"Accept": "text/html"}),
                await http.post("/api/v1/documents", files=part),
            ]
            await site.container.aclose()

    statuses = [each.status_code for each in responses]
    assert statuses == [200, 200, 200, 200, 200, 202, 200, 200, 200, 200, 404, 201]
