"""`python -m eval run`: measures retrieval and answers on question sets, and stores the run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assistant.data_folder import check_instance
from assistant.domain.errors import ConfigurationError
from assistant.settings import environment
from eval import refusal
from eval.catalogue import sentence, set_name
from eval.datasets import SETS, SHARED, QuestionSet, load_set
from eval.instance import Instance
from eval.judge import find_judge
from eval.measuring import measure_set
from eval.own_questions import QuestionsRefused, load_own
from eval.report import markdown
from eval.runs import Run, new_run, run_path, save
from eval.workspace import Workspace, open_workspace

MADE_SETS = ("service_public_dev", "piaf_dev")
"""Sets large enough to lose documents."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which sets, and where instances are kept."""
    parser.add_argument(
        "sets", nargs="*", metavar="JEU", help=sentence("help_sets_measured", sets=", ".join(SETS))
    )
    add_work_argument(parser)
    parser.add_argument("--search-only", action="store_true", help=sentence("help_search_only"))
    parser.add_argument("--no-refusal", action="store_true", help=sentence("help_no_refusal"))
    parser.add_argument(
        "--questions", type=Path, metavar="FICHIER", help=sentence("help_questions")
    )
    parser.add_argument("--data", type=Path, metavar="DOSSIER", help=sentence("help_data"))


def add_work_argument(parser: argparse.ArgumentParser) -> None:
    """The option that names the work folder."""
    parser.add_argument(
        "--work",
        type=Path,
        metavar="DOSSIER",
        help=sentence("help_work"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, store and print; 2 for an unknown set or a faulty file, 1 when no set is there."""
    workspace = open_workspace(arguments.work)
    if arguments.questions is not None:
        return _run_own(arguments, workspace)
    unknown = [name for name in arguments.sets if name not in SETS]
    if unknown:
        print(sentence("set_unknown", name=unknown[0], known=", ".join(SETS)))
        return 2
    sets = present_sets(arguments.sets or SETS)
    if not sets:
        print(sentence("no_set"))
        return 1
    measured = measure(
        workspace,
        sets,
        with_answers=not arguments.search_only,
        with_refusal=not (arguments.search_only or arguments.no_refusal),
    )
    return _finish(measured, run_path(measured, folder=workspace.runs))


def present_sets(names: Sequence[str]) -> list[QuestionSet]:
    """The named sets that are on this machine; says which are not."""
    sets: list[QuestionSet] = []
    for name in names:
        try:
            sets.append(load_set(name))
        except FileNotFoundError:
            print(sentence("set_absent", name=name, folder=str(SHARED)))
    return sets


def measure(
    workspace: Workspace,
    sets: Sequence[QuestionSet],
    *,
    with_answers: bool = True,
    with_refusal: bool = False,
) -> Run:
    """Measure some sets on their instances of a work folder; the run is saved after each set.

    Args:
        workspace: Where the instances are.
        sets: At least one.
        with_answers: False measures retrieval only.
        with_refusal: True makes questions without answer where a set allows it.
    """
    judge = find_judge(environment())
    measured: Run | None = None
    for each in sets:
        name = set_name(each.name)
        counts = {"questions": len(each.questions), "documents": len(each.files)}
        print(sentence("measuring", name=name, **counts), flush=True)
        instance = workspace.instance(each)
        measured = measured or new_run(instance.settings())
        result = measure_set(instance, each, with_answers=with_answers, judge=judge)
        if with_refusal and each.name in MADE_SETS:
            print(sentence("measuring_refusal", name=name, made=refusal.MADE), flush=True)
            result = replace(result, refusal=refusal.measure(workspace, each))
        measured = replace(measured, sets={**measured.sets, each.name: result})
        save(measured, folder=workspace.runs)
    if measured is None:
        raise ValueError("no set to measure")
    return measured


def _run_own(arguments: argparse.Namespace, workspace: Workspace) -> int:
    """Ask the instance of a tenant the questions of its file."""
    if arguments.data is None:
        print(sentence("questions_need_data"))
        return 2
    instance = Instance(arguments.data.absolute(), workspace.variables)
    try:
        check_instance(instance.data_dir)
        own = load_own(arguments.questions, instance=instance)
    except ConfigurationError as error:
        print(error.sentence)
        return 2
    except QuestionsRefused as error:
        print(error)
        return 2
    result = measure_set(
        instance,
        own,
        with_answers=not arguments.search_only,
        judge=find_judge(environment()),
    )
    run = replace(new_run(instance.settings()), sets={own.name: result})
    return _finish(run, save(run, folder=workspace.runs))


def _finish(measured: Run, path: Path) -> int:
    print(markdown(measured))
    print(sentence("run_saved", path=str(path)))
    return 0
