"""Sign-ins that were refused, told to the audit log of whom they were tried for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from assistant.domain.audit import Act
from assistant.domain.people import Person
from assistant.ports.audit import AuditTrail
from assistant.services.audit_trail import NOBODY


class Way(StrEnum):
    """How somebody tried to sign in."""

    PASSWORD = "password"  # noqa: S105 - a word of the log
    PASSWORD_LINK = "password_link"  # noqa: S105 - see above
    LINK = "link"
    INVITATION = "invitation"
    PROVIDER = "provider"


def tell_refusal(
    audit: AuditTrail, code: str, *, way: Way, people: Sequence[Person] = (), provider: str = ""
) -> None:
    """Record that nobody was let in; by pseudonyms only.

    Args:
        audit: Takes it.
        code: Why, as the problem says.
        way: How it was tried.
        people: For whom, as far as that is known; each of their tenants is told.
        provider: Id of the identity provider, if there was one.
    """
    details = {"code": code, "way": way.value, **({"provider": provider} if provider else {})}
    for person in people:
        audit.record(
            Act.SIGN_IN_REFUSED,
            by=NOBODY,
            tenant_id=person.tenant_id,
            subject=person.id,
            details=details,
        )
    if not people:
        audit.record(Act.SIGN_IN_REFUSED, by=NOBODY, tenant_id=NOBODY.tenant_id, details=details)
