"""The isolation table, and walks of it that tell what a caller got and should not have."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx

from assistant.domain.tenancy import Permission
from tests.api.walking import Home, Strangers, send, told, without_traces

TABLE: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
STRANGERS = ("foreign_agent", "foreign_admin", "outsider")
"""Those who may be told nothing, and not even that something is there."""
CALLERS = (
    "nobody",
    *STRANGERS,
    "suspended_person",
    "expired_session",
    "revoked_key",
    "suspended_tenant",
    "closed_tenant",
)
_METHODS = ("HEAD", "GET", "POST", "PUT", "PATCH", "DELETE")


def in_order(routes: Iterable[str]) -> list[str]:
    """Reading before changing, the parts before the whole, the end of the session last."""

    def rank(route: str) -> tuple[bool, int, int, str]:
        method, path = route.split(" ")
        return path.endswith("/sign-out"), _METHODS.index(method), -len(path), path

    return sorted(routes, key=rank)


def routes_of(schema: Mapping[str, Any]) -> list[str]:
    """All routes of the description of the API."""
    return in_order(
        f"{method.upper()} {path}"
        for path, methods in schema["paths"].items()
        for method in methods
    )


def sampled(routes: Iterable[str], *, one_in: int) -> list[str]:
    """Some of the routes, always the same ones; those that end a session or the walk stay last."""
    kept = [each for each in routes if crc32(each.encode()) % one_in == 0]
    return in_order(kept)


def expected(route: str, caller: str) -> list[int]:
    """The statuses that a caller may get."""
    if route in TABLE["open"]:
        return TABLE["open"][route]
    status: Any = TABLE["routes"][route].get(caller, TABLE["callers"].get(caller))
    return [status] if isinstance(status, int) else list(status)


async def walk(
    home: Home, strangers: Strangers, *, caller: str, routes: Iterable[str]
) -> list[str]:
    """Ask every route as one caller; what it got against the table, one line each."""
    http = await strangers.client(caller)
    return [
        fault for route in routes for fault in await _asked(home, http, route=route, caller=caller)
    ]


async def _asked(home: Home, http: httpx.AsyncClient, *, route: str, caller: str) -> list[str]:
    entry = TABLE["requests"].get(route, {})
    got = await send(http, route, entry, home.known)
    where = f"{caller}: {route}: {got.status_code}"
    faults = [where] if got.status_code not in expected(route, caller) else []
    if caller == "suspended_tenant":
        return faults
    # A colleague may know the tenant they share.
    shared = {"code", "provider"} | ({"tenant_id"} if caller == "outsider" else set[str]())
    if leaked := told(got, home.secrets(but=frozenset(shared))):
        faults.append(f"{where} tells {sorted(leaked)}")
    if caller in STRANGERS and "{" in route and got.status_code >= 400:
        unknown = home.unknown | {name: home.known[name] for name in shared}
        absent = await send(http, route, entry, unknown)
        if without_traces(got, home.known) != without_traces(absent, home.known):
            faults.append(f"{where} differs from what is unknown: {absent.status_code}")
    return faults


async def walk_with_keys(home: Home, strangers: Strangers, *, routes: Iterable[str]) -> list[str]:
    """Ask every route that is for one permission by a key that has all the others."""
    faults: list[str] = []
    for permission in Permission:
        http = strangers.key(frozenset(Permission) - {permission})
        await strangers.stack.enter_async_context(http)
        for route in routes:
            if TABLE["routes"].get(route, {}).get("key") != permission:
                continue
            got = await send(http, route, TABLE["requests"].get(route, {}), home.known)
            if got.status_code != 403:
                faults.append(f"key without {permission}: {route}: {got.status_code}")
    return faults


async def walk_elsewhere(home: Home, strangers: Strangers, *, routes: Collection[str]) -> list[str]:
    """Name the organisation's things outside the path, as another administrator with things of its own."""
    http, own = await strangers.furnished()
    faults: list[str] = []
    for entry in TABLE["elsewhere"]:
        for route in entry["routes"]:
            if route not in routes:
                continue
            sent = {**TABLE["requests"].get(route, {}), **entry, "path": own}
            got = await send(http, route, sent, home.known)
            absent = await send(http, route, sent, home.unknown)
            where = f"{route} with {entry.get('query') or entry.get('json')}: {got.status_code}"
            wanted = entry.get("answers", 404)
            is_as_told = got.status_code // 100 == wanted // 100 and (
                wanted == 200 or got.status_code == wanted
            )
            is_like_unknown = wanted == 200 or without_traces(got, home.known) == without_traces(
                absent, home.known
            )
            if not is_as_told or not is_like_unknown:
                faults.append(f"{where} (unknown: {absent.status_code})")
            if "tenants" not in entry.get("json", {}) and told(got, home.secrets()):
                faults.append(f"{where} tells {sorted(told(got, home.secrets()))}")
    return faults
