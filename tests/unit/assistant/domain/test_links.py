"""Which links texts suggest: a sentence before a resemblance, and nothing in doubt."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from assistant.domain.documents import LinkKind, Reading, Successor
from assistant.domain.ids import DocumentId, VersionId
from assistant.domain.links import (
    Proposal,
    articles_of,
    document_standing,
    followed,
    is_touched,
    marks_to_find,
    marks_to_keep,
    propose_links,
    standing_of,
    successor_notice,
)
from ingest.model import Act, ActStatus, Effect, Quality, Reference
from ingest.similarity import sketch_of
from tests.unit.assistant.answering.samples import make_chunk

OLD, NEW = date(2024, 7, 4), date(2025, 3, 20)
WORDS = [f"mot{number}" for number in range(900)]


def words(seed: int, *, count: int = 1500) -> list[str]:
    return random.Random(seed).choices(WORDS, k=count)


def reading(
    name: str,
    *,
    text: list[str] | None = None,
    day: date | None = None,
    number: str = "",
    references: tuple[Reference, ...] = (),
    title: str = "",
    status: ActStatus | None = None,
) -> Reading:
    key = f"deliberation {number}" if number else ""
    return Reading(
        version_id=VersionId(f"v-{name}"),
        document_id=DocumentId(name),
        title=title or f"Titre {name}",
        date=day,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        act=Act(number=number or None, key=key, date=day, references=references, status=status),
        quality=Quality(letters=len(text or ())),
        sketch=sketch_of([" ".join(text or ())]),
    )


def touching(effect: Effect, number: str, *, day: date | None = None) -> tuple[Reference, ...]:
    key = f"deliberation {number}" if number else ""
    return (Reference(effect, key, day, "La phrase."),)


def test_a_sentence_gives_a_link_whichever_was_read_first() -> None:
    old = reading("old", day=OLD, number="1")
    new = reading("new", day=NEW, number="2", references=touching(Effect.ABROGATES, "1"))
    expected = [Proposal(new.document_id, old.document_id, LinkKind.ABROGATES, "La phrase.")]

    assert propose_links(new, others=[old]) == expected
    assert propose_links(old, others=[new]) == expected
    assert marks_to_find(new) & marks_to_keep(old)
    assert marks_to_find(old) & marks_to_keep(new)


def test_the_gravest_of_several_sentences_counts() -> None:
    old = reading("old", day=OLD, number="1")
    said = touching(Effect.MODIFIES, "1") + touching(Effect.REPLACES, "1")
    new = reading("new", day=NEW, number="2", references=said)

    assert [each.kind for each in propose_links(new, others=[old])] == [LinkKind.REPLACES]


def test_a_number_that_two_acts_bear_gives_nothing() -> None:
    first = reading("first", text=words(1), day=OLD, number="1")
    second = reading("second", text=words(2), day=OLD, number="1")
    new = reading("new", day=NEW, number="2", references=touching(Effect.ABROGATES, "1"))

    assert propose_links(new, others=[first, second]) == []


def test_the_date_of_the_sentence_tells_them_apart() -> None:
    first = reading("first", text=words(1), day=OLD, number="1")
    second = reading("second", text=words(2), day=date(2020, 1, 1), number="1")
    said = touching(Effect.ABROGATES, "1", day=OLD)
    new = reading("new", day=NEW, number="2", references=said)

    assert [each.target_id for each in propose_links(new, others=[first, second])] == ["first"]


def test_one_act_in_two_files_is_abrogated_in_both() -> None:
    text = words(1)
    files = [reading(name, text=text, day=OLD, number="1") for name in ("odt", "pdf")]
    new = reading("new", day=NEW, number="2", references=touching(Effect.ABROGATES, "1"))

    assert {each.target_id for each in propose_links(new, others=files)} == {"odt", "pdf"}


def test_nothing_abrogates_what_came_later() -> None:
    later = reading("later", day=NEW, number="1")
    earlier = reading("earlier", day=OLD, number="2", references=touching(Effect.ABROGATES, "1"))

    assert propose_links(earlier, others=[later]) == []


def test_like_texts_are_versions_the_newer_of_the_older() -> None:
    text = words(3)
    edited = [*text[:1300], *words(4, count=200)]
    old, new = reading("old", text=edited, day=OLD), reading("new", text=text, day=NEW)

    (proposal,) = propose_links(old, others=[new])

    assert (proposal.source_id, proposal.target_id) == ("new", "old")
    assert proposal.kind is LinkKind.VERSION_OF
    assert proposal.evidence.startswith("Textes communs à ")


def test_a_follow_up_that_holds_an_earlier_one_is_its_version() -> None:
    text = words(5)
    old, new = reading("old", text=text[:700]), reading("new", text=text)

    (proposal,) = propose_links(new, others=[old])

    assert (proposal.source_id, proposal.kind) == ("new", LinkKind.VERSION_OF)


def test_one_text_of_one_day_in_two_files_is_the_same_act() -> None:
    text = words(6)
    pdf, odt = reading("pdf", text=text, day=OLD), reading("odt", text=text, day=OLD)

    assert [each.kind for each in propose_links(pdf, others=[odt])] == [LinkKind.SAME_ACT]


def test_acts_made_of_one_template_are_not_versions() -> None:
    text = words(7)
    first = reading("first", text=text, day=OLD, number="39")
    second = reading("second", text=[*text[:-20], *words(8, count=20)], day=NEW, number="82")

    assert propose_links(second, others=[first]) == []


def test_templates_are_versions_only_when_one_plainly_follows_the_other() -> None:
    text = words(12)
    cousin = [*text[:1350], *words(13, count=150)]
    template, status = reading("a", text=text, status=ActStatus.TEMPLATE), ActStatus.TEMPLATE

    assert propose_links(template, others=[reading("b", text=cousin, status=status)]) == []
    (proposal,) = propose_links(
        template, others=[reading("c", text=[*text[:-20], "fin"], day=NEW, status=status)]
    )
    assert (proposal.source_id, proposal.kind) == ("c", LinkKind.VERSION_OF)


def test_a_letter_made_of_a_template_is_no_version_of_it() -> None:
    text = words(14)
    template = reading("a", text=text, status=ActStatus.TEMPLATE)

    assert propose_links(template, others=[reading("b", text=text[:-5])]) == []


def test_annule_et_remplace_without_a_number_goes_to_the_like_document() -> None:
    text = words(9)
    old = reading("old", text=text, day=OLD)
    new = reading("new", text=text, day=NEW, references=touching(Effect.REPLACES, ""))

    (proposal,) = propose_links(new, others=[old])

    assert (proposal.kind, proposal.evidence) == (LinkKind.REPLACES, "La phrase.")


def test_a_document_is_not_linked_to_itself_nor_to_the_unlike() -> None:
    one = reading("one", text=words(10))
    again = replace(one, version_id=VersionId("v2"))

    assert propose_links(one, others=[again, reading("other", text=words(11))]) == []


def test_a_reading_of_a_few_words_is_looked_up_nowhere() -> None:
    assert marks_to_find(reading("short")) == marks_to_keep(reading("short")) == frozenset()


def test_standing_is_told_in_french() -> None:
    chunk = make_chunk("Le taux est de 40 %.", title="Délibération n° 1")
    later = Successor(DocumentId("d2"), "Délibération n° 2", NEW, LinkKind.REPLACES)
    told_of = replace(chunk, status=ActStatus.DRAFT, successor=later)

    assert (standing_of(chunk), successor_notice(chunk)) == ("", None)
    assert standing_of(told_of) == (
        "projet, non adopté, remplacé par « Délibération n° 2 » (20 mars 2025)"
    )
    notice = successor_notice(told_of)
    assert notice is not None
    assert notice.startswith(
        "La source « Délibération n° 1 » a été remplacée par « Délibération n° 2 » (20 mars 2025)"
    )
    for kind in LinkKind:
        if kind is not LinkKind.SAME_ACT:
            told = replace(told_of, successor=replace(later, kind=kind, date=None))
            assert "Délibération n° 2" in document_standing(told)
            assert "(" not in (successor_notice(told) or "(")


def amended(*articles: str) -> Successor:
    return Successor(DocumentId("d2"), "Délibération n° 2", NEW, LinkKind.MODIFIES, articles)


@pytest.mark.parametrize(
    ("section", "text", "is_marked"),
    [
        (("Décide", "Article 3 : taux"), "Le taux est de 40 %.", True),
        ((), "Article 2 : objet\nUne aide.\n\nARTICLE 3\nLe taux est de 40 %.", True),
        (("Article 4 : crédits",), "Les crédits de l'article 3 sont ouverts.", False),
        ((), "Vu le code général", False),
    ],
)
def test_only_passages_of_the_articles_named_as_modified_are_marked(
    section: tuple[str, ...], text: str, *, is_marked: bool
) -> None:
    chunk = replace(make_chunk(text, section=section), successor=amended("3", "5"))

    assert is_touched(chunk) is is_marked
    assert ("Délibération n° 2" in standing_of(chunk)) is is_marked
    expected = "modifié par « Délibération n° 2 » (20 mars 2025, articles 3 et 5)"
    assert document_standing(chunk) == expected


def test_a_modification_that_names_no_article_marks_no_passage_but_is_told() -> None:
    chunk = replace(make_chunk("x", section=("Article 3",)), successor=amended())

    assert standing_of(chunk) == ""
    assert "a été modifiée par" in (successor_notice(chunk) or "")


def test_of_several_modifications_the_one_of_the_article_is_told() -> None:
    chunk = make_chunk("x", section=("Article 3",))
    repeal = replace(amended(), kind=LinkKind.ABROGATES)

    assert followed(chunk, by=()).successor is None
    assert followed(chunk, by=(amended("9"), amended("3"))).successor == amended("3")
    assert followed(chunk, by=(amended("9"), amended())).successor == amended("9")
    assert followed(chunk, by=(repeal, amended("3"))).successor == repeal


def test_articles_are_those_that_the_source_names_of_this_very_act() -> None:
    said = Reference(Effect.MODIFIES, "deliberation 1", None, "x", ("3",))
    source = Act(references=(replace(said, key="deliberation 7", articles=("9",)), said))

    assert articles_of(source, of=Act(key="deliberation 1")) == ("3",)
    assert articles_of(source, of=Act(key="deliberation 8")) == ()
    assert articles_of(Act(references=(replace(said, key=""),)), of=Act()) == ()
