from __future__ import annotations

import json

import pytest

from assistant.adapters.audit.log import LogAuditTrail
from assistant.domain.audit import Act
from assistant.domain.ids import PersonId, TenantId
from assistant.domain.tenancy import Principal, Role
from assistant.logs import configure_logs


@pytest.mark.usefixtures("restored_logs")
@pytest.mark.parametrize("verbose", [True, False])
def test_an_act_is_a_line_of_the_log_whatever_its_level(
    verbose: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logs(verbose=verbose)
    by = Principal(PersonId("p"), TenantId("t"), frozenset({Role.AGENT}))

    LogAuditTrail().record(
        Act.PERSON_SUSPENDED, by=by, tenant_id=TenantId("u"), subject="q", details={"version": 2}
    )

    out, err = capfd.readouterr()
    line = json.loads(err)
    del line["timestamp"]
    assert out == ""
    assert line == {
        "event": "audit",
        "level": "info",
        "act": "person.suspended",
        "by": "p",
        "by_tenant": "t",
        "by_key": False,
        "tenant_id": "u",
        "subject": "q",
        "version": 2,
    }
