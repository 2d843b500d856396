"""What every `ChunkIndex` promises. Inherit `ChunkIndexContract` and give its `open_index` fixture."""
# ruff: noqa: S101, S311 - a test suite that ships with the product

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest

from assistant.domain.errors import ConfigurationError
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, PersonId, TenantId, VersionId
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Ranking
from assistant.domain.tenancy import Grant, Scope
from assistant.ports.index import ChunkIndex
from assistant.testing.embedder import HashEmbedder

OpenIndex = Callable[[EmbedderIdentity], ChunkIndex]
"""Opens the one index of a test; after `close`, opens it again as a new process would."""

EMBEDDER = HashEmbedder(dimensions=32)
"""The embedder of these tests."""


def uuid_of(number: int) -> str:
    """A UUID whose order is that of its number."""
    return str(UUID(int=number, version=4))


def make_point(
    number: int,
    *,
    text: str,
    tenant: str = "t1",
    collection: str = "c1",
    version: str = "v1",
    whole: Sequence[str] = (),
) -> IndexPoint:
    """A point whose chunk id follows its number; with texts of the whole document, it stands for it."""
    return IndexPoint(
        chunk_id=ChunkId(uuid_of(number)),
        tenant_id=TenantId(tenant),
        collection_id=CollectionId(collection),
        document_id=DocumentId(f"d-{version}"),
        version_id=VersionId(version),
        vector=EMBEDDER.embed_query(text),
        text=text,
        document_texts=whole,
    )


def make_scope(*pairs: tuple[str, str]) -> Scope:
    """A scope over (tenant, collection) pairs, of a reader of tenant "t1"."""
    grants = frozenset(Grant(TenantId(tenant), CollectionId(name)) for tenant, name in pairs)
    return Scope(tenant_id=TenantId("t1"), person_id=PersonId("p1"), grants=grants)


def ids_of(ranking: Ranking) -> list[str]:
    """Chunk ids in order."""
    return [chunk.chunk_id for chunk in ranking]


ALL = make_scope(("t1", "c1"))
"""The scope over what `make_point` makes by default."""


