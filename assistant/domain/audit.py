"""The acts that an audit log has to tell."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """What was done; `subject.verb`."""

    TENANT_CREATED = "tenant.created"
    TENANT_CHANGED = "tenant.changed"
    TENANT_MOVED = "tenant.moved"
    """It changed its state."""
    TENANT_ERASED = "tenant.erased"
    PERSON_INVITED = "person.invited"
    PERSON_JOINED = "person.joined"
    """An invitation was accepted."""
    PERSON_CHANGED = "person.changed"
    PERSON_SUSPENDED = "person.suspended"
    PERSON_RESTORED = "person.restored"
    INVITATION_WITHDRAWN = "invitation.withdrawn"
    CHARTER_ACCEPTED = "charter.accepted"
    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    GROUP_DELETED = "group.deleted"
    MEMBER_ADDED = "member.added"
    MEMBER_REMOVED = "member.removed"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    COLLECTION_CREATED = "collection.created"
    COLLECTION_CHANGED = "collection.changed"
    COLLECTION_DELETED = "collection.deleted"
    SIGNED_IN = "session.opened"
    SIGNED_OUT = "session.closed"
    REFUSED = "access.refused"
