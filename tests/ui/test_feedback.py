"""The buttons below an answer, and what becomes of a source since it was cited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from assistant.schemas.feedback import FeedbackOut
from tests.ui.administration import click, keys
from tests.ui.scripted import NOW, ScriptedClient, answer, citation, problem
from tests.ui.test_chat_page import markup, open_conversation
from ui.feedback import REASONS
from ui.messages import catalogue


def feedback_keys(page: AppTest) -> list[str]:
    return [key for key in keys(page) if key.endswith("-answer-1") and "source" not in key]


def test_one_click_is_enough(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)
    assert feedback_keys(page) == ["useful-answer-1", "not_useful-answer-1"]

    click(page, "not_useful-answer-1")

    assert api.calls == [("feedback", "answer-1", {"verdict": "not_useful"})]
    assert "Votre avis : pas utile." in markup(page)
    assert feedback_keys(page)[:2] == ["change-answer-1", "withdraw-answer-1"]


def test_reasons_and_comment_complete_it(api: ScriptedClient, page: AppTest) -> None:
    click(open_conversation(api, page), "not_useful-answer-1")
    page.checkbox("reason-outdated-answer-1").check()
    page.text_area("comment-answer-1").set_value("Le tarif <b> a changé.")
    page.checkbox("share-answer-1").check().run()

    click(page, "feedback-save")

    assert api.calls[-1] == (
        "feedback",
        "answer-1",
        {
            "verdict": "not_useful",
            "reasons": ["outdated"],
            "comment": "Le tarif <b> a changé.",
            "is_shared": True,
        },
    )
    assert "pas utile : document périmé. « Le tarif &lt;b&gt; a changé. »" in markup(page)
    assert "(transmis à l&#x27;administrateur)" in markup(page)


def test_a_comment_is_passed_on_only_when_ticked(api: ScriptedClient, page: AppTest) -> None:
    click(open_conversation(api, page), "useful-answer-1")
    assert not page.checkbox("share-answer-1").value
    page.text_area("comment-answer-1").set_value("Merci.").run()

    click(page, "feedback-save")

    assert api.calls[-1][2] == {"verdict": "useful", "comment": "Merci."}
    assert "(pour vous seul)" in markup(page)


def test_it_is_changed_and_withdrawn(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)
    given = FeedbackOut(
        verdict="useful", reasons=["clear"], comment="", is_shared=False, given_at=NOW
    )
    api.say("answer-1", given)
    page.run()
    click(page, "change-answer-1")
    assert page.checkbox("reason-clear-answer-1").value

    page.radio("verdict-answer-1").set_value("not_useful").run()
    click(page, "feedback-save")
    click(page, "withdraw-answer-1")

    assert [call[0] for call in api.calls] == ["feedback", "withdraw"]
    assert feedback_keys(page) == ["useful-answer-1", "not_useful-answer-1"]


def test_what_cannot_be_kept_is_told(api: ScriptedClient, page: AppTest) -> None:
    open_conversation(api, page)
    api.refuse_changes = problem("answer_running", status=409, detail="Attendez sa fin.")

    click(page, "useful-answer-1")

    assert page.error[0].value == "Attendez sa fin."
    assert feedback_keys(page) == ["useful-answer-1", "not_useful-answer-1"]


@pytest.mark.parametrize("changes", [{"status": "running"}, {"is_withheld": True}])
def test_nothing_is_asked_of_an_answer_that_is_not_there(
    api: ScriptedClient, page: AppTest, changes: dict[str, object]
) -> None:
    made = api.create_conversation(title="Aides")
    api.add_messages(made.id, "Quel taux ?", answer("", citations=[], **changes))  # type: ignore[arg-type]
    if changes.get("status") == "running":
        api.script = []
    else:
        page.query_params["c"] = made.id
        page.run()

    assert feedback_keys(page) == []


def test_every_reason_has_its_words() -> None:
    reasons = {f"feedback_reason.{reason}" for each in REASONS.values() for reason in each}

    assert reasons == {key for key in catalogue() if key.startswith("feedback_reason.")}


def test_a_deleted_source_says_so_and_leads_nowhere(api: ScriptedClient, page: AppTest) -> None:
    gone = citation().model_copy(
        update={
            "state": "deleted",
            "view_url": "",
            "deleted_at": datetime(2026, 3, 3, 12, tzinfo=UTC),
        }
    )
    open_conversation(api, page, citations=[gone])

    words = markup(page)
    assert "Document supprimé depuis le 3 mars 2026" in words
    assert "Le taux de l&#x27;aide est fixé à 30 %" in words
    assert "/api/v1/passages/" not in words
    assert not [key for key in keys(page) if key.startswith("source-")]


def test_a_replaced_source_leads_to_the_version_of_now(api: ScriptedClient, page: AppTest) -> None:
    replaced = citation().model_copy(
        update={
            "state": "replaced",
            "view_url": "",
            "current_url": "/api/v1/passages/chunk-9/view",
        }
    )
    open_conversation(api, page, citations=[replaced])

    words = markup(page)
    assert "Une version plus récente de ce document existe" in words
    assert 'class="open" href="/api/v1/passages/chunk-9/view#passage"' in words
    assert "/api/v1/passages/chunk-1/" not in words


def test_a_withheld_answer_says_why(api: ScriptedClient, page: AppTest) -> None:
    notice = "Cette réponse s'appuie sur un document auquel vous n'avez plus accès."
    open_conversation(api, page, text="", citations=[], is_withheld=True, notice=notice)

    assert "auquel vous n&#x27;avez plus accès" in markup(page)
