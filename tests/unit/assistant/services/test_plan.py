from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.documents import Document, DocumentState
from assistant.domain.ids import CollectionId, DocumentId, TenantId
from assistant.domain.jobs import ItemState
from assistant.services.fingerprints import fingerprint_of
from assistant.services.names import displayed_name, is_safe_name, normalised_name
from assistant.services.submission import (
    AnnouncedFile,
    KnownSource,
    PlannedFile,
    Submission,
    plan_of,
)
from ingest.tools import Tool

NOW = datetime(2026, 1, 2, tzinfo=UTC)
contents = st.sampled_from(["1" * 64, "2" * 64, "3" * 64])
names = st.sampled_from(["a.pdf", "b.pdf", "sous/c.pdf", "é.pdf", "e\u0301.pdf", "d.pdf"])
sources = st.dictionaries(names, contents).filter(
    lambda files: len({normalised_name(name) for name in files}) == len(files)
)


def fingerprint(sha256: str) -> str:
    return fingerprint_of(sha256, reader_version="1", embedder_id="e")


def planned(files: dict[str, str], known: KnownSource, *, kept: bool = False) -> list[PlannedFile]:
    announced = tuple(AnnouncedFile(name, sha256, 10) for name, sha256 in files.items())
    return plan_of(
        Submission("/dossier", announced, is_complete=True),
        known=known,
        standing=lambda sha256: frozenset({fingerprint(sha256)}),
        is_kept=lambda _: kept,
        max_file_bytes=100,
    )


def applied(plan: list[PlannedFile], known: KnownSource) -> KnownSource:
    """What is known once every planned file was read with success."""
    documents = dict(known.documents)
    for each in plan:
        if each.state is ItemState.REMOVED:
            del documents[each.name]
        elif each.state is not ItemState.UNCHANGED:
            documents[each.name] = document(each.name, each.sha256)
    return KnownSource(
        documents, {each.id: fingerprint(each.sha256) for each in documents.values()}
    )


def document(name: str, sha256: str) -> Document:
    return Document(
        DocumentId(name),
        TenantId("t"),
        CollectionId("c"),
        "/dossier",
        name,
        DocumentState.LIVE,
        NOW,
        NOW,
        sha256,
    )


@given(sources, sources)
def test_applied_plan_makes_known_what_the_source_holds(
    before: dict[str, str], after: dict[str, str]
) -> None:
    nothing = KnownSource({}, {})
    known = applied(planned(before, nothing), nothing)

    result = applied(planned(after, known), known)

    assert {name: each.sha256 for name, each in result.documents.items()} == {
        normalised_name(name): sha256 for name, sha256 in after.items()
    }
    assert all(each.state is ItemState.UNCHANGED for each in planned(after, result))


@given(sources, st.booleans())
def test_new_files_wait_for_their_content_unless_it_is_kept(
    files: dict[str, str], kept: bool
) -> None:
    plan = planned(files, KnownSource({}, {}), kept=kept)

    state = ItemState.PENDING if kept else ItemState.AWAITING_FILE
    assert [each.state for each in plan] == [state] * len(files)


@given(st.text(max_size=30))
def test_safe_names_stay_inside_and_any_name_can_be_displayed(name: str) -> None:
    if is_safe_name(name):
        parts = name.split("/")
        assert parts
        assert not {"", ".", ".."} & set(parts)
    shown = displayed_name(name)
    assert shown
    assert shown.encode()
    assert len(shown) <= 1000


@given(contents, st.text(max_size=5), st.text(max_size=5))
def test_fingerprint_depends_on_each_part(sha256: str, reader: str, embedder: str) -> None:
    one = fingerprint_of(sha256, reader_version=reader, embedder_id=embedder)

    assert one == fingerprint_of(sha256, reader_version=reader, embedder_id=embedder)
    assert one != fingerprint_of(sha256, reader_version=reader + "x", embedder_id=embedder)
    assert one != fingerprint_of(sha256, reader_version=reader, embedder_id=embedder + "x")
    assert one != fingerprint_of(
        sha256, reader_version=reader, embedder_id=embedder, missing=[Tool.TESSERACT]
    )
