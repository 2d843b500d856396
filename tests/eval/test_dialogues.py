"""What the written dialogues must show: the rule finds more than questions put end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.datasets import load_sample
from eval.dialogues import (
    Dialogue,
    Reading,
    Score,
    all_joined,
    by_rule,
    joined,
    load_dialogues,
    measure,
    score_of,
)
from eval.workspace import Workspace
from tests.eval.commands_here import commands_here

DIALOGUES = load_dialogues()
READINGS: dict[str, Reading] = {"rule": by_rule, "joined": joined, "all_joined": all_joined}
Ranks = dict[str, dict[str, int | None]]


@pytest.fixture(scope="module")
def ranks(sample_work: Path) -> Ranks:
    with commands_here():
        instance = Workspace(sample_work, {}).instance(load_sample())
        return {
            name: measure(instance, DIALOGUES, reading=reading)
            for name, reading in READINGS.items()
        }


def score(ranks: Ranks, name: str, *, of: list[Dialogue]) -> Score:
    return score_of([ranks[name][each.id] for each in of])


@pytest.mark.timeout(900)
def test_questions_put_end_to_end_lose_where_the_subject_changes(ranks: Ranks) -> None:
    changing = [each for each in DIALOGUES if each.changes_subject]
    rule, plain = (score(ranks, name, of=changing) for name in ("rule", "all_joined"))

    assert rule.at_1 >= 0.7
    assert rule.at_5 == 1
    assert plain.at_1 <= rule.at_1 - 0.4


@pytest.mark.timeout(900)
def test_the_rule_misses_none_that_a_way_of_joining_finds_and_puts_about_as_many_first(
    ranks: Ranks,
) -> None:
    rule, pair, plain = (score(ranks, name, of=DIALOGUES) for name in READINGS)

    assert rule.at_1 >= max(0.75, pair.at_1 - 1 / len(DIALOGUES))
    assert plain.at_1 <= rule.at_1 - 0.15
    assert rule.at_5 == 1 > pair.at_5
