"""Organisations of their own on one running service, so that walks share it without meeting."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from playwright.sync_api import BrowserContext, Page

from assistant.schemas.people import InvitationIn
from assistant.schemas.tenants import TenantIn
from assistant.schemas.wire import SESSION_COOKIE
from tests.e2e.browser import Product


@dataclass(frozen=True)
class Office(Product):
    """An organisation; the client speaks for its administrator."""

    tenant_id: str
    session: str
    """Of the administrator."""

    def open(self, context: BrowserContext, path: str = "") -> Page:
        """A page of the administrator, who has signed in."""
        context.add_cookies([{"name": SESSION_COOKIE, "value": self.session, "url": self.url}])
        page = context.new_page()
        page.goto(f"{self.url}/{path}")
        return page


def open_office(service: Product, asked: TenantIn) -> Office:
    """Make an organisation whose administrator has accepted the invitation.

    Args:
        service: The client speaks for the platform.
        asked: The organisation; its name is no other's.
    """
    tenant = service.client.create_tenant(asked)
    invited = InvitationIn(name="Camille", email="camille@office.example", roles=["tenant_admin"])
    made = service.client.invite(invited, tenant_id=tenant.id)
    answer = httpx.post(made.url, trust_env=False)
    session = answer.cookies[SESSION_COOKIE]
    return Office(service.url, service.client.with_cookie(session), tenant.id, session)
