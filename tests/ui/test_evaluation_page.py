"""The evaluation page of administrators: question sets, their evaluations, what these found."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from assistant.schemas.evaluations import QuestionSetAdded, ResultOut
from assistant.schemas.wire import FaultyLine, Problem
from tests.ui.alone import click_alone
from tests.ui.scripted import problem
from tests.ui.scripted_evaluations import (
    EvaluatingClient,
    cited,
    evaluation,
    question_set,
    result,
    row,
    share,
    summary,
)
from ui.messages import moment_label
from ui.outcomes import table_html, why_of
from ui.question_sets import refusal_html
from ui.results import figure_html
from ui.runs import progress_line, told


def run(page: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception
    return page


def html_of(page: AppTest) -> str:
    return "".join(str(one.value) for one in page.html)


def has(page: AppTest, key: str) -> bool:
    return any(one.key == key for one in page.button)


def refused(count: int) -> Problem:
    lines = [
        FaultyLine(line=line, code="question_expected", detail="faute <b>.")
        for line in range(2, count + 2)
    ]
    return problem(
        "question_set_refused", status=422, detail="Refusé. Ligne 2 : faute <b>."
    ).model_copy(update={"lines": lines})


def test_page_is_for_administrators(evaluating: EvaluatingClient, evaluation_page: AppTest) -> None:
    evaluating.is_admin = False

    page = run(evaluation_page, e="run-1")

    assert "réservée aux administrateurs" in page.warning[0].value
    assert not page.html


def test_without_a_set_the_page_says_what_to_do(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    evaluating.sets = []

    page = run(evaluation_page)

    assert "Ajoutez-en un" in page.info[0].value
    assert "Document attendu" in html_of(page)


def test_a_set_tells_its_size_and_its_evaluations(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    evaluating.sets = [question_set(), question_set("set-2", name="<b>.ods", unanswerable_count=0)]

    page = run(evaluation_page)

    shown = html_of(page)
    assert "40 questions, dont 6 sans réponse · ajouté le 2 mars 2026" in shown
    assert "&lt;b&gt;.ods" in shown
    assert "40 questions, toutes avec une réponse attendue" in shown
    assert "terminée · Bonne source citée : 79\u00a0%" in shown
    assert page.caption[-1].value == "Pas encore évalué."


def test_an_evaluation_is_started_followed_and_stopped(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    page = run(evaluation_page)

    page.button("start-set-1").click().run()
    assert "continue si vous quittez" in page.success[0].value
    assert has(page, "results-run-2")
    page.button("cancel-run-2").click().run()

    assert evaluating.calls == [("evaluate", "set-1"), ("cancel-evaluation", "run-2")]
    assert not has(page, "cancel-run-2")
    assert "arrêtée" in html_of(page)


def test_a_refused_start_is_told(evaluating: EvaluatingClient, evaluation_page: AppTest) -> None:
    evaluating.refuse_changes = problem(
        "evaluations_too_many", status=409, detail="Cinq attendent."
    )
    evaluating.runs = [evaluation("running", done=3)]
    page = run(evaluation_page)

    page.button("start-set-1").click().run()

    assert [one.value for one in page.error] == ["Cinq attendent."]
    assert not page.success


def test_a_set_is_deleted_after_a_confirmation(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    page = run(evaluation_page)

    page.button("delete-set-1").click().run()
    assert evaluating.calls == []
    assert any("toutes ses évaluations" in one.value for one in page.markdown)
    page.button("delete-confirm").click().run()

    assert evaluating.calls == [("delete-set", "set-1")]
    assert "est supprimé" in page.success[0].value


def _upload_script(status: int, body: str, client: object) -> None:
    from typing import cast

    from assistant.client import AssistantClient
    from ui import question_sets

    api = cast("AssistantClient", client)
    question_sets.take_answer(status, body)
    question_sets.show(api, api.me())


def uploaded(api: EvaluatingClient, status: int, body: str) -> AppTest:
    """The page after the browser got that answer to a file."""
    return run(AppTest.from_function(_upload_script, default_timeout=20, args=(status, body, api)))


def test_an_added_set_is_told_with_what_was_not_used(evaluating: EvaluatingClient) -> None:
    added = QuestionSetAdded(**question_set().model_dump(), ignored_columns=["Thème"], notices=[])

    page = uploaded(evaluating, 201, added.model_dump_json())

    assert "est enregistré" in page.success[0].value
    assert "40 questions" in page.success[0].value
    assert "« Thème »" in page.success[0].value


def test_a_refused_file_is_told_line_by_line(evaluating: EvaluatingClient) -> None:
    page = uploaded(evaluating, 422, refused(3).model_dump_json())

    shown = html_of(page)
    assert "Refusé. Ligne 2 : faute &lt;b&gt;." in shown
    assert "<li>Ligne 3 : faute &lt;b&gt;.</li><li>Ligne 4 :" in shown
    assert "<li>Ligne 2" not in shown
    assert not page.success


@pytest.mark.parametrize("status", [0, 201, 502])
def test_an_answer_that_is_none_of_the_api_is_told(
    evaluating: EvaluatingClient, status: int
) -> None:
    page = uploaded(evaluating, status, "<html>")

    assert "L&#x27;envoi a été coupé" in html_of(page)


def test_many_faulty_lines_are_said_to_be_more() -> None:
    assert "Les lignes fautives suivantes" in refusal_html(refused(100))
    assert "Les lignes fautives suivantes" not in refusal_html(refused(99))


def test_results_open_though_the_evaluation_has_just_ended(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    evaluating.runs = [evaluation("running", done=3)]
    page = run(evaluation_page)

    evaluating.runs = [evaluation()]
    click_alone(page, "results-run-1")

    assert page.title[0].value == "questions.csv"


def test_results_open_from_the_list_and_lead_back(evaluation_page: AppTest) -> None:
    page = run(evaluation_page)

    page.button("results-run-1").click().run()
    assert page.title[0].value == "questions.csv"
    assert page.query_params["e"] in ("run-1", ["run-1"])
    assert "durée 26 s · modèle mistral\\-small" in page.caption[0].value
    page.button("back").click().run()

    assert page.title[0].value == "Évaluation"


def test_an_unknown_evaluation_is_told_above_the_sets(evaluation_page: AppTest) -> None:
    page = run(evaluation_page, e="autre")

    assert "n'existe pas" in page.warning[0].value
    assert has(page, "start-set-1")


def test_a_figure_says_its_interval_in_words() -> None:
    html = figure_html("cited", share(27, 34, 0.632, 0.897))

    assert "79\u00a0%" in html
    assert "27 sur 34 questions" in html
    assert "comptez entre 63\u00a0% et 90\u00a0%." in html
    assert "left:63.2%;width:26.5%" in html
    assert "Aucune question de ce type" in figure_html("refused_rightly", share(0, 0))


@pytest.mark.parametrize(("answerable", "is_told"), [(29, True), (30, False), (0, False)])
def test_few_questions_call_for_caution(
    evaluating: EvaluatingClient, evaluation_page: AppTest, answerable: int, is_told: bool
) -> None:
    evaluating.runs = [evaluation(summary=summary(answerable=answerable, unanswerable=0, failed=2))]

    page = run(evaluation_page, e="run-1")

    assert any("si peu de questions" in one.value for one in page.caption) is is_told
    assert page.warning[0].value.startswith("2 réponses ont échoué")


def test_questions_are_filtered_and_counted(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    evaluating.rows = [
        row(2, result()),
        row(3, result("wrong")),
        row(4, result("refused_wrongly", citations=[])),
        row(5, result("refused_rightly", citations=[]), document=None),
        row(6),
    ]
    page = run(evaluation_page, e="run-1")
    assert page.segmented_control[0].options == [
        "Toutes (40)",
        "À revoir (7)",
        "Justes (33)",
        "Refusées (12)",
    ]

    def lines(name: str) -> list[int]:
        page.segmented_control("verdicts").set_value(name).run()
        shown = html_of(page)
        return [line for line in range(2, 7) if f"la ligne {line}\u00a0?" in shown]

    assert lines("wrong") == [3, 4]
    assert lines("right") == [2, 5]
    assert lines("refused") == [4, 5]
    assert lines("all") == [2, 3, 4, 5, 6]


def test_a_filter_without_question_says_so(evaluation_page: AppTest) -> None:
    page = run(evaluation_page, e="run-1")

    page.segmented_control("verdicts").set_value("wrong").run()

    assert page.info[0].value == "Aucune question à revoir : tout est juste."


def test_long_results_are_paged_and_a_filter_starts_anew(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    evaluating.rows = [row(line, result()) for line in range(2, 42)]
    page = run(evaluation_page, e="run-1")

    page.button("page-next").click().run()
    assert page.caption[-1].value == "Questions 26 à 40"
    page.segmented_control("verdicts").set_value("right").run()

    assert page.caption[-1].value == "Questions 1 à 25"


def test_results_are_downloaded_from_the_api(evaluation_page: AppTest) -> None:
    page = run(evaluation_page, e="run-1")

    assert 'href="/api/v1/evaluations/run-1/table" download>' in html_of(page)


def test_a_running_evaluation_shows_its_figures_so_far(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    evaluating.runs = [evaluation("running", done=3, left_s=31.0, model="")]

    page = run(evaluation_page, e="run-1")

    assert has(page, "cancel-run-1")
    assert has(page, "refresh")
    assert "Bonne source citée" in html_of(page)
    assert "réponses sans modèle de langage" in page.caption[0].value


def test_a_failed_evaluation_says_why(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    evaluating.runs = [evaluation("failed", reason_code="x", reason="Interrompue trois fois.")]

    assert run(evaluation_page, e="run-1").error[0].value == "Interrompue trois fois."


def test_an_evaluation_that_began_anew_says_why(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    evaluating.runs = [
        evaluation(reason_code="evaluation_begun_anew", reason="Un modèle a changé.")
    ]

    page = run(evaluation_page, e="run-1")

    assert [each.value for each in page.info] == ["Un modèle a changé."]
    assert not page.error


def test_a_row_tells_what_was_expected_and_cited() -> None:
    found = result(citations=[cited("<i>Aides"), cited("Guide", pages=[4, 5], view_url=None)])
    html = table_html([row(7, found, passage="le taux", pages=[1, 3])])

    assert "Question de la ligne 7\u00a0?" in html
    assert "pages 1, 3" in html
    assert "« le taux »" in html
    assert 'href="/api/v1/passages/786994aa-862c-438d-a372-6b70b2fdff29/view#passage"' in html
    assert "&lt;i&gt;Aides</a>" in html
    assert "<li><p>Guide</p>" in html
    assert "pages 4 à 5" in html
    assert "<strong>30 %</strong>" in html
    assert '<span class="verdict right">Juste</span></td>' in html


def test_a_source_that_is_withheld_says_why_and_opens_nothing() -> None:
    gone = cited("", file="", pages=[], quote="Le document a été supprimé.", is_withheld=True)
    html = table_html([row(2, result(citations=[gone]))])

    assert "Le document a été supprimé." in html
    assert "<a " not in html


def test_a_row_that_waits_or_failed_says_so() -> None:
    waits = table_html([row(2, None, document=None)])
    failed = table_html(
        [row(2, result("failed", answer="", citations=[], reason="Le modèle ne répond pas."))]
    )

    assert "Pas encore posée" in waits
    assert "sans réponse" in waits
    assert "details" not in waits
    assert "Le modèle ne répond pas." in failed
    assert "Échec" in failed


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (result(), ""),
        (result(citation_rank=2), "La bonne source est la citation n° 2."),
        (result("wrong", citation_rank=4), "n'est que la citation n° 4"),
        (result("wrong", citation_rank=None, passage_rank=2), "passage était trouvé, au rang 2"),
        (
            result("refused_wrongly", citation_rank=None, passage_rank=None, document_rank=3),
            "document était trouvé, au rang 3",
        ),
        (
            result("wrong", citation_rank=None, passage_rank=None, document_rank=None),
            "n'est pas parmi les passages retenus",
        ),
        (result("answered_wrongly"), "n'étaient pas censés répondre"),
        (result("refused_rightly"), ""),
    ],
)
def test_a_miss_says_where_the_right_source_was(found: ResultOut, words: str) -> None:
    why = why_of(found)

    assert words in why
    assert bool(words) == bool(why)


def test_lines_of_evaluations_say_how_far_they_are() -> None:
    waiting = evaluation("queued", done=0)
    stopped = evaluation("cancelled", done=3, summary=summary(cited=share(0, 0)))

    assert progress_line(waiting) == "0 sur 40 questions · en file d'attente"
    assert progress_line(evaluation("running", done=3, left_s=31.0)) == (
        "3 sur 40 questions · encore 31 s environ"
    )
    assert told(stopped).endswith(": arrêtée · 3 sur 40 questions")


def test_a_moment_is_told_by_the_clock_of_the_reader() -> None:
    moment = datetime(2026, 3, 2, 23, 5, tzinfo=UTC)

    assert moment_label(moment, zone="Europe/Paris") == "3 mars 2026 à 0 h 05"
    assert moment_label(moment, zone="America/Cayenne") == "2 mars 2026 à 20 h 05"
    assert moment_label(moment, zone="../etc") == moment_label(moment, zone=None)


def test_marked_answers_and_failed_models_are_told(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    figures = summary(
        marked=share(3, 30),
        unsupported_sentences=4,
        uncited_sentences=1,
        fell_back=share(1, 40),
        verdicts={"right_marked": 3, "right_faulty": 1, "right": 36},
    )
    evaluating.runs = [evaluation(summary=figures)]
    fault = "Le modèle est saturé."
    evaluating.rows = [
        row(2, result()),
        row(3, result("right_marked", unsupported_sentences=2, uncited_sentences=1)),
        row(4, result("right_faulty", status="search_only", model_fault=fault)),
    ]

    page = run(evaluation_page, e="run-1")

    told = " ".join(one.value for one in page.warning)
    assert "3 réponses contiennent une phrase signalée" in told
    assert "ne confirment pas : 4 ; phrases sans source : 1." in told
    assert "Pour une question, le modèle de langage a failli" in told
    shown = html_of(page)
    assert (
        "2 phrases ne sont pas confirmées par leurs sources. Une phrase n&#x27;a pas de source."
        in shown
    )
    assert "Juste, mais signalé" in shown
    assert fault in shown
    page.segmented_control("verdicts").set_value("wrong").run()
    assert "ligne 2" not in html_of(page)
    assert "ligne 3" in html_of(page)


def test_a_wrong_answer_also_tells_what_was_marked() -> None:
    wrong = result("wrong", citation_rank=None, passage_rank=2, unsupported_sentences=1)

    assert why_of(wrong).endswith("mais pas cité. Une phrase n'est pas confirmée par ses sources.")


def test_documents_to_check_are_told_when_a_set_is_added_and_when_it_is_evaluated(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    notice = FaultyLine(line=7, code="document_not_found", detail="aucun <b>.")
    added = QuestionSetAdded(
        **question_set().model_dump(), ignored_columns=[], notices=[notice] * 101
    )
    evaluating.notices = [notice]

    shown = html_of(uploaded(evaluating, 201, added.model_dump_json()))
    page = run(evaluation_page)
    before = html_of(page)
    page.button("start-set-1").click().run()

    told = "ligne 7 : aucun &lt;b&gt;."
    assert shown.lower().count(told) == 100
    assert "d&#x27;autres lignes" in shown
    assert told not in before.lower()
    assert told in html_of(page).lower()
