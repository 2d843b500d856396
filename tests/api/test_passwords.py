"""Local accounts by pages and routes: what a browser and a program get, and what nobody may tell from it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from blockbuster import blockbuster_ctx

from assistant.api.opening import address_in
from assistant.api.password_room import PasswordRoom
from assistant.api.routes.passwords import REFUSED_AFTER_S
from assistant.domain.errors import QuotaExceeded
from assistant.domain.tenancy import Principal, Role
from assistant.services.password_sign_in import Credentials
from assistant.settings_access import AuthSettings, OidcProvider, OidcSettings
from assistant.testing.clock import FrozenClock
from tests.api.site import BASE_URL, Site, open_site, request_of

pytestmark = pytest.mark.anyio

WORDS, OTHER = "girafe tiroir lundi seize", "bateau cuivre onze nuages"
EMAIL = "zoe@valbourg.example"
PAGE = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
PROVIDER = OidcProvider(
    id="sso",
    label="le compte de la région",
    issuer="https://sso.example",
    client_id="a",
    client_secret="un-secret-assez-long",  # type: ignore[arg-type]
    needs_siret=False,
)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def site(tmp_path: Path, clock: FrozenClock) -> Generator[Site]:
    opened = open_site(tmp_path / "data", clock=clock, auth=AuthSettings(local_accounts=True))
    yield opened
    opened.close()


def admin_of(site: Site) -> Principal:
    own = site.container.access.local_principal()
    return site.joined("admin", own.tenant_id, Role.AGENT, Role.TENANT_ADMIN)


def path_of(url: str) -> str:
    return url.removeprefix(BASE_URL)


async def invite(site: Site, email: str = EMAIL) -> str:
    async with site.person(admin_of(site)) as admin:
        invited = {"name": "Zoé Martin", "email": email}
        made = (await admin.post("/api/v1/invitations", json=invited)).json()
    return path_of(made["url"])


async def join(site: Site, http: httpx.AsyncClient) -> None:
    form = {"password": WORDS, "again": WORDS}
    joined = await http.post(await invite(site), data=form, headers=PAGE)
    assert joined.status_code == 303, joined.text


async def sign_in(
    http: httpx.AsyncClient, password: str = WORDS, email: str = EMAIL, **headers: str
) -> httpx.Response:
    form = {"email": email, "password": password}
    return await http.post("/api/auth/password", data=form, headers=headers)


async def test_invited_joined_signed_out_and_in_again(site: Site) -> None:
    link = await invite(site)
    async with site.http() as http:
        shown = await http.get(link)
        short = await http.post(link, data={"password": "x", "again": "x"}, headers=PAGE)
        differs = await http.post(link, data={"password": WORDS, "again": OTHER}, headers=PAGE)
        without = await http.post(link, headers=PAGE)
        joined = await http.post(link, data={"password": WORDS, "again": WORDS}, headers=PAGE)
        me = (await http.get("/api/v1/me")).json()
        await http.post("/api/auth/sign-out")
        out = await http.get("/api/v1/me")
        http.cookies.clear()
        offered = await http.get("/api/auth/sign-in", params={"return_to": "/compte"})
        ways = (await http.get("/api/auth/ways")).json()
        form = {"email": EMAIL, "password": WORDS, "return_to": "/compte"}
        again = await http.post("/api/auth/password", data=form, headers=PAGE)
        back = (await http.get("/api/v1/me")).json()

    assert 'autocomplete="new-password"' in shown.text
    assert "Accepter l'invitation</button>" not in shown.text
    assert [each.status_code for each in (short, differs, without)] == [422] * 3
    assert "il en faut au moins 12" in short.text
    assert "ne sont pas les mêmes" in differs.text
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert (me["email"], me["has_password"], me["local_accounts"]) == (EMAIL, True, True)
    assert out.status_code == 401
    assert 'autocomplete="current-password"' in offered.text
    assert 'value="/compte"' in offered.text
    assert ways == [{"label": "Se connecter avec un mot de passe", "url": "/api/auth/sign-in"}]
    assert (again.status_code, again.headers["location"]) == (303, "/compte")
    assert {"httponly", "samesite=lax"} <= set(
        again.headers["set-cookie"].lower().replace(" ", "").split(";")
    )
    assert back["person_id"] == me["person_id"]


async def test_a_wrong_password_is_a_page_for_a_browser_and_a_problem_for_a_program(
    site: Site,
) -> None:
    async with site.http() as http:
        await join(site, http)
        http.cookies.clear()
        page = await sign_in(http, "faux", "<b>@x.example", **PAGE)
        problem = await sign_in(http, "faux")

    assert (page.status_code, problem.status_code) == (401, 401)
    assert page.headers["content-type"].startswith("text/html")
    assert "Cette adresse et ce mot de passe ne vont pas ensemble" in page.text
    assert "<b>@" not in page.text
    assert "faux" not in page.text
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "sign_in_wrong"
    assert "set-cookie" not in {**page.headers, **problem.headers}


async def test_attempts_are_throttled_until_their_time_or_a_link(
    site: Site, clock: FrozenClock
) -> None:
    async with site.http() as http, site.person(admin_of(site)) as admin:
        await join(site, http)
        person = (await http.get("/api/v1/me")).json()["person_id"]
        http.cookies.clear()
        for _ in range(5):
            assert (await sign_in(http, "faux")).status_code == 401
        waits = await sign_in(http)
        page = await sign_in(http, **PAGE)
        clock.advance(60)
        later = await sign_in(http)
        for _ in range(5):
            await sign_in(http, "faux")
        locked = await sign_in(http)
        made = (await admin.post(f"/api/v1/people/{person}/password-link")).json()
        form = {"password": OTHER, "again": OTHER}
        shown = await http.get(path_of(made["url"]))
        reset = await http.post(path_of(made["url"]), data=form, headers=PAGE)
        spent = await http.post(path_of(made["url"]), data=form, headers=PAGE)
        new = await sign_in(http, OTHER)

    assert (waits.status_code, waits.headers["retry-after"]) == (429, "60")
    assert waits.json()["code"] == "sign_in_throttled"
    assert "Réessayez dans 1 min" in waits.json()["detail"]
    assert (page.status_code, page.headers["retry-after"]) == (429, "60")
    assert "Réessayez dans 1 min" in page.text
    assert (later.status_code, locked.status_code) == (303, 429)
    assert made["name"] == "Zoé Martin"
    assert "Choisir un nouveau mot de passe" in shown.text
    assert (reset.status_code, spent.status_code, new.status_code) == (303, 401, 303)
    assert "Ce lien a déjà servi" in spent.text


async def test_no_refusal_comes_before_its_time_whoever_it_is_for(site: Site) -> None:
    async with site.http() as http:
        await join(site, http)
        times: list[float] = []
        for email in (EMAIL, "personne@valbourg.example", "rien"):
            begun = time.monotonic()
            assert (await sign_in(http, "faux", email)).status_code == 401
            times.append(time.monotonic() - begun)

    assert min(times) >= REFUSED_AFTER_S


async def test_others_are_served_while_passwords_are_computed_few_at_a_time(site: Site) -> None:
    inside: list[int] = []
    most, answered = [0], threading.Event()

    class Slow:
        def sign_in(self, given: Credentials) -> Any:
            inside.append(1)
            most[0] = max(most[0], len(inside))
            assert answered.wait(60)
            inside.pop()
            return "secret", None

    object.__setattr__(site.container, "by_password", Slow())
    async with site.http() as http, site.owner() as owner:
        pending = {asyncio.create_task(sign_in(http)) for _ in range(60)}
        refused: set[asyncio.Task[httpx.Response]] = set()
        while len(refused) < 8:
            ended, pending = await asyncio.wait(
                pending, timeout=60, return_when=asyncio.FIRST_COMPLETED
            )
            assert ended
            refused |= ended
        async with asyncio.timeout(30):
            assert (await owner.get("/api/v1/me")).status_code == 200
        answered.set()
        done = await asyncio.gather(*pending)

    assert most == [2]
    assert [each.status_code for each in done] == [303] * 52
    for each in (task.result() for task in refused):
        assert (each.status_code, each.json()["code"]) == (503, "sign_in_busy")
        assert each.headers["retry-after"] == "5"


async def test_an_invitation_that_has_to_wait_says_how_long(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> None:
        raise QuotaExceeded("sign_in_busy", retry_after_s=5)

    monkeypatch.setattr(PasswordRoom, "run", busy)
    async with site.http() as http:
        waits = await http.post(
            "/api/auth/invitation/code", data={"password": WORDS, "again": WORDS}, headers=PAGE
        )

    assert (waits.status_code, waits.headers["retry-after"]) == (503, "5")


async def test_no_route_of_passwords_blocks_the_loop(site: Site) -> None:
    link = await invite(site)
    with blockbuster_ctx("assistant"):
        async with site.http() as http:
            form = {"password": WORDS, "again": WORDS}
            joined = await http.post(link, data=form, headers=PAGE)
            change = {"current": WORDS, "new": OTHER}
            changed = await http.post("/api/v1/me/password", json=change)
            await http.get("/api/auth/sign-in")
            await http.get("/api/auth/password/x")
            refused = await sign_in(http, "faux", **PAGE)

    statuses = (joined.status_code, changed.status_code, refused.status_code)
    assert statuses == (303, 200, 401)


async def test_changing_keeps_this_session_and_ends_the_others(site: Site) -> None:
    async with site.http() as here, site.http() as there:
        await join(site, here)
        assert (await sign_in(there)).status_code == 303
        body = {"current": "faux", "new": OTHER}
        wrong = await here.post("/api/v1/me/password", json=body)
        changed = await here.post("/api/v1/me/password", json={**body, "current": WORDS})
        statuses = [(await each.get("/api/v1/me")).status_code for each in (here, there)]

    assert (wrong.status_code, wrong.json()["code"]) == (403, "password_wrong")
    assert changed.json() == {"ended": 1}
    assert statuses == [200, 401]


async def test_another_site_signs_nobody_in(site: Site) -> None:
    async with site.http() as http:
        await join(site, http)
        http.cookies.clear()
        refused = await sign_in(http, **{"Origin": "https://ailleurs.example"})

    assert (refused.status_code, refused.json()["code"]) == (403, "origin_refused")


async def test_signing_in_anew_ends_the_session_that_the_browser_had(site: Site) -> None:
    async with site.http() as http, site.http() as old:
        await join(site, http)
        old.cookies.update(http.cookies)
        await sign_in(http)
        statuses = [(await each.get("/api/v1/me")).status_code for each in (http, old)]

    assert statuses == [200, 401]


async def test_beside_a_provider_a_password_is_offered_and_not_demanded(tmp_path: Path) -> None:
    auth, oidc = AuthSettings(local_accounts=True), OidcSettings(providers=(PROVIDER,))
    site = open_site(tmp_path / "data", auth=auth, oidc=oidc)
    link = await invite(site)
    async with site.http() as http:
        shown = await http.get(link)
        joined = await http.post(link, headers=PAGE)
        me = (await http.get("/api/v1/me")).json()
        offered = (await http.get("/api/auth/sign-in")).text
    site.close()

    assert 'name="password"' in shown.text
    assert "Accepter l'invitation</button>" in shown.text
    assert (joined.status_code, me["has_password"]) == (303, False)
    assert offered.index("le compte de la région") < offered.index('name="password"')


async def test_without_local_accounts_nothing_asks_for_a_password(tmp_path: Path) -> None:
    site = open_site(tmp_path / "data")
    link = await invite(site)
    async with site.http() as http, site.person(admin_of(site)) as admin:
        pages = [(await http.get(each)).text for each in (link, "/api/auth/sign-in")]
        ways = (await http.get("/api/auth/ways")).json()
        refused = await sign_in(http)
        page = await sign_in(http, **PAGE)
        made = await admin.post("/api/v1/people/admin/password-link")
        joined = await http.post(link, data={"password": WORDS}, headers=PAGE)
        me = (await http.get("/api/v1/me")).json()
    site.close()

    assert not any('name="password"' in each for each in pages)
    assert ways == []
    assert {each.json()["code"] for each in (refused, made)} == {"local_accounts_off"}
    assert "Cette instance n&#39;a pas de comptes locaux" in page.text
    assert (joined.status_code, me["has_password"], me["local_accounts"]) == (303, False, False)


async def test_the_log_tells_sign_ins_and_refusals_without_name_address_or_password(
    site: Site,
) -> None:
    async with site.http() as http, site.owner() as owner, site.person(admin_of(site)) as admin:
        await join(site, http)
        http.cookies.clear()
        await sign_in(http, "faux mot de passe")
        await sign_in(http, "faux mot de passe", "personne@valbourg.example")
        await http.post("/api/auth/link/inconnu")
        await http.post("/api/auth/invitation/inconnue")
        query = {"act": ["session.refused", "password.set"]}
        everything = (await owner.get("/api/v1/audit", params=query)).json()["entries"]
        of_tenant = (await admin.get("/api/v1/audit", params=query)).json()["entries"]
        exported = (await owner.get("/api/v1/audit/export", params={"format": "jsonl"})).text
        csv = (await owner.get("/api/v1/audit/export", params={"format": "csv"})).text

    told = [(each["act"], each["details"].get("code")) for each in reversed(everything)]
    assert told == [
        ("password.set", None),
        ("session.refused", "sign_in_wrong"),
        ("session.refused", "sign_in_wrong"),
        ("session.refused", "link_spent"),
        ("session.refused", "invitation_spent"),
    ]
    known = everything[-2]
    assert known["subject"] == everything[-1]["subject"] != ""
    assert known["actor"] == ""
    assert [each["act"] for each in of_tenant] == ["session.refused", "password.set"]
    for secret in (EMAIL, "personne@", "faux mot", WORDS, "Zoé", "$argon2"):
        assert secret not in exported
        assert secret not in csv


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_that_of_a_subscriber(host: str, told: str) -> None:
    request = request_of()
    request.scope["client"] = (host, 1234)

    assert address_in(request) == told


def test_a_request_without_address_has_none() -> None:
    assert address_in(request_of()) == ""
