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
    QUESTIONS_KEPT = "questions.kept"
    """A tenant keeps the questions that nothing answers from now on."""
    QUESTIONS_DROPPED = "questions.dropped"
    """It does not any more; those that it kept are forgotten."""
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
    SESSIONS_ENDED = "person.signed_out"
    """An administrator ended all sessions of a person."""
    JOB_CREATED = "job.created"
    """Files were announced, or documents asked to be read again; `kind` says which."""
    JOB_CANCELLED = "job.cancelled"
    JOB_RETRIED = "job.retried"
    DOCUMENT_ADDED = "document.added"
    """A new document's content was taken."""
    DOCUMENT_REPLACED = "document.replaced"
    """Another content was taken for a document that is known."""
    DOCUMENT_DELETED = "document.deleted"
    DOCUMENT_RENAMED = "document.renamed"
    """Its source now has it under another name; nothing else changed."""
    DOCUMENT_ERASED = "document.erased"
    """A document was deleted with all that is kept of it elsewhere."""
    DOCUMENT_CORRECTED = "document.corrected"
    """Its title, kind or date was put right, or left to the reading again."""
    DOCUMENT_EXCLUDED = "document.excluded"
    DOCUMENT_INCLUDED = "document.included"
    """It was excluded before."""
    ORIGINAL_READ = "original.read"
    """A file was downloaded as it was received, by a key or by somebody who is more than an agent."""
    SOURCE_ADDED = "source.created"
    SOURCE_CHANGED = "source.changed"
    SOURCE_REMOVED = "source.deleted"
    SOURCE_RUN_ASKED = "source.asked"
    """A plan or a run of a source was asked for, by a person or its schedule; `kind` says which."""
    SOURCE_RUN_CANCELLED = "source.cancelled"
    SOURCE_FILE_LET_IN = "source.let_in"
    """A file whose document was erased may be taken again."""
    SOURCE_PLAN_DECIDED = "source.decided"
    """A plan that removes more than its source may by itself was approved or refused."""
    LINK_DECIDED = "link.decided"
    """A link between two documents was confirmed or rejected."""
    QUESTIONS_IMPORTED = "question_set.created"
    QUESTIONS_DELETED = "question_set.deleted"
    EVALUATION_STARTED = "evaluation.created"
    EVALUATION_CANCELLED = "evaluation.cancelled"
    GENERATION_PLANNED = "generation.planned"
    GENERATION_BUILT = "generation.built"
    """Its building was asked for."""
    GENERATION_CANCELLED = "generation.cancelled"
    GENERATION_EVALUATED = "generation.evaluated"
    """Its evaluation was asked for."""
    GENERATION_TRIAL_STOPPED = "generation.evaluation_stopped"
    GENERATION_SWITCHED = "generation.switched"
    """It is searched from then on; `verdict` is what its evaluation said."""
    GENERATION_ROLLED_BACK = "generation.rolled_back"
    """The previous one is searched again."""
    GENERATION_REMOVED = "generation.removed"
    PERSON_READ = "person.read"
    """Somebody looked at another person's record."""
    PEOPLE_LISTED = "people.listed"
    PERSON_RESOLVED = "person.resolved"
    """A pseudonym of the audit log was turned into a person."""
    CONVERSATIONS_LISTED = "conversations.listed"
    """An auditor looked at how many conversations there are, and of whom."""
    CONVERSATION_READ = "conversation.read"
    """An auditor read the conversation of somebody, for a reason that its person sees."""
    INDEX_VERIFIED = "index.verified"
    """Database, index and files were compared; `repair` says whether to be mended."""
    CONVERSATIONS_EXPIRED = "conversations.expired"
    """Those that were not used for longer than their tenant keeps them were erased."""
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_VERIFIED = "audit.verified"
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
        Act.SESSIONS_ENDED,
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

REFUSALS = frozenset({Act.REFUSED, Act.SIGN_IN_REFUSED})
"""Acts that were tried, and not done; in a flood, who tried may go untold."""

REPEATED = REFUSALS | {
    Act.PERSON_READ,
    Act.PEOPLE_LISTED,
    Act.CONVERSATIONS_LISTED,
    Act.ORIGINAL_READ,
}
"""Acts that anybody can repeat at will; the log counts them instead of keeping each."""
