"""Sign-in through an identity provider: what it lets in, and each fault that it does not."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Generator
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from assistant.settings import OidcProvider, OidcSettings
from assistant.testing.clock import FrozenClock
from assistant.testing.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    DoubleProvider,
    running_provider,
    unsigned,
)
from tests.api.site import BASE_URL, Site, open_site

pytestmark = pytest.mark.anyio

START = "/api/auth/oidc/{}/start"
SIREN = "123456789"


KEY = RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture(scope="module")
def served() -> Generator[DoubleProvider]:
    with running_provider(DoubleProvider(key=KEY)) as double:
        yield double


@pytest.fixture
def double(served: DoubleProvider) -> DoubleProvider:
    """The provider, without any fault of an earlier test."""
    fresh = DoubleProvider(issuer=served.issuer, key=KEY)
    for each in fields(fresh):
        setattr(served, each.name, getattr(fresh, each.name))
    return served


def provider_of(double: DoubleProvider, **changes: Any) -> OidcProvider:
    fields: dict[str, Any] = {
        "id": "proconnect",
        "kind": "proconnect",
        "issuer": double.issuer,
        "client_id": CLIENT_ID,
        "client_secret": SecretStr(CLIENT_SECRET),
        "sirens": (SIREN,),
    }
    return OidcProvider(**(fields | changes))


@pytest.fixture
def open_house(tmp_path: Path, double: DoubleProvider) -> Generator[Any]:
    opened: list[Site] = []

    def opening(**changes: Any) -> Site:
        settings = OidcSettings(providers=(provider_of(double, **changes),))
        opened.append(open_site(tmp_path / f"data{len(opened)}", oidc=settings))
        return opened[-1]

    yield opening
    for site in opened:
        site.close()


@pytest.fixture(scope="module")
def shared_site(
    served: DoubleProvider, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Site]:
    generic = provider_of(
        served, id="keycloak", kind="generic", label="Keycloak", groups_claim="groups",
        needs_siret=False,
    )  # fmt: skip
    settings = OidcSettings(providers=(provider_of(served), generic))
    site = open_site(tmp_path_factory.mktemp("site"), oidc=settings)
    yield site
    site.close()


@pytest.fixture
def site(shared_site: Site, double: DoubleProvider) -> Site:
    del double
    return shared_site


async def begun(http: httpx.AsyncClient, *, way: str = "proconnect", to: str = "/") -> str:
    """Begin to sign in; the address of ours that the provider sends the browser to."""
    sent = await http.get(START.format(way), params={"return_to": to})
    assert sent.status_code == 303, sent.text
    async with httpx.AsyncClient(trust_env=False) as outside:
        back = await outside.get(sent.headers["location"])
    return back.headers["location"].removeprefix(BASE_URL)


async def signed_in(
    http: httpx.AsyncClient, *, way: str = "proconnect", to: str = "/"
) -> httpx.Response:
    return await http.get(await begun(http, way=way, to=to))


async def refusal(site: Site, code: str, *, way: str = "proconnect") -> httpx.Response:
    """A sign-in that has to fail with a code, as a French page, without a session."""
    async with site.http() as http:
        response = await signed_in(http, way=way)
        me = await http.get("/api/v1/me")
    assert f"<code>{code}</code>" in response.text, response.text
    assert response.headers["content-type"].startswith("text/html")
    assert "Traceback" not in response.text
    assert "assistant_session" not in response.headers.get("set-cookie", "")
    assert me.status_code == 401
    return response


async def test_a_person_signs_in_and_returns_to_the_page_it_came_for(
    site: Site, double: DoubleProvider
) -> None:
    async with site.http(**{"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}) as http:
        done = await signed_in(http, to="/documents?page=2")
        me = await http.get("/api/v1/me")
        sessions = (await http.get("/api/v1/sessions")).json()

    assert done.status_code == 303
    assert done.headers["location"] == "/documents?page=2"
    assert me.json()["roles"] == ["agent"]
    assert [each["device"] for each in sessions if each["is_current"]] == ["Firefox sur Windows"]
    (asked,) = double.authorized
    assert min(len(asked["state"]), len(asked["nonce"])) >= 32
    assert set(asked) == {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"}
    assert asked["redirect_uri"] == f"{BASE_URL}/api/auth/oidc/proconnect/callback"
    assert "code_verifier" not in double.tokens_asked[0]


async def test_the_generic_provider_is_given_a_code_challenge(
    site: Site, double: DoubleProvider
) -> None:
    double.is_strict = False
    double.signs_userinfo = False
    async with site.http() as http:
        done = await signed_in(http, way="keycloak")

    assert done.headers["location"] == "/"
    assert double.authorized[0]["code_challenge_method"] == "S256"
    assert double.tokens_asked[0]["code_verifier"]


async def test_a_parameter_that_the_provider_does_not_know_is_refused(
    site: Site, double: DoubleProvider
) -> None:
    response = await refusal(site, "sign_in_refused", way="keycloak")

    assert response.status_code == 401
    assert "code_challenge" in double.authorized[0]


async def test_the_level_and_the_methods_are_asked_for_and_demanded(
    open_house: Any, double: DoubleProvider
) -> None:
    site = open_house(acr_values=("eidas2", "eidas1"), amr_values=("mfa",))
    async with site.http() as http:
        assert (await signed_in(http)).status_code == 303
    assert double.authorized[0]["acr_values"] == "eidas2 eidas1"
    assert double.authorized[0]["claims"] == '{"id_token": {"amr": {"essential": true}}}'

    double.change_id_token = lambda claims: {**claims, "amr": ["pwd"]}
    await refusal(site, "sign_in_too_weak")
    double.change_id_token = lambda claims: {**claims, "acr": "eidas0"}
    await refusal(site, "sign_in_too_weak")


def signed_by_another(claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256"}, claims, key, ["RS256"])


def signed_by_the_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET), ["HS256"])


@pytest.mark.parametrize("forge", [signed_by_another, signed_by_the_secret, unsigned])
async def test_a_token_that_the_provider_did_not_sign_is_refused(
    site: Site, double: DoubleProvider, forge: Any
) -> None:
    double.forge = forge

    await refusal(site, "sign_in_refused")


async def test_a_public_key_is_no_secret(site: Site, double: DoubleProvider) -> None:
    """The classic confusion: HS256 with the published key as its secret."""
    pem = double.key.as_pem(private=False)
    kid = double.key.kid

    def forge(claims: dict[str, Any]) -> str:
        parts = (json.dumps(part).encode() for part in ({"alg": "HS256", "kid": kid}, claims))
        text = b".".join(map(_base64, parts))
        return b".".join((text, _base64(hmac.digest(pem, text, "sha256")))).decode()

    double.forge = forge

    await refusal(site, "sign_in_refused")


def _base64(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


@pytest.mark.parametrize("signs_with_published", [True, False])
async def test_a_key_that_changed_is_read_anew(
    open_house: Any, double: DoubleProvider, signs_with_published: bool
) -> None:
    site = open_house()
    async with site.http() as http:
        assert (await signed_in(http)).status_code == 303
    new = RSAKey.generate_key(2048, auto_kid=True)
    if signs_with_published:
        double.key = new
        async with site.http() as http:
            assert (await signed_in(http)).status_code == 303
    else:
        double.signing_key = new
        await refusal(site, "sign_in_refused")


FAULTS: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "autre-service"},
    "another issuer": {"iss": "https://ailleurs.example"},
    "several audiences without a party": {"aud": [CLIENT_ID, "autre-service"]},
    "another party": {"azp": "autre-service"},
    "expired": {"exp": 1_000_000_000},
    "expires never": {"exp": None},
    "expires in words": {"exp": "demain"},
    "issued tomorrow": {"iat": 4_000_000_000},
    "another nonce": {"nonce": "n" * 43},
    "no nonce": {"nonce": None},
    "no subject": {"sub": ""},
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_claim_that_is_wrong_is_refused(
    site: Site, double: DoubleProvider, fault: str
) -> None:
    double.change_id_token = lambda claims: {**claims, **FAULTS[fault]}

    await refusal(site, "sign_in_refused")


async def test_several_audiences_are_fine_when_the_party_is_us(
    site: Site, double: DoubleProvider
) -> None:
    double.change_id_token = lambda claims: {
        **claims, "aud": ["autre", CLIENT_ID], "azp": CLIENT_ID
    }  # fmt: skip
    async with site.http() as http:
        assert (await signed_in(http)).status_code == 303


@pytest.mark.parametrize(
    "change", [{"sub": "un-autre"}, {"sub": None}, {"aud": "autre"}, {"iss": "https://x.example"}]
)
async def test_user_information_about_somebody_else_is_refused(
    site: Site, double: DoubleProvider, change: dict[str, Any]
) -> None:
    double.change_userinfo = lambda claims: {**claims, **change}

    await refusal(site, "sign_in_refused")


async def test_unsigned_user_information_is_refused_from_proconnect_only(
    site: Site, double: DoubleProvider
) -> None:
    double.signs_userinfo = False
    await refusal(site, "sign_in_refused")
    double.is_strict = False
    async with site.http() as http:
        assert (await signed_in(http, way="keycloak")).status_code == 303


async def test_a_symmetric_signature_is_taken_where_it_is_registered(
    open_house: Any, double: DoubleProvider
) -> None:
    double.algorithm = "HS256"
    async with open_house(signing="HS256").http() as http:
        assert (await signed_in(http)).status_code == 303
    await refusal(open_house(), "sign_in_refused")


async def test_an_expired_code_is_refused(site: Site, double: DoubleProvider) -> None:
    double.code_life_s = 0

    await refusal(site, "sign_in_refused")


async def test_an_answer_is_taken_once(site: Site) -> None:
    async with site.http() as http:
        answer = await begun(http)
        first = await http.get(answer)
        again = await http.get(answer)

    assert first.status_code == 303
    assert again.status_code == 401
    assert "sign_in_stale" in again.text


async def test_an_answer_for_another_browser_or_provider_is_refused(site: Site) -> None:
    async with site.http() as mine, site.http() as other:
        await begun(other)
        stolen = await other.get(await begun(mine))
        swapped = await mine.get((await begun(mine)).replace("proconnect", "keycloak"))
        made_up = await mine.get("/api/auth/oidc/proconnect/callback?code=a&state=b")

    for response in (stolen, swapped, made_up):
        assert response.status_code == 401
        assert "sign_in_stale" in response.text


async def test_a_sign_in_left_alone_for_ten_minutes_is_over(
    tmp_path: Path, double: DoubleProvider
) -> None:
    clock = FrozenClock()
    settings = OidcSettings(providers=(provider_of(double),))
    site = open_site(tmp_path / "data", oidc=settings, clock=clock)
    try:
        async with site.http() as http:
            answer = await begun(http)
            clock.advance(600)
            late = await http.get(answer)
    finally:
        site.close()

    assert "sign_in_stale" in late.text


@pytest.mark.parametrize(
    "siret", [None, "", "123", "1234567890001X", "98765432100011", 12345678900011]
)
async def test_a_missing_or_foreign_siret_gives_no_access(
    site: Site, double: DoubleProvider, siret: Any
) -> None:
    double.person["siret"] = siret

    response = await refusal(site, "access_not_attached")

    assert response.status_code == 403
    assert "Accès non rattaché" in response.text
    assert "/api/auth/sign-in" in response.text


@pytest.mark.parametrize(("match_email", "is_same"), [(True, True), (False, False)])
async def test_a_changed_subject_is_the_same_person_by_explicit_setting_only(
    open_house: Any, double: DoubleProvider, match_email: bool, is_same: bool
) -> None:
    site = open_house(match_email=match_email)
    people: list[str] = []
    for subject, email in (
        ("sujet-1", "C.Durand@region.example"),
        ("sujet-2", " c.durand@REGION.example"),
    ):
        double.subject, double.person["email"] = subject, email
        async with site.http() as http:
            await signed_in(http)
            people.append((await http.get("/api/v1/me")).json()["person_id"])

    assert (people[0] == people[1]) is is_same


@pytest.mark.parametrize(
    ("error", "code"), [("access_denied", "sign_in_cancelled"), ("<b>x", "sign_in_refused")]
)
async def test_a_refusal_of_the_provider_is_a_page(site: Site, error: str, code: str) -> None:
    async with site.http() as http:
        state = parse_qs(urlsplit(await begun(http)).query)["state"][0]
        url = "/api/auth/oidc/proconnect/callback"
        response = await http.get(url, params={"error": error, "state": state})
        after = await http.get(url, params={"code": "a", "state": state})

    assert response.status_code == 401
    assert f"<code>{code}</code>" in response.text
    assert "<b>" not in response.text
    assert "sign_in_stale" in after.text


@pytest.mark.parametrize(
    "to",
    [
        "https://ailleurs.example",
        "//ailleurs.example",
        "/\\ailleurs.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
    ],
)
async def test_a_sign_in_never_leads_elsewhere(site: Site, to: str) -> None:
    async with site.http() as http:
        done = await signed_in(http, to=to)

    assert done.headers["location"] == "/"


async def test_a_provider_that_does_not_answer_or_is_another_is_told(
    tmp_path: Path, double: DoubleProvider
) -> None:
    issuers = {
        "provider_unavailable": "http://127.0.0.1:9",
        "provider_other_issuer": double.issuer + "/",
    }
    for number, (code, issuer) in enumerate(issuers.items()):
        settings = OidcSettings(providers=(provider_of(double, issuer=issuer),))
        site = open_site(tmp_path / str(number), oidc=settings)
        async with site.http() as http:
            response = await http.get(START.format("proconnect"))
            unknown = await http.get(START.format("inconnu"))
        site.close()
        assert response.status_code == 503
        assert code in response.text
        assert unknown.status_code == 404


async def test_the_pages_offer_each_way(site: Site) -> None:
    async with site.http() as http:
        shown = (await http.get("/api/auth/sign-in?return_to=/documents")).text
        ways = (await http.get("/api/auth/ways")).json()

    assert "S’identifier avec ProConnect" in shown
    assert "Se connecter avec Keycloak" in shown
    assert "/api/auth/oidc/keycloak/start?return_to=%2Fdocuments" in shown
    assert [way["url"] for way in ways] == [START.format("proconnect"), START.format("keycloak")]


async def test_signing_out_goes_by_the_provider_and_ends_on_return(
    site: Site, double: DoubleProvider
) -> None:
    async with site.http() as http:
        await signed_in(http)
        early = await http.get("/api/auth/signed-out")
        url = str((await http.post("/api/auth/sign-out")).json()["url"])
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        still = await http.get("/api/v1/me")
        wrong = await http.get("/api/auth/signed-out", params={"state": "autre"})
        right = await http.get("/api/auth/signed-out", params={"state": query["state"]})
        after = await http.get("/api/v1/me")

    assert url.startswith(f"{double.issuer}/logout?")
    assert query["id_token_hint"].count(".") == 2
    assert query["post_logout_redirect_uri"] == f"{BASE_URL}/api/auth/signed-out"
    assert (early.status_code, still.status_code, wrong.status_code) == (409, 200, 409)
    assert (right.status_code, after.status_code) == (200, 401)


async def test_a_return_without_state_is_tolerated(site: Site) -> None:
    async with site.http() as http:
        await signed_in(http)
        await http.post("/api/auth/sign-out")
        back = await http.get("/api/auth/signed-out")
        after = await http.get("/api/v1/me")

    assert (back.status_code, after.status_code) == (200, 401)


BACK_CHANNEL = "/api/auth/oidc/proconnect/back-channel-logout"


async def test_the_provider_ends_a_session_once(site: Site, double: DoubleProvider) -> None:
    async with site.http() as http, site.http() as colleague, site.http() as provider:
        await signed_in(http)
        double.subject = "sujet-2"
        await signed_in(colleague)
        token = double.logout_token(sub="sujet-1", sid="sid-sujet-1")
        first = await provider.post(BACK_CHANNEL, data={"logout_token": token})
        ended = await http.get("/api/v1/me")
        other = await colleague.get("/api/v1/me")
        again = await provider.post(BACK_CHANNEL, data={"logout_token": token})

    assert (first.status_code, ended.status_code, other.status_code) == (200, 401, 200)
    assert again.status_code == 400
    assert again.json()["code"] == "logout_refused"


LOGOUT_FAULTS: dict[str, dict[str, Any]] = {
    "too old": {"iat": -121},
    "of tomorrow": {"iat": 3600},
    "without time": {"iat": None},
    "another audience": {"aud": "autre"},
    "another issuer": {"iss": "https://ailleurs.example"},
    "with a nonce": {"nonce": "n"},
    "without event": {"events": {}},
    "event of another kind": {"events": {"http://schemas.openid.net/event/backchannel-logout": 1}},
    "without number": {"jti": None},
    "of nobody": {"sub": None, "sid": None},
    "an ID token": {"header": {}},
}


@pytest.mark.parametrize("fault", LOGOUT_FAULTS)
async def test_a_logout_token_that_is_wrong_ends_nothing(
    site: Site, double: DoubleProvider, fault: str
) -> None:
    changes = dict(LOGOUT_FAULTS[fault])
    if changes.get("iat") is not None:
        changes["iat"] += int(time.time())
    async with site.http() as http:
        await signed_in(http)
        token = double.logout_token(**changes)
        response = await http.post(BACK_CHANNEL, data={"logout_token": token})
        me = await http.get("/api/v1/me")

    assert response.status_code == 400, response.text
    assert me.status_code == 200


async def test_a_logout_token_of_another_key_ends_nothing(
    site: Site, double: DoubleProvider
) -> None:
    double.signing_key = RSAKey.generate_key(2048, auto_kid=True)
    async with site.http() as http:
        forged = await http.post(BACK_CHANNEL, data={"logout_token": double.logout_token()})
        nonsense = await http.post(BACK_CHANNEL, data={"logout_token": "rien"})

    assert (forged.status_code, nonsense.status_code) == (400, 400)
