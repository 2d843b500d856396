from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from assistant.answering.prompt import Brief, build_messages, refusal
from assistant.domain.answers import Question
from assistant.testing.mock_model import MockModel, running_mock_model
from assistant.testing.mock_model_replies import grounded, lying, shuffled
from tests.unit.assistant.answering.samples import make_passages

PASSAGES = make_passages(
    "Le conseil régional s'est réuni à Lyon. Il a voté le budget.",
    "L'aide à l'achat d'un vélo électrique s'élève à 200 euros. Elle est versée en une fois.",
    "Les lycées reçoivent une dotation annuelle de fonctionnement.",
)


@pytest.fixture(scope="module")
def server() -> Iterator[MockModel]:
    with running_mock_model() as running:
        yield running


def prompt(question: str) -> str:
    return build_messages(Brief(Question(question), PASSAGES))[1].content


def ask(server: MockModel, *, model: str, **more: Any) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": prompt(ELECTRIC)}], **more}
    return httpx.post(f"{server.url}/chat/completions", json=body, timeout=10)


ELECTRIC = "Quel est le montant de l'aide à l'achat d'un vélo électrique ?"


def test_grounded_quotes_the_right_sentence_under_the_right_marker() -> None:
    assert grounded(prompt(ELECTRIC)) == (
        "L'aide à l'achat d'un vélo électrique s'élève à 200 euros [2]."
    )


def test_grounded_refuses_what_the_passages_do_not_hold() -> None:
    assert grounded(prompt("Combien de satellites la Région possède-t-elle ?")) == refusal()


def test_shuffled_keeps_the_words_and_moves_the_marker() -> None:
    assert shuffled(prompt(ELECTRIC)) == grounded(prompt(ELECTRIC)).replace("[2]", "[3]")


def test_lying_changes_the_figures_only() -> None:
    assert lying(prompt(ELECTRIC)) == grounded(prompt(ELECTRIC)).replace("200", "601")
    assert lying(prompt("Combien de satellites ?")) == refusal()


def test_a_whole_reply_has_the_shape_of_the_format(server: MockModel) -> None:
    reply = ask(server, model="mock-grounded").json()

    assert reply["choices"][0]["finish_reason"] == "stop"
    assert reply["choices"][0]["message"]["content"].endswith("200 euros [2].")
    assert reply["usage"]["prompt_tokens"] > 100


def test_a_stream_ends_as_the_format_says(server: MockModel) -> None:
    text = ask(server, model="mock-grounded", stream=True).text

    assert text.startswith("data: {")
    assert text.endswith("data: [DONE]\n\n")
    assert '"usage"' not in text


@pytest.mark.parametrize(
    ("model", "status"),
    [
        ("mock-401", 401),
        ("mock-404", 404),
        ("mock-429", 429),
        ("mock-500", 500),
        ("mock-context", 400),
    ],
)
def test_failures_on_request(server: MockModel, model: str, status: int) -> None:
    assert ask(server, model=model).status_code == status


def test_busy_once_then_well(server: MockModel) -> None:
    assert [ask(server, model="mock-429-once").status_code for _ in range(2)] == [429, 200]


def test_a_context_of_a_given_length(server: MockModel) -> None:
    assert ask(server, model="mock-context-10").status_code == 400
    assert ask(server, model="mock-context-100000").status_code == 200


def test_links_are_tried_every_way(server: MockModel) -> None:
    text = ask(server, model="mock-link").json()["choices"][0]["message"]["content"]

    assert len(re.findall(r"collecte\.example", text)) == 7


def test_it_plays_another_mode_until_told_otherwise() -> None:
    with running_mock_model() as own:
        own.play("lying")
        assert "601" in ask(own, model="mock-grounded").text
        own.play()
        assert "200" in ask(own, model="mock-grounded").text


def test_models_and_embeddings(server: MockModel) -> None:
    names = [model["id"] for model in httpx.get(f"{server.url}/models").json()["data"]]
    reply = httpx.post(
        f"{server.url}/embeddings", json={"model": "m", "input": ["un texte", "un autre"]}
    ).json()

    assert "mock-grounded" in names
    assert [item["index"] for item in reply["data"]] == [0, 1]
    assert len(reply["data"][0]["embedding"]) == 32


def test_the_command_serves() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "assistant.testing.mock_model", "--port", str(port)]
    with subprocess.Popen(command) as process:
        try:
            assert wait_for(f"http://127.0.0.1:{port}/v1/models")
        finally:
            process.terminate()


def wait_for(url: str) -> bool:
    for _ in range(200):
        try:
            return httpx.get(url).status_code == 200
        except httpx.ConnectError:
            time.sleep(0.1)
    return False


@pytest.mark.parametrize("length", [7, 300])
def test_long_gives_as_many_tokens_of_cited_sentences(server: MockModel, length: int) -> None:
    body = ask(server, model=f"mock-long-{length}").json()

    assert body["usage"]["completion_tokens"] == length
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["choices"][0]["message"]["content"].startswith(" Le conseil régional s'est réuni")
