"""The files and the questions of the contest: a seeded sample of real files of all formats."""

from __future__ import annotations

import random
from pathlib import Path

from eval.datasets import QuestionSet, read_lines
from eval.questions import JudgedQuestion

QUESTIONS = Path(__file__).parent / "questions.jsonl"
SEED = 20260101
MOST_FILES = 40
_MANIFEST = "manifest.jsonl"


def load_files(folder: Path, *, count: int = MOST_FILES) -> QuestionSet:
    """The first files of the sample with the questions that they answer.

    Args:
        folder: The real files.
        count: At most `MOST_FILES`.

    Raises:
        FileNotFoundError: The folder is not there.
    """
    names = sorted(path.name for path in folder.iterdir() if path.name != _MANIFEST)
    chosen = random.Random(SEED).sample(names, min(MOST_FILES, len(names)))[:count]
    questions = tuple(each for each in load_questions() if set(each.judged) & set(chosen))
    return QuestionSet(
        "admin_docs", questions, {name: (folder / name).read_bytes() for name in chosen}
    )


def load_questions() -> list[JudgedQuestion]:
    """All questions; each names its file and its pages, and quotes a few words of the answer."""
    return [
        JudgedQuestion(
            id=row["id"],
            text=row["text"],
            judged=dict.fromkeys([row["file"], *row.get("also", ())], 1),
            pages=tuple(row["pages"]),
            quotes=(row["quote"],),
        )
        for row in read_lines(QUESTIONS)
    ]
