"""Follow-up questions on the sample corpus: is the right passage found, by which way of reading them."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from assistant.answering.rewriting import QuestionRewriter
from assistant.answering.standalone import standalone
from assistant.chat_models import build_chat_model
from assistant.domain.answers import Question
from assistant.ports.models import ChatModel
from assistant.settings import Settings, environment
from assistant.settings_sources import load_settings
from eval.catalogue import sentence
from eval.instance import Instance, Row
from eval.questions import JudgedQuestion
from eval.workspace import add_sample_argument, sample_instance

FILE = Path(__file__).parent / "dialogues.jsonl"
_DEPTH = 5
_PATIENCE_S = 60.0
"""For a measure; the product waits `model.rewrite_s`."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a dialogue."""

    judged: JudgedQuestion
    """The question as typed, and where its answer stands."""
    standalone: str
    """The question as a person would make it stand alone."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Two or three questions asked one after the other."""

    id: str
    changes_subject: bool
    """True when the last question has nothing to do with those before."""
    turns: tuple[Turn, ...]


Reading = Callable[[Sequence[Turn]], str]
"""What is searched for the last of some turns."""


def by_rule(turns: Sequence[Turn]) -> str:
    """As the product does without a model."""
    typed = [turn.judged.text for turn in turns]
    return standalone(Question(typed[-1], tuple(typed[:-1])))


def joined(turns: Sequence[Turn]) -> str:
    """The question before and this one, as they are."""
    return "\n".join(turn.judged.text for turn in turns[-2:])


def all_joined(turns: Sequence[Turn]) -> str:
    """All questions of the dialogue, as they are."""
    return "\n".join(turn.judged.text for turn in turns)


def alone(turns: Sequence[Turn]) -> str:
    """This question as typed."""
    return turns[-1].judged.text


def by_hand(turns: Sequence[Turn]) -> str:
    """As a person rewrote it: what a perfect model would give."""
    return turns[-1].standalone


READINGS: dict[str, Reading] = {
    "rule": by_rule,
    "joined": joined,
    "all_joined": all_joined,
    "alone": alone,
    "by_hand": by_hand,
}
"""Ways of reading the last question, by the code of their name."""


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of dialogues whose right passage was found; in [0, 1]."""

    at_1: float
    at_5: float


def load_dialogues(path: Path = FILE) -> list[Dialogue]:
    """Read dialogues from JSON Lines, in order."""
    return [_dialogue(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def measure(
    instance: Instance, dialogues: Sequence[Dialogue], *, reading: Reading
) -> dict[str, int | None]:
    """Rank of the right passage at the last turn of each dialogue, None when not among five."""
    queries = [(each.id, reading(each.turns)) for each in dialogues]
    rows = {row["id"]: row for row in instance.search(queries, limit=_DEPTH)}
    return {
        each.id: next(
            (
                row["rank"]
                for row in rows[each.id]["results"]
                if each.turns[-1].judged.is_answered_by(
                    file=row["file"], pages=row["pages"], text=row["text"]
                )
            ),
            None,
        )
        for each in dialogues
    }


def score_of(ranks: Sequence[int | None]) -> Score:
    """Shares of ranks that are first, and that are there at all."""
    found = [rank for rank in ranks if rank is not None]
    return Score(at_1=found.count(1) / len(ranks), at_5=len(found) / len(ranks))


def prefixes(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    """Each follow-up turn as a dialogue that ends there; first questions need no reading."""
    return [
        Dialogue(
            id=f"{each.id}.{length}",
            changes_subject=each.changes_subject and length == len(each.turns),
            turns=each.turns[:length],
        )
        for each in dialogues
        for length in range(2, len(each.turns) + 1)
    ]


async def rewritten(dialogues: Sequence[Dialogue], *, model: ChatModel) -> tuple[Reading, float]:
    """The reading of a model, one question after the other, and its median time in milliseconds."""
    rewriter = QuestionRewriter(model, timeout_s=_PATIENCE_S)
    texts: dict[str, str] = {}
    times_ms: list[float] = []
    for each in dialogues:
        typed = [turn.judged.text for turn in each.turns]
        begun = time.perf_counter()
        text = await rewriter.understand(Question(typed[-1], tuple(typed[:-1])))
        times_ms.append(1000 * (time.perf_counter() - begun))
        texts[each.turns[-1].judged.id] = text
    await model.aclose()
    return lambda turns: texts[turns[-1].judged.id], median(times_ms)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The dialogues whose passage is missed, the model of the settings, and where the instance is kept."""
    parser.add_argument("--model", action="store_true", help=sentence("dialogues_model_help"))
    parser.add_argument("--missed", action="store_true", help=sentence("dialogues_missed_help"))
    add_sample_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the shares of each way of reading; always 0."""
    dialogues = load_dialogues()
    turns = prefixes(dialogues)
    readings = dict(READINGS)
    model = build_chat_model(_settings()) if arguments.model else None
    if model is not None:
        readings["model"], middle_ms = asyncio.run(rewritten(turns, model=model))
        print(sentence("dialogues_cost", model=model.name, milliseconds=round(middle_ms)))
    print(f"| {sentence('dialogues_reading')} | {sentence('dialogues_columns')} |")
    print("|---|---|---|---|---|---|")
    with sample_instance(arguments.work) as instance:
        for name, reading in readings.items():
            ranks = measure(instance, turns, reading=reading)
            print(_row(name, dialogues=dialogues, ranks=ranks))
            if arguments.missed:
                _print_missed(turns, ranks=ranks, reading=reading)
    return 0


def _settings() -> Settings:
    return load_settings(config=None, environ=environment()).settings


def _row(name: str, *, dialogues: Sequence[Dialogue], ranks: dict[str, int | None]) -> str:
    last = {each.id: ranks[f"{each.id}.{len(each.turns)}"] for each in dialogues}
    changed = [last[each.id] for each in dialogues if each.changes_subject]
    scores = [score_of(list(last.values())), score_of(changed), score_of(list(ranks.values()))]
    cells = [f"{scores[0].at_1:.3f}", f"{scores[0].at_5:.3f}", f"{scores[1].at_1:.3f}"]
    cells += [f"{scores[1].at_5:.3f}", f"{scores[2].at_1:.3f}"]
    return f"| {sentence(f'dialogues_{name}')} | {' | '.join(cells)} |"


def _print_missed(
    turns: Sequence[Dialogue], *, ranks: dict[str, int | None], reading: Reading
) -> None:
    for each in turns:
        if ranks[each.id] != 1:
            print(f"  {each.id} [{ranks[each.id]}] {reading(each.turns)}")


def _dialogue(row: Row) -> Dialogue:
    return Dialogue(
        id=row["id"],
        changes_subject=row["changes_subject"],
        turns=tuple(
            _turn(turn, id=f"{row['id']}.{place}") for place, turn in enumerate(row["turns"], 1)
        ),
    )


def _turn(row: Row, *, id: str) -> Turn:
    judged = JudgedQuestion(
        id=id,
        text=row["text"],
        judged={row["file"]: 1},
        pages=tuple(row["pages"]),
        quotes=(row["quote"],),
    )
    return Turn(judged, row["standalone"])
