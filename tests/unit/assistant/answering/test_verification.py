from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.draft import Draft, Stopwatch
from assistant.answering.prompt import refusal
from assistant.answering.verification import Verifier
from assistant.domain.answers import AnswerEvent, Passage, SentenceMarked, TextDelta
from assistant.domain.documents import LinkKind, SourceChunk, Successor
from assistant.domain.ids import DocumentId
from assistant.domain.marks import Mark, MarkKind, reason_of
from ingest.model import ActStatus
from tests.unit.assistant.answering.samples import cuts_of, make_chunk, make_passages, two_pieces

PASSAGES = make_passages(
    "Le taux de subvention est fixé à 37 % des dépenses éligibles, dans la limite de 480 000 euros. "
    "Le dossier n'est pas remboursable après le 30 septembre 2024. Le dossier compte 12 pages.",
    "Le conseil municipal de Villeneuve vote le budget en décembre. La dotation des lycées est annuelle. "
    "L'arrêté est en vigueur.",
    "La demande de logement social se fait en ligne, sur présentation d'un justificatif de domicile.",
)


def marks_of(text: str, passages: tuple[Passage, ...] = PASSAGES) -> list[Mark]:
    verifier = Verifier(passages)
    found = verifier.feed(text) + verifier.finish()
    assert sorted(found, key=lambda mark: mark.start) == list(verifier.marks)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "Le taux de subvention est de 37 % des dépenses éligibles [1].",
        "Dans la limite de 480 000 €, le taux de subvention est fixé à 37 % [1].",
        "Le budget est voté en décembre [2], le taux de subvention est de 37 % [1].",
        "Le taux de subvention est de 37 % [1]. Le dossier compte 12 pages.",
        "Voici les règles [1] :\n\n- taux de subvention : 37 % des dépenses éligibles\n- 12 pages",
        "| Règle | Valeur |\n|---|---|\n| taux de subvention des dépenses | 37 % [1] |",
        "Quel est le taux du département de Seine-et-Marne ?",
        "Bonjour. Voici ce que dit le règlement. N'hésitez pas à préciser votre question.",
        "### Le taux de 37 %\n\nLe taux de subvention est de 37 % [1].",
        "**Le taux : 37 %**\n\nIl vaut pour les dépenses éligibles [1].",
        "Le dossier est fixé à 12 pages :\n\n- Le dossier compte 12 pages [1].",
        "Les passages traitent des aides aux lycées privés sous contrat.",
        "L'arrêté est en vigueur [2].",
        "Le dossier n'est pas remboursable après le 30 septembre 2024 [1].",
    ],
)
def test_what_the_passages_say_is_not_marked(text: str) -> None:
    assert marks_of(text) == []


def test_the_sentence_of_a_refusal_needs_no_source() -> None:
    assert marks_of(refusal()) == []


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Le taux de subvention est de 45 % des dépenses [1].", MarkKind.PERCENTAGE, ("45 %",)),
        ("La limite des dépenses est de 4 800 euros [1].", MarkKind.AMOUNT, ("4 800 euros",)),
        ("Le dossier compte 21 pages [1].", MarkKind.NUMBER, ("21",)),
        ("Remboursable avant le 3 mars 2024 [1].", MarkKind.DATE, ("3 mars 2024",)),
        ("Le budget de Lyon est voté en décembre [2].", MarkKind.NAME, ("Lyon",)),
        ("Le dossier est valable 6 mois [1].", MarkKind.DURATION, ("6 mois",)),
        ("Le taux suit l'article L. 1111-2 [1].", MarkKind.REFERENCE, ("L. 1111-2",)),
        ("Le taux de 45 % vaut pour Lyon [1].", MarkKind.PERCENTAGE, ("45 %", "Lyon")),
        ("Le taux de subvention est fixé à 12 % des dépenses éligibles [1].", MarkKind.EXCHANGED, ("12 %",)),
        ("Le dossier compte 37 pages [1].", MarkKind.EXCHANGED, ("37",)),
        ("Le dossier est remboursable après le 30 septembre 2024 [1].", MarkKind.NEGATION, ("est",)),
        ("La dotation des lycées n'est pas annuelle [2].", MarkKind.NEGATION, ("est",)),
        ("Le taux de subvention en vigueur est de 37 % [1].", MarkKind.IN_FORCE, ()),
        ("Les associations sportives organisent un tournoi [1].", MarkKind.MEANING, ()),
        ("Les associations sportives organisent un tournoi.", MarkKind.UNCITED, ()),
        ("Il y en a 14.", MarkKind.UNCITED, ()),
    ],
)  # fmt: skip
def test_what_the_passages_do_not_say_is_marked(
    text: str, kind: MarkKind, words: tuple[str, ...]
) -> None:
    (mark,) = marks_of(text)

    assert (mark.kind, mark.words, mark.sentence) == (kind, words, text)
    assert reason_of(mark)


