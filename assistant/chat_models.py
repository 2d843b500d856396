"""Turns the settings of the chat model into its adapter, for `bootstrap`."""

from __future__ import annotations

from assistant.ports.models import ChatModel
from assistant.settings import Settings


def build_chat_model(settings: Settings) -> ChatModel | None:
    """The chat model of the settings, None when they name none."""
    chosen = settings.model
    if not chosen.url:
        return None
    from assistant.adapters.mistral.chat import MistralChatModel

    return MistralChatModel(
        url=chosen.url,
        name=chosen.name,
        api_key=chosen.api_key.get_secret_value(),
        temperature=chosen.temperature,
        connect_s=chosen.connect_s,
        stall_s=chosen.stall_s,
        total_s=chosen.total_s,
        reach_s=chosen.reach_s,
    )
