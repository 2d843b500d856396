"""Does the product mark what is wrong, and only that? On pairs made by rule, half to fit, half to report."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence

from assistant.answering.verification import LEAST_COVERAGE, Claim, Testimony, compare, coverage
from assistant.domain.intervals import Share
from eval import pairs as shared_pairs
from eval.catalogue import sentence
from eval.verification_pairs import CHANGED, KEPT, Pair, make_pairs

FALSE_ALARMS = "false_alarms"
"""Among the kinds of pairs: both kept ones together."""
_GATE_PER_KIND, _GATE_DOCUMENTS = 60, 8
_LEAST_FOUND = 0.98
"""Share of sentences of other documents that the fitted threshold marks."""
_STEPS = [step / 50 for step in range(51)]
add_arguments = shared_pairs.add_arguments


def run(arguments: argparse.Namespace) -> int:
    """Make the pairs, print the figures of the odd ones and the threshold that the even ones give."""
    sources = shared_pairs.sources_of(arguments)
    pairs = shared_pairs.pairs_of(sources, arguments, make=make_pairs)
    even = [pair for pair in pairs if pair.is_even]
    odd = [pair for pair in pairs if not pair.is_even]
    print(sentence("verification_pairs", count=len(pairs), sources=", ".join(sources)))
    print(sentence("verification_fitted", fitted=fitted_threshold(even), used=LEAST_COVERAGE))
    print("\n".join(_table(odd, sources=sources)))
    print(sentence("verification_time", ms=f"{_time_ms(odd):.1f}"))
    for line in _misses(odd, limit=arguments.misses):
        print(line)
    return 0


def is_marked(pair: Pair, *, least_coverage: float = LEAST_COVERAGE) -> bool:
    """True when the product finds something wrong with the sentence of a pair."""
    evidence = [Testimony(pair.passage)]
    problem = compare(Claim.of(pair.sentence), evidence, least_coverage=least_coverage)
    return problem is not None


def marked_shares(pairs: Sequence[Pair]) -> Mapping[str, Share]:
    """Share of marked pairs by kind; FALSE_ALARMS is that of both kept kinds together."""
    outcomes = [(pair.kind, is_marked(pair)) for pair in pairs]
    shares = {
        kind: Share.of(marked for of, marked in outcomes if of == kind)
        for kind in (*KEPT, *CHANGED)
    }
    return shares | {FALSE_ALARMS: Share.of(marked for of, marked in outcomes if of in KEPT)}


def sample_shares() -> Mapping[str, Share]:
    """Share of marked pairs by kind on the sample corpus, always the same pairs; in seconds."""
    return marked_shares(make_pairs("sample", per_kind=_GATE_PER_KIND, documents=_GATE_DOCUMENTS))


def fitted_threshold(pairs: Sequence[Pair]) -> float:
    """The least threshold of coverage that marks nearly all sentences of other documents.

    The least, since a model words a source more freely than the rules that made the kept pairs.
    """
    others = [pair for pair in pairs if pair.kind == "other"]
    missed = [_coverage(pair) for pair in others if not is_marked(pair, least_coverage=0)]
    allowed = (1 - _LEAST_FOUND) * len(others)
    return next(step for step in _STEPS if sum(share >= step for share in missed) <= allowed)


def _coverage(pair: Pair) -> float:
    return coverage(Claim.of(pair.sentence), [Testimony(pair.passage)])


def _table(pairs: Sequence[Pair], *, sources: Sequence[str]) -> Iterator[str]:
    columns = [*sources, sentence("verification_all")]
    yield f"| {sentence('verification_kind')} | {' | '.join(columns)} |"
    yield f"|---|{'---|' * len(columns)}"
    by_source = [marked_shares([pair for pair in pairs if pair.source == name]) for name in sources]
    for kind in (*KEPT, FALSE_ALARMS, *CHANGED):
        cells = [_cell(shares[kind]) for shares in (*by_source, marked_shares(pairs))]
        yield f"| {sentence(f'verification_{kind}')} | {' | '.join(cells)} |"


def _cell(share: Share) -> str:
    if share.value is None:
        return "–"
    return f"{share.value:.3f} ({share.successes}/{share.total})".replace(".", ",")


def _time_ms(pairs: Sequence[Pair]) -> float:
    """Milliseconds for one sentence and its passage, nothing read before."""
    started_s = time.perf_counter()
    for pair in pairs:
        is_marked(pair)
    return 1000 * (time.perf_counter() - started_s) / max(len(pairs), 1)


def _misses(pairs: Sequence[Pair], *, limit: int) -> Iterator[str]:
    """The first wrongly judged pairs of each kind."""
    seen: dict[str, int] = {}
    for pair in pairs:
        claim = Claim.of(pair.sentence)
        problem = compare(claim, [Testimony(pair.passage)])
        if (problem is not None) != (pair.kind in KEPT) or seen.get(pair.kind, 0) >= limit:
            continue
        seen[pair.kind] = seen.get(pair.kind, 0) + 1
        facts = [fact.words for fact in claim.facts]
        yield f"- {pair.source} {pair.kind} {problem} {_coverage(pair):.2f} {facts}\n  {pair.sentence}"
