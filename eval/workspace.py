"""The folder that keeps instances with their vectors, and the runs measured on them."""

from __future__ import annotations

import shutil
import tempfile
from argparse import ArgumentParser
from collections.abc import Collection, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.settings import environment
from eval.catalogue import sentence
from eval.datasets import QuestionSet, load_sample
from eval.instance import Instance

DIR_VARIABLE = "ASSISTANT_EVAL_DIR"
_OWN = ("ASSISTANT_EVAL_", "ASSISTANT_DATA_DIR", "ASSISTANT_SERVER_")
"""Variables that the instances measured do not take from the caller."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Instances under `<set>/data`, made from `<set>/documents`; runs under `runs`."""

    root: Path
    variables: Mapping[str, str]
    """Settings of every instance."""

    @property
    def runs(self) -> Path:
        """Folder of the stored runs."""
        return self.root / "runs"

    def instance(self, questions: QuestionSet) -> Instance:
        """The instance that holds a set, brought up to date by an ingest."""
        folder = self.root / questions.name
        write_files(folder / "documents", questions.files)
        found = Instance(folder / "data", self.variables)
        found.ingest(folder / "documents")
        return found

    def without(self, questions: QuestionSet, *, files: Collection[str]) -> Instance:
        """A copy of a set's instance from which some documents were removed."""
        original = self.instance(questions)
        data_dir = self.root / f"{questions.name}-sans" / "data"
        if data_dir.exists():
            shutil.rmtree(data_dir)
        shutil.copytree(original.data_dir, data_dir)
        reduced = Instance(data_dir, self.variables)
        ids = {row["name"]: row["id"] for row in reduced.documents()}
        reduced.delete([ids[name] for name in sorted(files)])
        return reduced


def open_workspace(root: Path | None) -> Workspace:
    """The work folder: the one given, else `ASSISTANT_EVAL_DIR`, else a cache of the user.

    The instances take every other `ASSISTANT_…` variable, so that a setting can be tried.
    """
    variables = environment()
    cache = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    chosen = root or Path(variables.get(DIR_VARIABLE) or cache / "assistant-eval")
    passed = {
        name: value
        for name, value in variables.items()
        if name.startswith("ASSISTANT_") and not name.startswith(_OWN)
    }
    return Workspace(chosen.expanduser().absolute(), passed)


def add_sample_argument(parser: ArgumentParser) -> None:
    """The option of a measure on the sample corpus that keeps its instance."""
    parser.add_argument("--work", type=Path, metavar="DOSSIER", help=sentence("help_sample_work"))


@contextmanager
def sample_instance(work: Path | None, **variables: str) -> Generator[Instance]:
    """An instance that holds the sample corpus, with no settings of the caller.

    Args:
        work: The folder that keeps it for the next measure; None has it made anew, and removed at the end.
        variables: `ASSISTANT_…` settings.
    """
    with ExitStack() as stack:
        root = work or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="assistant-eval-"))
        )
        yield Workspace(root.expanduser().absolute(), variables).instance(load_sample())


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder hold exactly some files; those that are right already are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
