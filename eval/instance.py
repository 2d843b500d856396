"""The product as an evaluation sees it: its commands, on a data folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""One JSON object that a command printed."""
Keep = Callable[[Row], Row]
_SOME_FAILED = 3


def _whole(row: Row) -> Row:
    return row


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance in a folder; each method is one command."""

    data_dir: Path
    variables: Mapping[str, str]
    """Further `ASSISTANT_…` settings."""

    def ingest(self, folder: Path) -> Row:
        """Index a folder; the summary of `assistant ingest --json`. Failed files are allowed."""
        output = self._run(["ingest", str(folder), "--json"], allowed=(0, _SOME_FAILED))
        return json.loads(output)

    def search(
        self, queries: Sequence[tuple[str, str]], *, limit: int, keep: Keep = _whole
    ) -> list[Row]:
        """Search for (id, text) pairs; one row each, in order, reduced by `keep` as they come."""
        return self._batch(["search", "-k", str(limit)], queries, keep=keep)

    def ask(self, queries: Sequence[tuple[str, str]], *, keep: Keep = _whole) -> list[Row]:
        """Ask (id, text) pairs; one row each, in order, reduced by `keep` as they come."""
        return self._batch(["ask"], queries, keep=keep)

    def settings(self) -> dict[str, str | int | float]:
        """Effective settings by dotted key, secrets hidden."""
        rows = json.loads(self._run(["settings", "--json"], allowed=(0,)))["settings"]
        return {row["key"]: row["value"] for row in rows}

    def documents(self) -> list[Row]:
        """Every document that is known, as the API gives it."""
        return json.loads(self._run(["documents", "list", "--json"], allowed=(0,)))["documents"]

    def delete(self, ids: Sequence[str]) -> None:
        """Remove documents."""
        if ids:
            self._run(["documents", "delete", *ids], allowed=(0,))

    def _batch(
        self, command: Sequence[str], queries: Sequence[tuple[str, str]], *, keep: Keep
    ) -> list[Row]:
        lines = [json.dumps({"id": id, "text": text}, ensure_ascii=False) for id, text in queries]
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".jsonl") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            words = [*command, "--queries", file.name, "--json"]
            with closing(self._lines(words)) as shown:
                return [keep(_succeeded(json.loads(line))) for line in shown]

    def _lines(self, arguments: Sequence[str]) -> Generator[str]:
        """The output of a command as it comes; it is not held, a hundred passages a question are long."""
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
            subprocess.Popen(
                self._command(arguments),
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 - asked for above
            try:
                yield from process.stdout
            except GeneratorExit:
                process.kill()
                raise
            code = process.wait()
            errors.seek(0)
            _check(arguments, code=code, allowed=(0, _SOME_FAILED), errors=errors.read())

    def _run(self, arguments: Sequence[str], *, allowed: Sequence[int]) -> str:
        result = subprocess.run(
            self._command(arguments),
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        _check(arguments, code=result.returncode, allowed=allowed, errors=result.stderr)
        return result.stdout

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "assistant", *arguments]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "ASSISTANT_DATA_DIR": str(self.data_dir),
            **self.variables,
        }


def _succeeded(row: Row) -> Row:
    if row.get("error") and "status" not in row:
        raise RuntimeError(f"{row['id']} : {row['error']['detail']}")
    return row


def _check(arguments: Sequence[str], *, code: int, allowed: Sequence[int], errors: str) -> None:
    if code not in allowed:
        raise RuntimeError(f"assistant {arguments[0]} : {errors.strip()[-500:]}")
