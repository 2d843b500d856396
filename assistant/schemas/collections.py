"""Collections: sets of documents and who reads them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.schemas.wire import Wire

AudienceName = Literal["tenant", "groups", "everyone", "tenants", "descendants"]


class CollectionChangeIn(Wire):
    """What to change of a collection; what is left out, or null, stays as it is."""

    name: str | None = None
    label: str | None = None
    """Classification shown with every passage; empty for none."""
    audience: AudienceName | None = None
    """Who reads it: its tenant · some groups · every tenant · listed tenants · the tenants below."""
    groups: list[str] | None = Field(default=None, max_length=1000)
    """Ids, for the audience "groups"."""
    tenants: list[str] | None = Field(default=None, max_length=1000)
    """Ids, for the audience "tenants"."""


class CollectionOut(Wire):
    """A collection that one may read."""

    id: str
    tenant_id: str
    """Its owner, perhaps another tenant that shares it."""
    name: str
    label: str
    is_own: bool
    """True when one's own tenant owns it."""


class CollectionDetail(Wire):
    """A collection that one administers."""

    id: str
    tenant_id: str
    name: str
    label: str
    audience: AudienceName
    groups: list[str]
    tenants: list[str]
