"""The contest as Markdown for the terminal, and as plain objects for the record."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.domain.intervals import wilson
from eval.datasets import QuestionSet
from eval.peers.environment import HERE
from eval.peers.reading import DEPTHS, Gap, Reading, gap, right
from eval.questions import JudgedQuestion
from eval.runs import new_run
from eval.words import Words

_WORDS = Words("eval.peers")
words = _WORDS.sentence


def program_name(code: str) -> str:
    """What a program is called in the report.

    Raises:
        KeyError: The program has no name.
    """
    return _WORDS.names("programs")[code]


def markdown(questions: QuestionSet, readings: Sequence[Reading]) -> str:
    """The tables, the files that were not read, and the peer's file."""
    formats = Counter(Path(name).suffix.lstrip(".") for name in questions.files)
    shown = ", ".join(f"{count} {name}" for name, count in formats.most_common())
    lines = [
        words(
            "heading",
            files=len(questions.files),
            formats=shown,
            questions=len(questions.questions),
        ),
        "",
        words("columns"),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(_reading_line(each, questions) for each in readings),
        "",
        *_gap_table(questions, readings),
        *(_unread_line(each) for each in readings if each.unread),
        words("latency"),
        "",
        words("source"),
        "",
        "```python",
        (HERE / "llamaindex_starter.py").read_text("utf-8").strip(),
        "```",
    ]
    return "\n".join(lines)


def as_record(questions: QuestionSet, readings: Sequence[Reading]) -> dict[str, Any]:
    """All that was measured, question by question."""
    ours, *peers = readings
    run = new_run({})
    return {
        "id": run.id,
        "commit": run.commit,
        "machine": run.machine,
        "date": run.date,
        "revision": questions.revision,
        "files": sorted(questions.files),
        "readings": [asdict(each) for each in readings],
        "right": {
            each.name: {
                str(depth): right(each, questions.questions, depth=depth) for depth in DEPTHS
            }
            for each in readings
        },
        "gaps": [
            {"peer": peer.name, "on": on, "depth": depth, **asdict(found)}
            for peer in peers
            for on, kept in _groups(questions, peer)
            for depth in DEPTHS
            for found in [gap(ours, peer, questions=kept, depth=depth)]
        ],
    }


def _reading_line(reading: Reading, questions: QuestionSet) -> str:
    shares = [_share(right(reading, questions.questions, depth=depth)) for depth in DEPTHS]
    search_ms = sorted(1000 * seconds for seconds in reading.search_s)
    cells = [
        program_name(reading.name),
        str(len(reading.unread)),
        f"{reading.indexing_s:.0f}",
        f"{60 * len(questions.files) / reading.indexing_s:.1f}",
        f"{statistics.median(search_ms):.0f}",
        f"{search_ms[int(0.95 * (len(search_ms) - 1))]:.0f}",
        f"{reading.memory_mb:.0f}",
        *shares,
    ]
    return f"| {' | '.join(cells)} |".replace(".", ",")


def _gap_table(questions: QuestionSet, readings: Sequence[Reading]) -> list[str]:
    ours, *peers = readings
    if not peers:
        return []
    lines = [words("gaps"), "", words("gap_columns"), "|---|---|---:|---:|"]
    for peer in peers:
        for on, kept in _groups(questions, peer):
            gaps = [_gap(gap(ours, peer, questions=kept, depth=depth)) for depth in DEPTHS]
            scope = words(on, count=len(kept))
            lines.append(f"| {program_name(peer.name)} | {scope} | {' | '.join(gaps)} |")
    return [*lines, ""]


def _groups(questions: QuestionSet, peer: Reading) -> list[tuple[str, tuple[JudgedQuestion, ...]]]:
    """All questions, then those whose file the peer could read: no reader, no race."""
    read = tuple(each for each in questions.questions if set(each.judged) - set(peer.unread))
    groups = [("all_questions", questions.questions), ("read_questions", read)]
    return [(name, kept) for name, kept in groups if kept]


def _unread_line(reading: Reading) -> str:
    return words("unread", name=program_name(reading.name), files=", ".join(reading.unread)) + "\n"


def _share(values: Sequence[bool]) -> str:
    low, high = wilson(sum(values), len(values))
    return f"{sum(values) / len(values):.2f} [{low:.2f} ; {high:.2f}]"


def _gap(found: Gap) -> str:
    return f"{found.value:+.2f} [{found.low:+.2f} ; {found.high:+.2f}]".replace(".", ",")
