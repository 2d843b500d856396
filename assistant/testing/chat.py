"""A chat model that follows a script, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import anyio
import anyio.lowlevel

from assistant.domain.answers import TokenUsage
from assistant.ports.models import ChatEnd, ChatMessage, ChatText


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence in a script, in seconds."""

    seconds: float


Step = str | Pause | Exception | ChatEnd
"""A piece of text, a silence, a failure, or an explicit end."""
Script = Sequence[Step] | Callable[[Sequence[ChatMessage]], Sequence[Step]]
"""Steps of one reply, or what makes them from the prompt."""

USAGE = TokenUsage(prompt=100, completion=10, is_estimated=False)
"""Usage of a scripted reply that does not say otherwise."""


class ScriptedChatModel:
    """Follows one script per call; the last one serves all further calls.

    A script that does not end with an end or a failure ends in order.

    Attributes:
        calls: The messages of each call, in order.
        max_tokens: The token cap of each call.
        open_streams: Number of streams begun and not yet closed.
    """

    def __init__(self, *scripts: Script, name: str = "scripted", is_up: bool = True) -> None:
        self._scripts = scripts or ((),)
        self._name = name
        self._is_up = is_up
        self.calls: list[Sequence[ChatMessage]] = []
        self.max_tokens: list[int] = []
        self.open_streams = 0

    @property
    def name(self) -> str:
        """Model name."""
        return self._name

    async def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int
    ) -> AsyncIterator[ChatText | ChatEnd]:
        """Follow the script of this call."""
        script = self._scripts[min(len(self.calls), len(self._scripts) - 1)]
        self.calls.append(messages)
        self.max_tokens.append(max_tokens)
        self.open_streams += 1
        try:
            for step in script(messages) if callable(script) else script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Pause):
                    await anyio.sleep(step.seconds)
                elif isinstance(step, ChatEnd):
                    yield step
                    return
                else:
                    yield ChatText(step)
                    await anyio.lowlevel.checkpoint()
            yield ChatEnd(usage=USAGE, is_cut=False)
        finally:
            self.open_streams -= 1

    async def is_reachable(self) -> bool:
        """What the constructor was told."""
        return self._is_up

    async def aclose(self) -> None:
        """No connection to close."""
