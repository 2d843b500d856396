"""Figures of the crowds beside their limits, in French Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.bench.rows import BenchRow
from eval.load.crowds import FIRST_LIMIT_MS, RATE_LIMIT, CrowdFigures
from eval.words import Words

_WORDS = Words("eval.load")
words = _WORDS.sentence


def rows(outcome: CrowdFigures, *, model_tokens_per_s: float) -> list[BenchRow]:
    """The figures of one crowd; a crowd that heard nothing has only its count, which fails."""

    def named(code: str) -> str:
        return words(code, way=words(f"way_{outcome.way}"), people=outcome.people)

    lag = words("lag", lag=f"{outcome.lag_p95_ms:.0f}")
    alone = words("alone", rate=f"{model_tokens_per_s:.1f}")
    counted = BenchRow(named("answers"), outcome.answers, "", 1, at_least=True)
    errors = BenchRow(
        named("errors"), sum(outcome.errors.values()), "", 0, peer=kinds(outcome.errors)
    )
    if outcome.answers == sum(outcome.errors.values()) + outcome.refused:
        return [counted, errors]
    return [
        counted,
        errors,
        BenchRow(named("first_p50"), outcome.first_p50_ms, "ms"),
        BenchRow(named("first_p95"), outcome.first_p95_ms, "ms", FIRST_LIMIT_MS, peer=lag),
        BenchRow(named("gap_p95"), outcome.gap_p95_ms, "ms"),
        BenchRow(named("gap_most"), outcome.gap_most_ms, "ms"),
        BenchRow(named("slowest"), outcome.slowest, "", RATE_LIMIT, at_least=True, peer=alone),
        BenchRow(named("cpu"), outcome.cpu_ms_per_token, "ms"),
        BenchRow(named("memory"), outcome.memory_mb, "MB"),
    ]


def knee_sentence(steps: Sequence[CrowdFigures]) -> str:
    """How many people were held, and what broke first; the steps are in order of people."""
    held = [step.people for step in steps if not step.fault]
    broken = next((step for step in steps if step.fault), None)
    if broken is None:
        return words("knee_beyond", held=held[-1])
    reason = _reason(broken)
    if not held:
        return words("knee_below", broken=broken.people, reason=reason)
    return words("knee", held=held[-1], broken=broken.people, reason=reason)


def kinds(errors: Mapping[str, int]) -> str:
    """Errors by code, the most frequent first."""
    ordered = sorted(errors.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{code} × {count}" for code, count in ordered)


def _reason(outcome: CrowdFigures) -> str:
    if outcome.fault == "errors":
        count = sum(outcome.errors.values())
        return words("reason_errors", count=count, kinds=kinds(outcome.errors))
    return words("reason_first", first=f"{outcome.first_p95_ms:.0f}")
