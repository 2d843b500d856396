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
    TENANT_EXPORTED = "tenant.exported"
    """All of it was written to a file, for it to leave."""
    TENANT_IMPORTED = "tenant.imported"
    PERSON_INVITED = "person.invited"
    PERSON_JOINED = "person.joined"
    """An invitation was accepted."""
    PERSON_CHANGED = "person.changed"
    PERSON_SUSPENDED = "person.suspended"
    PERSON_RESTORED = "person.restored"
    INVITATION_WITHDRAWN = "invitation.withdrawn"
    CHARTER_ACCEPTED = "charter.accepted"
    CONSENT_CHANGED = "consent.changed"
    """A person said whether its conversations may leave with its tenant."""
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
    PERSON_READ = "person.read"
    """Somebody looked at another person's record."""
    PEOPLE_LISTED = "people.listed"
    PERSON_RESOLVED = "person.resolved"
    """A pseudonym of the audit log was turned into a person."""
    AUDIT_EXPORTED = "audit.exported"
    PASSWORD_SET = "password.set"  # noqa: S105 - the word of an act
    """The first one, with the invitation."""
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the word of an act
    """By its person, who knew the former one."""
    PASSWORD_RESET = "password.reset"  # noqa: S105 - the word of an act
    """By a single-use link."""
    PASSWORD_LINKED = "password.linked"  # noqa: S105 - the word of an act
    """An administrator made such a link."""
    SIGNED_IN = "session.opened"
    SIGNED_OUT = "session.closed"
    SIGN_IN_REFUSED = "session.refused"
    """Somebody tried to sign in; the subject is whom it was tried for, as far as that is known."""
    REFUSED = "access.refused"


ABOUT_PEOPLE = frozenset(
    {
        Act.PERSON_INVITED,
        Act.PERSON_CHANGED,
        Act.PERSON_SUSPENDED,
        Act.PERSON_RESTORED,
        Act.PERSON_READ,
        Act.PERSON_RESOLVED,
        Act.INVITATION_WITHDRAWN,
        Act.CHARTER_ACCEPTED,
        Act.CONSENT_CHANGED,
        Act.PASSWORD_SET,
        Act.PASSWORD_CHANGED,
        Act.PASSWORD_RESET,
        Act.PASSWORD_LINKED,
        Act.SIGN_IN_REFUSED,
    }
)
"""Acts whose subject is a person; the log names it by its pseudonym, or not at all."""

REPEATED = frozenset({Act.REFUSED, Act.SIGN_IN_REFUSED, Act.PERSON_READ, Act.PEOPLE_LISTED})
"""Acts that anybody can repeat at will; the log counts them instead of keeping each."""
