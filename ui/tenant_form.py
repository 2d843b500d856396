"""The form of an organisation: what is kept of it, in parts that a non-specialist can fill in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from assistant.schemas.tenants import Kind, QuotasIO, TenantOut
from ui.messages import text

_KINDS: tuple[Kind, ...] = ("commune", "epci", "departement", "region", "other")
_ZONES: Mapping[str, str] = {
    "Europe/Paris": "paris",
    "America/Guadeloupe": "guadeloupe",
    "America/Martinique": "martinique",
    "America/Cayenne": "cayenne",
    "Indian/Reunion": "reunion",
    "Indian/Mayotte": "mayotte",
    "America/Miquelon": "miquelon",
    "America/St_Barthelemy": "saint_barthelemy",
    "America/Marigot": "saint_martin",
    "Pacific/Tahiti": "tahiti",
    "Pacific/Wallis": "wallis",
    "Pacific/Noumea": "noumea",
}
_QUOTAS = (
    "questions_per_day",
    "questions_per_person",
    "tokens_per_day",
    "tokens_per_month",
    "documents",
    "storage_mb",
    "concurrent_answers",
    "concurrent_per_person",
)
_MOST_DAYS = 36_500
_TEXT_CHARS = 20_000
_DEFAULT_COLOUR = "#000091"


def fields(
    tenant: TenantOut | None, *, others: Mapping[str, str], is_platform: bool
) -> dict[str, Any]:
    """Draw the form.

    Args:
        tenant: The organisation to change; None for a new one.
        others: Names of the organisations that it may be put below, by id.
        is_platform: True for the platform's administrators, who also set name, numbers and quotas.

    Returns:
        What is filled in, under the names of the API.
    """
    key = tenant.id if tenant else "new"
    given: dict[str, Any] = {}
    if is_platform:
        given |= _identity(tenant, others, key=key)
    given |= _look(tenant, key=key)
    given |= _rules(tenant, key=key)
    if is_platform:
        given["allowed_models"] = _models(tenant, key=key)
        given["quotas"] = _quotas(tenant.quotas if tenant else QuotasIO(), key=key)
    return given


def changed(tenant: TenantOut, given: Mapping[str, Any]) -> dict[str, Any]:
    """What of a filled-in form differs from the organisation; empty strings take a value away."""
    before: dict[str, Any] = {
        **tenant.model_dump(),
        "parent_id": tenant.parent_id or "",
        "retention_days": tenant.retention_days or 0,
        "quotas": tenant.quotas,
    }
    differs = {name: value for name, value in given.items() if value != before[name]}
    if set(given.get("sirets", [])) == set(tenant.sirets):
        differs.pop("sirets", None)
    return differs


def _identity(tenant: TenantOut | None, others: Mapping[str, str], *, key: str) -> dict[str, Any]:
    st.subheader(text("tenants.identity"), anchor=False)
    kind = st.selectbox(
        text("tenants.kind"),
        _KINDS,
        index=_KINDS.index(tenant.kind) if tenant else 0,
        format_func=lambda each: text(f"organisation_kind.{each}"),
        key=f"kind-{key}",
    )
    name = st.text_input(
        text("tenants.name"),
        value=tenant.name if tenant else "",
        placeholder=text("tenants.name_hint"),
        max_chars=200,
        key=f"name-{key}",
    )
    parents = ["", *others]
    parent = tenant.parent_id if tenant and tenant.parent_id in others else ""
    parent_id = st.selectbox(
        text("tenants.parent"),
        parents,
        index=parents.index(parent or ""),
        format_func=lambda each: others.get(each, text("tenants.no_parent")),
        help=text("tenants.parent_help"),
        key=f"parent-{key}",
    )
    siren = st.text_input(
        text("tenants.siren"),
        value=tenant.siren if tenant else "",
        help=text("tenants.siren_help"),
        key=f"siren-{key}",
    )
    sirets = st.text_area(
        text("tenants.sirets"),
        value="\n".join(tenant.sirets) if tenant else "",
        help=text("tenants.sirets_help"),
        height=100,
        key=f"sirets-{key}",
    )
    return {
        "kind": kind,
        "name": name.strip(),
        "parent_id": parent_id,
        "siren": "".join(siren.split()),
        "sirets": numbers(sirets),
    }


def numbers(written: str) -> list[str]:
    """The numbers of a text, one a line or between commas, spaces inside them left out."""
    lines = written.replace(",", "\n").replace(";", "\n").splitlines()
    return [number for number in ("".join(each.split()) for each in lines) if number]


def _look(tenant: TenantOut | None, *, key: str) -> dict[str, Any]:
    st.subheader(text("tenants.look"), anchor=False)
    colour = st.color_picker(
        text("tenants.colour"),
        value=tenant.colour if tenant else _DEFAULT_COLOUR,
        help=text("tenants.colour_help"),
        key=f"colour-{key}",
    )
    current = tenant.time_zone if tenant else "Europe/Paris"
    zones = list(dict.fromkeys([*_ZONES, current]))
    zone = st.selectbox(
        text("tenants.time_zone"),
        zones,
        index=zones.index(current),
        format_func=lambda each: text(f"zone.{_ZONES[each]}") if each in _ZONES else each,
        key=f"zone-{key}",
    )
    welcome = st.text_area(
        text("tenants.welcome"),
        value=tenant.welcome if tenant else "",
        help=text("tenants.welcome_help"),
        max_chars=_TEXT_CHARS,
        height=100,
        key=f"welcome-{key}",
    )
    return {"colour": colour, "time_zone": zone, "welcome": welcome.strip()}


def _rules(tenant: TenantOut | None, *, key: str) -> dict[str, Any]:
    st.subheader(text("tenants.rules"), anchor=False)
    charter = st.text_area(
        text("tenants.charter"),
        value=tenant.charter_text if tenant else "",
        help=text("tenants.charter_help"),
        max_chars=_TEXT_CHARS,
        height=160,
        key=f"charter-{key}",
    )
    days = st.number_input(
        text("tenants.retention"),
        min_value=0,
        max_value=_MOST_DAYS,
        value=(tenant.retention_days or 0) if tenant else 0,
        help=text("tenants.retention_help"),
        key=f"retention-{key}",
    )
    return {"charter_text": charter.strip(), "retention_days": days}


def _models(tenant: TenantOut | None, *, key: str) -> list[str]:
    written = st.text_area(
        text("tenants.models"),
        value="\n".join(tenant.allowed_models) if tenant else "",
        help=text("tenants.models_help"),
        height=80,
        key=f"models-{key}",
    )
    return list(dict.fromkeys(filter(None, map(str.strip, (written or "").splitlines()))))


def _quotas(quotas: QuotasIO, *, key: str) -> QuotasIO:
    st.subheader(text("tenants.quotas"), anchor=False)
    st.caption(text("tenants.quotas_text"))
    given: dict[str, int | None] = {}
    columns = st.columns(2)
    for place, name in enumerate(_QUOTAS):
        with columns[place % 2]:
            value: int | None = getattr(quotas, name)
            given[name] = st.number_input(
                text(f"quota.{name}"),
                min_value=0,
                value=value,
                placeholder=text("tenants.no_limit"),
                key=f"quota-{name}-{key}",
            )
    return QuotasIO(**given)
