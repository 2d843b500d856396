"""The one check of what a role allows."""

from __future__ import annotations

from assistant.domain.errors import Forbidden
from assistant.domain.tenancy import Principal


def require_admin(principal: Principal) -> None:
    """Let administrators of the tenant through.

    Raises:
        Forbidden: The principal is not one.
    """
    if not principal.is_admin:
        raise Forbidden
