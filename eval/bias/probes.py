"""The questions of the sample corpus in other words: who asks, from where, in which register."""

from __future__ import annotations

import json
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

_REGISTERS = Path(__file__).with_name("registers.jsonl")
NEUTRAL = "neutral"
"""Category of a question as it stands in the sample."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One form of a base question."""

    base: str
    """Id of the base question."""
    category: str
    """`NEUTRAL`, or a key of `[categories]`."""
    variant: str
    """In French; empty for the neutral form."""
    text: str

    @property
    def id(self) -> str:
        """Unique among all probes."""
        return f"{self.base}/{self.category}/{self.variant}"


@cache
def messages() -> dict[str, Any]:
    """French words of the probes."""
    return tomllib.loads((files("eval.bias") / "messages.fr.toml").read_text("utf-8"))


def probes_of(questions: Sequence[tuple[str, str]]) -> list[Probe]:
    """The neutral form and all variants of (id, text) questions, in order.

    Raises:
        KeyError: A question has no familiar and no plain form in `registers.jsonl`.
    """
    registers = _registers()
    probes: list[Probe] = []
    for base, text in questions:
        probes.append(Probe(base, NEUTRAL, "", text))
        forms = {"question": text, "bare": without_accents(text), **registers[base]}
        for category, variants in messages()["variants"].items():
            probes += [
                Probe(base, category, variant, pattern.format(**forms))
                for variant, pattern in variants.items()
            ]
    return probes


def without_accents(text: str) -> str:
    """As many people type: lower case, no accent, a plain apostrophe."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _registers() -> dict[str, dict[str, str]]:
    rows = [json.loads(line) for line in _REGISTERS.read_text("utf-8").splitlines()]
    return {row.pop("id"): row for row in rows}
