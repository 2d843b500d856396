"""The product as an evaluation sees it: its commands, on a data folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""One JSON object that a command printed."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance in a folder; each method is one command."""

    data_dir: Path
    variables: Mapping[str, str]
    """Further `ASSISTANT_…` settings."""

    def ingest(self, folder: Path) -> Row:
        """Index a folder; the summary of `assistant ingest --json`. Failed files are allowed."""
        return json.loads(self._run(["ingest", str(folder), "--json"], allowed=(0, 3)))

    def search(self, queries: Sequence[tuple[str, str]], *, limit: int) -> list[Row]:
        """Search for (id, text) pairs; one row each, in order."""
        return self._batch(["search", "-k", str(limit)], queries)

    def ask(self, queries: Sequence[tuple[str, str]]) -> list[Row]:
        """Ask (id, text) pairs; one row each, in order."""
        return self._batch(["ask"], queries)

    def _batch(self, command: Sequence[str], queries: Sequence[tuple[str, str]]) -> list[Row]:
        path = self.data_dir.parent / "queries.jsonl"
        lines = [json.dumps({"id": id, "text": text}, ensure_ascii=False) for id, text in queries]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        output = self._run([*command, "--queries", str(path), "--json"], allowed=(0,))
        return [json.loads(line) for line in output.splitlines()]

    def _run(self, arguments: Sequence[str], *, allowed: Sequence[int]) -> str:
        environment = {
            "PATH": "/usr/bin:/bin",
            "ASSISTANT_DATA_DIR": str(self.data_dir),
            **self.variables,
        }
        result = subprocess.run(
            [sys.executable, "-m", "assistant", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode not in allowed:
            raise RuntimeError(f"assistant {arguments[0]} : {result.stderr.strip()[-500:]}")
        return result.stdout


@contextmanager
def temporary_instance(**variables: str) -> Generator[Instance]:
    """An empty instance, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="assistant-eval-") as folder:
        yield Instance(Path(folder) / "data", variables)
