"""Generated requests as each role: no error of ours, and no answer that the description does not have."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks as own_checks
from schemathesis.specs.openapi import checks as described_checks

from assistant.api.app import openapi_text
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Permission, Role
from tests.api.site import TOKEN, Site, open_site, served
from tests.api.walking import new_tenant

CHECKS: list[Any] = [
    vars(own_checks)["not_a_server_error"],
    vars(described_checks)["status_code_conformance"],
    vars(described_checks)["content_type_conformance"],
    vars(described_checks)["response_schema_conformance"],
]
SAMPLED, FULL = 2, 100
ONE_IN = {"nobody": 6, "agent": 6, "auditor": 6, "tenant_admin": 2, "platform_admin": 2}
"""Unless at full scale, a role asks one in so many operations; those who may most ask all between them."""
ROLES = {
    "agent": ({Role.AGENT}, {Permission.READ, Permission.ASK}),
    "auditor": ({Role.AGENT, Role.AUDITOR}, {Permission.READ}),
    "tenant_admin": ({Role.AGENT, Role.TENANT_ADMIN}, set(Permission)),
}


def credential(site: Site, role: str) -> dict[str, str]:
    """The header of a caller of this role; keys, which no generated sign-out ends."""
    if role == "nobody":
        return {}
    if role == "platform_admin":
        return {"Authorization": f"Bearer {TOKEN}"}
    roles, permissions = ROLES[role]
    tenant_id: TenantId = new_tenant(site, "Commune")
    principal = site.joined(role, tenant_id, *roles)
    keys = site.container.organisation.keys
    _, secret = keys.create(
        "Essais", permissions=frozenset(permissions), days=2, principal=principal
    )
    return {"Authorization": f"Bearer {secret}"}


@cache
def description() -> Any:
    """The API as it describes itself; read once."""
    return schemathesis.openapi.from_dict(json.loads(openapi_text()))


def check_operation(operation: Any, *, url: str, headers: dict[str, str], count: int) -> None:
    @settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=30)

    check()


@pytest.mark.parametrize("role", ["nobody", *ROLES, "platform_admin"])
def test_every_answer_is_described(tmp_path: Path, full_scale: bool, role: str) -> None:
    site = open_site(tmp_path / "data")
    faults: list[str] = []
    try:
        with served(site) as url:
            headers = credential(site, role)
            for found in description().get_all_operations():
                operation = found.ok()
                count = FULL if full_scale else SAMPLED
                turn = crc32(operation.label.encode()) % ONE_IN[role]
                if not full_scale and turn != (role == "platform_admin"):
                    continue
                try:
                    check_operation(operation, url=f"{url}/api", headers=headers, count=count)
                except BaseExceptionGroup as group:
                    faults += [f"{operation.label}: {each}" for each in group.exceptions]
    finally:
        site.close()

    assert "\n".join(faults) == ""
