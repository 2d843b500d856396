"""Streams as the servers' published sources write them, and a server that sends them byte by byte.

- openai: platform.openai.com/docs/api-reference/chat-streaming, chunk object with `stream_options`.
- vllm: vllm/entrypoints/openai/chat_completion/protocol.py, `ChatCompletionStreamResponse`.
- llama.cpp: tools/server/server-task.cpp, `to_json_oaicompat_chat` with its `timings`.
- ollama: openai/openai.go, `ChatCompletionChunk` with `system_fingerprint` "fp_ollama".
- mistral: docs.mistral.ai/api, `CompletionEvent`, usage in the last chunk, content maybe in parts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

TEXTS = ("L'aide est de", " 200 €", " [1].")
PROMPT_TOKENS, COMPLETION_TOKENS = 321, 12
USAGE = {
    "prompt_tokens": PROMPT_TOKENS,
    "completion_tokens": COMPLETION_TOKENS,
    "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
}


def chunk(choice: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    choices = [] if choice is None else [{"index": 0, **choice}]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1794830000,
        "model": "m",
        "choices": choices,
        **more,
    }


def piece(content: Any, **more: Any) -> dict[str, Any]:
    return {"delta": {"content": content}, "finish_reason": None, **more}


def data(*chunks: dict[str, Any], end: str = "\n\n", done: str = "data: [DONE]") -> str:
    lines = [f"data: {json.dumps(item, ensure_ascii=False)}" for item in chunks]
    return end.join([*lines, done, ""])


OPENAI = data(
    chunk(
        {
            "delta": {"role": "assistant", "content": "", "refusal": None},
            "logprobs": None,
            "finish_reason": None,
        },
        service_tier="default",
        system_fingerprint="fp_1",
        usage=None,
        obfuscation="x1",
    ),
    *(chunk(piece(text, logprobs=None), usage=None, obfuscation="y") for text in TEXTS),
    chunk({"delta": {}, "logprobs": None, "finish_reason": "stop"}, usage=None),
    chunk(None, usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0}}),
)
VLLM = data(
    chunk(
        {
            "delta": {"role": "assistant", "content": "", "reasoning": None},
            "logprobs": None,
            "finish_reason": None,
        },
        prompt_token_ids=None,
    ),
    *(chunk(piece(text, logprobs=None, token_ids=None)) for text in TEXTS),
    chunk(
        {
            "delta": {"content": ""},
            "logprobs": None,
            "finish_reason": "stop",
            "stop_reason": None,
            "token_ids": None,
        }
    ),
    chunk(None, usage=USAGE),
)
LLAMA_CPP = data(
    chunk(
        {"finish_reason": None, "delta": {"role": "assistant", "content": None}},
        system_fingerprint="b6900-abc",
    ),
    *(chunk(piece(text), system_fingerprint="b6900-abc") for text in TEXTS),
    chunk({"finish_reason": "stop", "delta": {}}, system_fingerprint="b6900-abc"),
    chunk(
        None,
        usage=USAGE,
        timings={"cache_n": 0, "prompt_n": 321, "prompt_ms": 90.1, "predicted_n": 12},
    ),
)
OLLAMA = data(
    *(
        chunk(
            {"delta": {"role": "assistant", "content": text}, "finish_reason": None},
            system_fingerprint="fp_ollama",
        )
        for text in TEXTS
    ),
    chunk(
        {"delta": {"role": "assistant", "content": ""}, "finish_reason": "stop"},
        system_fingerprint="fp_ollama",
    ),
    chunk(None, system_fingerprint="fp_ollama", usage=USAGE),
)
MISTRAL = data(
    chunk({"delta": {"role": "assistant", "content": ""}, "finish_reason": None}, p="abc"),
    *(chunk(piece(text), p="abcdef") for text in TEXTS[:-1]),
    chunk(
        {
            "delta": {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "secret"}]},
                    {"type": "text", "text": TEXTS[-1]},
                ]
            },
            "finish_reason": "stop",
        },
        usage=USAGE,
    ),
)
WITHOUT_USAGE = data(
    *(chunk(piece(text)) for text in TEXTS), chunk({"delta": {}, "finish_reason": "stop"})
)
CARRIAGE_RETURNS = data(
    *(chunk(piece(text)) for text in TEXTS),
    chunk({"delta": {}, "finish_reason": "stop"}),
    end="\r\n\r\n",
)
THOUGHTS: dict[str, dict[str, Any]] = {
    "vllm": {"reasoning": "Je cherche", "content": None},
    "llama.cpp": {"reasoning_content": "Je cherche"},
    "ollama": {"role": "assistant", "content": "", "reasoning": "Je cherche"},
    "mistral": {
        "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Je cherche"}]}]
    },
}
"""Deltas of a model that thinks before it answers."""


def after_deltas(delta: dict[str, Any], *, count: int) -> tuple[str, list[int]]:
    """A stream that begins with the same delta many times, and the sizes that send each apart."""
    first = chunk({"delta": delta, "finish_reason": None})
    lines = [f"data: {json.dumps(first, ensure_ascii=False)}\n\n"] * count
    return "".join(lines) + WITHOUT_USAGE, [len(line.encode()) for line in lines]


WITH_COMMENTS = ": keep-alive\n\n" + WITHOUT_USAGE.replace("\n\ndata", "\n\n: ping\n\ndata")

VLLM_ERROR = data(
    chunk(piece("Un début")),
    {
        "error": {
            "message": "EngineCore encountered an issue",
            "type": "InternalServerError",
            "code": 500,
        }
    },
)
LLAMA_CPP_ERROR = data(
    chunk(piece("Un début")), {"error": {"code": 500, "message": "failed", "type": "server_error"}}
)
TRUNCATED = data(chunk(piece("Un début"))).replace("data: [DONE]\n\n", "")

CONTEXT_ERRORS = {
    "openai": {
        "error": {
            "message": "This model's maximum context length is 8192 tokens. However, your messages resulted "
            "in 9000 tokens. Please reduce the length of the messages.",
            "type": "invalid_request_error",
            "param": "messages",
            "code": "context_length_exceeded",
        }
    },
    "vllm": {
        "error": {
            "message": "'max_tokens' or 'max_completion_tokens' is too large: 1024. This model's maximum "
            "context length is 4096 tokens and your request has 3900 input tokens",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        }
    },
    "llama.cpp": {
        "error": {
            "code": 400,
            "message": "request (9000 tokens) exceeds the available context size (4096 tokens), try "
            "increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 9000,
            "n_ctx": 4096,
        }
    },
    "mistral": {
        "object": "error",
        "message": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum "
        "context length",
        "type": "invalid_request_message_order",
        "code": 3051,
    },
}
UNKNOWN_MODEL_ERRORS = {
    "openai": (
        404,
        {
            "error": {
                "message": "The model `x` does not exist or you do not have access to it.",
                "code": "model_not_found",
            }
        },
    ),
    "vllm": (
        404,
        {
            "error": {
                "message": "The model `x` does not exist.",
                "type": "NotFoundError",
                "code": 404,
            }
        },
    ),
    "ollama": (
        404,
        {"error": {"message": 'model "x" not found, try pulling it first', "type": "api_error"}},
    ),
    "mistral": (
        400,
        {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"},
    ),
}


Respond = Callable[[dict[str, Any]], tuple[int, str]]
"""Status and body by the request's JSON; a body beginning with "data:" is a stream."""


@asynccontextmanager
async def serving(
    body: str | bytes | Respond,
    *,
    status: int = 200,
    content_type: str = "text/event-stream; charset=utf-8",
    sizes: Sequence[int] = (),
    pause_s: float = 0.001,
    headers: str = "",
) -> AsyncGenerator[str]:
    """A server that answers every request with one body, in packets of the given sizes."""
    handlers: set[asyncio.Task[Any] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())
        request = await read_request(reader)
        code, content = body(request) if callable(body) else (status, body)
        octets = content.encode() if isinstance(content, str) else content
        head = f"HTTP/1.1 {code} X\r\ncontent-type: {content_type}\r\nconnection: close\r\n{headers}\r\n"
        writer.write(head.encode())
        start = 0
        with suppress(ConnectionError):
            for size in [*sizes, len(octets)]:
                writer.write(octets[start : start + size])
                await writer.drain()
                await asyncio.sleep(pause_s)
                start += size
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        await asyncio.gather(*(task for task in handlers if task))


async def read_request(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The JSON of one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.split("content-length: ")[1].split("\r\n")[0])
    return json.loads(await reader.readexactly(length))
