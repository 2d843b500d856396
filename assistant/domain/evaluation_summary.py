"""What the questions of an evaluation come to, from equal outcomes counted together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.domain.answers import AnswerStatus
from assistant.domain.evaluations import SHOWN_CITATIONS, Outcome, Verdict, is_within
from assistant.domain.intervals import Share


@dataclass(frozen=True, slots=True)
class Tally:
    """Questions of an evaluation whose outcomes are equal but for their expected words."""

    outcome: Outcome
    """What they have in common; `expected_words` is their mean, None when all have none."""
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of the rows there are."""

    answerable: int
    unanswerable: int
    failed: int
    """Answers that failed; they count as neither cited nor refused."""
    verdicts: Mapping[Verdict, int]
    """How many rows have each verdict that occurs."""
    document_at_1: Share
    document_at_5: Share
    passage_at_1: Share
    passage_at_5: Share
    reciprocal_rank: float | None
    """Mean over the answerable questions, 0 without the right passage; None without a question."""
    cited: Share
    """Answerable questions with a right passage among the first three citations."""
    quoted: Share
    """Answerable questions whose expected words are quoted by one of the first three citations."""
    refused_wrongly: Share
    """Of the answerable questions."""
    refused_rightly: Share
    """Of the unanswerable questions."""
    expected_words: float | None
    """Mean over the questions that tell an expected answer; None without one."""
    marked: Share
    """Answers with a marked sentence, of those that a model wrote."""
    unsupported_sentences: int
    """Sentences marked for something else than a missing source."""
    uncited_sentences: int
    fell_back: Share
    """Questions whose model failed, so that passages were quoted instead."""
    cut: Share
    """Questions whose answer was cut short by its model."""


def summarise(tallies: Sequence[Tally]) -> Summary:
    """The figures of some questions.

    Args:
        tallies: Each question in one of them, in any order.
    """
    answerable = [each for each in tallies if each.outcome.is_answerable]
    others = [each for each in tallies if not each.outcome.is_answerable]
    verified = [each for each in tallies if each.outcome.is_verified]
    written = [each for each in verified if each.outcome.status is AnswerStatus.ANSWERED]
    verdicts = Counter[Verdict]()
    for each in tallies:
        verdicts[each.outcome.verdict] += each.count
    return Summary(
        answerable=_count(answerable),
        unanswerable=_count(others),
        failed=verdicts[Verdict.FAILED],
        verdicts=dict(verdicts),
        document_at_1=_share(answerable, lambda each: is_within(each.document_rank, 1)),
        document_at_5=_share(answerable, lambda each: is_within(each.document_rank, 5)),
        passage_at_1=_share(answerable, lambda each: is_within(each.passage_rank, 1)),
        passage_at_5=_share(answerable, lambda each: is_within(each.passage_rank, 5)),
        reciprocal_rank=_mean(
            answerable, lambda each: 1 / each.passage_rank if each.passage_rank else 0.0
        ),
        cited=_share(answerable, lambda each: is_within(each.citation_rank, SHOWN_CITATIONS)),
        quoted=_share(answerable, lambda each: is_within(each.quote_rank, SHOWN_CITATIONS)),
        refused_wrongly=_share(answerable, _is_refused),
        refused_rightly=_share(others, _is_refused),
        expected_words=_mean(tallies, lambda each: each.expected_words),
        marked=_share(written, lambda each: each.is_marked),
        unsupported_sentences=_total(tallies, lambda each: each.unsupported_sentences or 0),
        uncited_sentences=_total(tallies, lambda each: each.uncited_sentences or 0),
        fell_back=_share(verified, lambda each: each.has_fallen_back),
        cut=_share(verified, lambda each: each.is_cut),
    )


def _is_refused(outcome: Outcome) -> bool:
    return outcome.status is AnswerStatus.REFUSED


def _count(tallies: Sequence[Tally]) -> int:
    return sum(each.count for each in tallies)


def _total(tallies: Sequence[Tally], count: Callable[[Outcome], int]) -> int:
    return sum(each.count * count(each.outcome) for each in tallies)


def _share(tallies: Sequence[Tally], holds: Callable[[Outcome], bool]) -> Share:
    return Share(_count([each for each in tallies if holds(each.outcome)]), _count(tallies))


def _mean(tallies: Sequence[Tally], value: Callable[[Outcome], float | None]) -> float | None:
    """The mean over the questions that have a value; None without one."""
    held = [(found, each.count) for each in tallies if (found := value(each.outcome)) is not None]
    total = sum(count for _, count in held)
    return sum(found * count for found, count in held) / total if total else None
