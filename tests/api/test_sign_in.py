"""Who may call: token, session, single-use link, origin and host."""

from __future__ import annotations

import pytest

from tests.api.site import BASE_URL, BEARER, Site

pytestmark = pytest.mark.anyio


def link_of(site: Site) -> str:
    code = site.container.sign_in.issue_link(site.container.access.local_principal())
    return f"/api/auth/link/{code}"


async def test_without_credentials_every_route_under_v1_refuses(site: Site) -> None:
    async with site.http() as http:
        schema = (await http.get("/api/openapi.json")).json()
        for path, methods in schema["paths"].items():
            for method in methods:
                if not path.startswith("/v1") or method in {"parameters"}:
                    continue
                url = "/api" + path.replace("{page}", "1").replace("{", "").replace("}", "")
                response = await http.request(method, url, json=_body(path))

                assert response.status_code == 401, (method, path, response.text)
                if method != "head":
                    assert response.json()["code"] == "unauthenticated"


def _body(path: str) -> dict[str, object] | None:
    if path.endswith(("/answers", "/messages")):
        return {"question": "Tarif ?"}
    if path.endswith("/search"):
        return {"query": "tarif"}
    return {"source": "a", "files": []} if path == "/v1/jobs" else {}


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer faux", "Basic jeton-local", "jeton-local"])
async def test_a_wrong_token_is_refused(site: Site, value: str) -> None:
    async with site.http(Authorization=value) as http:
        response = await http.get("/api/v1/me")

    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"


async def test_the_local_token_is_the_owner(site: Site) -> None:
    async with site.http(**BEARER) as http:
        response = await http.get("/api/v1/me")

    me = response.json()
    assert me["person_id"] == "local"
    assert me["roles"] == ["agent", "platform_admin", "tenant_admin"]
    assert me["permissions"] == ["read", "ask", "ingest", "admin"]
    assert (me["is_admin"], me["is_read_only"], me["max_file_mb"]) == (True, False, 2)
    assert (me["tenant"]["name"], me["tenant"]["state"]) == ("Organisme", "active")
    assert me["charter"] == {"version": 0, "text": "", "is_accepted": True}


async def test_reading_a_link_does_not_spend_it_and_its_button_signs_in_once(site: Site) -> None:
    link = link_of(site)
    async with site.http() as http:
        for _ in range(3):
            shown = await http.get(link)
            assert shown.status_code == 200
            assert '<form method="post">' in shown.text
        redeemed = await http.post(link, headers={"Sec-Fetch-Site": "same-origin"})
        me = await http.get("/api/v1/me")
        again = await http.post(link)

    assert redeemed.status_code == 303
    assert redeemed.headers["location"] == "/"
    cookie = redeemed.headers["set-cookie"].lower()
    assert cookie.startswith("assistant_session=")
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie
    assert me.json()["is_admin"] is True
    assert again.status_code == 401
    assert "Ce lien de connexion a déjà servi" in again.text


async def test_sign_out_ends_the_session_for_good(site: Site) -> None:
    secret = site.secret_of(site.agent())
    async with site.http(Cookie=f"assistant_session={secret}") as http:
        before = await http.get("/api/v1/me")
        out = await http.post("/api/auth/sign-out")
        after = await http.get("/api/v1/me")

    assert before.status_code == 200
    assert out.status_code == 200
    assert out.json() == {"url": "/"}
    assert out.headers["clear-site-data"] == '"cache"'
    assert after.status_code == 401


async def test_only_the_token_issues_links(site: Site) -> None:
    async with site.person(site.agent()) as browser:
        refused = await browser.post("/api/auth/links")
    async with site.owner() as http:
        issued = await http.post("/api/auth/links")
        page = await http.post(issued.json()["url"].removeprefix(BASE_URL))

    assert refused.status_code == 401
    assert issued.status_code == 201
    assert page.status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": BASE_URL}, 201),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 201),
        ({"Origin": "https://ailleurs.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": BASE_URL}, 403),
    ],
)
async def test_a_session_acts_only_for_pages_of_its_own_origin(
    site: Site, headers: dict[str, str], status: int
) -> None:
    async with site.person(site.agent()) as browser:
        response = await browser.post("/api/v1/conversations", json={}, headers=headers)
        reading = await browser.get("/api/v1/conversations", headers=headers)

    assert response.status_code == status
    assert reading.status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8501", 200),
        ("[::1]:8501", 200),
        ("127.0.0.1", 200),
        ("ailleurs.example", 421),
        ("127.0.0.1.ailleurs.example", 421),
        ("", 421),
    ],
)
async def test_only_known_hosts_are_answered(site: Site, host: str, status: int) -> None:
    async with site.http() as http:
        response = await http.get("/api/health", headers={"Host": host})

    assert response.status_code == status


async def test_an_agent_may_read_but_not_change_documents(site: Site) -> None:
    await site.upload({"a.txt": "Titre\nTexte"})
    async with site.person(site.agent()) as browser:
        page = (await browser.get("/api/v1/documents")).json()
        document_id = page["documents"][0]["id"]
        refusals = [
            await browser.delete(f"/api/v1/documents/{document_id}"),
            await browser.post("/api/v1/documents", files={"files": ("b.txt", b"x")}),
            await browser.post("/api/v1/documents/reindex", json={}),
            await browser.post("/api/v1/jobs", json={"files": []}),
        ]

    assert [each.status_code for each in refusals] == [403] * 4
    assert {each.json()["code"] for each in refusals} == {"forbidden"}


async def test_responses_carry_security_headers(site: Site) -> None:
    async with site.http() as http:
        for path in ("/api/health", "/api/v1/me", "/api/inconnu", link_of(site)):
            headers = (await http.get(path)).headers

            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'self'" in headers["content-security-policy"]
            assert headers["x-request-id"]
