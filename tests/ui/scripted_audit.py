"""An API in memory for the page of the audit log: some entries, and what is known of their chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.schemas.audit import AuditChainOut, AuditEntryOut, AuditPageOut, ResolvedPersonOut
from tests.ui.scripted import NOW
from tests.ui.scripted_organisation import OrganisingClient

Wanted = Mapping[str, str | list[str]]


def entry(number: int, act: str = "group.created", **changes: object) -> AuditEntryOut:
    values: dict[str, object] = {
        "id": f"e-{number}",
        "time": NOW,
        "act": act,
        "tenant_id": "region",
        "actor": "pseudonyme-un",
        "subject": f"s-{number}",
        "details": {},
        "is_refused": False,
        "concerned": "",
    }
    return AuditEntryOut.model_validate(values | changes)


def chain(**changes: object) -> AuditChainOut:
    values: dict[str, object] = {
        "verified_at": NOW,
        "is_whole": True,
        "head_noted_at": NOW,
        "are_heads_readable": True,
        "may_verify": False,
    }
    return AuditChainOut.model_validate(values | changes)


@dataclass
class AuditingClient(OrganisingClient):
    """As `OrganisingClient`; what is asked of the log is noted in `asked`."""

    entries: list[AuditEntryOut] = field(default_factory=lambda: [entry(1)])
    state: AuditChainOut = field(default_factory=chain)
    asked: list[tuple[dict[str, str | list[str]], str]] = field(
        default_factory=list[tuple[dict[str, str | list[str]], str]]
    )

    def audit_page(self, wanted: Wanted, *, before: str = "", limit: int = 50) -> AuditPageOut:
        self._check()
        self.asked.append((dict(wanted), before))
        ids = [each.id for each in self.entries]
        first = ids.index(before) + 1 if before else 0
        shown = self.entries[first : first + limit]
        has_more = len(self.entries) > first + limit
        return AuditPageOut(entries=shown, next=shown[-1].id if has_more else None)

    def audit_chain(self) -> AuditChainOut:
        return self.state

    def verify_audit(self) -> AuditChainOut:
        self._note("verify")
        self.state = chain(may_verify=True, entries=12)
        return self.state

    def resolve_pseudonym(self, pseudonym: str) -> ResolvedPersonOut:
        self._note("resolve", pseudonym)
        return ResolvedPersonOut(
            person_id="p", tenant_id="region", name="Zoé <Payet>", email="zoe@exemple.fr"
        )
