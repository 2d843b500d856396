"""Documents, jobs and passages over HTTP."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from assistant.client import AssistantClient, ClientError
from assistant.domain.ids import JobItemId
from assistant.domain.jobs import JobItem
from assistant.domain.tenancy import Principal, Scope
from assistant.schemas.documents import FileEntry, FileProblem, JobIn
from assistant.services.submission import AnnouncedFile, Submission
from tests.api.site import REGULATION, TOKEN, Site, open_site, served

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]

PDF = "%PDF\nSchéma des mobilités\nLes lignes <b>express</b> relient les préfectures.\nFin.\n"
HTML = {"Accept": "text/html,*/*;q=0.8"}


async def first_document(site: Site) -> dict[str, Any]:
    async with site.owner() as http:
        return (await http.get("/api/v1/documents")).json()["documents"][0]


async def passages(site: Site) -> list[dict[str, Any]]:
    document = await first_document(site)
    async with site.owner() as http:
        return (await http.get(f"/api/v1/documents/{document['id']}/passages")).json()


async def test_uploads_are_one_job_whose_bad_files_stop_nothing(site: Site) -> None:
    started = await site.upload(
        {
            "reglement.txt": REGULATION,
            "../../etc/passwd": "racine\ntexte",
            "abime.txt": "damaged",
            "trop.txt": "x" * 2_000_001,
        }
    )
    async with site.owner() as http:
        job = (await http.get(f"/api/v1/jobs/{started['job']['id']}")).json()
        path = f"/api/v1/jobs/{job['id']}/items"
        items = {each["name"]: each for each in (await http.get(path)).json()}
        failed = (await http.get(path, params={"state": "failed"})).json()
        found = (await http.post("/api/v1/search", json={"query": "transport gratuit"})).json()

    assert started["wanted"] == []
    assert (job["state"], job["total"], job["done"]) == ("partly_failed", 4, 4)
    assert items["reglement.txt"]["state"] == "indexed"
    assert items["../../etc/passwd"]["reason_code"] == "file_name_unsafe"
    assert items["abime.txt"]["reason_code"] == "file_damaged"
    assert items["abime.txt"]["reason"].startswith("Le fichier est endommagé")
    assert items["trop.txt"]["reason_code"] == "file_too_large"
    assert len(failed) == 3
    assert found["results"][0]["file"] == "reglement.txt"
    assert "score" not in found["results"][0]


async def test_a_file_sent_twice_changes_nothing(site: Site) -> None:
    await site.upload({"a.txt": REGULATION, "copie.txt": REGULATION})
    again = await site.upload({"a.txt": REGULATION})
    async with site.owner() as http:
        page = (await http.get("/api/v1/documents")).json()

    assert again["job"]["counts"] == {"unchanged": 1}
    assert again["job"]["state"] == "succeeded"
    assert page["counts"]["live"] == 2


@pytest.mark.parametrize(
    ("sent", "name", "state"),
    [
        ("nom & %22fichier%22.md", 'nom & "fichier".md', "indexed"),
        ("à 50%25 (100 %20).md", "à 50%25 (100 %20).md", "indexed"),
        ("deux%0Alignes%0D.md", "deux\ufffdlignes\ufffd.md", "failed"),
    ],
)
async def test_a_name_is_that_of_the_file_and_not_that_of_the_form(
    site: Site, sent: str, name: str, state: str
) -> None:
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{sent}"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    async with site.owner() as http:
        body = f"{head}{REGULATION}\r\n--x--\r\n".encode()
        started = await http.post("/api/v1/documents", content=body, headers=kind)
        await asyncio.to_thread(site.settle)
        items = await http.get(f"/api/v1/jobs/{started.json()['job']['id']}/items")

    assert [(each["name"], each["state"]) for each in items.json()] == [(name, state)]


async def test_two_uploads_of_one_file_at_once_make_one_document(site: Site) -> None:
    async def send() -> int:
        async with site.owner() as http:
            part = {"files": ("a.txt", REGULATION.encode())}
            return (await http.post("/api/v1/documents", files=part)).status_code

    assert await asyncio.gather(send(), send()) == [201, 201]
    await asyncio.to_thread(site.settle)
    async with site.owner() as http:
        page = (await http.get("/api/v1/documents")).json()

    assert [each["name"] for each in page["documents"]] == ["a.txt"]
    assert page["counts"]["chunks"] == 4


async def test_an_upload_whose_file_somebody_sends_anew_at_that_moment_is_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion = site.container.ingestion
    receive, sent = ingestion.receive, list[JobItemId]()
    newer = Submission("upload", (AnnouncedFile("a.txt", "f" * 64, 5),))

    def overtaken(item_id: JobItemId, *args: Any, principal: Principal, scope: Scope) -> JobItem:
        if not sent:
            sent.append(item_id)
            ingestion.submit(newer, principal=principal, scope=scope)
        return receive(item_id, *args, principal=principal, scope=scope)

    monkeypatch.setattr(ingestion, "receive", overtaken)
    async with site.owner() as http:
        files = [("files", (name, f"Texte de {name}".encode())) for name in ("a.txt", "b.txt")]
        answer = await http.post("/api/v1/documents", files=files)
        items = await http.get(f"/api/v1/jobs/{answer.json()['job']['id']}/items")

    assert answer.status_code == 201
    states = {each["name"]: each["state"] for each in items.json()}
    assert states == {"a.txt": "cancelled", "b.txt": "pending"}


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"files": {"autre": ("a.txt", b"x")}},
        {"data": {"files": "texte"}},
    ],
)
async def test_a_form_without_files_is_explained(site: Site, sent: dict[str, Any]) -> None:
    async with site.owner() as http:
        response = await http.post("/api/v1/documents", **sent)

    assert response.status_code == 422
    assert response.json()["code"] == "invalid_input"


async def test_an_original_is_a_download_that_can_do_nothing(site: Site) -> None:
    await site.upload({"délibération n° 1.html": "<script>alert(1)</script>\ntexte"})
    document = await first_document(site)
    async with site.owner() as http:
        response = await http.get(f"/api/v1/documents/{document['id']}/original", headers=HTML)

    assert response.content == b"<script>alert(1)</script>\ntexte"
    assert response.headers["content-disposition"].startswith("attachment; filename*=utf-8''d%C3")
    assert response.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in response.headers["content-security-policy"]


async def test_a_page_image_is_kept_by_the_browser_alone(site: Site) -> None:
    await site.upload({"schema.pdf": PDF})
    document = await first_document(site)
    async with site.owner() as http:
        path = f"/api/v1/documents/{document['id']}/pages"
        image = await http.get(f"{path}/2")
        missing = [await http.get(f"{path}/{page}") for page in (0, -1, 99)]
        wrong = await http.get(f"{path}/deux")

    assert image.headers["content-type"].startswith("image/")
    assert image.headers["cache-control"] == "private, no-cache"
    assert [each.status_code for each in missing] == [404] * 3
    assert wrong.status_code == 422


async def test_a_copy_of_a_page_is_good_while_its_reader_may_read_it(site: Site) -> None:
    await site.upload({"schema.pdf": PDF})
    document = await first_document(site)
    agent = site.agent()
    async with site.owner() as owner, site.person(agent) as reader:
        path = f"/api/v1/documents/{document['id']}/pages/2"
        etag = (await reader.get(path)).headers["etag"]
        named = {"If-None-Match": f'"autre", W/{etag}'}
        same = await reader.get(path, headers=named)
        other = await reader.get(path, headers={"If-None-Match": '"autre"'})
        collection = (await owner.get("/api/v1/collections")).json()[0]["id"]
        closed: dict[str, Any] = {"audience": "groups", "groups": []}
        await owner.patch(f"/api/v1/collections/{collection}", json=closed)
        after = await reader.get(path, headers=named)

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == etag
    assert other.status_code == 200
    assert after.status_code == 404
    assert "etag" not in after.headers


async def test_a_pdf_passage_is_shown_on_its_page_with_its_boxes(site: Site) -> None:
    await site.upload({"schema.pdf": PDF})
    cited = (await passages(site))[1]
    async with site.owner() as http:
        detail = (await http.get(f"/api/v1/passages/{cited['chunk_id']}")).json()
        shown = await http.get(f"/api/v1/passages/{cited['chunk_id']}/view", headers=HTML)
        image = await http.get(re.findall(r'<img src="([^"]+)"', shown.text)[0])

    assert detail["pages"][0]["boxes"] == [[0.1, 0.2, 0.9, 0.25]]
    assert shown.status_code == 200
    assert image.status_code == 200
    assert 'width="60" height="90"' in shown.text
    assert shown.text.count('id="passage"') == 1
    assert "left:10.00%;top:20.00%;width:80.00%;height:5.00%" in shown.text
    assert "Les lignes &lt;b&gt;express&lt;/b&gt; relient" in shown.text
    assert "<b>" not in shown.text
    assert "<script" not in shown.text
    for words in ("Schéma des mobilités", "Règlement · page 2", "Article 1", "Passage suivant"):
        assert words in shown.text


async def test_a_passage_over_two_pages_is_opened_at_the_one_that_answers(site: Site) -> None:
    await site.upload(
        {"schema.pdf": "%PDF\nSchéma\nLes lignes relient les préfectures.\\fLe vélo est gratuit.\n"}
    )
    async with site.owner() as http:
        asked = ("Où vont les lignes ?", "Le vélo est-il gratuit ?")
        found = [(await http.post("/api/v1/search", json={"query": each})).json() for each in asked]
        first, second = (each["results"][0] for each in found)
        shown = [
            (await http.get(f"{first['view_url']}{page}", headers=HTML)).text
            for page in ("", "?page=3", "?page=9")
        ]
        wrong = await http.get(f"{first['view_url']}?page=trois", headers=HTML)

    assert (first["page"], first["pages"]) == (2, [2, 3])
    assert (second["page"], second["pages"]) == (3, [2, 3])
    assert second["view_url"] == f"{first['view_url']}?page=3"
    opened = [re.findall(r'<img[^>]*alt="(Page \d)|id="(passage)"', each) for each in shown]
    on_first = [("Page 2", ""), ("", "passage"), ("Page 3", "")]
    assert opened == [on_first, [("Page 2", ""), ("Page 3", ""), ("", "passage")], on_first]
    assert all(each.count('class="box"') == 2 for each in shown)
    assert wrong.status_code == 422


async def test_a_page_that_cannot_be_drawn_leaves_the_text(site: Site) -> None:
    await site.upload({"schema.pdf": PDF.replace("%PDF", "%PDF-blank")})
    cited = (await passages(site))[1]
    async with site.owner() as http:
        shown = await http.get(f"/api/v1/passages/{cited['chunk_id']}/view", headers=HTML)

    assert shown.status_code == 200
    assert "<img" not in shown.text
    assert '<mark id="passage"' in shown.text
    assert "ne peut pas être affichée" in shown.text


async def test_a_slide_is_shown_with_its_passage_highlighted(site: Site) -> None:
    await site.upload({"bilan.pptx": "%DECK\nBilan des aides\nCalendrier des aides\n"})
    cited = (await passages(site))[1]
    async with site.owner() as http:
        shown = await http.get(f"/api/v1/passages/{cited['chunk_id']}/view", headers=HTML)
        address = re.findall(r'<img src="([^"]+)"', shown.text)[0]
        image = await http.get(address)

    assert "/pages/2?" in address
    assert image.headers["content-type"] == "image/png"
    assert "left:25.00%;top:50.00%;width:50.00%;height:10.00%" in shown.text
    assert shown.text.count('id="passage"') == 1
    for words in ("Diapositive 2", "diapositive 2", "Calendrier des aides"):
        assert words in shown.text
    assert 'class="notice"' not in shown.text


async def test_without_libreoffice_the_text_of_a_slide_is_shown_and_the_reason(site: Site) -> None:
    await site.upload({"bilan.pptx": "%DECK-without\nBilan des aides\nCalendrier des aides\n"})
    cited, document = (await passages(site))[1], await first_document(site)
    async with site.owner() as http:
        shown = await http.get(f"/api/v1/passages/{cited['chunk_id']}/view", headers=HTML)
        image = await http.get(f"/api/v1/documents/{document['id']}/pages/2")

    assert shown.status_code == 200
    assert "<img" not in shown.text
    assert "LibreOffice n&#39;est pas installé" in shown.text
    assert "Calendrier des aides" in shown.text[shown.text.index('<mark id="passage"') :]
    assert (image.status_code, image.json()["code"]) == (422, "slides_need_office")


async def test_a_passage_without_pages_is_marked_in_its_section(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    cited = (await passages(site))[2]
    async with site.owner() as http:
        shown = await http.get(f"/api/v1/passages/{cited['chunk_id']}/view", headers=HTML)

    marked = re.findall(r'<mark id="passage".*?</mark>', shown.text, re.DOTALL)[0]
    assert '<th scope="col">Zone</th>' in marked
    assert "<td>120 €</td>" in marked
    assert "Le transport scolaire est gratuit" not in marked
    assert "Le transport scolaire est gratuit" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "script" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy


async def test_a_deleted_document_is_gone_everywhere_at_once(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    document, cited = await first_document(site), (await passages(site))[0]
    async with site.owner() as http:
        deleted = await http.delete(f"/api/v1/documents/{document['id']}")
        view = await http.get(f"/api/v1/passages/{cited['chunk_id']}/view", headers=HTML)
        rest = [
            await http.get(f"/api/v1/documents/{document['id']}{part}")
            for part in ("", "/original", "/passages", "/pages/1")
        ]
        found = (await http.post("/api/v1/search", json={"query": "transport"})).json()

    assert deleted.status_code == 204
    assert view.status_code == 404
    assert view.headers["content-type"].startswith("text/html")
    assert "Élément introuvable" in view.text
    assert [each.status_code for each in rest] == [404] * 4
    assert found["results"] == []


async def test_reindexing_and_steering_jobs(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION, "abime.txt": "damaged"})
    async with site.owner() as http:
        job = (await http.get("/api/v1/jobs")).json()[0]
        retried = await http.post(f"/api/v1/jobs/{job['id']}/retry")
        running = await http.post(f"/api/v1/jobs/{job['id']}/retry")
        stopped = await http.post(f"/api/v1/jobs/{job['id']}/cancel")
        again = await http.post("/api/v1/documents/reindex", json={})
        unknown = await http.post("/api/v1/documents/reindex", json={"document_ids": ["x"]})

    assert retried.json()["state"] == "queued"
    assert (running.status_code, running.json()["code"]) == (409, "job_running")
    assert stopped.json()["state"] == "cancelled"
    assert (again.status_code, again.json()["kind"]) == (202, "reindex")
    assert unknown.status_code == 404


async def test_ready_says_what_does_not_work(site: Site) -> None:
    async with site.http() as http:
        ready = (await http.get("/api/ready")).json()
        site.is_worker_alive = False
        degraded = (await http.get("/api/ready")).json()
        site.is_worker_refused = True
        refused = (await http.get("/api/ready")).json()

    assert ready == {
        "status": "ready",
        "database": True,
        "index": True,
        "embedder": True,
        "worker": True,
        "worker_refused": False,
        "model": "ok",
        "detail": [],
        "indexing_trouble": None,
    }
    assert (degraded["status"], degraded["worker"]) == ("degraded", False)
    assert degraded["detail"][0].startswith("L'indexation est arrêtée")
    assert (refused["worker"], refused["worker_refused"]) == (False, True)
    assert "ne peut pas démarrer" in refused["detail"][0]


class TestWithTheClient:
    async def test_a_folder_is_announced_then_sent_from_disk(
        self, site: Site, tmp_path: Path
    ) -> None:
        (tmp_path / "dossier").mkdir()
        path = tmp_path / "dossier" / "grand.txt"
        path.write_text(REGULATION + ("x" * 50_000 + "\n") * 20, "utf-8")
        entry = FileEntry(
            name="sous dossier/grand.txt",
            sha256=sha256(path.read_bytes()).hexdigest(),
            size_bytes=path.stat().st_size,
        )
        announced = JobIn(
            source=str(path.parent),
            files=[entry],
            unreadable=(FileProblem(name="clos.txt", code="file_unreadable"),),
            is_complete=True,
        )

        def run(url: str) -> tuple[Any, Any, int]:
            client = AssistantClient(url, token=TOKEN)
            started = client.submit_job(announced)
            sent: list[int] = []
            for item in started.wanted:
                client.send_item(started.job.id, item.id, path=path, progress=sent.append)
            site.settle()
            items = {each.name: each for each in client.list_job_items(started.job.id)}
            again = client.submit_job(announced)
            client.close()
            return items, again, sum(sent)

        with served(site) as url:
            items, again, sent = await asyncio.to_thread(run, url)

        assert sent == entry.size_bytes
        assert items["sous dossier/grand.txt"].state == "indexed"
        assert items["clos.txt"].reason_code == "file_unreadable"
        assert again.wanted == []
        assert again.job.counts["unchanged"] == 1

    async def test_another_content_than_announced_fails_its_item(
        self, site: Site, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.txt"
        path.write_text("autre contenu", "utf-8")
        entry = FileEntry(name="a.txt", sha256="0" * 64, size_bytes=13)

        def run(url: str) -> tuple[Any, ClientError]:
            client = AssistantClient(url, token=TOKEN)
            started = client.submit_job(JobIn(source="upload", files=[entry]))
            item = client.send_item(started.job.id, started.wanted[0].id, path=path)
            with pytest.raises(ClientError) as refused:
                client.send_item(started.job.id, started.wanted[0].id, path=tmp_path / "absent")
            client.close()
            return item, refused.value

        with served(site) as url:
            item, refused = await asyncio.to_thread(run, url)

        assert (item.state, item.reason_code) == ("failed", "content_changed")
        assert refused.code == "file_unreadable"

    async def test_a_sender_that_leaves_halfway_may_send_again(
        self, site: Site, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.txt"
        path.write_text(REGULATION, "utf-8")
        data = path.read_bytes()
        entry = FileEntry(name="a.txt", sha256=sha256(data).hexdigest(), size_bytes=len(data))

        def leave(url: str, target: str) -> None:
            port = int(url.rsplit(":", 1)[1])
            head = (
                f"PUT {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n"
                f"Authorization: Bearer {TOKEN}\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(head.encode() + data[:20])
                time.sleep(0.3)

        def run(url: str) -> tuple[Any, Any]:
            client = AssistantClient(url, token=TOKEN)
            started = client.submit_job(JobIn(source="upload", files=[entry]))
            job, item = started.job.id, started.wanted[0].id
            leave(url, f"/api/v1/jobs/{job}/items/{item}/content")
            time.sleep(0.2)
            waiting = client.list_job_items(job)[0]
            sent = client.send_item(job, item, path=path)
            client.close()
            return waiting, sent

        with served(site) as url:
            waiting, sent = await asyncio.to_thread(run, url)

        assert waiting.state == "awaiting_file"
        assert sent.state == "pending"

    async def test_uploads_and_downloads(self, site: Site, tmp_path: Path) -> None:
        paths = [tmp_path / "un.txt", tmp_path / "deux.txt"]
        for path in paths:
            path.write_text(REGULATION + path.name, "utf-8")

        def run(url: str) -> tuple[Any, bytes, Any]:
            client = AssistantClient(url, token=TOKEN)
            started = client.upload_documents(paths)
            site.settle()
            document = client.list_documents(name="UN").documents[0]
            with (tmp_path / "copie").open("wb") as target:
                client.download_original(document.id, target)
            listed = client.list_passages(document.id, limit=2, offset=1)
            client.delete_document(document.id)
            client.close()
            return started, (tmp_path / "copie").read_bytes(), listed

        with served(site) as url:
            started, copy, listed = await asyncio.to_thread(run, url)

        assert started.job.total == 2
        assert copy == paths[0].read_bytes()
        assert [each.ordinal for each in listed] == [1, 2]


async def test_a_form_beyond_the_limit_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    site = open_site(tmp_path, max_file_mb=1)
    async with site.owner() as http:
        response = await http.post(
            "/api/v1/documents",
            content=b"",
            headers={
                "Content-Type": "multipart/form-data; boundary=b",
                "Content-Length": "50000000",
            },
        )
    site.close()

    assert (response.status_code, response.json()["code"]) == (413, "request_too_large")
    assert "21 Mo" in response.json()["detail"]
