"""The conversation page, step by step."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from assistant.schemas.answers import (
    AlsoOut,
    AnswerEventOut,
    DeltaEvent,
    ErrorEvent,
    MarkEvent,
    QueuedEvent,
    RetrievalEvent,
)
from tests.ui.scripted import ScriptedClient, answer, citation, document, mark, problem, stream
from ui.answers import Draft


def markup(page: AppTest) -> str:
    assert not page.exception, page.exception
    return "\n".join(str(one.value) for one in page.html)


def open_conversation(api: ScriptedClient, page: AppTest, **reply: object) -> AppTest:
    made = api.create_conversation(title="Aides")
    text = str(reply.pop("text", "Le taux est de **30 %** [1]."))
    api.add_messages(made.id, "Quel taux ?", answer(text, **reply))  # type: ignore[arg-type]
    page.query_params["c"] = made.id
    return page.run()


def test_empty_conversation_offers_examples(page: AppTest) -> None:
    page.run()

    assert "Que cherchez-vous" in markup(page)
    assert page.button("example-0").label == "Quel est le taux de l'aide ?"


def test_notice_of_an_ai_is_always_there(api: ScriptedClient, page: AppTest) -> None:
    assert "intelligence artificielle" in markup(page.run())
    assert "intelligence artificielle" in markup(open_conversation(api, page))


@pytest.mark.parametrize(
    ("is_admin", "words"), [(True, "assistant ingest"), (False, "L'administrateur")]
)
def test_empty_corpus_says_what_to_do(
    api: ScriptedClient, page: AppTest, is_admin: bool, words: str
) -> None:
    api.documents, api.is_admin = [], is_admin

    page.run()

    assert page.subheader[0].value == "Aucun document n'est encore consultable"
    assert any(words in one.value for one in page.markdown)
    assert not [one for one in page.button if one.key and one.key.startswith("example")]


def test_empty_corpus_tells_of_documents_being_read(api: ScriptedClient, page: AppTest) -> None:
    api.documents = [document("a.pdf", state="pending"), document("b.pdf", state="pending")]

    page.run()

    assert page.info[0].value.startswith("2 documents sont en cours")


def test_question_makes_a_conversation_and_shows_its_answer(
    api: ScriptedClient, page: AppTest
) -> None:
    api.script = stream("Le taux est de **30 %** [1].")

    page.run().chat_input[0].set_value("Quel <b>taux</b> ?").run()

    assert api.calls == [("ask", "c1", "Quel <b>taux</b> ?")]
    assert page.query_params["c"] == "c1"
    assert "Quel &lt;b&gt;taux&lt;/b&gt; ?" in markup(page)
    assert 'class="answer answered"' in markup(page)
    assert '<a class="cite" href="/api/v1/passages/chunk-1/view#passage" target="_blank"' in markup(
        page
    )
    assert not page.chat_input[0].disabled


def test_example_asks_its_question(api: ScriptedClient, page: AppTest) -> None:
    api.script = stream("Oui [1].")

    page.run().button("example-0").click().run()

    assert api.calls == [("ask", "c1", "Quel est le taux de l'aide ?")]
    assert 'class="answer answered"' in markup(page)


def test_reload_takes_a_running_answer_up_again(api: ScriptedClient, page: AppTest) -> None:
    api.script = stream("Le taux est de 30 % [1].")

    open_conversation(api, page, text="", status="running", citations=[])

    assert 'class="answer answered"' in markup(page)
    assert api.calls == []


def test_stream_that_fails_looks_like_an_error(api: ScriptedClient, page: AppTest) -> None:
    events: list[AnswerEventOut | float] = [
        RetrievalEvent(passages=[citation()]),
        DeltaEvent(text="Le taux"),
        ErrorEvent(problem=problem("model_misbehaved", detail="Le modèle <x> se tait.")),
    ]
    api.script = events

    page.run().chat_input[0].set_value("Quel taux ?").run()

    assert 'class="answer failed"' in markup(page)
    assert "Le modèle &lt;x&gt; se tait." in markup(page)
    assert "req-1" in markup(page)


@pytest.mark.parametrize(
    ("status", "banner"),
    [
        ("search_only", "Réponse sans modèle"),
        ("refused", "Pas de réponse dans les documents"),
        ("cancelled", "Réponse arrêtée"),
        ("answered", "Réponse de l&#x27;IA"),
    ],
)
def test_each_kind_of_answer_says_what_it_is(
    api: ScriptedClient, page: AppTest, status: str, banner: str
) -> None:
    open_conversation(api, page, status=status, notice="Aucun modèle n'est configuré.")

    assert f'<section class="answer {status}"' in markup(page)
    assert f'<p class="answer-label">{banner}</p>' in markup(page)
    assert "Aucun modèle n&#x27;est configuré." in markup(page)


def test_a_follow_up_shows_how_it_was_understood(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page, understood="Quel délai pour <l'aide> ?")

    assert "Question comprise : Quel délai pour &lt;l&#x27;aide&gt; ?" in markup(page)


def test_a_question_understood_as_typed_says_nothing(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)

    assert "Question comprise" not in markup(page)


def test_unverified_sentences_are_marked_with_their_reasons(
    api: ScriptedClient, page: AppTest
) -> None:
    answer_text = "Le taux est de 30 % [1]. Le plafond est <libre>."
    open_conversation(
        api, page, text=answer_text, marks=[mark("Le plafond est <libre>.", answer_text)]
    )

    assert "Une affirmation n&#x27;a pas pu être vérifiée." in markup(page)
    assert '<mark class="doubt">Le plafond est &lt;libre&gt;.</mark>' in markup(page)
    assert "⚠ Non vérifié : « 9 &lt;b&gt; » ne figure pas dans la source [1]." in markup(page)


def test_a_sentence_is_marked_while_the_answer_is_written() -> None:
    draft = Draft()
    draft.add(DeltaEvent(text="Il y en a 9. La suite"))
    assert "<mark" not in draft.html()

    draft.add(MarkEvent(mark=mark("Il y en a 9.", draft.text)))

    assert '<mark class="doubt">Il y en a 9.</mark>' in draft.html()
    assert "Une affirmation n&#x27;a pas pu être vérifiée." in draft.html()
    draft.add(ErrorEvent(problem=problem("model_misbehaved")))
    assert '<mark class="doubt">Il y en a 9.</mark>' in draft.html()


def test_a_verified_answer_says_nothing_of_doubts(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)

    assert "vérifié" not in markup(page)
    assert "<mark" not in markup(page)


def test_sources_show_where_the_words_come_from(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)

    assert page.expander[0].label.startswith("Source citée")
    for words in ("Règlement des aides", "3 février 2024", "page 3", "Titre II › Article 4"):
        assert words in markup(page)
    assert "Ouvrir la page" in markup(page)


def test_source_links_the_other_documents_that_say_the_same(
    api: ScriptedClient, page: AppTest
) -> None:
    others = [
        AlsoOut(
            title=title,
            file="copie.odt",
            document_id="d9",
            page=number,
            view_url="/api/v1/passages/k9/view",
        )
        for title, number in (("Guide <2023>", 4), ("", None))
    ]
    open_conversation(api, page, citations=[citation().model_copy(update={"also": others})])

    assert "Aussi dans :" in markup(page)
    assert ">Guide &lt;2023&gt;, page 4</a>" in markup(page)
    assert ">copie.odt</a>" in markup(page)
    assert 'class="also" href="/api/v1/passages/k9/view#passage"' in markup(page)


def test_source_alone_names_no_other(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)

    assert "Aussi dans" not in markup(page)


def test_source_without_pages_opens_its_passage(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page, citations=[citation(page=None)])

    assert "Ouvrir le passage" in markup(page)


def test_source_opens_in_place(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)

    page.button("source-answer-1-1").click().run()

    assert len(page.get("iframe")) == 1


def test_unknown_conversation_says_so(page: AppTest) -> None:
    page.query_params["c"] = "d'un-autre"

    page.run()

    assert "n'existe pas" in page.warning[0].value
    assert page.button("example-0")


def test_refused_question_is_given_back(api: ScriptedClient, page: AppTest) -> None:
    page.run()
    api.refuse_questions = problem("invalid_input", status=422, detail="Trop longue.")

    page.chat_input[0].set_value("Une très longue question").run()

    assert "Trop longue" in page.error[0].value
    assert page.code[0].value == "Une très longue question"
    assert api.conversations == {}


def test_refused_question_leaves_its_conversation(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)
    api.refuse_questions = problem("invalid_input", status=422, detail="Trop longue.")

    page.chat_input[0].set_value("Une très longue question").run()

    assert list(api.conversations) == ["c1"]


def test_question_that_may_have_been_taken_keeps_its_conversation(
    api: ScriptedClient, page: AppTest
) -> None:
    page.run()
    api.refuse_questions = problem("unreachable", status=0, detail="Pas de réponse.")

    page.chat_input[0].set_value("Quel taux ?").run()

    assert list(api.conversations) == ["c1"]


def test_rename_and_delete(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)

    page.button("rename").click().run()
    page.text_input("new-title").set_value("Aides aux communes").run()
    page.button("rename-save").click().run()
    page.button("delete").click().run()
    page.button("delete-confirm").click().run()

    assert api.calls == [("rename", "c1", "Aides aux communes"), ("delete", "c1")]
    assert "c" not in page.query_params
    assert "Que cherchez-vous" in markup(page)


def test_titles_are_labels_without_markdown(api: ScriptedClient, page: AppTest) -> None:
    api.create_conversation(title="$x$ :material/home: **gras**")

    page.run()

    label = [one.label for one in page.sidebar.page_link][-1]
    assert "$x$" not in label
    assert ":material" not in label
    assert "**" not in label


def test_failed_click_is_told(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)
    page.button("rename").click().run()
    api.refuse_changes = problem("storage_error", detail="Le disque est plein.")

    page.button("rename-save").click().run()

    assert page.error[0].value == "Le disque est plein."
    assert not page.exception


def test_a_question_that_waits_shows_its_place_until_its_search_ends() -> None:
    draft = Draft()
    shown: list[str] = []
    for event in (QueuedEvent(ahead=2), QueuedEvent(ahead=1), QueuedEvent(ahead=0)):
        draft.add(event)
        shown.append(draft.html())
    draft.add(RetrievalEvent(passages=[]))

    for words, html in zip(
        ("2 questions avant la vôtre…", "Une question avant la vôtre…", "est la prochaine…"),
        shown,
        strict=True,
    ):
        assert words in html
    assert "vôtre" not in draft.html()
