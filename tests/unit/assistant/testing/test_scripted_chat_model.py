from __future__ import annotations

import pytest

from assistant.domain.errors import ModelBusy, ModelMisbehaved, ModelUnavailable
from assistant.ports.models import ChatEnd, ChatText
from assistant.testing.chat import USAGE, ScriptedChatModel
from assistant.testing.contracts.chat import (
    MESSAGES,
    Behaviour,
    ChatModelContract,
    OpenModel,
    read_all,
)

WORDS = [f"mot{number} " for number in range(30)]


class TestScriptedChatModel(ChatModelContract):
    @pytest.fixture
    def open_model(self) -> OpenModel:
        def open_model(behaviour: Behaviour) -> ScriptedChatModel:
            error = {
                "unreachable": ModelUnavailable("model_unreachable"),
                "unauthorized": ModelUnavailable("model_unauthorized"),
                "unknown": ModelUnavailable("model_unknown"),
                "server_error": ModelUnavailable("model_server_error"),
                "context_too_long": ModelUnavailable("model_context_too_long"),
                "busy": ModelBusy(retry_after_s=1),
                "stalls_first": ModelMisbehaved("model_stalled"),
                "empty": ModelMisbehaved("model_empty"),
            }.get(behaviour)
            if error is not None:
                return ScriptedChatModel([error], is_up=behaviour != "unreachable")
            end = {
                "is_cut": ChatEnd(usage=USAGE, is_cut=True),
                "stalls_later": ModelMisbehaved("model_stalled"),
                "malformed_later": ModelMisbehaved("model_malformed"),
            }.get(behaviour)
            return ScriptedChatModel([*WORDS, *([end] if end else [])])

        return open_model


@pytest.mark.anyio
async def test_each_call_follows_its_script_and_the_last_one_goes_on() -> None:
    model = ScriptedChatModel(["un"], lambda messages: [messages[-1].content])

    replies = [(await read_all(model, max_tokens=5))[0] for _ in range(3)]

    assert replies == [ChatText("un"), *[ChatText(MESSAGES[-1].content)] * 2]
    assert model.calls == [MESSAGES] * 3
    assert model.max_tokens == [5, 5, 5]
    assert (model.name, model.open_streams) == ("scripted", 0)