def test_a_sentence_under_the_marker_of_another_passage_says_where_it_stands() -> None:
    text = "Le taux de subvention est de 37 % des dépenses éligibles [2]. Le dossier compte 12 pages [1]."

    (mark,) = marks_of(text)

    assert (mark.kind, mark.markers, mark.found_in) == (MarkKind.MISPLACED, (2,), (1,))
    assert reason_of(mark) == "cela ne se lit pas dans la source [2], mais dans la source [1]"


@pytest.mark.parametrize(
    ("words", "markers", "reason"),
    [
        (("45 %",), (2,), "« 45 % » ne figure pas dans la source [2]"),
        (("45 %", "Lyon"), (1, 2), "« 45 % », « Lyon » ne figurent pas dans les sources [1][2]"),
    ],
)
def test_a_reason_names_the_words_and_the_sources(
    words: tuple[str, ...], markers: tuple[int, ...], reason: str
) -> None:
    assert reason_of(Mark(MarkKind.NUMBER, "", 0, 0, words=words, markers=markers)) == reason


@pytest.mark.parametrize("kind", list(MarkKind))
@pytest.mark.parametrize("words", [(), ("37 %",)])
def test_every_kind_has_its_reason(kind: MarkKind, words: tuple[str, ...]) -> None:
    mark = Mark(kind, "", 0, 0, words=words, markers=(1,), found_in=(2,))
    assert "{" not in reason_of(mark)


def test_title_headings_and_date_of_a_passage_count_but_not_for_amounts() -> None:
    chunk = make_chunk(
        "Le dossier se dépose en ligne.",
        title="Aide de Lyon",
        section=("Article 4", "12"),
        day=date(2024, 3, 3),
    )
    passages = (Passage(1, chunk),)

    assert (
        marks_of("Le dossier de Lyon (article 4) se dépose en ligne en mars 2024 [1].", passages)
        == []
    )
    (mark,) = marks_of("Le dossier à 12 € se dépose en ligne [1].", passages)
    assert mark.words == ("12 €",)


@pytest.mark.parametrize(
    "chunk",
    [
        replace(make_chunk("L'arrêté est en vigueur."), status=ActStatus.ABROGATED),
        replace(
            make_chunk("L'arrêté est en vigueur."),
            successor=Successor(DocumentId("d2"), "Arrêté 2", None, LinkKind.REPLACES),
        ),
    ],
)
def test_what_was_replaced_does_not_prove_that_it_is_in_force(chunk: SourceChunk) -> None:
    (mark,) = marks_of("L'arrêté est en vigueur [1].", (Passage(1, chunk),))
    assert mark.kind is MarkKind.IN_FORCE