class ChunkIndexContract:
    """Behaviour common to all implementations."""

    @pytest.fixture
    def index(self, open_index: OpenIndex) -> Iterable[ChunkIndex]:
        """An empty index."""
        index = open_index(EMBEDDER.identity)
        yield index
        index.close()

    def test_new_index_is_empty_and_names_its_embedder(self, index: ChunkIndex) -> None:
        """An empty index answers with nothing."""
        assert index.count_all() == 0
        assert index.embedder == EMBEDDER.identity
        assert index.search_dense(EMBEDDER.embed_query("eau"), scope=ALL, limit=5) == ()
        assert index.search_lexical("eau", scope=ALL, limit=5) == ()

    def test_dense_ranks_by_cosine(self, index: ChunkIndex) -> None:
        """The nearest text comes first, with its cosine."""
        index.upsert([make_point(1, text="transport scolaire"), make_point(2, text="eau potable")])
        ranking = index.search_dense(EMBEDDER.embed_query("eau potable"), scope=ALL, limit=5)
        assert ids_of(ranking)[0] == uuid_of(2)
        assert ranking[0].score == pytest.approx(1.0, abs=1e-5)

    def test_lexical_finds_shared_terms_only(self, index: ChunkIndex) -> None:
        """Accents, case, plural and elision do not matter; texts that share no term are absent."""
        index.upsert(
            [
                make_point(1, text="Les régions et l'apprentissage"),
                make_point(2, text="eau potable"),
            ]
        )
        ranking = index.search_lexical("aide à L’APPRENTISSAGE region", scope=ALL, limit=5)
        assert ids_of(ranking) == [uuid_of(1)]
        assert ranking[0].score > 0

    def test_lexical_prefers_the_rarer_term(self, index: ChunkIndex) -> None:
        """A term that few chunks hold weighs more."""
        texts = ["lycée agricole", "lycée moderne", "lycée ancien", "forêt ancienne"]
        index.upsert([make_point(n, text=text) for n, text in enumerate(texts)])
        ranking = index.search_lexical("lycée agricole", scope=ALL, limit=5)
        assert ids_of(ranking)[0] == uuid_of(0)
        assert len(ranking) == 3

    def test_lexical_finds_the_very_article(self, index: ChunkIndex) -> None:
        """A reference is one term, however it is written."""
        index.upsert(
            [
                make_point(1, text="Vu l'article L.1111-2 du code"),
                make_point(2, text="Vu l'article L. 1111-3 du code"),
            ]
        )
        ranking = index.search_lexical("article L 1111-2", scope=ALL, limit=5)
        assert ids_of(ranking) == [uuid_of(1)]

    def test_a_document_is_found_by_the_words_of_all_its_chunks(self, index: ChunkIndex) -> None:
        """It is told by the chunk that stands for it; chunks alone are no documents."""
        whole = ("Transport scolaire", "carte d'abonnement", "tarif réduit")
        index.upsert(
            [
                make_point(1, text=whole[0], version="v1", whole=whole),
                make_point(2, text=whole[1], version="v1"),
                make_point(3, text="carte grise", version="v2", whole=("carte grise",)),
                make_point(4, text="tarif", version="v3"),
            ]
        )
        found = index.search_documents("tarif de la carte", scope=ALL, limit=5)
        assert [(item.chunk_id, item.version_id) for item in found] == [
            (uuid_of(1), "v1"),
            (uuid_of(3), "v2"),
        ]
        assert found[0].score > found[1].score > 0
        assert index.search_documents("carte", scope=ALL, limit=1)[0].version_id == "v2"
        assert index.search_documents("de la", scope=ALL, limit=5) == ()
        index.remove_version(VersionId("v1"))
        assert ids_of(index.search_documents("carte", scope=ALL, limit=5)) == [uuid_of(3)]

    def test_documents_are_rare_among_documents_of_the_scope(self, index: ChunkIndex) -> None:
        """Neither chunks nor what others index change the score of a document."""
        index.upsert([make_point(n, text="eau", version=f"v{n}", whole=("eau",)) for n in (1, 2)])
        before = index.search_documents("eau", scope=ALL, limit=5)
        index.upsert([make_point(n, text="eau", version="v1") for n in range(3, 20)])
        index.upsert(
            [
                make_point(n, text="eau", tenant="t2", version=f"v{n}", whole=("eau",))
                for n in range(30, 40)
            ]
        )
        assert index.search_documents("eau", scope=ALL, limit=5) == before

    def test_every_ranking_tells_the_version_of_its_chunks(self, index: ChunkIndex) -> None:
        """So that chunks and documents can be put together."""
        index.upsert([make_point(1, text="eau potable", version="v7", whole=("eau potable",))])
        rankings = (
            index.search_dense(EMBEDDER.embed_query("eau"), scope=ALL, limit=5),
            index.search_lexical("eau", scope=ALL, limit=5),
            index.search_documents("eau", scope=ALL, limit=5),
        )
        assert [[item.version_id for item in each] for each in rankings] == [["v7"]] * 3

    @pytest.mark.parametrize("text", ["", "   ", "le la les de du", "…"])
    def test_lexical_of_no_term_is_empty(self, index: ChunkIndex, text: str) -> None:
        """A query of stop words finds nothing and fails nothing."""
        index.upsert([make_point(1, text="eau potable")])
        assert index.search_lexical(text, scope=ALL, limit=5) == ()

    def test_text_without_terms_is_kept(self, index: ChunkIndex) -> None:
        """Its vector is still found."""
        index.upsert([make_point(1, text="de la")])
        assert len(index.search_dense(EMBEDDER.embed_query("de la"), scope=ALL, limit=5)) == 1

    def test_equal_scores_are_ordered_by_chunk_id_even_at_the_cut(self, index: ChunkIndex) -> None:
        """The first ids win, whatever the order of insertion."""
        numbers = list(range(120))
        random.Random(7).shuffle(numbers)
        index.upsert([make_point(number, text="budget annexe") for number in numbers])
        expected = [uuid_of(number) for number in range(10)]
        vector = EMBEDDER.embed_query("budget annexe")
        assert ids_of(index.search_dense(vector, scope=ALL, limit=10)) == expected
        assert ids_of(index.search_lexical("budget", scope=ALL, limit=10)) == expected

    def test_limit_bounds_the_ranking(self, index: ChunkIndex) -> None:
        """At most `limit` chunks; a limit below 1 is a programming error."""
        index.upsert([make_point(number, text=f"budget {number}") for number in range(30)])
        vector = EMBEDDER.embed_query("budget")
        assert len(index.search_dense(vector, scope=ALL, limit=3)) == 3
        assert len(index.search_lexical("budget", scope=ALL, limit=3)) == 3
        for search in (
            lambda: index.search_dense(vector, scope=ALL, limit=0),
            lambda: index.search_lexical("budget", scope=ALL, limit=0),
            lambda: index.search_documents("budget", scope=ALL, limit=0),
        ):
            with pytest.raises(ValueError, match="limit"):
                search()

    def test_empty_scope_reads_nothing(self, index: ChunkIndex) -> None:
        """Even where the index is full."""
        index.upsert([make_point(1, text="eau potable", whole=("eau potable",))])
        nothing = make_scope()
        assert index.search_dense(EMBEDDER.embed_query("eau"), scope=nothing, limit=5) == ()
        assert index.search_lexical("eau", scope=nothing, limit=5) == ()
        assert index.search_documents("eau", scope=nothing, limit=5) == ()
        assert index.count(scope=nothing) == 0

    def test_two_tenants_with_the_same_text_never_cross(self, index: ChunkIndex) -> None:
        """Each scope sees its own pair, on every read path."""
        index.upsert(
            [
                make_point(
                    number,
                    text="plan vélo",
                    tenant=f"t{number}",
                    collection=f"c{number}",
                    version=f"v{number}",
                    whole=("plan vélo",),
                )
                for number in (1, 2)
            ]
        )
        vector = EMBEDDER.embed_query("plan vélo")
        for pair, expected in ((("t1", "c1"), uuid_of(1)), (("t2", "c2"), uuid_of(2))):
            scope = make_scope(pair)
            assert ids_of(index.search_dense(vector, scope=scope, limit=5)) == [expected]
            assert ids_of(index.search_lexical("vélo", scope=scope, limit=5)) == [expected]
            assert ids_of(index.search_documents("vélo", scope=scope, limit=5)) == [expected]
            assert index.count(scope=scope) == 1

    def test_scope_holds_pairs_not_a_product(self, index: ChunkIndex) -> None:
        """Granting (t1, c1) and (t2, c2) does not open (t1, c2), even on inconsistent data."""
        pairs = [("t1", "c1"), ("t1", "c2"), ("t2", "c1"), ("t2", "c2")]
        index.upsert(
            [
                make_point(
                    number, text="plan vélo", tenant=tenant, collection=name, whole=("plan vélo",)
                )
                for number, (tenant, name) in enumerate(pairs)
            ]
        )
        scope = make_scope(("t1", "c1"), ("t2", "c2"))
        for search in (index.search_lexical, index.search_documents):
            assert ids_of(search("vélo", scope=scope, limit=9)) == [uuid_of(0), uuid_of(3)]
        assert index.count(scope=scope) == 2

    def test_upsert_replaces_by_chunk_id(self, index: ChunkIndex) -> None:
        """Vector, terms and ids are all replaced."""
        index.upsert([make_point(1, text="eau potable")])
        index.upsert([make_point(1, text="forêt publique", collection="c2", version="v2")])
        moved = make_scope(("t1", "c2"))
        assert index.count_all() == 1
        assert index.count(scope=ALL) == 0
        assert index.search_lexical("eau", scope=moved, limit=5) == ()
        ranking = index.search_dense(EMBEDDER.embed_query("forêt publique"), scope=moved, limit=5)
        assert [round(chunk.score, 4) for chunk in ranking] == [1.0]
        assert index.held_versions() == {VersionId("v2"): 1}

    def test_upsert_twice_changes_nothing(self, index: ChunkIndex) -> None:
        """The same batch again leaves the same ranking and scores."""
        points = [make_point(number, text=f"budget {number} eau") for number in range(20)]
        index.upsert(points)
        before = index.search_lexical("budget 7", scope=ALL, limit=30)
        index.upsert(points)
        after = index.search_lexical("budget 7", scope=ALL, limit=30)
        assert index.count_all() == 20
        assert ids_of(before) == ids_of(after)
        assert [c.score for c in after] == pytest.approx([c.score for c in before], rel=1e-4)

    def test_empty_upsert_is_allowed(self, index: ChunkIndex) -> None:
        """Nothing happens."""
        index.upsert([])
        assert index.count_all() == 0

    def test_upsert_refuses_too_many_and_wrong_vectors_and_keeps_none(
        self, index: ChunkIndex
    ) -> None:
        """A refused batch leaves nothing behind."""
        good = make_point(1, text="eau")
        bad_length = replace(good, chunk_id=ChunkId(uuid_of(2)), vector=[1.0, 0.0])
        nan = [float("nan")] * EMBEDDER.identity.dimensions
        not_finite = replace(good, chunk_id=ChunkId(uuid_of(3)), vector=nan)
        for batch in ([good] * 201, [good, bad_length], [good, not_finite]):
            with pytest.raises(ValueError, match=r"points|dimensions|finite"):
                index.upsert(batch)
        assert index.count_all() == 0

    def test_search_refuses_a_vector_of_another_length(self, index: ChunkIndex) -> None:
        """A programming error, not an empty ranking."""
        with pytest.raises(ValueError, match="dimensions"):
            index.search_dense([1.0, 0.0], scope=ALL, limit=5)

    def test_remove_version_removes_all_of_it_and_nothing_else(self, index: ChunkIndex) -> None:
        """However many points it has; removing again is no error."""
        for start in range(0, 450, 150):
            index.upsert(
                [make_point(n, text="budget", version="v1") for n in range(start, start + 150)]
            )
        index.upsert([make_point(1000, text="budget", version="v2")])
        index.remove_version(VersionId("v1"))
        index.remove_version(VersionId("v1"))
        index.remove_version(VersionId("unknown"))
        assert index.count_all() == 1
        assert ids_of(index.search_lexical("budget", scope=ALL, limit=5)) == [uuid_of(1000)]

    def test_held_versions_tells_the_points_of_each(self, index: ChunkIndex) -> None:
        """All of them, however many there are."""
        assert index.held_versions() == {}
        points = [make_point(n, text="budget", version=f"v{n % 40}") for n in range(100)]
        index.upsert(points)
        index.remove_version(VersionId("v3"))
        expected = {VersionId(f"v{n}"): 3 if n < 20 else 2 for n in range(40) if n != 3}
        assert index.held_versions() == expected

    def test_removed_terms_no_longer_count_in_rarity(self, index: ChunkIndex) -> None:
        """Scores are those of an index that never held what was removed."""
        index.upsert([make_point(1, text="eau potable", version="v1")])
        alone = index.search_lexical("eau", scope=ALL, limit=5)[0].score
        index.upsert([make_point(n, text="eau usée", version="v2") for n in range(2, 40)])
        index.remove_version(VersionId("v2"))
        again = index.search_lexical("eau", scope=ALL, limit=5)[0].score
        assert again == pytest.approx(alone, rel=1e-4)

    def test_what_others_index_changes_no_score(self, index: ChunkIndex) -> None:
        """The rarity of a term is counted within the scope."""
        index.upsert([make_point(1, text="eau potable"), make_point(2, text="forêt")])
        before = index.search_lexical("eau", scope=ALL, limit=5)
        index.upsert([make_point(n, text="eau", tenant="t2", collection="c2") for n in range(3, 9)])
        assert index.search_lexical("eau", scope=ALL, limit=5) == before

    def test_flush_and_close_may_be_called_again(self, index: ChunkIndex) -> None:
        """Both are idempotent."""
        index.upsert([make_point(1, text="eau")])
        index.flush()
        index.flush()
        index.close()
        index.close()

    def test_threads_may_read_and_write_at_once(self, index: ChunkIndex) -> None:
        """Nothing is lost, nothing fails."""

        def write(start: int) -> None:
            index.upsert([make_point(n, text=f"budget {n}") for n in range(start, start + 20)])

        def read(_: int) -> int:
            return len(index.search_lexical("budget", scope=ALL, limit=50))

        with ThreadPoolExecutor(4) as pool:
            writes = [pool.submit(write, start) for start in range(0, 200, 20)]
            reads = [pool.submit(read, number) for number in range(20)]
            for future in [*writes, *reads]:
                future.result(timeout=60)
        assert index.count_all() == 200


