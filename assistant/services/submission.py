"""What a source announces, and the plan: what would change for each of its files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from assistant.domain.catalogue import sentences
from assistant.domain.documents import Document, Reason
from assistant.domain.errors import InvalidInput, QuotaExceeded
from assistant.domain.french import french_number
from assistant.domain.ids import CollectionId, DocumentId
from assistant.domain.jobs import ItemState
from assistant.services.fingerprints import Standing
from assistant.services.names import displayed_name, is_printable, is_safe_name, normalised_name
from ingest.limits import MEGABYTE

_SOURCE_CHARS = 1000
UPLOAD = "upload"
"""Label of the source of files that are sent one by one, from the pages or by programs."""
ORIGINAL_LOST = "original_lost"
"""Code of a document whose kept content is gone: its source is to send it again."""
FOLDER_UNREADABLE = "folder_unreadable"
"""Code of a folder that the caller cannot list: told in the job, and no document of its own."""


@dataclass(frozen=True, slots=True)
class AnnouncedFile:
    """A file that a source holds."""

    name: str
    """Relative to the source, with forward slashes."""
    sha256: str
    """Of its content, hexadecimal."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Renaming:
    """A known content that its source now has under another name, and no longer under the old one."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A request to bring the index in line with the files of a source."""

    source: str
    """Label: "upload", or the absolute path of a folder."""
    files: tuple[AnnouncedFile, ...]
    collection_id: CollectionId | None = None
    """None takes the default collection."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """(name, code) of files and folders that the caller cannot open; recorded as failed."""
    is_complete: bool = False
    """True when `files` is all the source holds: documents it no longer names are deleted."""
    may_empty: bool = False
    """True when a complete source that holds nothing is meant, and no disk that was not mounted."""
    may_remove: bool = False
    """True when a person confirmed that a large share of the documents goes."""
    is_of_look: bool = False
    """True when a look at the source itself announces this; it asks for approvals on its own."""
    renamed: tuple[Renaming, ...] = ()
    """Documents that are kept under another name, as they are unless `files` names that one too."""
    removed: tuple[str, ...] = ()
    """Names that a source that is not told whole is known to hold no longer."""
    received: frozenset[str] = frozenset()
    """Contents that the caller itself put into the file store: they need not be sent again."""

    @property
    def names(self) -> frozenset[str]:
        """All names that it speaks of, as they are kept."""
        spoken = [
            *(file.name for file in self.files),
            *(name for name, _ in self.unreadable),
            *(name for each in self.renamed for name in (each.old, each.new)),
            *self.removed,
        ]
        return frozenset(map(normalised_name, spoken))


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """What is to be done for one file."""

    name: str
    state: ItemState
    sha256: str = ""
    size_bytes: int = 0
    document: Document | None = None
    """Known under this name before, None for a new one."""
    reason: Reason | None = None
    """Set if and only if the state is FAILED."""
    is_renamed: bool = False
    """True when its document bears another name still, and is to take this one."""
    is_served: bool = False
    """True when it is UNCHANGED because its announced content is served already."""


@dataclass(frozen=True, slots=True)
class KnownSource:
    """What is known of a source before a submission."""

    documents: Mapping[str, Document]
    """By name."""
    fingerprints: Mapping[DocumentId, str]
    """Of the live version of each document that has one."""


def check_request(request: Submission, *, most_files: int | None = None) -> None:
    """Check what a caller announces, before anything is looked up.

    Args:
        request: The announcement.
        most_files: How many files it may name; None is any number.

    Raises:
        InvalidInput: Bad source label, or an unknown code among the unreadable files.
        QuotaExceeded: It names too many files ("quota_announced_files").
    """
    count = len(request.files) + len(request.unreadable)
    if most_files is not None and count > most_files:
        raise QuotaExceeded(
            "quota_announced_files",
            retry_after_s=None,
            count=french_number(count),
            limit=french_number(most_files),
        )
    if not 0 < len(request.source) <= _SOURCE_CHARS or not is_printable(request.source):
        raise InvalidInput("source_invalid")
    unknown = {code for _, code in request.unreadable} - sentences().keys()
    if unknown:
        raise InvalidInput("invalid_input", detail=f"code inconnu « {min(unknown)} ».")


def plan_of(
    submission: Submission,
    *,
    known: KnownSource,
    standing: Standing,
    is_kept: Callable[[str], bool],
    max_file_bytes: int,
) -> list[PlannedFile]:
    """The difference between what a source announces and what is known of it.

    Two files of one name (after Unicode normalisation): the first counts, the others fail. An
    unsafe name fails alone. A file that could not be opened keeps its document.

    Args:
        submission: The announcement.
        known: Documents and fingerprints of the source.
        standing: Fingerprints of the readings of a content that need not be made again.
        is_kept: True when the file store holds a content that this source need not send.
        max_file_bytes: Largest content that is taken.

    Returns:
        One entry per renamed, announced or unreadable file, then one REMOVED per document to delete.
    """
    seen: set[str] = set()
    sent = {normalised_name(file.name) for file in submission.files}
    moved, kept = _split(submission.renamed, sent=sent, known=known)
    seen.update(moved.values())
    plan = list(_renamed(kept, seen=seen, known=known))
    plan += [
        _refused(name, seen=seen, known=known, code=code) for name, code in submission.unreadable
    ]
    for file in submission.files:
        plan.append(
            _announced(
                file,
                seen=seen,
                known=known,
                old_name=moved.get(normalised_name(file.name)),
                standing=standing,
                is_kept=is_kept,
                max_file_bytes=max_file_bytes,
            )
        )
    gone = known.documents if submission.is_complete else submission.removed
    plan.extend(_removed(gone, known=known, seen=seen))
    return plan


def _split(
    renamed: Iterable[Renaming], *, sent: Collection[str], known: KnownSource
) -> tuple[dict[str, str], list[Renaming]]:
    """Old names, by new one, of known documents that get a content too; and the other renamings."""
    moved: dict[str, str] = {}
    others: list[Renaming] = []
    for each in renamed:
        if each.new not in sent:
            others.append(each)
        elif each.old in known.documents and each.new not in known.documents:
            moved[each.new] = each.old
    return moved, others


def _renamed(
    renamed: Iterable[Renaming], *, seen: set[str], known: KnownSource
) -> Iterator[PlannedFile]:
    """Known documents under their new names; what is unknown or taken meanwhile is passed over."""
    for each in renamed:
        document = known.documents.get(each.old)
        if document is None or each.new in known.documents or _name_fault(each.new, seen=seen):
            continue
        seen.update((each.old, each.new))
        yield PlannedFile(
            each.new,
            ItemState.UNCHANGED,
            document.sha256,
            document.size_bytes,
            document,
            is_renamed=True,
        )


def _announced(
    file: AnnouncedFile,
    *,
    seen: set[str],
    known: KnownSource,
    old_name: str | None,
    standing: Standing,
    is_kept: Callable[[str], bool],
    max_file_bytes: int,
) -> PlannedFile:
    name = normalised_name(file.name)
    code = _name_fault(name, seen=seen)
    if code is not None:
        return PlannedFile(displayed_name(name), ItemState.FAILED, reason=Reason(code, {}))
    seen.add(name)
    document = known.documents.get(old_name or name)
    if file.size_bytes > max_file_bytes:
        reason = too_large(file.size_bytes, max_file_bytes=max_file_bytes)
        return PlannedFile(name, ItemState.FAILED, document=document, reason=reason)
    state = ItemState.AWAITING_FILE
    if document is not None and _is_served(document, file, known, standing(file.sha256)):
        state = ItemState.UNCHANGED
    elif is_kept(file.sha256):
        state = ItemState.PENDING
    return PlannedFile(
        name,
        state,
        file.sha256,
        file.size_bytes,
        document,
        is_renamed=old_name is not None,
        is_served=state is ItemState.UNCHANGED,
    )


def _is_served(
    document: Document, file: AnnouncedFile, known: KnownSource, standing: frozenset[str]
) -> bool:
    is_lost = document.reason is not None and document.reason.code == ORIGINAL_LOST
    is_read = document.sha256 == file.sha256 and known.fingerprints.get(document.id) in standing
    return is_read and not is_lost


def _refused(name: str, *, seen: set[str], known: KnownSource, code: str) -> PlannedFile:
    shown = normalised_name(name)
    if code == FOLDER_UNREADABLE:
        return PlannedFile(displayed_name(shown), ItemState.FAILED, reason=Reason(code, {}))
    fault = _name_fault(shown, seen=seen)
    if fault is not None:
        return PlannedFile(displayed_name(shown), ItemState.FAILED, reason=Reason(fault, {}))
    seen.add(shown)
    return PlannedFile(
        shown,
        ItemState.FAILED,
        document=known.documents.get(shown),
        reason=Reason(code, {}),
    )


def _removed(names: Iterable[str], *, known: KnownSource, seen: set[str]) -> Iterator[PlannedFile]:
    for name in names:
        if name not in seen and name in known.documents:
            yield PlannedFile(name, ItemState.REMOVED, document=known.documents[name])


def _name_fault(name: str, *, seen: set[str]) -> str | None:
    if not is_safe_name(name):
        return "file_name_unsafe"
    return "file_name_duplicate" if name in seen else None


def too_large(size_bytes: int, *, max_file_bytes: int) -> Reason:
    """Why a file beyond the size limit is refused."""
    limit_mb = max(1, max_file_bytes // MEGABYTE)
    size_mb = max(limit_mb + 1, size_bytes // MEGABYTE)
    return Reason("file_too_large", {"limit_mb": limit_mb, "size_mb": size_mb})
