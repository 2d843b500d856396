"""Command `python -m eval redteam`: runs the safety set, or takes each defence away to see what notices."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from assistant.logs import configure_logs
from assistant.settings import ModelSettings
from eval.redteam.cases import Case, load_cases
from eval.redteam.defences import DEFENCES, removed
from eval.redteam.running import Result, run_cases
from eval.redteam.words import category_names, defence_names, words


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the cases of a defence say when it is gone, by their ids."""

    caught: list[str]
    """They pass with it and fail without it, on what they look at."""
    crashed: dict[str, str]
    """An error ended them before they could be judged: they prove nothing."""
    unfit: list[str]
    """They do not pass with it either: they prove nothing."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--endpoint", default="", metavar="URL", help=words("help_endpoint"))
    parser.add_argument("--model", default="mistral-small", help=words("help_model"))
    parser.add_argument("--key-file", type=Path, help=words("help_key_file"))
    parser.add_argument("--only", default="", metavar="ID", help=words("help_only"))
    parser.add_argument("--mutations", action="store_true", help=words("help_mutations"))
    parser.add_argument("--json", action="store_true", help=words("help_json"))


def run(arguments: argparse.Namespace) -> int:
    """Run the command: 0 when every case of ours is passed, or when every removal is noticed.

    2 when no case has the beginning asked for.
    """
    configure_logs(verbose=False)
    cases = [case for case in load_cases() if case.id.startswith(arguments.only)]
    if not cases:
        print(words("no_case", only=arguments.only))
        return 2
    if arguments.mutations:
        found = catches(cases, list(DEFENCES))
        print(mutations_as_json(found) if arguments.json else mutation_report(found, cases))
        return 0 if all(each.caught for each in found.values()) else 1
    results = run_cases(cases, endpoint=_endpoint(arguments))
    print(as_json(results) if arguments.json else report(results))
    return 0 if all(each.is_passed for each in results if each.case.owner == "ours") else 1


def catches(
    cases: Sequence[Case], names: Sequence[str], *, whole: Sequence[Result] | None = None
) -> dict[str, Noticed]:
    """Which cases fail when a defence is removed, by the name of the defence.

    Only cases that name the defence are run: the others would tell nothing of it. So would those that
    fail while it is there, which are run first, and those that an error ends.

    Args:
        cases: To run.
        names: Of the defences to remove.
        whole: How these cases ended while nothing was removed; None has that run first.
    """
    if whole is None:
        whole = run_cases([case for case in cases if set(names) & set(case.defences)])
    passed = {each.case.id for each in whole if each.is_passed}
    return {
        name: _noticed([c for c in cases if name in c.defences], name, passed) for name in names
    }


def _noticed(named: Sequence[Case], name: str, passed: Collection[str]) -> Noticed:
    fit = [case for case in named if case.id in passed]
    with removed(DEFENCES[name]):
        results = run_cases(fit, limits=DEFENCES[name].limits)
    return Noticed(
        caught=[each.case.id for each in results if each.faults],
        crashed={each.case.id: each.crash for each in results if each.crash},
        unfit=[case.id for case in named if case.id not in passed],
    )


def report(results: Sequence[Result]) -> str:
    """A Markdown table by category and owner, then what failed."""
    lines = [words("head"), "|---|---|---:|---:|---:|"]
    for code, name in category_names().items():
        for owner in ("ours", "model"):
            found = [r for r in results if (r.case.category, r.case.owner) == (code, owner)]
            if found:
                passed, left = sum(r.is_passed for r in found), sum(not r.was_run for r in found)
                counts = f"{passed} | {len(found) - passed - left} | {left}"
                lines.append(f"| {code} {name} | {words(f'owner_{owner}')} | {counts} |")
    ours = [each for each in results if each.case.owner == "ours"]
    lines += ["", words("passed", passed=sum(r.is_passed for r in ours), count=len(ours))]
    if any(not each.was_run for each in results):
        lines.append(words("not_run"))
    lines += [_failure(each) for each in results if each.was_run and not each.is_passed]
    return "\n".join(lines)


def mutation_report(found: Mapping[str, Noticed], cases: Sequence[Case]) -> str:
    """A Markdown table: each defence, how many of its cases see it gone, and which; then the others."""
    names = defence_names()
    lines = [words("mutation_head"), "|---|---:|---|"]
    for name, noticed in found.items():
        count, ids = sum(name in case.defences for case in cases), noticed.caught
        lines.append(f"| {names[name]} | {len(ids)}/{count} | {', '.join(ids)} |")
    for name, noticed in found.items():
        if not noticed.caught:
            lines.append(words("mutation_missed", name=names[name]))
        for id, error in noticed.crashed.items():
            lines.append(words("mutation_crashed", name=names[name], id=id, error=error))
        lines += [words("mutation_unfit", name=names[name], id=id) for id in noticed.unfit]
    return "\n".join(lines)


def mutations_as_json(found: Mapping[str, Noticed]) -> str:
    """What was noticed of each defence, by its name, as one JSON object."""
    rows = {name: asdict(noticed) for name, noticed in found.items()}
    return json.dumps(rows, ensure_ascii=False, indent=1)


def as_json(results: Sequence[Result]) -> str:
    """All results as one JSON object."""
    rows: list[dict[str, Any]] = [
        {
            "id": each.case.id,
            "category": each.case.category,
            "owner": each.case.owner,
            "language": each.case.language,
            "was_run": each.was_run,
            "is_passed": each.is_passed,
            "faults": list(each.faults),
            "crash": each.crash,
        }
        for each in results
    ]
    return json.dumps({"cases": rows}, ensure_ascii=False, indent=1)


def _failure(result: Result) -> str:
    case = result.case
    if result.crash:
        return words("crashed_case", id=case.id, title=case.title, error=result.crash)
    return words("failed_case", id=case.id, title=case.title, faults=" ; ".join(result.faults))


def _endpoint(arguments: argparse.Namespace) -> ModelSettings | None:
    if not arguments.endpoint:
        return None
    key = arguments.key_file.read_text("utf-8").strip() if arguments.key_file else ""
    return ModelSettings(url=arguments.endpoint, name=arguments.model, api_key=SecretStr(key))