class DurableChunkIndexContract(ChunkIndexContract):
    """Behaviour of the implementations that outlive their process."""

    def test_points_survive_a_reopening(self, open_index: OpenIndex) -> None:
        """What was added before `close` is there after."""
        first = open_index(EMBEDDER.identity)
        first.upsert([make_point(1, text="eau potable")])
        before = first.search_lexical("eau", scope=ALL, limit=5)
        first.close()
        second = open_index(EMBEDDER.identity)
        assert second.search_lexical("eau", scope=ALL, limit=5) == before
        assert second.count(scope=ALL) == 1
        second.close()

    @pytest.mark.parametrize(
        "other", [EmbedderIdentity("other", 32), EmbedderIdentity(EMBEDDER.identity.id, 16)]
    )
    def test_another_embedder_is_refused_with_what_to_do(
        self, open_index: OpenIndex, other: EmbedderIdentity
    ) -> None:
        """The sentence names both, the setting and the command; the index stays as it was."""
        open_index(EMBEDDER.identity).close()
        with pytest.raises(ConfigurationError) as caught:
            open_index(other)
        assert caught.value.code == "index_other_embedder"
        assert "assistant index rebuild" in caught.value.sentence
        assert EMBEDDER.identity.id in caught.value.sentence
        open_index(EMBEDDER.identity).close()
