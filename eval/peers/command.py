"""Command `python -m eval peers`: from the same original files to the ranked page, ours and a peer."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from eval.datasets import SHARED, QuestionSet
from eval.peers.contest import lay_out, measure_ours, measure_peer
from eval.peers.environment import peer_python
from eval.peers.reading import Reading
from eval.peers.report import as_record, markdown, program_name, words
from eval.peers.sample import MOST_FILES, load_files
from eval.workspace import open_workspace

EXAMPLES = ("llamaindex_starter", "llamaindex_hybrid")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "--files",
        type=int,
        choices=range(1, MOST_FILES + 1),
        default=MOST_FILES,
        metavar="N",
        help=words("help_files"),
    )
    parser.add_argument("--shared", type=Path, default=SHARED, help=words("help_data"))
    parser.add_argument("--work", type=Path, default=None, help=words("help_work"))
    parser.add_argument("--json", action="store_true", help=words("help_json"))
    parser.add_argument(
        "examples", nargs="*", choices=[[], *EXAMPLES], default=[], help=words("help_readings")
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure one program after the other and print; 1 when the real files are not there."""
    folder = arguments.shared / "admin_docs"
    if not folder.is_dir():
        print(words("absent", folder=str(folder)), file=sys.stderr)
        return 1
    questions = load_files(folder, count=arguments.files)
    workspace = open_workspace(arguments.work)
    work = workspace.root / "peers"
    work.mkdir(parents=True, exist_ok=True)
    print(words("preparing"), file=sys.stderr)
    python = peer_python(work)
    lay_out(questions, work)
    _announce("ours", files=len(questions.files), count=len(questions.questions))
    readings: list[Reading] = [measure_ours(questions, folder=work, variables=workspace.variables)]
    for example in arguments.examples or EXAMPLES:
        _announce(example, files=len(questions.files), count=len(questions.questions))
        readings.append(measure_peer(example, questions, folder=work, python=python))
    print(_shown(arguments, questions, readings))
    return 0


def _shown(arguments: argparse.Namespace, questions: QuestionSet, readings: list[Reading]) -> str:
    if not arguments.json:
        return markdown(questions, readings)
    return json.dumps(as_record(questions, readings), ensure_ascii=False)


def _announce(name: str, *, files: int, count: int) -> None:
    print(
        words("measuring", name=program_name(name), files=files, questions=count), file=sys.stderr
    )