def test_what_took_the_place_of_another_passage_is_in_force() -> None:
    old = make_chunk("Le taux de l'aide est de 30 %.", id="k1", document="d1")
    new = make_chunk("Le taux de l'aide est de 40 %.", id="k2", document="d2")
    text = "Le taux en vigueur de l'aide est de 40 % [2]. Celui de 30 % n'est plus en vigueur [1]."

    for kind, expected in [(LinkKind.REPLACES, []), (LinkKind.MODIFIES, [MarkKind.IN_FORCE])]:
        successor = Successor(DocumentId("d2"), "Règlement 2", None, kind)
        passages = (Passage(1, replace(old, successor=successor)), Passage(2, new))
        assert [mark.kind for mark in marks_of(text, passages)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "Voici le plafond : 1 500 €.",
        "Voici le nombre de pièces : 3.",
        "Voici comment faire : déposez le dossier complet en mairie.",
        "Je vous confirme que le délai est de 30 jours.",
        "Je vous confirme que l'aide reste ouverte aux étudiants boursiers.",
        "Je peux vous dire que le taux est de 37 %.",
        "Bien sûr, le plafond est de 2 000 €.",
        "Bonjour, l'aide est ouverte aux associations sportives.",
        "Merci de joindre 3 justificatifs de domicile.",
        "Si vous avez moins de 26 ans, l'aide double.",
        "N'hésitez pas à déposer le dossier avant le 31 mars 2025.",
        "Pour plus d'informations, appelez le 01 23 45 67 89.",
        "Les documents indiquent un plafond de 2 000 €.",
        "Les documents précisent que l'aide est ouverte aux associations.",
        "Les documents à fournir sont une pièce d'identité et un relevé bancaire.",
        "D'après les passages, l'aide est ouverte aux associations sportives.",
        "Savez-vous que l'aide atteint 2 000 € ?",
        "## Plafond : 1 500 €",
        "### Le taux de 99 % voté en 2012",
        "**Le délai est de 30 jours.**",
        "**L'aide est ouverte aux associations sportives.**",
        "**Plafond : 1 500 €**",
        "**Plafond** : 1 500 €",
        "- 1 500 € par foyer",
        "1. Le plafond s'élève à 1 500 €",
        "Le délai est de 30 jours :",
        "Le plafond s'élève à mille cinq cents euros",
        f"{refusal()[:-1]}, mais le plafond est de 2 000 €.",
    ],
)
def test_a_fact_without_a_source_is_marked_however_it_is_introduced(text: str) -> None:
    assert [mark.kind for mark in marks_of(text)] == [MarkKind.UNCITED]


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour !",
        "Bonjour, merci de votre question.",
        "Voici les 3 conditions à remplir :",
        "Voici ce que disent les documents :",
        "Bien sûr.",
        "Je vous invite à préciser votre question.",
        "Je reste à votre disposition pour toute question complémentaire.",
        "N'hésitez pas à me demander des précisions.",
        "Pour plus d'informations, consultez les documents cités.",
        "Si vous avez d'autres questions, n'hésitez pas.",
        "Souhaitez-vous davantage de détails sur cette aide ?",
        "Les documents disponibles ne précisent pas que l'aide est cumulable.",
        "Les passages traitent des aides aux lycées privés sous contrat.",
        "Bonne journée et bonne continuation dans vos démarches !",
        "## Article 4",
        "### Les 3 étapes de la demande",
        "**Étape 2 : déposer le dossier**",
        "Le montant de la subvention dépend des critères suivants :",
    ],
)
def test_openers_titles_and_courtesy_without_facts_need_no_source(text: str) -> None:
    assert marks_of(text) == []


def test_a_title_is_judged_by_the_paragraph_below_it() -> None:
    text = "Le dossier compte 12 pages [1].\n\n### Le taux de 99 %\n\nLe taux est de 37 % [1]."

    (mark,) = marks_of(text)

    assert (mark.kind, mark.sentence) == (MarkKind.UNCITED, "Le taux de 99 %")


def test_every_bad_sentence_of_an_answer_is_marked_at_its_place() -> None:
    text = (
        "Voici :\n- Le taux de subvention est de 45 % [1].\n- Le dossier compte 12 pages [1].\n\n"
        "Le tournoi des associations est gratuit. La demande de logement se fait en ligne. [3]"
    )

    found = marks_of(text)

    assert [text[mark.start : mark.end] for mark in found] == [mark.sentence for mark in found]
    assert [(mark.kind, mark.sentence) for mark in found] == [
        (MarkKind.PERCENTAGE, "Le taux de subvention est de 45 % [1]."),
        (MarkKind.UNCITED, "Le tournoi des associations est gratuit."),
    ]


