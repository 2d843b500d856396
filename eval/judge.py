"""A model that judges answers against an expected one; used only where its endpoint is configured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from eval.catalogue import sentence

_VERDICT = re.compile(r"\s*\W*(oui|non)\b", re.IGNORECASE)
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """An OpenAI-compatible endpoint."""

    url: str
    """With its `/v1`."""
    name: str
    api_key: str = ""

    def is_right(self, *, question: str, expected: str, answer: str) -> bool | None:
        """The verdict on an answer; None when the model fails or says neither yes nor no."""
        prompt = sentence("judge_prompt", question=question, expected=expected, answer=answer)
        body = {
            "model": self.name,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": 16,
        }
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        try:
            reply = httpx.post(
                f"{self.url.rstrip('/')}/chat/completions",
                json=body,
                headers=headers,
                timeout=_TIMEOUT_S,
            )
            reply.raise_for_status()
            text = str(reply.json()["choices"][0]["message"]["content"])
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError):
            return None
        verdict = _VERDICT.match(text)
        return None if verdict is None else verdict[1].lower() == "oui"


def find_judge(environ: Mapping[str, str]) -> JudgeModel | None:
    """The judge of `ASSISTANT_EVAL_JUDGE_URL`, `…_NAME` and `…_API_KEY`; None without an address."""
    url = environ.get("ASSISTANT_EVAL_JUDGE_URL", "")
    if not url:
        return None
    return JudgeModel(
        url=url,
        name=environ.get("ASSISTANT_EVAL_JUDGE_NAME", "mistral-small"),
        api_key=environ.get("ASSISTANT_EVAL_JUDGE_API_KEY", ""),
    )
