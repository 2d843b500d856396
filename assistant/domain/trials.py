"""The evaluation of a generation before it is searched: questions asked of it and of the present one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import hypot

from assistant.domain.ids import QuestionSetId, TenantId
from assistant.domain.intervals import wilson

DEPTH = 10
"""Hits looked at for each question."""
LOSS_LIMITS: Mapping[str, float] = {"found_1": 0.03, "passage_5": 0.02, "rank_10": 0.01}
"""Greatest loss of each measure; `passage_5` and the ranking have those of the release gate."""


class TrialVerdict(StrEnum):
    """What an evaluation says of a switch."""

    PASSED = "passed"
    FAILED = "failed"
    """Some question set loses more than allowed, and not by chance."""
    UNSURE = "unsure"
    """Some loss is greater than allowed, but too few questions tell whether by chance."""
    NO_QUESTIONS = "no_questions"
    """No tenant has a question set: nothing was measured."""
    UNMEASURED = "unmeasured"
    """A person ended it while a model or an index did not answer: nothing was measured."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the answer of one question stood in one generation."""

    rank: int | None
    """Rank of the first right passage, from 1; None when it is not among the first `DEPTH`."""

    def measures(self) -> dict[str, float]:
        """Value of each measure for this question, in [0, 1]."""
        rank = self.rank
        return {
            "found_1": float(rank == 1),
            "passage_5": float(rank is not None and rank <= 5),
            "rank_10": 0.0 if rank is None else 1 / rank,
        }


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """One measure of one question set, on the generation searched now and on the new one."""

    measure: str
    before: float
    after: float
    low: float
    """Lower bound of the 95 % interval of after − before."""
    high: float

    @property
    def loss(self) -> float:
        """Before − after."""
        return self.before - self.after

    @property
    def is_lost(self) -> bool:
        """True when the loss is greater than allowed and its interval leaves zero out."""
        return self.loss > LOSS_LIMITS[self.measure] and self.high < 0

    @property
    def is_unsure(self) -> bool:
        """True when the loss is greater than allowed, maybe by chance."""
        return self.loss > LOSS_LIMITS[self.measure] and self.high >= 0


@dataclass(frozen=True, slots=True)
class SetTrial:
    """The outcome of one question set."""

    set_id: QuestionSetId
    tenant_id: TenantId
    revision: str
    """Of its questions: figures of different revisions are not compared."""
    questions: int
    """Asked: those that the corpus is to answer."""
    changes: tuple[MeasureChange, ...]
    against: int | None = None
    """Number of the generation that its tenant searched, where not that of the whole evaluation."""

    @property
    def verdict(self) -> TrialVerdict:
        """What it says of a switch."""
        if not self.questions:
            return TrialVerdict.NO_QUESTIONS
        if any(change.is_lost for change in self.changes):
            return TrialVerdict.FAILED
        if any(change.is_unsure for change in self.changes):
            return TrialVerdict.UNSURE
        return TrialVerdict.PASSED


@dataclass(frozen=True, slots=True)
class Trial:
    """The report of an evaluation; kept with its generation. Holds no question and no text."""

    against: int
    """Number of the generation that was active at the time."""
    started_at: datetime
    asked: int
    """Questions asked so far, of both."""
    total: int
    ended_at: datetime | None = None
    sets: tuple[SetTrial, ...] = ()
    held_up_by: str = ""
    """Code of what held it up while it was under way, or until a person ended it; empty when nothing did."""

    @property
    def verdict(self) -> TrialVerdict:
        """The worst of its sets with questions."""
        return self.verdict_for(None)

    def verdict_for(self, tenants: Collection[TenantId] | None) -> TrialVerdict:
        """The worst of the sets of some tenants, of all for None; sets without questions say nothing."""
        if self.held_up_by and self.ended_at is not None:
            return TrialVerdict.UNMEASURED
        verdicts = {each.verdict for each in self.sets_of(tenants)}
        for verdict in (TrialVerdict.FAILED, TrialVerdict.UNSURE, TrialVerdict.PASSED):
            if verdict in verdicts:
                return verdict
        return TrialVerdict.NO_QUESTIONS

    def sets_of(self, tenants: Collection[TenantId] | None) -> tuple[SetTrial, ...]:
        """The outcomes of some tenants, of all for None."""
        return tuple(each for each in self.sets if tenants is None or each.tenant_id in tenants)

    @property
    def allows_switch(self) -> bool:
        """True when no person has to take the decision on itself."""
        return self.verdict is TrialVerdict.PASSED


def changes_of(pairs: Sequence[tuple[Found, Found]]) -> tuple[MeasureChange, ...]:
    """Each measure before and after, over the same questions; none without questions.

    Args:
        pairs: Of each question, what the present generation and the new one found.
    """
    if not pairs:
        return ()
    old = [before.measures() for before, _ in pairs]
    new = [after.measures() for _, after in pairs]
    return tuple(
        _change(name, [each[name] for each in old], [each[name] for each in new])
        for name in LOSS_LIMITS
    )


def _change(name: str, before: Sequence[float], after: Sequence[float]) -> MeasureChange:
    """The interval of the difference of two paired means.

    Shares by the square-and-add method over Wilson's intervals of the questions that changed sides,
    other measures by the same over the share of the unit that was gained and lost.

    Source:
        Newcombe, "Interval Estimation for the Difference Between Independent Proportions", Statistics
        in Medicine 1998, method 10, on the gains and the losses.
    """
    total = len(before)
    gains = sum(max(0.0, new - old) for old, new in zip(before, after, strict=True))
    losses = sum(max(0.0, old - new) for old, new in zip(before, after, strict=True))
    gain_low, gain_high = _bounds(gains, total=total)
    loss_low, loss_high = _bounds(losses, total=total)
    gain, loss = gains / total, losses / total
    low = gain - loss - hypot(gain - gain_low, loss_high - loss)
    high = gain - loss + hypot(gain_high - gain, loss - loss_low)
    return MeasureChange(
        name, sum(before) / total, sum(after) / total, max(-1.0, low), min(1.0, high)
    )


def _bounds(amount: float, *, total: int) -> tuple[float, float]:
    """Wilson's bounds of an amount that may be a fraction: between those of the whole counts beside it."""
    below = min(int(amount), total)
    above = min(below + 1, total)
    share = amount - below
    (low, high), (next_low, next_high) = wilson(below, total), wilson(above, total)
    return low + share * (next_low - low), high + share * (next_high - high)
