"""Runs: what was measured, with all that made it, stored as JSON and found again."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import psutil
from pydantic import TypeAdapter

from eval.catalogue import sentence
from eval.figures import Figure
from eval.instance import Row

FORMAT = 1
_PLACES = ("data_dir", "server.", "auth.", "limits.", "jobs.")
"""Settings that change no result."""
_ROOT = Path(__file__).parents[1]
_ROW_KEYS = {"id", "text", "kind", "groups", "judged", "measures", "found", "answer"}


class UnknownRun(Exception):
    """No stored run answers to a name; the message is a French sentence."""


@dataclass(frozen=True, slots=True)
class SetResult:
    """What was measured on one set."""

    revision: str
    documents: int
    figures: Mapping[str, Figure]
    by_type: Mapping[str, Mapping[str, Figure]]
    by_length: Mapping[str, Mapping[str, Figure]]
    rows: list[Row]
    """One for each question: id, text, kind, groups, measures, the first passages, the answer."""
    refusal: Row | None = None
    """The summary of `eval.refusal`, None where no question was made."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run."""

    id: str
    """Sortable: date, then commit."""
    date: str
    """ISO 8601, UTC."""
    commit: str
    """Ends in "+" when files differ from it."""
    machine: str
    settings: Mapping[str, Any]
    """Those that can change a result."""
    sets: Mapping[str, SetResult] = field(default_factory=dict[str, SetResult])

    @property
    def settings_hash(self) -> str:
        """Eight hexadecimal digits; equal for equal settings."""
        text = json.dumps(self.settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def models(self) -> str:
        """Embedding and chat models, as the settings name them."""
        chat = self.settings.get("model.name") if self.settings.get("model.url") else None
        embeddings = self.settings.get("embeddings.name") or self.settings.get(
            "embeddings.provider", ""
        )
        return f"{embeddings} ; {chat or sentence('no_chat_model')}"


def new_run(settings: Mapping[str, Any]) -> Run:
    """An empty run of this code, on this machine, now."""
    now = datetime.now(UTC)
    commit = _commit()
    kept = {key: value for key, value in settings.items() if not key.startswith(_PLACES)}
    memory_gb = psutil.virtual_memory().total / 2**30
    return Run(
        id=f"{now:%Y%m%d-%H%M%S}-{commit.rstrip('+')}",
        date=now.isoformat(timespec="seconds"),
        commit=commit,
        machine=sentence(
            "machine",
            cores=psutil.cpu_count() or 1,
            processor=platform.machine(),
            memory_gb=f"{memory_gb:.0f}",
            system=platform.system(),
            python=platform.python_version(),
        ),
        settings=kept,
    )


def run_path(run: Run, *, folder: Path) -> Path:
    """Where a run is stored."""
    return folder / f"{run.id}.json"


def save(run: Run, *, folder: Path) -> Path:
    """Write a run; its file. Whoever stops it in the middle keeps what was saved before."""
    folder.mkdir(parents=True, exist_ok=True)
    path = run_path(run, folder=folder)
    unfinished = path.with_suffix(".part")
    content = json.dumps({"format": FORMAT, **asdict(run)}, ensure_ascii=False)
    unfinished.write_text(content, "utf-8")
    return unfinished.replace(path)


def load(name: str, *, folder: Path) -> Run:
    """A stored run.

    Args:
        name: A file, the beginning of an id, or "" for the last one.
        folder: Where runs are stored.

    Raises:
        UnknownRun: None, or several, answer to the name, or its file is no run of this version.
    """
    if name and Path(name).is_file():
        return _read(Path(name))
    found = [path for path in stored(folder) if path.name.startswith(name)]
    if not found:
        raise UnknownRun(sentence("run_unknown", name=name or "…", folder=str(folder)))
    if name and len(found) > 1:
        raise UnknownRun(sentence("run_ambiguous", name=name, count=len(found)))
    return _read(found[-1])


def stored(folder: Path) -> list[Path]:
    """Files of all runs, oldest first."""
    return sorted(folder.glob("*.json"))


def _read(path: Path) -> Run:
    try:
        raw = json.loads(path.read_text("utf-8"))
        if not isinstance(raw, dict) or cast("Row", raw).pop("format", None) != FORMAT:
            raise UnknownRun(sentence("run_format", path=str(path)))
        return TypeAdapter(Run).validate_python(_as_now(cast("Row", raw)))
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise UnknownRun(sentence("run_unreadable", path=str(path))) from error


def _as_now(raw: Row) -> Row:
    """A stored run with what older versions kept otherwise put as it is kept now."""
    for each in raw["sets"].values():
        if each.get("refusal") and "fitted" not in each["refusal"]:
            each["refusal"] = _refusal_before_product(each["refusal"])
        for row in each["rows"]:
            if missing := _ROW_KEYS - row.keys():
                raise KeyError(*missing)
    return raw


def _refusal_before_product(raw: Row) -> Row:
    """Runs once held the fitted threshold only: what the product refused is not in them."""
    kept = {key: value for key, value in raw.items() if key not in {"right", "wrong"}}
    return {**kept, "product": {}, "fitted": {side: raw[side] for side in ("right", "wrong")}}


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=_ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    commit = git("rev-parse", "--short=8", "HEAD") or sentence("commit_unknown")
    return f"{commit}+" if git("status", "--porcelain", "--untracked-files=no") else commit