def events_of(pieces: list[str], *, is_whole: bool = True) -> tuple[list[AnswerEvent], Draft]:
    draft = Draft(PASSAGES, stopwatch=Stopwatch(), deltas_per_s=1000)
    events = [event for piece in pieces for event in draft.feed(piece)]
    return [*events, *draft.finish(is_whole=is_whole)], draft


def test_marks_follow_the_text_that_they_are_about() -> None:
    text = "\n Le taux est de 45 % [1]. Faux [9]. Le dossier compte 12 pages [1]. Sans source, un tournoi gratuit."
    events, draft = events_of(list(text))

    sent = ""
    for event in events:
        sent += event.text if isinstance(event, TextDelta) else ""
        if isinstance(event, SentenceMarked):
            assert sent[event.mark.start : event.mark.end] == event.mark.sentence
    end = draft.completed(model="m", tokens=None)
    assert [mark.kind for mark in end.marks] == [
        MarkKind.PERCENTAGE,
        MarkKind.UNKNOWN_SOURCE,
        MarkKind.UNCITED,
    ]
    assert len(end.marks) == sum(isinstance(event, SentenceMarked) for event in events)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Vrai [1]. Faux [99]. Fin.", ["Faux."]),
        ("Mêlé [1, 99].", ["Mêlé [1]."]),
        ("Une phrase. [99] Une autre.", ["Une phrase."]),
        ("[99] Début.", ["Début."]),
        ("Vrai [1].\n[99] Autre.", ["Autre."]),
        ("Vrai [1].\n[99]", ["Vrai [1]."]),
        ("  [99] Début [98].", ["Début."]),
    ],
)
def test_a_sentence_with_a_source_that_does_not_exist_is_marked(
    text: str, sentences: list[str]
) -> None:
    for pieces in [[text], *two_pieces(text)]:
        events, _ = events_of(pieces)
        marks = [event.mark for event in events if isinstance(event, SentenceMarked)]
        unknown = [mark.sentence for mark in marks if mark.kind is MarkKind.UNKNOWN_SOURCE]
        assert unknown == sentences


def test_the_last_words_of_an_answer_that_was_cut_are_not_judged() -> None:
    text = "Le taux de subvention est de 45 % [1]. Dans la limite de 48"

    whole, _ = events_of([text])
    cut, _ = events_of([text], is_whole=False)

    assert sum(isinstance(event, SentenceMarked) for event in whole) == 2
    assert sum(isinstance(event, SentenceMarked) for event in cut) == 1


WORDS = st.sampled_from(
    [
        *(
            "Le taux ",
            "de subvention ",
            "37 %",
            "45 % ",
            "est ",
            "n'est pas ",
            "480 000 euros ",
            "Lyon ",
        ),
        *(
            "budget ",
            "décembre ",
            "lycées ",
            "annuelle ",
            "en vigueur ",
            "12 pages ",
            "3 mars 2024 ",
        ),
        *(
            "[1]",
            " [2]",
            " [3].",
            "[1, 2]",
            "[9]",
            " [9] ",
            "[",
            "]",
            ". ",
            ".",
            "\n",
            "\n\n",
            "- ",
            "| ",
        ),
        *("1. ", "# ", "```\n", "**", " : ", "?", "« ", " »", "Il a "),
    ]
)
REPLIES = st.lists(WORDS, max_size=40).map("".join)


@given(data=st.data(), reply=REPLIES)
def test_any_cut_gives_the_same_marks(data: st.DataObject, reply: str) -> None:
    whole, draft = events_of([reply])
    events, other = events_of(data.draw(cuts_of(reply)))

    assert [e for e in events if isinstance(e, SentenceMarked)] == [
        e for e in whole if isinstance(e, SentenceMarked)
    ]
    end = other.completed(model="m", tokens=None)
    assert end.marks == draft.completed(model="m", tokens=None).marks
    assert all(other.text[mark.start : mark.end] == mark.sentence for mark in end.marks)


@given(answer=st.text(), source=st.text())
def test_verification_takes_any_text(answer: str, source: str) -> None:
    passages = make_passages(source, answer)

    for mark in marks_of(f"{answer}[1] {source}", passages):
        assert reason_of(mark)
