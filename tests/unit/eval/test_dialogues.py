from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from assistant.testing.chat import ScriptedChatModel
from eval.datasets import load_sample
from eval.dialogues import (
    Dialogue,
    all_joined,
    alone,
    by_hand,
    by_rule,
    joined,
    load_dialogues,
    measure,
    prefixes,
    rewritten,
    score_of,
)
from eval.instance import Instance

DIALOGUES = load_dialogues()


class FirstHit:
    """An instance that finds one passage for everything."""

    def __init__(self, *, file: str, pages: list[int], text: str) -> None:
        self.result = {"rank": 1, "file": file, "pages": pages, "text": text}
        self.asked: list[str] = []

    def search(self, queries: Sequence[tuple[str, str]], *, limit: int) -> list[dict[str, Any]]:
        self.asked += [text for _, text in queries]
        return [{"id": id, "results": [self.result]} for id, _ in queries]


def test_there_are_forty_dialogues_of_which_many_change_subject_at_the_third_turn() -> None:
    assert len(DIALOGUES) == 40
    changing = [each for each in DIALOGUES if each.changes_subject]
    assert len(changing) >= 10
    assert all(len(each.turns) == 3 for each in changing)
    assert all(2 <= len(each.turns) <= 3 for each in DIALOGUES)
    files = set(load_sample().files)
    assert all(turn.judged.judged.keys() <= files for each in DIALOGUES for turn in each.turns)


def test_the_ways_of_reading_a_dialogue() -> None:
    turns = next(each for each in DIALOGUES if len(each.turns) == 3).turns
    typed = [turn.judged.text for turn in turns]

    assert alone(turns) == typed[2]
    assert joined(turns) == f"{typed[1]}\n{typed[2]}"
    assert all_joined(turns) == "\n".join(typed)
    assert by_hand(turns) == turns[2].standalone
    assert by_rule(turns).startswith(typed[2].rstrip(" ?"))


def test_each_turn_after_the_first_is_measured_once() -> None:
    ends = prefixes(DIALOGUES)

    assert len(ends) == sum(len(each.turns) - 1 for each in DIALOGUES)
    assert sum(each.changes_subject for each in ends) == sum(d.changes_subject for d in DIALOGUES)


def test_a_passage_counts_for_the_last_question_only() -> None:
    dialogue = DIALOGUES[0]
    first, last = dialogue.turns[0].judged, dialogue.turns[-1].judged
    right = FirstHit(file=next(iter(last.judged)), pages=[], text=f"… {last.quotes[0]} …")
    wrong = FirstHit(file=next(iter(first.judged)), pages=[], text=f"… {first.quotes[0]} …")

    for instance, rank in ((right, 1), (wrong, None)):
        found = measure(cast("Instance", instance), [dialogue], reading=alone)
        assert found == {dialogue.id: rank}
    assert right.asked == [last.text]


def test_shares_count_every_dialogue() -> None:
    score = score_of([1, 3, None, 1])

    assert (score.at_1, score.at_5) == pytest.approx((0.5, 0.75))


@pytest.mark.anyio
async def test_the_reading_of_a_model_is_what_it_wrote_for_each_question() -> None:
    dialogue = next(each for each in DIALOGUES if not each.changes_subject)
    turns = dialogue.turns[:2]
    model = ScriptedChatModel([turns[-1].standalone])

    reading, middle_ms = await rewritten(
        [Dialogue(dialogue.id, changes_subject=False, turns=turns)], model=model
    )

    assert reading(turns) == turns[-1].standalone
    assert middle_ms > 0
    assert len(model.calls) == 1
