"""Which disagreements of sources does the product tell, and which are none? Half to fit, half to report."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace

from assistant.answering.contradictions import THRESHOLDS, Thresholds, find_contradictions
from assistant.domain.intervals import Share
from eval import pairs as shared_pairs
from eval.catalogue import sentence
from eval.contradiction_pairs import AGREEING, DISAGREEING, Pair, make_pairs

MOST_FALSE_ALARMS = 0.05
"""Of the fitted thresholds: a false alarm makes a right answer look wrong."""
_TRIED: Mapping[str, Sequence[float]] = {
    "coverage": (0.5, 0.6, 0.7, 0.8),
    "rate_words": (1, 2),
    "other_words": (1, 2, 3),
    "most_figures": (2, 3, 4),
    "same_words": (0.6, 0.7, 0.8),
}
add_arguments = shared_pairs.add_arguments


def run(arguments: argparse.Namespace) -> int:
    """Make the pairs, print the figures of the odd ones and the thresholds that the even ones give."""
    sources = shared_pairs.sources_of(arguments)
    pairs = shared_pairs.pairs_of(sources, arguments, make=make_pairs)
    even = [pair for pair in pairs if pair.is_even]
    odd = [pair for pair in pairs if not pair.is_even]
    fitted = fitted_thresholds(even)
    print(sentence("contradictions_pairs", count=len(pairs), sources=", ".join(sources)))
    print(sentence("contradictions_fitted", fitted=_shown(fitted)))
    print(sentence("contradictions_used", used=_shown(THRESHOLDS)))
    print("\n".join(_table(odd, fitted=fitted)))
    for line in _misses(odd, limit=arguments.misses):
        print(line)
    return 0


def told_shares(
    pairs: Sequence[Pair], *, thresholds: Thresholds = THRESHOLDS
) -> Mapping[str, Share]:
    """Share of pairs told to disagree by kind; "found" and "false_alarms" are those of all kinds."""
    told = [(pair.kind, _is_told(pair, thresholds=thresholds)) for pair in pairs]
    shares = {
        kind: Share.of(is_told for of, is_told in told if of == kind)
        for kind in (*DISAGREEING, *AGREEING)
    }
    return shares | {
        "found": Share.of(is_told for of, is_told in told if of in DISAGREEING),
        "false_alarms": Share.of(is_told for of, is_told in told if of in AGREEING),
    }


def fitted_thresholds(pairs: Sequence[Pair]) -> Thresholds:
    """The thresholds that find most, with few false alarms: one after the other, until none changes.

    Those of the product stay where another finds no more.
    """
    best = THRESHOLDS
    score = _score(pairs, thresholds=best)
    while True:
        before = best
        for name, values in _TRIED.items():
            for value in values:
                tried = replace(best, **{name: value})
                if (reached := _score(pairs, thresholds=tried)) > score:
                    best, score = tried, reached
        if best == before:
            return best


def _score(pairs: Sequence[Pair], *, thresholds: Thresholds) -> tuple[float, float]:
    """Excess of false alarms below zero, then what is found less the false alarms."""
    shares = told_shares(pairs, thresholds=thresholds)
    wrong, found = shares["false_alarms"].value or 0.0, shares["found"].value or 0.0
    return (min(0.0, MOST_FALSE_ALARMS - wrong), found - wrong)


def _is_told(pair: Pair, *, thresholds: Thresholds) -> bool:
    return bool(find_contradictions(pair.question, passages=pair.passages, thresholds=thresholds))


def _shown(thresholds: Thresholds) -> str:
    return ", ".join(f"{name} {value}" for name, value in asdict(thresholds).items())


def _table(pairs: Sequence[Pair], *, fitted: Thresholds) -> Iterator[str]:
    yield (
        f"| {sentence('contradictions_kind')} | {sentence('contradictions_product')} |"
        f" {sentence('contradictions_even')} |"
    )
    yield "|---|---|---|"
    product, even = told_shares(pairs), told_shares(pairs, thresholds=fitted)
    for kind in (*DISAGREEING, "found", *AGREEING, "false_alarms"):
        cells = f"{_cell(product[kind])} | {_cell(even[kind])}"
        yield f"| {sentence(f'contradictions_{kind}')} | {cells} |"


def _cell(share: Share) -> str:
    if share.value is None:
        return "–"
    return f"{share.value:.3f} ({share.successes}/{share.total})".replace(".", ",")


def _misses(pairs: Sequence[Pair], *, limit: int) -> Iterator[str]:
    """The first wrongly judged pairs of each kind."""
    seen: dict[str, int] = {}
    for pair in pairs:
        is_told = _is_told(pair, thresholds=THRESHOLDS)
        if is_told == (pair.kind in DISAGREEING) or seen.get(pair.kind, 0) >= limit:
            continue
        seen[pair.kind] = seen.get(pair.kind, 0) + 1
        yield f"- {pair.source} {pair.kind} : {pair.question}"
        for passage in pair.passages:
            yield f"  {' '.join(passage.chunk.text.split())[:300]}"
