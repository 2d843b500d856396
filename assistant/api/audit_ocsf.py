"""Entries of the audit log as events of the Open Cybersecurity Schema Framework, version 1.3.0.

Classes: API Activity (6003), Authentication (3002), Account Change (3001). What OCSF has no place
for stands under `unmapped`. The address of a caller is not kept, so `src_endpoint` only says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from assistant.domain.audit import REFUSALS, Act
from assistant.domain.audit_chain import AuditEntry

OCSF_VERSION: Final = "1.3.0"
_PRODUCT: Final = "Assistant régional"
_API, _AUTHENTICATION, _ACCOUNT = 6003, 3002, 3001
_CLASSES: Final = {
    _API: ("API Activity", 6, "Application Activity"),
    _AUTHENTICATION: ("Authentication", 3, "Identity & Access Management"),
    _ACCOUNT: ("Account Change", 3, "Identity & Access Management"),
}
_OTHER: Final = 99
_INFORMATIONAL, _LOW = 1, 2
_UNAUTHENTICATED: Final = 401
_VERBS: Final = {
    "created": (1, "Create"),
    "read": (2, "Read"),
    "verified": (2, "Read"),
    "listed": (2, "Read"),
    "resolved": (2, "Read"),
    "exported": (2, "Read"),
    "changed": (3, "Update"),
    "replaced": (3, "Update"),
    "renamed": (3, "Update"),
    "asked": (3, "Update"),
    "decided": (3, "Update"),
    "cancelled": (3, "Update"),
    "retried": (3, "Update"),
    "moved": (3, "Update"),
    "added": (3, "Update"),
    "removed": (3, "Update"),
    "deleted": (4, "Delete"),
    "erased": (4, "Delete"),
    "revoked": (4, "Delete"),
}


@dataclass(frozen=True, slots=True)
class _Kind:
    class_uid: int
    activity_id: int
    activity: str


_KINDS: Final = {
    Act.SIGNED_IN: _Kind(_AUTHENTICATION, 1, "Logon"),
    Act.SIGN_IN_REFUSED: _Kind(_AUTHENTICATION, 1, "Logon"),
    Act.SIGNED_OUT: _Kind(_AUTHENTICATION, 2, "Logoff"),
    Act.PERSON_INVITED: _Kind(_ACCOUNT, 1, "Create"),
    Act.PERSON_JOINED: _Kind(_ACCOUNT, 2, "Enable"),
    Act.PERSON_RESTORED: _Kind(_ACCOUNT, 2, "Enable"),
    Act.SESSIONS_ENDED: _Kind(_AUTHENTICATION, 2, "Logoff"),
    Act.PERSON_SUSPENDED: _Kind(_ACCOUNT, 5, "Disable"),
    Act.INVITATION_WITHDRAWN: _Kind(_ACCOUNT, 6, "Delete"),
    Act.PASSWORD_SET: _Kind(_ACCOUNT, 3, "Password Change"),
    Act.PASSWORD_CHANGED: _Kind(_ACCOUNT, 3, "Password Change"),
    Act.PASSWORD_RESET: _Kind(_ACCOUNT, 4, "Password Reset"),
    Act.PASSWORD_LINKED: _Kind(_ACCOUNT, _OTHER, Act.PASSWORD_LINKED.value),
    Act.PERSON_CHANGED: _Kind(_ACCOUNT, _OTHER, Act.PERSON_CHANGED.value),
    Act.CHARTER_ACCEPTED: _Kind(_ACCOUNT, _OTHER, Act.CHARTER_ACCEPTED.value),
}


def event_of(entry: AuditEntry, *, with_chain: bool) -> dict[str, Any]:
    """An entry as one event; its texts are ids and words only.

    Args:
        entry: The entry.
        with_chain: True to tell its place and hashes.
    """
    kind = _kind_of(entry)
    name, category, category_name = _CLASSES[kind.class_uid]
    is_refusal = entry.act in REFUSALS
    event: dict[str, Any] = {
        "class_uid": kind.class_uid,
        "class_name": name,
        "category_uid": category,
        "category_name": category_name,
        "activity_id": kind.activity_id,
        "activity_name": kind.activity,
        "type_uid": kind.class_uid * 100 + kind.activity_id,
        "type_name": f"{name}: {kind.activity}",
        "time": int(entry.moment.timestamp() * 1000),
        "severity_id": _LOW if is_refusal else _INFORMATIONAL,
        "severity": "Low" if is_refusal else "Informational",
        "status_id": 2 if is_refusal else 1,
        "status": "Failure" if is_refusal else "Success",
        "message": entry.act,
        "metadata": _metadata(entry, with_chain=with_chain),
        "actor": {"user": _user(entry.actor, tenant=entry.tenant)},
        **_of_class(entry, kind),
        "unmapped": _unmapped(entry, with_chain=with_chain),
    }
    facts = entry.facts
    if "code" in facts:
        event["status_code"] = str(facts["code"])
    if isinstance(facts.get("count"), int) and is_refusal:
        event["count"] = facts["count"]
    return event


def _kind_of(entry: AuditEntry) -> _Kind:
    if entry.act == Act.REFUSED:
        is_unknown = entry.facts.get("status") == _UNAUTHENTICATED
        return _Kind(_AUTHENTICATION if is_unknown else _API, _OTHER, entry.act)
    for act, kind in _KINDS.items():
        if entry.act == act:
            return kind
    activity_id, activity = _VERBS.get(entry.act.rpartition(".")[2], (_OTHER, entry.act))
    return _Kind(_API, activity_id, activity)


def _of_class(entry: AuditEntry, kind: _Kind) -> dict[str, Any]:
    """What an event of this class must have beside the rest."""
    if entry.act == Act.SIGN_IN_REFUSED:
        user = _user(entry.subject, tenant=entry.tenant)
        return {"user": user, "service": {"name": _PRODUCT}, "is_remote": True}
    if kind.class_uid == _AUTHENTICATION:
        user = _user(entry.actor, tenant=entry.tenant)
        session = {"session": {"uid": entry.subject}} if entry.subject else {}
        return {"user": user, "service": {"name": _PRODUCT}, "is_remote": True, **session}
    if kind.class_uid == _ACCOUNT:
        target = entry.actor if entry.act == Act.PERSON_JOINED else entry.subject
        return {"user": _user(target, tenant=entry.tenant)}
    resource: dict[str, Any] = {"type": entry.act.partition(".")[0]}
    if entry.subject:
        resource["uid"] = entry.subject
    return {
        "api": {"operation": entry.act, "service": {"name": _PRODUCT}},
        "resources": [resource],
        "src_endpoint": {"name": "not_recorded"},
    }


def _user(pseudonym: str, *, tenant: str) -> dict[str, Any]:
    is_system = pseudonym == "system"
    user: dict[str, Any] = {
        "uid": pseudonym or "unknown",
        "type_id": 3 if is_system else 1 if pseudonym else 0,
        "type": "System" if is_system else "User" if pseudonym else "Unknown",
    }
    if tenant:
        user["org"] = {"uid": tenant}
    return user


def _metadata(entry: AuditEntry, *, with_chain: bool) -> dict[str, Any]:
    place = {"sequence": entry.number} if with_chain else {}
    return {
        "version": OCSF_VERSION,
        "product": {
            "name": _PRODUCT,
            "vendor_name": _PRODUCT,
            "version": version("assistant-regional"),
        },
        "log_name": "audit",
        "event_code": entry.act,
        "uid": entry.id,
        "original_time": entry.time,
        **place,
    }


def _unmapped(entry: AuditEntry, *, with_chain: bool) -> dict[str, Any]:
    chain = {"previous": entry.previous, "hash": entry.hash} if with_chain else {}
    held = {"tenant": entry.tenant, "subject": entry.subject, "details": entry.facts}
    return {**held, **chain}
