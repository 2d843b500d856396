"""What became of the passages that kept answers cite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.domain.answers import Citation, Passage
from assistant.domain.documents import SourceChunk
from assistant.domain.ids import ChunkId
from assistant.domain.tenancy import Scope
from assistant.domain.whereabouts import CitedState, Whereabouts, same_place
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.answer_record import AnswerRecord

_MOST_PASSAGES = 10_000

Found = Mapping[ChunkId, Whereabouts]
"""By the chunk that was cited."""


@dataclass(frozen=True, slots=True)
class Since:
    """What became of the sources of one answer, to replay its events by."""

    found: Found
    quotes: Mapping[int, str]
    """By marker, the words that it cites: those that stay of a document that is gone."""


class WhereaboutsService:
    """Finds cited passages again. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory) -> None:
        self._open_work = open_work

    def of_answers(
        self, records: Iterable[AnswerRecord], *, scope: Scope
    ) -> dict[ChunkId, Whereabouts]:
        """Where the sources of some answers are now, those of other documents with the same words included.

        Args:
            records: As `AnswerService.snapshot` gives them: with sources that the reader may read.
            scope: The reader's.
        """
        cited = (citation for record in records for citation in record.citations)
        return self._of(cited, scope=scope)

    def of_replay(self, record: AnswerRecord, *, scope: Scope) -> Since:
        """What became of all that the events of an answer show, its passages that are not cited included.

        Args:
            record: As `AnswerService.snapshot` gives it.
            scope: The reader's.
        """
        found = self._of((*record.passages, *record.citations), scope=scope)
        return Since(found, {each.marker: each.quote for each in record.citations})

    def _of(
        self, sources: Iterable[Passage | Citation], *, scope: Scope
    ) -> dict[ChunkId, Whereabouts]:
        shown = {chunk.id: chunk for source in sources for chunk in (source.chunk, *source.also)}
        if not shown:
            return {}
        with self._open_work() as work:
            return _found(work, list(shown.values()), scope=scope)


def _found(
    work: UnitOfWork, cited: Sequence[SourceChunk], *, scope: Scope
) -> dict[ChunkId, Whereabouts]:
    live = work.chunks.live_ids([chunk.id for chunk in cited], scope=scope)
    lost = [chunk for chunk in cited if chunk.id not in live]
    documents = list(dict.fromkeys(chunk.document_id for chunk in lost))
    served = work.documents.live_versions(documents, scope=scope)
    deleted = work.documents.deleted_at(documents, scope=scope)
    found = {each: Whereabouts(CitedState.LIVE, each) for each in live}
    for chunk in lost:
        if chunk.document_id in served:
            is_same = served[chunk.document_id].id == chunk.version_id
            where = _cut_anew(work, chunk, scope=scope) if is_same else None
            found[chunk.id] = where or _newer(work, chunk, scope=scope)
        else:
            at = deleted.get(chunk.document_id)
            found[chunk.id] = Whereabouts(CitedState.DELETED, deleted_at=at)
    return found


def _cut_anew(work: UnitOfWork, chunk: SourceChunk, *, scope: Scope) -> Whereabouts | None:
    """In the same version, whose passages are cut otherwise since."""
    passages = work.chunks.list_of_document(
        chunk.document_id, scope=scope, limit=_MOST_PASSAGES, offset=0
    )
    place = same_place(chunk, passages)
    return None if place is None else Whereabouts(CitedState.LIVE, place.id)


def _newer(work: UnitOfWork, chunk: SourceChunk, *, scope: Scope) -> Whereabouts:
    """In a version read since: the same words, else its beginning."""
    same = work.chunks.find_text(chunk.document_id, text=chunk.text, scope=scope)
    if same is not None:
        return Whereabouts(CitedState.LIVE, same)
    first = work.chunks.list_of_document(chunk.document_id, scope=scope, limit=1, offset=0)
    return Whereabouts(CitedState.REPLACED, first[0].id if first else None)
