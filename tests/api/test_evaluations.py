"""Question sets over HTTP, and their evaluations on the live index."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from assistant.domain.answers import Question, RetrievalCompleted
from assistant.domain.documents import Reason
from assistant.domain.errors import ModelUnavailable
from assistant.domain.evaluations import Evaluation, EvaluationRow, EvaluationState, Verdict
from assistant.domain.ids import CollectionId, EvaluationId
from assistant.domain.tenancy import Collection, Principal, Role, Scope
from assistant.domain.tenants import Tenant, TenantState
from assistant.services.tenants import TenantChange
from assistant.testing.chat import ScriptedChatModel
from tests.api.site import REGULATION, Site, open_site
from tests.ingest.made_hostile_archives import bomb, open_document

pytestmark = pytest.mark.anyio

SETS = "/api/v1/question-sets"
RUNS = "/api/v1/evaluations"
LIST = """question;document attendu;page ou passage;réponse attendue
Le transport scolaire est-il gratuit pour les internes ?;reglement.txt;gratuit pour les élèves;Oui, gratuit
Avant quelle date déposer une demande ?;Règlement des transports scolaires;30 juin;
Quel est le tarif du ski ?;;;sans réponse
"""
FINAL = {"succeeded", "failed", "cancelled"}


async def send(
    http: httpx.AsyncClient, content: str | bytes = LIST, name: str = "questions.csv"
) -> httpx.Response:
    data = content.encode() if isinstance(content, str) else content
    return await http.post(SETS, files=[("files", (name, data))])


async def started(http: httpx.AsyncClient, content: str = LIST) -> dict[str, Any]:
    kept = (await send(http, content)).json()
    response = await http.post(RUNS, json={"question_set_id": kept["id"]})
    assert response.status_code == 202, response.text
    return response.json()


async def ended(http: httpx.AsyncClient, evaluation_id: str) -> dict[str, Any]:
    for _ in range(400):
        found = (await http.get(f"{RUNS}/{evaluation_id}")).json()
        if found["evaluation"]["state"] in FINAL:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("the evaluation did not end")


def scope_of(site: Site) -> Scope:
    return site.container.access.scope_of(site.container.access.local_principal())


@pytest.fixture
async def owner(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        yield http
    await site.container.evaluation_runner.close()


async def test_a_list_is_kept_whole_and_read_back(owner: httpx.AsyncClient) -> None:
    response = await send(owner, LIST.replace("réponse attendue", "Réponse attendue;Thème"))
    kept = response.json()
    listed = (await owner.get(SETS)).json()
    read = (await owner.get(f"{SETS}/{kept['id']}")).json()
    page = (await owner.get(f"{SETS}/{kept['id']}?limit=1&offset=2")).json()

    assert response.status_code == 201
    assert kept["ignored_columns"] == ["Thème"]
    assert (kept["name"], kept["question_count"], kept["unanswerable_count"]) == (
        "questions.csv",
        3,
        1,
    )
    assert listed == [read["question_set"]]
    assert read["questions"][0] == {
        "line": 2,
        "question": "Le transport scolaire est-il gratuit pour les internes ?",
        "document": "reglement.txt",
        "pages": [],
        "passage": "gratuit pour les élèves",
        "answer": "Oui, gratuit",
    }
    assert [each["document"] for each in page["questions"]] == [None]


async def test_every_faulty_line_is_named_and_nothing_is_kept(owner: httpx.AsyncClient) -> None:
    response = await send(owner, LIST + ";reglement.txt;;\nQui paie ?;;;La Région\n")

    problem = response.json()
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "question_set_refused"
    assert "(2 à corriger). Ligne 5 : il manque la question." in problem["detail"]
    assert [(each["line"], each["code"]) for each in problem["lines"]] == [
        (5, "question_expected"),
        (6, "document_expected"),
    ]
    assert "écrivez « sans réponse »" in problem["lines"][1]["detail"]
    assert (await owner.get(SETS)).json() == []


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "q.csv", 422, "file_empty"),
        (b"PK\x03\x04 and no more", "q.ods", 422, "file_truncated"),
        (open_document("spreadsheet", "<a></b>"), "q.ods", 422, "file_damaged"),
        (bomb("spreadsheet"), "q.ods", 422, "archive_bomb"),
        (b"%PDF-1.7\n%%EOF", "q.pdf", 422, "not_a_sheet"),
        (b"theme;note\na;b\n", "q.csv", 422, "question_set_refused"),
        (b"question;document\n" + b"Qui ?;a.pdf\n" * 100_000, "q.csv", 422, "question_set_refused"),
        (b"question;document\n" + b"x" * 5_100_000, "q.csv", 413, "question_set_too_large"),
        (b"question;document\n" + b"x" * 7_000_000, "q.csv", 413, "request_too_large"),
    ],
)
async def test_a_file_that_is_no_list_is_refused_with_its_reason(
    owner: httpx.AsyncClient, content: bytes, name: str, status: int, code: str
) -> None:
    response = await send(owner, content, name)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (await owner.get(SETS)).json() == []


async def test_nothing_of_a_file_is_left_in_the_scratch_folder(
    owner: httpx.AsyncClient, site: Site
) -> None:
    await send(owner)
    await send(owner, b"")

    assert list(site.container.folder.scratch.iterdir()) == []


async def test_two_files_at_once_are_refused(owner: httpx.AsyncClient) -> None:
    files = [("files", (name, LIST.encode())) for name in ("a.csv", "b.csv")]

    assert (await owner.post(SETS, files=files)).json()["code"] == "invalid_input"


async def test_an_evaluation_tells_of_each_question_what_was_found_cited_and_refused(
    owner: httpx.AsyncClient, site: Site
) -> None:
    run = await started(owner)
    found = await ended(owner, run["id"])

    evaluation = found["evaluation"]
    assert (evaluation["state"], evaluation["done"], evaluation["total"]) == ("succeeded", 3, 3)
    assert evaluation["embedder"] == site.container.embedder.identity.id
    assert evaluation["model"] == "scripted"
    first, second, third = (row["result"] for row in found["rows"])
    assert (first["verdict"], first["passage_rank"], first["citation_rank"]) == ("right", 1, 1)
    assert first["answer"].startswith("Gratuit pour les internes")
    assert first["expected_words"] == 1
    shown = first["citations"][0]
    assert "gratuit pour les élèves" in (await owner.get(shown["view_url"])).text
    assert shown | {"quote": "", "view_url": ""} == {
        "file": "reglement.txt",
        "title": "Règlement des transports scolaires",
        "pages": [],
        "quote": "",
        "is_right": True,
        "is_withheld": False,
        "view_url": "",
    }
    assert second["document_rank"] == 1
    assert (third["verdict"], third["document_rank"]) == ("answered_wrongly", None)
    summary = evaluation["summary"]
    assert (summary["answerable"], summary["unanswerable"], summary["failed"]) == (2, 1, 0)
    assert summary["verdicts"] == {"right": 2, "answered_wrongly": 1}
    assert summary["document_at_1"] == {
        "successes": 2,
        "total": 2,
        "value": 1,
        "low": pytest.approx(0.342380),
        "high": 1,
    }
    assert summary["refused_rightly"]["value"] == 0


async def test_ranks_are_those_of_the_passages_that_the_answer_was_given(
    owner: httpx.AsyncClient, site: Site
) -> None:
    answers = vars(site.container.evaluation_runner)["_answers"]

    async def reversing(question: Question, *, scope: Scope) -> AsyncIterator[Any]:
        async for event in answers.run(question, scope=scope):
            if isinstance(event, RetrievalCompleted):
                given.append(len(event.passages))
                yield replace(event, passages=event.passages[::-1])
            else:
                yield event

    given: list[int] = []
    vars(site.container.evaluation_runner)["_answers"] = SimpleNamespace(run=reversing)
    first = (await ended(owner, (await started(owner))["id"]))["rows"][0]["result"]

    assert given[0] > 1
    assert (first["passage_rank"], first["citation_rank"]) == (given[0], 1)


async def test_questions_are_chosen_by_what_became_of_them(owner: httpx.AsyncClient) -> None:
    run = await started(owner)
    await ended(owner, run["id"])

    async def lines(query: str) -> list[int]:
        found = (await owner.get(f"{RUNS}/{run['id']}?{query}")).json()["rows"]
        return [each["expected"]["line"] for each in found]

    assert await lines("verdict=answered_wrongly") == [4]
    assert await lines("verdict=answered_wrongly&verdict=right") == [2, 3, 4]
    assert await lines("verdict=answered_wrongly&verdict=right&limit=1&offset=2") == [4]
    assert await lines("verdict=failed") == []
    refused = await owner.get(f"{RUNS}/{run['id']}?verdict=inconnu")
    assert refused.status_code == 422


async def test_results_are_a_file_for_a_spreadsheet(owner: httpx.AsyncClient) -> None:
    run = await started(owner)
    await ended(owner, run["id"])

    table = await owner.get(f"{RUNS}/{run['id']}/table")

    rows = list(csv.DictReader(StringIO(table.content.decode("utf-8-sig")), delimiter=";"))
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"].startswith(
        "attachment; filename*=UTF-8''questions%20-%20r%C3%A9sultats%20du%20"
    )
    assert [row["ligne"] for row in rows] == ["2", "3", "4"]
    assert [row["verdict"] for row in rows] == ["bonne source citée"] * 2 + ["réponse à tort"]
    assert rows[0]["sources citées"] == "reglement.txt"


@pytest.mark.parametrize("change", ["deleted", "replaced"])
async def test_what_may_no_longer_be_read_is_withheld_and_its_verdict_stays(
    owner: httpx.AsyncClient, site: Site, change: str
) -> None:
    run = await started(owner)
    before = await ended(owner, run["id"])
    if change == "replaced":
        await site.upload({"reglement.txt": "Règlement des transports\nTout est payant.\n"})
    else:
        listed = (await owner.get("/api/v1/documents")).json()["documents"]
        await owner.delete(f"/api/v1/documents/{listed[0]['id']}")

    after = (await owner.get(f"{RUNS}/{run['id']}")).json()
    table = (await owner.get(f"{RUNS}/{run['id']}/table")).text

    result = after["rows"][0]["result"]
    told = "Le document a été supprimé, remplacé ou n'est plus accessible"
    assert result["answer"].startswith(told)
    cited = result["citations"][0]
    assert cited.pop("quote").startswith(told)
    assert cited == {
        "file": "",
        "title": "",
        "pages": [],
        "is_right": True,
        "is_withheld": True,
        "view_url": None,
    }
    assert result["verdict"] == before["rows"][0]["result"]["verdict"] == "right"
    assert after["evaluation"]["summary"] == before["evaluation"]["summary"]
    assert told in table
    assert "Gratuit pour les internes" not in table


async def test_what_its_person_may_no_longer_read_is_withheld(
    owner: httpx.AsyncClient, site: Site
) -> None:
    run = await started(owner)
    await ended(owner, run["id"])
    principal = site.container.access.local_principal()
    scope = site.container.access.scope_of(principal)

    def texts(scope: Scope) -> list[str]:
        rows = site.container.evaluations.rows(
            EvaluationId(run["id"]), principal=principal, scope=scope, limit=9
        )
        return [row.text for _, row in rows if row is not None and row.citations]

    assert all(texts(scope))
    assert texts(scope.narrowed_to(frozenset())) == [""] * len(texts(scope)) != []


async def test_what_is_deleted_while_it_is_answered_is_not_kept(
    owner: httpx.AsyncClient, site: Site
) -> None:
    answers = vars(site.container.evaluation_runner)["_answers"]

    async def deleting(question: Question, *, scope: Any) -> AsyncIterator[Any]:
        events = [event async for event in answers.run(question, scope=scope)]
        for document in (await owner.get("/api/v1/documents")).json()["documents"]:
            await owner.delete(f"/api/v1/documents/{document['id']}")
        await asyncio.to_thread(site.settle)
        for event in events:
            yield event

    vars(site.container.evaluation_runner)["_answers"] = SimpleNamespace(run=deleting)
    run = await started(owner)
    await ended(owner, run["id"])

    with site.container.open_work() as work:
        rows = work.evaluations.rows(
            EvaluationId(run["id"]), scope=scope_of(site), limit=9, offset=0
        )
    first = rows[0][1]
    assert first is not None
    assert (first.text, first.outcome.verdict) == ("", Verdict.RIGHT)
    assert all(each.is_withheld for each in first.citations)


async def test_an_evaluation_leaves_no_answer_behind(owner: httpx.AsyncClient, site: Site) -> None:
    run = await started(owner)
    await ended(owner, run["id"])

    with site.container.open_work() as work:
        assert work.answers.running() == []
    assert (await owner.get("/api/v1/conversations")).json() == []


async def test_what_does_not_exist_is_refused(owner: httpx.AsyncClient) -> None:
    absent = await owner.post(RUNS, json={"question_set_id": "inconnu"})
    missing = [
        await owner.get(f"{SETS}/inconnu"),
        await owner.delete(f"{SETS}/inconnu"),
        await owner.get(f"{RUNS}/inconnu"),
        await owner.get(f"{RUNS}/inconnu/table"),
        await owner.post(f"{RUNS}/inconnu/cancel"),
    ]

    assert [each.status_code for each in (absent, *missing)] == [404] * 6


async def test_a_deleted_set_takes_its_evaluations_along(owner: httpx.AsyncClient) -> None:
    run = await started(owner)
    await ended(owner, run["id"])
    deleted = await owner.delete(f"{SETS}/{run['question_set']['id']}")

    assert deleted.status_code == 204
    assert (await owner.get(f"{RUNS}/{run['id']}")).status_code == 404
    assert (await owner.get(RUNS)).json() == []


async def test_only_administrators_have_question_sets(owner: httpx.AsyncClient, site: Site) -> None:
    run = await started(owner)
    async with site.person(site.agent()) as agent:
        refused = [
            await agent.get(SETS),
            await send(agent),
            await agent.get(f"{SETS}/{run['question_set']['id']}"),
            await agent.delete(f"{SETS}/{run['question_set']['id']}"),
            await agent.get(RUNS),
            await agent.post(RUNS, json={"question_set_id": run["question_set"]["id"]}),
            await agent.get(f"{RUNS}/{run['id']}"),
            await agent.get(f"{RUNS}/{run['id']}/table"),
            await agent.post(f"{RUNS}/{run['id']}/cancel"),
        ]

    assert [each.status_code for each in refused] == [403] * 9


async def test_a_tenant_evaluates_its_own_documents_and_sees_its_own_runs(
    owner: httpx.AsyncClient, site: Site
) -> None:
    own = await ended(owner, (await started(owner))["id"])
    async with site.person(site.foreigner()) as foreigner:
        other = await ended(foreigner, (await started(foreigner))["id"])
        listed = (await foreigner.get(RUNS)).json()
        sets = (await foreigner.get(SETS)).json()
        crossed = await foreigner.post(
            RUNS, json={"question_set_id": own["evaluation"]["question_set"]["id"]}
        )
        of_foreign_set = await foreigner.get(
            f"{RUNS}?question_set_id={own['evaluation']['question_set']['id']}"
        )

    assert own["evaluation"]["summary"]["document_at_1"]["successes"] == 2
    assert other["evaluation"]["summary"]["document_at_1"]["successes"] == 0
    assert all(row["result"]["citations"] == [] for row in other["rows"])
    assert {row["result"]["status"] for row in other["rows"]} == {"refused"}
    assert [each["id"] for each in listed] == [other["evaluation"]["id"]]
    assert [each["id"] for each in sets] == [other["evaluation"]["question_set"]["id"]]
    assert crossed.status_code == 404
    assert of_foreign_set.json() == []


class Held:
    """Answers as the pipeline does, but each only once it is let go: those of evaluations, or of people."""

    def __init__(self, site: Site, *, of_people: bool = False) -> None:
        self.asked: list[str] = []
        self.gate = asyncio.Semaphore(0)
        self.runner = site.container.evaluation_runner
        of_whom, name = self.runner, "_answers"
        if of_people:
            of_whom, name = site.container.answers, "_pipeline"
        self._inner = vars(of_whom)[name]
        vars(of_whom)[name] = self

    async def run(self, question: Question, *, scope: Any) -> AsyncIterator[Any]:
        self.asked.append(question.text)
        await self.gate.acquire()
        async for event in self._inner.run(question, scope=scope):
            yield event

    async def reached(self, count: int) -> None:
        for _ in range(400):
            if len(self.asked) >= count:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(self.asked)


async def test_a_running_evaluation_stops_and_keeps_what_it_measured(
    owner: httpx.AsyncClient, site: Site
) -> None:
    held = Held(site)
    run = await started(owner)
    await held.reached(1)
    running = (await owner.get(f"{RUNS}/{run['id']}")).json()
    held.gate.release()
    await held.reached(2)
    asked = await owner.post(f"{RUNS}/{run['id']}/cancel")
    held.gate.release()
    stopped = await ended(owner, run["id"])
    again = await owner.post(f"{RUNS}/{run['id']}/cancel")

    assert running["evaluation"]["state"] == "running"
    assert asked.status_code == 200
    assert stopped["evaluation"]["state"] == "cancelled"
    assert [row["result"] is not None for row in stopped["rows"]] == [True, True, False]
    assert len(held.asked) == 2
    assert (again.status_code, again.json()["code"]) == (409, "evaluation_ended")


async def test_a_waiting_evaluation_stops_at_once(owner: httpx.AsyncClient, site: Site) -> None:
    held = Held(site)
    first = await started(owner)
    await held.reached(1)
    second = await started(owner)
    stopped = await owner.post(f"{RUNS}/{second['id']}/cancel")
    for _ in range(3):
        held.gate.release()
    await ended(owner, first["id"])

    assert (second["state"], stopped.json()["state"]) == ("queued", "cancelled")
    assert len(held.asked) == 3


async def test_an_evaluation_goes_on_after_a_restart(owner: httpx.AsyncClient, site: Site) -> None:
    held = Held(site)
    run = await started(owner)
    held.gate.release()
    await held.reached(2)
    await site.container.evaluation_runner.close()
    between = (await owner.get(f"{RUNS}/{run['id']}")).json()["evaluation"]
    for _ in range(3):
        held.gate.release()
    await site.container.aopen()
    found = await ended(owner, run["id"])

    assert (between["state"], between["done"]) == ("running", 1)
    assert found["evaluation"]["state"] == "succeeded"
    first, second, third = (row["expected"]["question"] for row in found["rows"])
    assert held.asked == [first, second, second, third]


async def test_an_evaluation_begins_anew_with_another_model(
    owner: httpx.AsyncClient, site: Site
) -> None:
    held = Held(site)
    run = await started(owner)
    held.gate.release()
    await held.reached(2)
    await site.container.evaluation_runner.close()
    made_by = vars(held.runner)["_made_by"]

    def made_by_another(tenant: Tenant | None) -> dict[str, str]:
        return {**made_by(tenant), "model": "another"}

    vars(held.runner)["_made_by"] = made_by_another
    for _ in range(3):
        held.gate.release()
    await site.container.aopen()
    found = await ended(owner, run["id"])

    first, second, third = (row["expected"]["question"] for row in found["rows"])
    assert held.asked == [first, second, first, second, third]
    evaluation = found["evaluation"]
    assert (evaluation["state"], evaluation["done"]) == ("succeeded", 3)
    assert (evaluation["model"], evaluation["reason_code"]) == ("another", "evaluation_begun_anew")
    assert "a repris à la première question" in evaluation["reason"]


async def test_an_evaluation_names_no_model_that_its_tenant_does_not_allow(
    owner: httpx.AsyncClient, site: Site
) -> None:
    allow_models(site, "autre")
    found = (await ended(owner, (await started(owner))["id"]))["evaluation"]
    allow_models(site, "scripted")
    allowed = (await ended(owner, (await started(owner))["id"]))["evaluation"]

    assert (found["state"], found["model"]) == ("succeeded", "")
    assert (allowed["state"], allowed["model"]) == ("succeeded", "scripted")


async def test_an_evaluation_begins_anew_when_its_model_is_allowed_no_more(
    owner: httpx.AsyncClient, site: Site
) -> None:
    held = Held(site)
    run = await started(owner)
    await held.reached(1)
    allow_models(site, "autre")
    for _ in range(4):
        held.gate.release()
    found = await ended(owner, run["id"])

    first, second, third = (row["expected"]["question"] for row in found["rows"])
    assert held.asked == [first, first, second, third]
    evaluation = found["evaluation"]
    assert (evaluation["state"], evaluation["done"]) == ("succeeded", 3)
    assert (evaluation["model"], evaluation["reason_code"]) == ("", "evaluation_begun_anew")


def allow_models(site: Site, *names: str) -> None:
    own = site.container.access.local_principal()
    change = TenantChange(allowed_models=names)
    site.container.organisation.tenants.change(own.tenant_id, change, principal=own)


async def test_a_question_that_never_lets_the_service_live_is_given_up(
    owner: httpx.AsyncClient, site: Site
) -> None:
    held = Held(site)
    run = await started(owner)
    for attempt in range(1, 4):
        await held.reached(attempt)
        await site.container.evaluation_runner.close()
        await site.container.aopen()
    found = await ended(owner, run["id"])

    assert len(held.asked) == 3
    assert found["evaluation"]["state"] == "failed"
    assert found["evaluation"]["reason_code"] == "evaluation_given_up"
    assert found["evaluation"]["reason"].startswith("L'évaluation a été interrompue")


async def test_people_who_ask_go_first(owner: httpx.AsyncClient, site: Site) -> None:
    held, person = Held(site), Held(site, of_people=True)
    asked = asyncio.create_task(owner.post("/api/v1/answers", json={"question": "Transport ?"}))
    await person.reached(1)
    run = await started(owner)
    await asyncio.sleep(0.5)
    before = list(held.asked)
    person.gate.release()
    await asked
    for _ in range(3):
        held.gate.release()
    found = await ended(owner, run["id"])

    assert before == []
    assert found["evaluation"]["state"] == "succeeded"


async def test_a_person_has_a_few_evaluations_that_wait(
    owner: httpx.AsyncClient, site: Site
) -> None:
    held = Held(site)
    kept = (await send(owner)).json()["id"]
    asked = [await owner.post(RUNS, json={"question_set_id": kept}) for _ in range(6)]
    await owner.delete(f"{SETS}/{kept}")
    held.gate.release()

    assert [each.status_code for each in asked] == [202] * 5 + [409]
    assert asked[-1].json()["code"] == "evaluations_too_many"


async def test_a_tenant_has_some_evaluations_that_wait(
    owner: httpx.AsyncClient, site: Site
) -> None:
    held = Held(site)
    kept = (await send(owner)).json()["id"]
    tenant_id = site.container.access.local_principal().tenant_id
    colleagues = [
        site.joined(name, tenant_id, Role.AGENT, Role.TENANT_ADMIN)
        for name in ("un", "deux", "trois")
    ]
    asked: list[httpx.Response] = []
    for colleague in colleagues:
        async with site.person(colleague) as http:
            asked += [await http.post(RUNS, json={"question_set_id": kept}) for _ in range(5)]
    await owner.delete(f"{SETS}/{kept}")
    held.gate.release()

    assert [each.status_code for each in asked] == [202] * 10 + [409] * 5
    assert asked[-1].json()["code"] == "tenant_evaluations_too_many"
    assert "votre organisme" in asked[-1].json()["detail"]


async def test_a_set_deleted_while_it_runs_ends_it(owner: httpx.AsyncClient, site: Site) -> None:
    held = Held(site)
    run = await started(owner)
    await held.reached(1)
    await owner.delete(f"{SETS}/{run['question_set']['id']}")
    held.gate.release()
    other = await started(owner)
    for _ in range(3):
        held.gate.release()

    assert (await ended(owner, other["id"]))["evaluation"]["done"] == 3
    assert len(held.asked) == 4


async def test_a_failing_model_is_a_row_and_not_the_end(tmp_path: Path) -> None:
    site = open_site(tmp_path / "data", model=ScriptedChatModel(["Oui [1]."]))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("contenu confidentiel")

    vars(site.container.evaluation_runner)["_answers"] = type("Broken", (), {"run": fail})()
    async with site.owner() as http:
        found = await ended(http, (await started(http))["id"])
    await site.container.evaluation_runner.close()
    site.close()

    assert found["evaluation"]["state"] == "succeeded"
    assert found["evaluation"]["summary"]["failed"] == 3
    assert {row["result"]["reason_code"] for row in found["rows"]} == {"internal_error"}
    assert "confidentiel" not in str(found)


async def test_each_question_is_read_within_the_scope_of_its_moment(
    owner: httpx.AsyncClient, site: Site
) -> None:
    held = Held(site)
    scopes: list[Scope] = []
    inner = vars(held)["_inner"]

    def run(question: Question, *, scope: Scope) -> AsyncIterator[Any]:
        scopes.append(scope)
        return inner.run(question, scope=scope)

    vars(held)["_inner"] = SimpleNamespace(run=run)
    evaluation = await started(owner)
    await held.reached(1)
    added = Collection(CollectionId("added"), scope_of(site).tenant_id, "Ajoutée")
    with site.container.open_work() as work:
        work.tenancy.add_collection(added)
        work.commit()
    for _ in range(3):
        held.gate.release()
    await ended(owner, evaluation["id"])

    assert [added.id in each.collection_ids for each in scopes] == [False, True, True]


def demote(site: Site, author: Principal) -> None:
    own = site.container.access.local_principal()
    people = site.container.organisation.people
    people.change(author.person_id, principal=own, roles=frozenset({Role.AGENT}))


def suspend(site: Site, author: Principal) -> None:
    own = site.container.access.local_principal()
    site.container.organisation.people.suspend(author.person_id, principal=own)


def suspend_tenant(site: Site, author: Principal) -> None:
    own = site.container.access.local_principal()
    tenants = site.container.organisation.tenants
    tenants.move(author.tenant_id, TenantState.SUSPENDED, principal=own)


async def kept_end(
    site: Site, evaluation_id: EvaluationId, *, scope: Scope
) -> tuple[Evaluation, Sequence[tuple[object, EvaluationRow | None]]]:
    """An evaluation that has ended and its rows, as they are kept: its person may be gone."""
    for _ in range(400):
        with site.container.open_work() as work:
            found = work.evaluations.find(evaluation_id, scope=scope)
            rows = work.evaluations.rows(evaluation_id, scope=scope, limit=9, offset=0)
        if found is not None and found.state in FINAL:
            return found, rows
        await asyncio.sleep(0.02)
    raise AssertionError("the evaluation did not end")


@pytest.mark.parametrize("strike", [demote, suspend, suspend_tenant])
async def test_an_evaluation_stops_once_its_author_may_run_none(
    owner: httpx.AsyncClient, site: Site, strike: Callable[[Site, Principal], None]
) -> None:
    held = Held(site)
    author = site.foreigner()
    scope = Scope(author.tenant_id, author.person_id, frozenset())
    async with site.person(author) as http:
        await site.upload({"reglement.txt": REGULATION}, http=http)
        run = await started(http)
    await held.reached(1)
    strike(site, author)
    held.gate.release()
    found, rows = await kept_end(site, EvaluationId(run["id"]), scope=scope)

    assert len(held.asked) == 1
    assert (found.state, found.reason) == ("failed", Reason("evaluation_author_demoted", {}))
    # What it was answering then is not told to somebody who may read nothing any more.
    assert [row is not None and row.text == "" for _, row in rows] == [
        strike is not demote,
        False,
        False,
    ]


async def test_the_scope_is_that_of_the_moment(owner: httpx.AsyncClient, site: Site) -> None:
    """What a person may no longer read is not read by an evaluation that it left behind."""
    principal = site.container.access.local_principal()
    scope = site.container.access.scope_of(principal)
    kept = site.container.question_sets.add(
        BytesIO(LIST.encode()), name="q.csv", principal=principal, scope=scope
    )
    report, _ = site.container.evaluations.start(
        kept.question_set.id, principal=principal, scope=scope
    )
    listed = (await owner.get("/api/v1/documents")).json()["documents"]
    await owner.delete(f"/api/v1/documents/{listed[0]['id']}")
    await site.container.aopen()
    found = await ended(owner, EvaluationId(report.evaluation.id))

    assert report.evaluation.state is EvaluationState.QUEUED
    assert all(row["result"]["citations"] == [] for row in found["rows"])


async def test_marked_sentences_and_a_model_that_fails_are_counted(tmp_path: Path) -> None:
    marked = ["Gratuit pour les 47 internes [1]. La Région finance aussi les repas du midi."]
    model = ScriptedChatModel(marked, [ModelUnavailable("model_unreachable")], ["Gratuit [1]."])
    site = open_site(tmp_path, model=model)
    await site.upload({"reglement.txt": REGULATION})
    try:
        async with site.owner() as http:
            run = await started(http)
            found = await ended(http, run["id"])
            table = (await http.get(f"{RUNS}/{run['id']}/table")).content.decode("utf-8-sig")
            listed = (await http.get(f"{RUNS}/{run['id']}?verdict=right_marked")).json()["rows"]
    finally:
        await site.container.evaluation_runner.close()
        site.close()

    first, second, third = (row["result"] for row in found["rows"])
    assert first["verdict"] == "right_marked"
    assert (first["unsupported_sentences"], first["uncited_sentences"]) == (1, 1)
    assert (second["verdict"], second["status"]) == ("right_faulty", "search_only")
    assert second["model_fault_code"] == "model_unreachable_notice"
    assert second["model_fault"].startswith("Le modèle de langage est injoignable")
    assert (third["model_fault"], third["verdict"]) == (None, "answered_wrongly")
    summary = found["evaluation"]["summary"]
    assert (summary["marked"]["successes"], summary["marked"]["total"]) == (1, 2)
    assert (summary["unsupported_sentences"], summary["uncited_sentences"]) == (1, 1)
    assert (summary["fell_back"]["successes"], summary["fell_back"]["total"]) == (1, 3)
    rows = list(csv.DictReader(StringIO(table), delimiter=";"))
    assert (rows[0]["phrases non confirmées"], rows[0]["phrases sans source"]) == ("1", "1")
    assert rows[0]["verdict"] == "bonne source citée, mais une phrase est signalée"
    assert rows[1]["panne du modèle"] == second["model_fault"]
    assert [each["expected"]["line"] for each in listed] == [2]


async def test_a_list_of_evaluations_tells_the_figures_of_each(owner: httpx.AsyncClient) -> None:
    first = await ended(owner, (await started(owner))["id"])
    second = await ended(owner, (await started(owner))["id"])

    listed = (await owner.get(RUNS)).json()

    assert listed == [second["evaluation"], first["evaluation"]]


async def test_expected_documents_that_are_not_there_or_several_are_told_by_line(
    owner: httpx.AsyncClient, site: Site
) -> None:
    await site.upload({"budget.txt": "Budget de 2023\nUn.", "budget.md": "Budget\nDeux."})
    content = "question;document\nQui ?;reglement.txt\nQuoi ?;inconnu.pdf\nQuand ?;budget\n"

    kept = (await send(owner, content)).json()
    told = [(each["line"], each["code"]) for each in kept["notices"]]
    run = (await owner.post(RUNS, json={"question_set_id": kept["id"]})).json()
    async with site.person(site.foreigner()) as foreigner:
        foreign = (await send(foreigner, content)).json()

    assert told == [(3, "document_not_found"), (4, "document_ambiguous")]
    assert "« inconnu.pdf »" in kept["notices"][0]["detail"]
    assert run["notices"] == kept["notices"]
    assert [each["code"] for each in foreign["notices"]] == ["document_not_found"] * 3
