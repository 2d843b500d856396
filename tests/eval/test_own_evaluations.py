"""A tenant's evaluation of the sample corpus gives the figures that `eval` computes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from assistant.api.app import create_api
from assistant.bootstrap import build
from assistant.settings import Settings
from assistant.testing.embedder import HashEmbedder
from assistant.testing.index import InMemoryChunkIndex
from eval.answers import answer_measures
from eval.datasets import SAMPLE, load_sample
from eval.figures import figures
from eval.questions import JudgedQuestion
from eval.retrieval import passage_measures, ranked_files, retrieval_measures
from tests.api.site import BASE_URL, TOKEN, Site

pytestmark = pytest.mark.anyio

EQUAL = {
    "hit_1": "document_at_1",
    "passage_1": "passage_at_1",
    "passage_5": "passage_at_5",
    "quote_3": "quoted",
    "refused_wrong": "refused_wrongly",
    "refused_right": "refused_rightly",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The product without a model over the real readers; only the vectors are made of hashes."""
    settings = Settings(data_dir=tmp_path / "data")
    embedder = HashEmbedder(dimensions=64)
    index = InMemoryChunkIndex(embedder=embedder.identity)
    container = build(settings, role="web", embedder=embedder, index=index)
    container.access.ensure_default()
    worker = build(settings, role="worker", embedder=embedder)
    site = Site(container, worker, None)
    api = create_api(container, local_token=TOKEN, base_url=BASE_URL)
    site.app = Starlette(routes=[Mount("/api", api)])
    yield site
    site.close()


def sheet_of_the_sample() -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["Question", "Document attendu", "Page", "Passage", "Réponse attendue"])
    for line in (SAMPLE / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        pages = ", ".join(map(str, row["pages"]))
        answer = "" if row["file"] else "sans réponse"
        writer.writerow([row["text"], row["file"], pages, row["quote"], answer])
    return text.getvalue().encode()


async def measured_by_eval(
    http: httpx.AsyncClient, questions: list[JudgedQuestion]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for question in questions:
        query = {"query": question.text, "limit": 60, "id": question.id}
        found = (await http.post("/api/v1/search", json=query)).json()
        answer = (await http.post("/api/v1/answers", json={"question": question.text})).json()
        ranked = {question.id: ranked_files(found)}
        of_documents = retrieval_measures({question.id: question.judged}, ranked)
        measures = {
            **of_documents.get(question.id, {}),
            **(passage_measures(question, found) if question.is_answerable else {}),
            **answer_measures(question, answer),
        }
        rows.append({"id": question.id, "groups": [], "measures": measures})
    return rows


async def evaluated_by_the_product(http: httpx.AsyncClient) -> dict[str, Any]:
    files = [("files", ("echantillon.csv", sheet_of_the_sample()))]
    kept = (await http.post("/api/v1/question-sets", files=files)).json()
    assert (kept["question_count"], kept["unanswerable_count"]) == (60, 20)
    run = (await http.post("/api/v1/evaluations", json={"question_set_id": kept["id"]})).json()
    for _ in range(1200):
        found = (await http.get(f"/api/v1/evaluations/{run['id']}?limit=100")).json()
        if found["evaluation"]["state"] == "succeeded":
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(run)


async def test_the_sample_gives_the_figures_of_eval(site: Site) -> None:
    async with site.owner() as http:
        files = [
            ("files", (path.name, path.read_bytes()))
            for path in sorted((SAMPLE / "documents").iterdir())
        ]
        assert (await http.post("/api/v1/documents", files=files)).status_code == 201
        await asyncio.to_thread(site.settle)
        found = await evaluated_by_the_product(http)
        measured = await measured_by_eval(http, list(load_sample().questions))
    await site.container.evaluation_runner.close()

    expected, summary = figures(measured), found["evaluation"]["summary"]
    for theirs, ours in EQUAL.items():
        figure, share = expected[theirs], summary[ours]
        assert (share["value"], share["total"]) == (pytest.approx(figure.value), figure.count), ours
        assert (share["low"], share["high"]) == pytest.approx((figure.low, figure.high)), ours
    # an answer rests on fewer passages than a search gives: both are certain of the first five
    by_eval = [row["measures"].get("passage_mrr", 0.0) for row in measured]
    by_product = [1 / (row["result"]["passage_rank"] or math.inf) for row in found["rows"]]
    assert [_of_the_first(value) for value in by_product] == [
        _of_the_first(value) for value in by_eval
    ]
    assert summary["reciprocal_rank"] == pytest.approx(
        sum(by_product) / expected["passage_mrr"].count
    )


def _of_the_first(reciprocal: float, *, places: int = 5) -> float:
    return reciprocal if reciprocal >= 1 / places else 0.0
