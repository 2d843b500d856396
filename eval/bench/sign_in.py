"""Our part of a sign-in, among 20,000 people: without the slow hash, and without the provider's time."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.adapters.argon2.hasher import Argon2PasswordHasher
from assistant.api.app import create_api
from assistant.bootstrap import build
from assistant.containers import Container
from assistant.domain.ids import PersonId, TenantId
from assistant.domain.passwords import Password
from assistant.domain.people import Person, PersonState, normalised_email
from assistant.domain.tenancy import Role
from assistant.domain.tenants import Tenant
from assistant.logs import configure_logs
from assistant.services.password_sign_in import PasswordSignIn
from assistant.settings import Settings
from assistant.settings_access import AuthSettings, OidcProvider, OidcSettings
from assistant.testing.embedder import HashEmbedder
from assistant.testing.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    DoubleProvider,
    running_provider,
)
from assistant.testing.index import InMemoryChunkIndex
from eval.bench.rows import BenchRow, sentence

TENANTS = 500
PEOPLE_OF_TENANT = 40
SIGN_INS = 100
WARM_UP = 5
LIMIT_MS = 100.0
_BASE_URL = "http://127.0.0.1:8501"
_WORDS = "girafe tiroir lundi seize"
_SEE_OTHER = 303
_NOW = datetime(2026, 1, 2, tzinfo=UTC)


class TimedHasher(Argon2PasswordHasher):
    """The hasher of the product, which notes how long each verification takes."""

    def __init__(self) -> None:
        super().__init__(at_once=2)
        self.spent_s: list[float] = []

    def verify(self, password: str, *, against: str | None) -> bool:
        """As the product, timed."""
        begun = time.perf_counter()
        try:
            return super().verify(password, against=against)
        finally:
            self.spent_s.append(time.perf_counter() - begun)


@dataclass
class TimedProvider(DoubleProvider):
    """The double of a provider, which notes how long it takes to answer each request."""

    spent_s: list[float] = field(default_factory=list[float])

    def app(self) -> Starlette:
        """The provider, timed."""
        timed = super().app()
        timed.add_middleware(_Timing, spent_s=self.spent_s)
        return timed


class _Timing:
    def __init__(self, app: ASGIApp, *, spent_s: list[float]) -> None:
        self._app = app
        self._spent_s = spent_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        await self._app(scope, receive, send)
        self._spent_s.append(time.perf_counter() - begun)


@dataclass(frozen=True, slots=True)
class Took:
    """How long one sign-in took, in seconds."""

    own_s: float
    apart_s: float
    """Of the slow hash, or of the provider."""


def run() -> list[BenchRow]:
    """Measure both ways, one sign-in after another."""
    configure_logs(verbose=False)
    provider, hasher = TimedProvider(is_strict=False), TimedHasher()
    with running_provider(provider), _opened(provider, hasher) as api:
        passwords = asyncio.run(_measured(api, partial(_by_password, spent_s=hasher.spent_s)))
        providers = asyncio.run(_measured(api, partial(_by_provider, spent_s=provider.spent_s)))
    return [_row("password", passwords), _row("provider", providers)]


def _row(way: str, times: Sequence[Took]) -> BenchRow:
    people = f"{TENANTS * PEOPLE_OF_TENANT:,}".replace(",", " ")
    own_ms = statistics.quantiles([each.own_s * 1000 for each in times], n=20)[-1]
    apart_ms = statistics.median(each.apart_s * 1000 for each in times)
    return BenchRow(
        sentence(f"sign_in_{way}", people=people),
        own_ms,
        "ms",
        LIMIT_MS,
        peer=sentence(f"sign_in_{way}_apart", ms=f"{apart_ms:.0f}"),
    )


async def _measured(
    api: Starlette, sign_in: Callable[[httpx.AsyncClient], Awaitable[Took]]
) -> list[Took]:
    """Times of sign-ins from as many browsers, once warm."""
    found: list[Took] = []
    for _ in range(WARM_UP + SIGN_INS):
        transport = httpx.ASGITransport(app=api)
        async with httpx.AsyncClient(transport=transport, base_url=_BASE_URL) as browser:
            found.append(await sign_in(browser))
    return found[WARM_UP:]


async def _by_password(browser: httpx.AsyncClient, *, spent_s: list[float]) -> Took:
    form = {"email": _email(PEOPLE_OF_TENANT - 1, tenant=TENANTS - 1), "password": _WORDS}
    spent_s.clear()
    begun = time.perf_counter()
    done = await browser.post("/api/auth/password", data=form)
    lasted_s = time.perf_counter() - begun
    _check(done)
    return Took(lasted_s - sum(spent_s), sum(spent_s))


async def _by_provider(browser: httpx.AsyncClient, *, spent_s: list[float]) -> Took:
    """Both our answers: the way to the provider, and the way back with its code."""
    begun = time.perf_counter()
    sent = await browser.get("/api/auth/oidc/essai/start")
    there_s = time.perf_counter() - begun
    async with httpx.AsyncClient(trust_env=False) as outside:
        back = await outside.get(sent.headers["location"])
    spent_s.clear()
    begun = time.perf_counter()
    done = await browser.get(back.headers["location"].removeprefix(_BASE_URL))
    back_s = time.perf_counter() - begun
    _check(done)
    return Took(there_s + back_s - sum(spent_s), sum(spent_s))


def _check(done: httpx.Response) -> None:
    if done.status_code != _SEE_OTHER:
        raise RuntimeError(sentence("sign_in_refused", status=done.status_code))


@contextmanager
def _opened(provider: DoubleProvider, hasher: TimedHasher) -> Generator[Starlette]:
    """The API of an instance with many people, in this process."""
    known = OidcProvider(
        id="essai",
        label="essai",
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        client_secret=SecretStr(CLIENT_SECRET),
        needs_siret=False,
    )
    embedder = HashEmbedder(dimensions=8)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            auth=AuthSettings(local_accounts=True),
            oidc=OidcSettings(providers=(known,)),
        )
        index = InMemoryChunkIndex(embedder=embedder.identity)
        with closing(build(settings, role="web", embedder=embedder, index=index)) as built:
            built.access.ensure_default()
            _fill(built, hasher=hasher, email=normalised_email(provider.person["email"]) or "")
            by_password = PasswordSignIn(
                built.open_work,
                built.clock,
                hasher=hasher,
                sessions=built.sessions,
                audit=built.audit.trail,
            )
            container = replace(built, by_password=by_password)
            api = create_api(container, local_token="", base_url=_BASE_URL)
            yield Starlette(routes=[Mount("/api", api)])


def _fill(container: Container, *, hasher: TimedHasher, email: str) -> None:
    """Tenants full of people; the last one has a password, and one is known by the provider's address."""
    hashed = hasher.hash(_WORDS)
    with container.open_work() as work:
        for number in range(TENANTS):
            tenant = Tenant(TenantId(f"tenant-{number}"), f"Commune {number}")
            work.tenancy.add_tenant(tenant)
            for each in range(PEOPLE_OF_TENANT):
                work.people.add(_person(each, tenant=number, email=_email(each, tenant=number)))
        work.people.add(_person(PEOPLE_OF_TENANT, tenant=0, email=email))
        last = _person(PEOPLE_OF_TENANT - 1, tenant=TENANTS - 1, email="")
        work.passwords.put(Password(last.id, last.tenant_id, hashed, _NOW))
        work.commit()


def _person(number: int, *, tenant: int, email: str) -> Person:
    return Person(
        id=PersonId(f"person-{tenant}-{number}"),
        tenant_id=TenantId(f"tenant-{tenant}"),
        name=f"Personne {number}",
        email=email,
        roles=frozenset({Role.AGENT}),
        state=PersonState.ACTIVE,
        created_at=_NOW,
    )


def _email(number: int, *, tenant: int) -> str:
    return f"personne{number}@commune{tenant}.example"
