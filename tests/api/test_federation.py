"""Sign-in through an identity provider: what it lets in, and each fault that it does not."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Generator
from dataclasses import fields, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from assistant.domain.audit import Act
from assistant.domain.audit_chain import AuditEntry
from assistant.domain.ids import CollectionId, GroupId, TenantId, new_id
from assistant.domain.people import Group, Person
from assistant.domain.tenancy import Collection
from assistant.domain.tenants import Tenant, TenantState
from assistant.ports.audit import AuditFilter, AuditScope
from assistant.services.invitations import LIFE, Invited
from assistant.settings_access import OidcProvider, OidcSettings
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
SIREN, SIRET = "123456789", "12345678900011"
CAMILLE, COLLEAGUE = "camille.durand@region.example", "dominique@region.example"
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
    }
    return OidcProvider(**(fields | changes))


def attach(site: Site, email: str = CAMILLE) -> None:
    """Give the default tenant its establishment, and invite somebody."""
    own = site.container.access.local_principal()
    with site.container.open_work() as work:
        tenant = work.tenancy.find_tenant(own.tenant_id)
        assert tenant is not None
        work.tenancy.update_tenant(replace(tenant, siren=SIREN, sirets=frozenset({SIRET})))
        work.commit()
    invite(site, email)


def invite(site: Site, email: str, *groups: GroupId, tenant_id: TenantId | None = None) -> Person:
    own = site.container.access.local_principal()
    _, person, _ = site.container.organisation.invitations.invite(
        Invited("Camille", email, groups=groups),
        tenant_id=tenant_id or own.tenant_id,
        principal=own,
    )
    return person


@pytest.fixture
def open_house(tmp_path: Path, double: DoubleProvider) -> Generator[Any]:
    opened: list[Site] = []

    def opening(**changes: Any) -> Site:
        settings = OidcSettings(providers=(provider_of(double, **changes),))
        opened.append(open_site(tmp_path / f"data{len(opened)}", oidc=settings))
        attach(opened[-1])
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
    attach(site)
    invite(site, COLLEAGUE)
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
    site.container.audit.trail.flush(all_of_them=True)
    async with site.http() as http:
        response = await signed_in(http, way=way)
        me = await http.get("/api/v1/me")
    assert f"<code>{code}</code>" in response.text, response.text
    assert response.headers["content-type"].startswith("text/html")
    assert "Traceback" not in response.text
    assert "assistant_session" not in response.headers.get("set-cookie", "")
    assert me.status_code == 401
    assert last_refusal(site).facts == {"code": code, "way": "provider", "provider": way}
    return response


def last_refusal(site: Site) -> AuditEntry:
    """What the audit log was told last of a refused sign-in."""
    wanted = AuditFilter(acts=frozenset({Act.SIGN_IN_REFUSED.value}))
    with site.container.open_work() as work:
        return work.audit.page(wanted, scope=AuditScope(None), before="", limit=1)[0]


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


async def person_of(http: httpx.AsyncClient) -> str:
    return (await http.get("/api/v1/me")).json().get("person_id", "")


@pytest.mark.parametrize("match_email", [True, False])
async def test_a_changed_subject_is_the_same_person_by_explicit_setting_only(
    open_house: Any, double: DoubleProvider, match_email: bool
) -> None:
    site = open_house(match_email=match_email)
    async with site.http() as http:
        await signed_in(http)
        before = await person_of(http)
    double.subject, double.person["email"] = "sujet-2", " camille.DURAND@REGION.example"
    if not match_email:
        await refusal(site, "access_not_invited")
        return
    async with site.http() as http:
        await signed_in(http)
        assert await person_of(http) == before
    # From now on it is known by this subject too, whatever its address becomes.
    double.person["email"] = "autre@region.example"
    async with site.http() as http:
        await signed_in(http)
        assert await person_of(http) == before


async def test_the_invited_person_joins_and_is_known_by_its_subject_since(
    open_house: Any, double: DoubleProvider
) -> None:
    site = open_house()
    invited = invite(site, CAMILLE)
    async with site.http() as http:
        await signed_in(http)
        assert await person_of(http) == invited.id
    double.person["email"] = "nouvelle@region.example"
    async with site.http() as http, site.owner() as owner:
        await signed_in(http)
        assert await person_of(http) == invited.id
        waiting = (await owner.get("/api/v1/invitations")).json()
        people = (await owner.get("/api/v1/people")).json()

    assert waiting == []
    assert [each["state"] for each in people if each["id"] == invited.id] == ["active"]


async def test_who_joined_by_the_link_of_its_invitation_is_known_at_its_first_sign_in(
    open_house: Any,
) -> None:
    site = open_house()
    own = site.container.access.local_principal()
    _, invited, code = site.container.organisation.invitations.invite(
        Invited("Camille", CAMILLE), tenant_id=own.tenant_id, principal=own
    )
    site.container.sign_in.accept_invitation(code)
    async with site.http() as http:
        await signed_in(http)
        assert await person_of(http) == invited.id


@pytest.mark.parametrize("email", ["inconnu@region.example", "", "pas une adresse", None])
async def test_nobody_comes_in_uninvited(
    open_house: Any, double: DoubleProvider, email: str | None
) -> None:
    site = open_house()
    double.person["email"] = email

    response = await refusal(site, "access_not_invited")

    assert response.status_code == 403
    assert "Demandez à l'administrateur de votre organisme de vous inviter" in unescape(
        response.text
    )


async def test_an_address_that_the_provider_did_not_verify_is_nobodys(
    open_house: Any, double: DoubleProvider
) -> None:
    double.is_strict, double.person["email_verified"] = False, False
    site = open_house(id="keycloak", kind="generic", label="Keycloak", needs_siret=False)

    await refusal(site, "access_not_invited", way="keycloak")


async def test_an_invitation_that_is_withdrawn_or_too_old_lets_nobody_in(
    tmp_path: Path, double: DoubleProvider
) -> None:
    # Tokens tell the time of the machine: the clock of the site begins there.
    clock = FrozenClock(datetime.now(UTC) - LIFE)
    site = open_site(
        tmp_path / "data", oidc=OidcSettings(providers=(provider_of(double),)), clock=clock
    )
    try:
        attach(site)
        clock.advance(LIFE.total_seconds())
        await refusal(site, "access_not_invited")
        invitation, _, _ = site.container.organisation.invitations.invite(
            Invited("Camille", CAMILLE),
            tenant_id=site.container.access.local_principal().tenant_id,
            principal=site.container.access.local_principal(),
        )
        own = site.container.access.local_principal()
        site.container.organisation.invitations.withdraw(
            invitation.id, tenant_id=own.tenant_id, principal=own
        )
        await refusal(site, "access_not_invited")
        invite(site, CAMILLE)
        async with site.http() as http:
            assert (await signed_in(http)).status_code == 303
    finally:
        site.close()


async def test_a_suspended_person_and_a_closed_tenant_are_told(
    open_house: Any, double: DoubleProvider
) -> None:
    site = open_house()
    own = site.container.access.local_principal()
    invited = invite(site, CAMILLE)
    async with site.http() as http:
        await signed_in(http)
        site.container.organisation.people.suspend(invited.id, principal=own)
        assert (await http.get("/api/v1/me")).status_code == 401
    await refusal(site, "access_suspended")
    with site.container.open_work() as work:
        pseudonym = work.audit.pseudonym_of(invited.id)
    told = last_refusal(site)
    assert (told.tenant, told.subject, told.actor) == (own.tenant_id, pseudonym, "")

    commune = other_tenant(site)
    invite(site, COLLEAGUE, tenant_id=commune.id)
    for state in (TenantState.SUSPENDED, TenantState.CLOSED):
        site.container.organisation.tenants.move(commune.id, state, principal=own)
    double.subject = "sujet-2"
    double.person.update(email=COLLEAGUE, siret=OTHER_SIRET)
    await refusal(site, "tenant_closed")


OTHER_SIREN, OTHER_SIRET = "987654321", "98765432100011"


def other_tenant(site: Site) -> Tenant:
    tenant = Tenant(
        TenantId(new_id()), "Commune", siren=OTHER_SIREN, sirets=frozenset({OTHER_SIRET})
    )
    with site.container.open_work() as work:
        work.tenancy.add_tenant(tenant)
        work.tenancy.add_collection(Collection(CollectionId(new_id()), tenant.id, "Documents"))
        work.commit()
    return tenant


async def test_the_establishment_decides_between_two_invitations(
    open_house: Any, double: DoubleProvider
) -> None:
    site = open_house()
    commune = other_tenant(site)
    there = invite(site, CAMILLE, tenant_id=commune.id)
    double.person["siret"] = OTHER_SIREN + "00029"  # another establishment of the same SIREN
    async with site.http() as http:
        await signed_in(http)
        me = (await http.get("/api/v1/me")).json()
    double.person["siret"] = SIRET
    foreign = await refusal(site, "access_not_attached")

    assert (me["person_id"], me["tenant"]["id"]) == (there.id, commune.id)
    assert "l'organisme où vous êtes inscrit" in unescape(foreign.text)


async def test_without_establishment_an_address_invited_twice_is_nobodys(
    open_house: Any, double: DoubleProvider
) -> None:
    double.is_strict = False
    del double.person["siret"]
    site = open_house(id="keycloak", kind="generic", label="Keycloak", needs_siret=False)
    invite(site, CAMILLE, tenant_id=other_tenant(site).id)

    await refusal(site, "access_not_invited", way="keycloak")


async def test_a_provider_lets_in_the_people_of_its_organisations_only(
    open_house: Any, double: DoubleProvider
) -> None:
    double.is_strict = False
    del double.person["siret"]
    changes = {"id": "keycloak", "kind": "generic", "label": "Keycloak", "needs_siret": False}
    await refusal(
        open_house(**changes, sirens=(OTHER_SIREN,)), "access_not_attached", way="keycloak"
    )
    async with open_house(**changes, sirens=(SIREN,)).http() as http:
        assert (await signed_in(http, way="keycloak")).headers["location"] == "/"


async def test_groups_of_the_provider_come_and_go_and_those_given_here_stay(
    open_house: Any, double: DoubleProvider
) -> None:
    double.is_strict = False
    site = open_house(
        id="keycloak", kind="generic", label="Keycloak", needs_siret=False, groups_claim="groups"
    )
    own = site.container.access.local_principal()
    made = {
        name: site.container.organisation.groups.create(
            name, tenant_id=own.tenant_id, principal=own
        )
        for name in ("Finances", "Marchés", "Voirie")
    }
    foreign = Group(GroupId(new_id()), other_tenant(site).id, "Finances")
    with site.container.open_work() as work:
        work.groups.add(foreign)
        work.commit()
    invited = invite(site, CAMILLE, made["Voirie"].id)

    async def groups_after(claimed: object) -> list[str]:
        double.person["groups"] = claimed
        async with site.http() as http:
            await signed_in(http, way="keycloak")
        with site.container.open_work() as work:
            found = work.groups.groups_of(invited.id, tenant_id=own.tenant_id)
        return [each.name for each in found]

    assert await groups_after(["Finances", "Voirie", "Inconnu"]) == ["Finances", "Voirie"]
    assert await groups_after(["Marchés"]) == ["Marchés", "Voirie"]
    assert await groups_after("Finances") == ["Voirie"]
    with site.container.open_work() as work:
        assert work.groups.members(foreign.id, tenant_id=foreign.tenant_id) == []


@pytest.mark.parametrize(
    ("error", "code"), [("access_denied", "sign_in_cancelled"), ("<b>x", "sign_in_refused")]
)
async def test_a_refusal_of_the_provider_is_a_page(site: Site, error: str, code: str) -> None:
    site.container.audit.trail.flush(all_of_them=True)
    async with site.http() as http:
        state = parse_qs(urlsplit(await begun(http)).query)["state"][0]
        url = "/api/auth/oidc/proconnect/callback"
        response = await http.get(url, params={"error": error, "state": state})
        after = await http.get(url, params={"code": "a", "state": state})

    assert response.status_code == 401
    assert f"<code>{code}</code>" in response.text
    assert "<b>" not in response.text
    assert "sign_in_stale" in after.text
    assert last_refusal(site).facts["code"] == "sign_in_stale"


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
        double.subject, double.person["email"] = "sujet-2", COLLEAGUE
        await signed_in(colleague)
        token = double.logout_token(sub="sujet-1", sid="sid-sujet-1")
        first = await provider.post(BACK_CHANNEL, data={"logout_token": token})
        ended = await http.get("/api/v1/me")
        other = await colleague.get("/api/v1/me")
        again = await provider.post(BACK_CHANNEL, data={"logout_token": token})
    with site.container.open_work() as work:
        last = work.audit.last()

    assert last is not None
    assert (last.act, last.facts) == ("session.closed", {"by": "provider"})
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
