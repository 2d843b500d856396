"""Each program on the same files, one after the other: ours through its commands, the peer's file."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from eval.bench.running import served
from eval.datasets import QuestionSet
from eval.instance import Instance, Row
from eval.peers.environment import HERE
from eval.peers.reading import Place, Reading, distinct
from eval.processes import peak_of_children
from eval.questions import JudgedQuestion
from eval.workspace import write_files

DEPTH = 20
"""Passages asked of each program: enough for five pages."""
_LEAST_CHARS = 20


def lay_out(questions: QuestionSet, folder: Path) -> None:
    """Write the files under `data`, as the peer's documentation names its folder."""
    write_files(folder / "data", questions.files)


def measure_ours(questions: QuestionSet, *, folder: Path, variables: Mapping[str, str]) -> Reading:
    """Index with `assistant ingest` into an empty instance, then search over HTTP."""
    data_dir = folder / "ours"
    shutil.rmtree(data_dir, ignore_errors=True)
    instance = Instance(data_dir, variables)
    with peak_of_children() as peak:
        begin = time.perf_counter()
        instance.ingest(folder / "data")
        indexing_s = time.perf_counter() - begin
        live = {row["name"] for row in instance.documents() if row["state"] == "live"}
        with served(data_dir, variables) as (url, token):
            found = [_search(url, token, each) for each in questions.questions]
    return Reading(
        "ours",
        indexing_s,
        peak.memory_mb,
        tuple(sorted(set(questions.files) - live)),
        tuple(seconds for seconds, _ in found),
        {
            question.id: distinct([*ranked_places(rows)])
            for question, (_, rows) in zip(questions.questions, found, strict=True)
        },
    )


def measure_peer(example: str, questions: QuestionSet, *, folder: Path, python: Path) -> Reading:
    """Run one of the peer's files in its environment.

    Raises:
        RuntimeError: It failed; the message ends with what it said.
    """
    asked, output = folder / "questions.json", folder / f"{example}.json"
    rows = [{"id": each.id, "text": each.text} for each in questions.questions]
    asked.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    program = [str(python), str(HERE / "llamaindex_program.py"), str(HERE / f"{example}.py")]
    with peak_of_children() as peak:
        result = subprocess.run(
            [*program, str(asked), str(output)],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode:
        raise RuntimeError(f"{example} : {result.stderr.strip()[-500:]}")
    made: dict[str, Any] = json.loads(output.read_text("utf-8"))
    return _peer_reading(example, made, questions=questions, memory_mb=peak.memory_mb)


def _peer_reading(example: str, made: Row, *, questions: QuestionSet, memory_mb: float) -> Reading:
    unread = {
        name
        for name in questions.files
        if made["chars"].get(name, 0) < _LEAST_CHARS or name in made["binary"]
    }
    return Reading(
        example,
        made["indexing_s"],
        memory_mb,
        tuple(sorted(unread)),
        tuple(row["seconds"] for row in made["rows"]),
        {
            row["id"]: distinct([(file, page) for file, page in row["places"]])
            for row in made["rows"]
        },
    )


def _search(url: str, token: str, question: JudgedQuestion) -> tuple[float, Sequence[Row]]:
    begin = time.perf_counter()
    response = httpx.post(
        f"{url}/api/v1/search",
        json={"query": question.text, "limit": DEPTH},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
        trust_env=False,
    )
    lasted_s = time.perf_counter() - begin
    response.raise_for_status()
    return lasted_s, response.json()["results"]


def ranked_places(rows: Sequence[Row]) -> Iterator[Place]:
    """The pages of each passage, first the one it is opened at; one over two pages takes two places."""
    for row in rows:
        for page in dict.fromkeys([row["page"] or 0, *row["pages"]]):
            yield row["file"], page
