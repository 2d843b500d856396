"""Contents in parts, and documents by the ids of programs, over HTTP."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.adapters.sql.audit import SqlAuditRepository
from assistant.domain.errors import StorageError
from assistant.domain.tenancy import Role
from assistant.services.uploads import KEPT
from tests.api.site import REGULATION, Site

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

PART = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}
LONG = (REGULATION + f"Une ligne de plus pour peser {'x' * 300_000}.\n" * 5).encode()
"""About 1.5 MB: more than one block, less than the limit of the site."""


@dataclass
class Sent:
    """A content that a job waits for."""

    path: str
    content: bytes


async def announced(http: httpx.AsyncClient, content: bytes, name: str = "long.txt") -> Sent:
    file = {"name": name, "sha256": sha256(content).hexdigest(), "size_bytes": len(content)}
    started = (await http.post("/api/v1/jobs", json={"source": "upload", "files": [file]})).json()
    (wanted,) = started["wanted"]
    return Sent(f"/api/v1/jobs/{started['job']['id']}/items/{wanted['id']}/content", content)


async def send(
    http: httpx.AsyncClient, sent: Sent, offset: int, end: int | None = None
) -> httpx.Response:
    headers = {**PART, "Upload-Offset": str(offset)}
    return await http.patch(sent.path, content=sent.content[offset:end], headers=headers)


async def item_of(http: httpx.AsyncClient, sent: Sent) -> dict[str, Any]:
    (item,) = (await http.get(sent.path.removesuffix("/content").rpartition("/")[0])).json()
    return item


def parts_of(site: Site) -> list[os.DirEntry[str]]:
    root = site.container.folder.parts
    return [each for folder in root.iterdir() for each in os.scandir(folder)]


async def test_a_content_comes_in_parts_and_is_read_when_it_is_whole(site: Site) -> None:
    async with site.owner() as http:
        sent = await announced(http, LONG)
        before = await http.head(sent.path)
        first = await send(http, sent, 0, 700_000)
        middle = await http.head(sent.path)
        waiting = await item_of(http, sent)
        last = await send(http, sent, 700_000)
        after = await http.head(sent.path)
        await asyncio.to_thread(site.settle)
        item = await item_of(http, sent)
        acts = [each["act"] for each in (await http.get("/api/v1/audit")).json()["entries"]]

    assert acts.count("document.added") == 1
    assert (before.status_code, before.headers["upload-offset"]) == (200, "0")
    assert before.headers["upload-length"] == str(len(LONG))
    assert (first.status_code, first.headers["upload-offset"]) == (204, "700000")
    assert middle.headers["upload-offset"] == "700000"
    assert waiting["state"] == "awaiting_file"
    assert last.headers["upload-offset"] == after.headers["upload-offset"] == str(len(LONG))
    assert item["state"] == "indexed"
    assert parts_of(site) == []


async def test_a_sender_that_leaves_in_the_middle_goes_on_where_it_was_cut(site: Site) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield LONG[:1_200_000]
        raise ConnectionError

    async with site.owner() as http:
        sent = await announced(http, LONG)
        await http.patch(sent.path, content=cut(), headers={**PART, "Upload-Offset": "0"})
        offset = int((await http.head(sent.path)).headers["upload-offset"])
        elsewhere = await send(http, sent, offset - 1)
        rest = await send(http, sent, offset)
        await asyncio.to_thread(site.settle)

        assert offset == 1_200_000
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "upload_offset")
        assert str(offset) in elsewhere.json()["detail"].replace("\u202f", "")
        assert rest.status_code == 204
        assert (await item_of(http, sent))["state"] == "indexed"


async def test_the_same_files_go_on_after_a_reload_under_a_new_announcement(site: Site) -> None:
    async with site.owner() as http:
        first = await announced(http, LONG)
        await send(http, first, 0, 600_000)
        second = await announced(http, LONG)
        offset = (await http.head(second.path)).headers["upload-offset"]
        given_way = await item_of(http, first)
        await send(http, second, 600_000)
        await asyncio.to_thread(site.settle)
        documents = (await http.get("/api/v1/documents")).json()["documents"]

    assert offset == "600000"
    assert given_way["state"] == "cancelled"
    assert [each["name"] for each in documents] == ["long.txt"]


async def test_what_a_killed_process_left_whole_is_taken_when_it_is_asked_about(site: Site) -> None:
    async with site.owner() as http:
        sent = await announced(http, LONG)
        await send(http, sent, 0, len(LONG) - 1)
        (part,) = parts_of(site)
        # as the process wrote before it died
        Path(part.path).write_bytes(LONG)  # noqa: ASYNC240
        whole = await http.head(sent.path)
        await asyncio.to_thread(site.settle)

        assert whole.headers["upload-offset"] == str(len(LONG))
        assert (await item_of(http, sent))["state"] == "indexed"
        assert parts_of(site) == []


async def test_a_broken_audit_log_takes_no_document_and_loses_no_byte(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StorageError

    async with site.owner() as http:
        sent = await announced(http, LONG)
        with monkeypatch.context() as broken:
            broken.setattr(SqlAuditRepository, "append", fail)
            refused = await send(http, sent, 0)
        waiting = await item_of(http, sent)
        whole = await http.head(sent.path)
        taken = await item_of(http, sent)

    assert refused.status_code >= 500
    assert waiting["state"] == "awaiting_file"
    assert whole.headers["upload-offset"] == str(len(LONG))
    assert taken["state"] == "pending"


async def test_only_the_person_that_announced_a_content_sends_it(site: Site) -> None:
    async with site.owner() as http:
        sent = await announced(http, LONG)
        await send(http, sent, 0, 500_000)
    tenant_id = site.container.access.local_principal().tenant_id
    colleague = site.joined("colleague", tenant_id, Role.AGENT, Role.TENANT_ADMIN)
    unknown = Sent("/api/v1/jobs/inconnu/items/inconnu/content", LONG)
    for stranger in (colleague, site.foreigner()):
        async with site.person(stranger) as http:
            heads = [await http.head(each.path) for each in (sent, unknown)]
            tries = [await send(http, each, 500_000) for each in (sent, unknown)]

        assert {each.status_code for each in (*heads, *tries)} == {404}
        bodies = [each.json() for each in tries]
        assert {body["code"] for body in bodies} == {"not_found"}
        assert bodies[0]["detail"] == bodies[1]["detail"]
    async with site.owner() as http:
        assert (await http.head(sent.path)).headers["upload-offset"] == "500000"


async def test_a_content_that_differs_from_the_announced_one_is_refused_and_forgotten(
    site: Site,
) -> None:
    async with site.owner() as http:
        sent = await announced(http, LONG)
        await send(http, Sent(sent.path, b"x" + LONG[1:]), 0)
        again = await http.head(sent.path)
        item = await item_of(http, sent)

    assert (item["state"], item["reason_code"]) == ("failed", "content_changed")
    assert again.status_code == 409
    assert parts_of(site) == []


async def test_a_content_beyond_its_announced_size_is_refused(site: Site) -> None:
    async with site.owner() as http:
        sent = await announced(http, LONG)
        longer = await send(http, Sent(sent.path, LONG + b"!"), 0)
        offset = int((await http.head(sent.path)).headers["upload-offset"])

    assert (longer.status_code, longer.json()["code"]) == (413, "upload_too_long")
    assert offset < len(LONG)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": "0", "Content-Type": "text/plain"}, 415),
        ({"Upload-Offset": "0", **PART, "Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Offset": "-1", **PART}, 422),
        ({"Upload-Offset": "zero", **PART}, 422),
        (PART, 422),
    ],
)
async def test_a_part_that_is_not_announced_as_one_is_explained(
    site: Site, headers: dict[str, str], status: int
) -> None:
    async with site.owner() as http:
        sent = await announced(http, LONG)
        refused = await http.patch(sent.path, content=b"x", headers=headers)

    assert refused.status_code == status
    assert refused.json()["detail"]


async def test_the_storage_bound_counts_what_has_come_in_part(site: Site) -> None:
    access, tenants = site.container.access, site.container.organisation.tenants
    principal = access.local_principal()
    tenant = tenants.get(principal.tenant_id, principal=principal)
    async with site.owner() as http:
        one = await announced(http, LONG, "un.txt")
        two = await announced(http, b"Deux. " + LONG, "deux.txt")
        quotas = {"storage_mb": 2}
        changed = await http.patch(f"/api/v1/tenants/{tenant.id}", json={"quotas": quotas})
        await send(http, one, 0, 1_000_000)
        refused = await send(http, two, 0, 1_000_000)

    assert changed.status_code == 200, changed.text
    assert (refused.status_code, refused.json()["code"]) == (413, "quota_storage")


async def test_a_replacement_needs_room_for_what_it_adds_alone(site: Site) -> None:
    access, tenants = site.container.access, site.container.organisation.tenants
    principal = access.local_principal()
    tenant = tenants.get(principal.tenant_id, principal=principal)
    async with site.owner() as http:
        await send(http, await announced(http, LONG, "plan.txt"), 0)
        newer = await announced(http, b"Version deux. " + LONG, "plan.txt")
        other = await announced(http, b"Autre. " + LONG, "autre.txt")
        await http.patch(f"/api/v1/tenants/{tenant.id}", json={"quotas": {"storage_mb": 2}})
        taken = [await send(http, newer, 0, 600_000), await send(http, newer, 600_000)]
        refused = await send(http, other, 0, 600_000)
        again = await send(http, other, 0, 600_000)
        item = await item_of(http, other)

    assert [each.status_code for each in taken] == [204, 204]
    assert (refused.status_code, refused.json()["code"]) == (413, "quota_storage")
    assert (again.status_code, again.json()["code"]) == (409, "item_ended")
    assert item["state"] == "failed"
    assert item["reason"].startswith("Stockage de votre organisme")


def _none_free(usage: Any, path: Path) -> Any:
    """What a full disk tells, whatever is asked about."""
    return usage._replace(free=0)


async def test_a_full_disk_keeps_what_came_and_takes_the_rest_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.owner() as http:
        sent = await announced(http, LONG)
        await send(http, sent, 0, 600_000)
        usage = shutil.disk_usage(site.container.folder.root)
        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", partial(_none_free, usage))
            refused = await send(http, sent, 600_000)
        offset = (await http.head(sent.path)).headers["upload-offset"]
        taken = await send(http, sent, 600_000)

    assert (refused.status_code, refused.json()["code"]) == (507, "disk_full")
    assert offset == "600000"
    assert taken.status_code == 204


async def test_parts_whose_rest_never_comes_are_forgotten_after_a_day(site: Site) -> None:
    async with site.owner() as http:
        old, young = await announced(http, LONG), await announced(http, LONG[1:], "b.txt")
        await send(http, old, 0, 10)
        (part,) = parts_of(site)
        long_ago = time.time() - KEPT.total_seconds() - 60
        os.utime(part.path, (long_ago, long_ago))
        await send(http, young, 0, 20)
        site.container.uploads.forget_expired()
        sizes = [each.stat().st_size for each in parts_of(site)]
        offset = (await http.head(old.path)).headers["upload-offset"]

    assert sizes == [20]
    assert offset == "0"


async def test_contents_that_are_there_are_told_before_they_are_sent(site: Site) -> None:
    await site.upload({"a.txt": REGULATION})
    known, other = (sha256(each).hexdigest() for each in (REGULATION.encode(), b"autre"))
    asked = {"sha256": [known, other]}
    async with site.owner() as http:
        found = (await http.post("/api/v1/documents/held", json=asked)).json()
        bad = await http.post("/api/v1/documents/held", json={"sha256": ["x"]})
    async with site.person(site.foreigner()) as http:
        foreign = (await http.post("/api/v1/documents/held", json=asked)).json()

    assert [(each["sha256"], each["name"]) for each in found] == [(known, "a.txt")]
    assert foreign == []
    assert bad.status_code == 422


async def test_a_program_names_its_document_by_its_own_id(site: Site) -> None:
    async with site.owner() as http:
        (collection,) = (await http.get("/api/v1/collections/owned")).json()
        base = f"/api/v1/collections/{collection['id']}/documents"
        path = f"{base}/DELIB%202024-15"
        made = await http.put(f"{path}?name=delib.txt", content=REGULATION.encode())
        twin = await http.put(f"{base}/autre?name=delib.txt", content=b"Autre texte.")
        await asyncio.to_thread(site.settle)
        same = await http.put(f"{path}?name=delib.txt", content=REGULATION.encode())
        moved = await http.put(f"{path}?name=v2/delib.txt", content=b"Texte de la version deux.")
        await asyncio.to_thread(site.settle)
        found = (await http.get(path)).json()
        gone = await http.delete(path)
        again = await http.get(path)
        listed = (await http.get("/api/v1/documents")).json()["documents"]

    assert (made.status_code, twin.status_code, same.status_code) == (201, 201, 200)
    assert same.json()["job"]["counts"] == {"unchanged": 1}
    assert moved.status_code == 200
    one = made.json()["document"]
    assert (found["id"], found["external_id"]) == (one["id"], "DELIB 2024-15")
    assert (found["name"], found["state"]) == ("v2/delib.txt", "live")
    assert found["title"] == "Texte de la version deux."
    assert (gone.status_code, again.status_code) == (204, 404)
    assert [each["external_id"] for each in listed] == ["autre"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("a?name=../../etc/passwd", 422, "file_name_unsafe"),
        ("a", 422, "invalid_input"),
        ("%20?name=a.txt", 422, "external_id_invalid"),
        ("a%00b?name=a.txt", 422, "external_id_invalid"),
        (f"{'x' * 201}?name=a.txt", 422, "external_id_invalid"),
    ],
)
async def test_a_bad_id_or_name_is_explained_and_takes_nothing(
    site: Site, path: str, status: int, code: str
) -> None:
    async with site.owner() as http:
        (collection,) = (await http.get("/api/v1/collections/owned")).json()
        base = f"/api/v1/collections/{collection['id']}/documents"
        refused = await http.put(f"{base}/{path}", content=b"texte")
        counts = (await http.get("/api/v1/documents")).json()["counts"]

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert counts["pending"] == counts["failed"] == counts["live"] == 0
