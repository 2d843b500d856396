"""Command `python -m eval load`: what many people at once feel, and where the server gives way."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil

from eval.bench.rows import table
from eval.bench.running import mock_model, served
from eval.datasets import load_sample
from eval.load.crowds import CrowdFigures, Target, measure, target_of
from eval.load.people import ANSWER_TOKENS, Plan
from eval.load.report import knee_sentence, rows, words
from eval.runs import new_run
from eval.workspace import add_sample_argument, sample_instance

_MODEL = f"mock-long-{ANSWER_TOKENS}"
_LEAST_MINUTES = 0.05
_MOST_MINUTES = 30.0
_MOST_PEOPLE = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--people", type=_people, default=100, help=words("help_people"))
    parser.add_argument("--ui-people", type=_people, default=30, help=words("help_ui_people"))
    parser.add_argument("--minutes", type=_minutes, default=2.0, help=words("help_minutes"))
    parser.add_argument("--think", type=float, default=60.0, help=words("help_think"))
    parser.add_argument("--tokens-per-s", type=float, default=30.0, help=words("help_rate"))
    parser.add_argument("--most", type=_people, default=800, help=words("help_most"))
    parser.add_argument("--json", action="store_true", help=words("help_json"))
    add_sample_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure both ways, then double the people of the API; 1 when a limit is not kept."""
    print(words("preparing"), file=sys.stderr)
    with _target(arguments.work, tokens_per_s=arguments.tokens_per_s) as target:
        outcomes = [
            _measured(target, arguments, people=people, way=way)
            for way, people in (("api", arguments.people), ("ui", arguments.ui_people))
            if people
        ]
        steps = [each for each in outcomes if each.way == "api"]
        while steps and not steps[-1].fault and 2 * steps[-1].people <= arguments.most:
            people = 2 * steps[-1].people
            steps.append(_measured(target, arguments, people=people, way="api"))
        rate = target.model_tokens_per_s
    figures = [row for each in outcomes for row in rows(each, model_tokens_per_s=rate)]
    if arguments.json:
        print(json.dumps(_record(arguments, outcomes, steps, rate=rate), ensure_ascii=False))
    else:
        print(_heading(arguments), table(figures), sep="\n\n")
        if len(steps) > 1 or (steps and steps[0].fault):
            print(f"\n{knee_sentence(steps)}")
    return 0 if figures and all(row.is_met for row in figures) else 1


@contextmanager
def _target(work: Path | None, *, tokens_per_s: float) -> Generator[Target]:
    questions = [each.text for each in load_sample().questions if each.is_answerable]
    with ExitStack() as stack:
        model = stack.enter_context(mock_model(tokens_per_s=tokens_per_s))
        variables = {"ASSISTANT_MODEL_URL": model, "ASSISTANT_MODEL_NAME": _MODEL}
        data_dir = stack.enter_context(sample_instance(work, **variables)).data_dir
        alone = _model_rate(model)
        url, token = stack.enter_context(served(data_dir, variables))
        yield target_of(
            data_dir, url=url, token=token, model_tokens_per_s=alone, questions=questions
        )


def _model_rate(model: str) -> float:
    """Tokens per second that the mock gives one caller: its rate less its own work."""
    body = {"model": _MODEL, "stream": True, "messages": [{"role": "user", "content": "Bonjour"}]}
    times: list[float] = []
    with httpx.stream(
        "POST", f"{model}/chat/completions", json=body, timeout=60, trust_env=False
    ) as response:
        for line in response.iter_lines():
            if '"content"' in line:
                times.append(time.perf_counter())
    return (len(times) - 1) / (times[-1] - times[0])


def _measured(
    target: Target, arguments: argparse.Namespace, *, people: int, way: str
) -> CrowdFigures:
    plan = Plan(people, 60 * arguments.minutes, arguments.think)
    shown = words("running", people=people, way=words(f"way_{way}"), seconds=round(plan.seconds))
    print(shown, file=sys.stderr)
    return measure(target, plan, way=way)


def _heading(arguments: argparse.Namespace) -> str:
    return words(
        "heading",
        cores=psutil.cpu_count() or 1,
        think=f"{arguments.think:g}",
        tokens=ANSWER_TOKENS,
        rate=f"{arguments.tokens_per_s:g}",
    )


def _record(
    arguments: argparse.Namespace,
    outcomes: list[CrowdFigures],
    steps: list[CrowdFigures],
    *,
    rate: float,
) -> dict[str, object]:
    run = new_run({})
    return {
        "id": run.id,
        "commit": run.commit,
        "machine": run.machine,
        "date": run.date,
        "think_s": arguments.think,
        "tokens": ANSWER_TOKENS,
        "tokens_per_s": arguments.tokens_per_s,
        "model_tokens_per_s": rate,
        "crowds": [each.as_record() for each in outcomes],
        "knee": [each.as_record() for each in steps],
    }


def _people(text: str) -> int:
    value = int(text)
    if not 0 <= value <= _MOST_PEOPLE:
        raise ValueError
    return value


def _minutes(text: str) -> float:
    value = float(text)
    if not _LEAST_MINUTES <= value <= _MOST_MINUTES:
        raise ValueError
    return value
