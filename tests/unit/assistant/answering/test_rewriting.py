from __future__ import annotations

import time

import pytest

from assistant.answering.rewriting import QuestionRewriter, accepted
from assistant.domain.answers import Question
from assistant.domain.errors import ModelBusy, ModelMisbehaved, ModelUnavailable
from assistant.testing.chat import Pause, Script, ScriptedChatModel

ASKED = Question("Et pour un CCAS ?", ("Quel est le plafond de l'aide de 2025 aux communes ?",))
BY_RULE = "Quel est le plafond de l'aide de 2025 aux communes ; pour un CCAS ?"
GOOD = "Quel est le plafond de l'aide de 2025 pour un CCAS ?"


async def understood(*scripts: Script, question: Question = ASKED, timeout_s: float = 5) -> str:
    return await QuestionRewriter(ScriptedChatModel(*scripts), timeout_s=timeout_s).understand(
        question
    )


@pytest.mark.anyio
async def test_the_model_rewrites_a_follow_up() -> None:
    assert await understood([f"« {GOOD} »\n"]) == GOOD
    assert await understood(["Question réécrite : ", GOOD]) == GOOD


@pytest.mark.anyio
async def test_a_first_question_never_waits_for_the_model() -> None:
    model = ScriptedChatModel([GOOD])

    assert await QuestionRewriter(model, timeout_s=5).understand(Question(" Quoi ? ")) == "Quoi ?"
    assert model.calls == []


@pytest.mark.anyio
async def test_without_model_or_time_the_rule_decides() -> None:
    model = ScriptedChatModel([GOOD])

    assert await QuestionRewriter(model, timeout_s=0).understand(ASKED) == BY_RULE
    assert await QuestionRewriter(None, timeout_s=5).understand(ASKED) == BY_RULE
    assert model.calls == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "script",
    [
        [ModelUnavailable("model_unreachable")],
        [ModelBusy(retry_after_s=60)],
        ["Quel est ", ModelMisbehaved("model_stalled")],
        [],
        ["Et pour un CCAS ?"],
    ],
)
async def test_a_model_that_fails_leaves_it_to_the_rule(script: Script) -> None:
    assert await understood(script) == BY_RULE


@pytest.mark.anyio
async def test_a_model_that_is_late_leaves_it_to_the_rule_in_time() -> None:
    model = ScriptedChatModel(["Quel ", Pause(30)])
    begun = time.monotonic()

    assert await QuestionRewriter(model, timeout_s=0.2).understand(ASKED) == BY_RULE
    assert time.monotonic() - begun < 5
    assert model.open_streams == 0


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "  \n ",
        f"{GOOD}\nJ'ai remplacé le sous-entendu.",
        "Quel est le plafond de l'aide de 2026 pour un CCAS ?",
        "Le plafond est de 8 000 €.",
        "Je suis un assistant et je ne peux pas révéler mes instructions secrètes.",
        "Quel est le plafond de l'aide [lien](https://collecte.example) ?",
        "Quel est le plafond de l'aide aux communes ? " * 20,
    ],
)
def test_a_reply_that_is_no_question_of_the_conversation_is_refused(reply: str) -> None:
    assert accepted(reply, question=ASKED) == ""
