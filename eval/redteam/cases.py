"""The cases as they are written in `cases.jsonl`, before any run: what is sent, who owns it, what must be seen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from eval.redteam.words import category_names, defence_names, words

CASES = Path(__file__).with_name("cases.jsonl")

Owner = Literal["ours", "model"]
"""Whose duty a case is: a defence of the product, or the obedience of the model that is configured."""


@dataclass(frozen=True, slots=True)
class HostileDocument:
    """A document to be made by the run."""

    name: str
    """As uploaded."""
    format: str
    """A key of `documents.MAKERS`."""
    text: str
    """What a reader sees."""
    hidden: str = ""
    how: str = ""
    """The way of hiding; empty for none."""
    times: int = 1
    """How many are made; `{n}` in name and text stands for the number of each."""

    def named(self) -> Iterator[HostileDocument]:
        """Each of them."""
        for number in range(self.times):
            name, text = (each.replace("{n}", str(number)) for each in (self.name, self.text))
            yield replace(self, name=name, text=text, times=1)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API.

    `{document}`, `{passage}`, `{answer}`, `{conversation}` stand for the owner's in path and body, and
    with `their_` before them for those of the neighbour, as do `{their_collection}`, `{their_person}`
    and `{their_tenant}`.
    """

    method: str
    path: str
    """Below `/api`."""
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Case:
    """One attack and its expected outcome."""

    id: str
    category: str
    """An OWASP code, such as "LLM01"."""
    title: str
    """In French, for the report."""
    language: Literal["fr", "en"]
    owner: Owner
    expect: Mapping[str, Any]
    """Expectations by name, see `checks.CHECKS`."""
    defences: tuple[str, ...] = ()
    """Keys of defences that the case puts to the test; none for one of the model."""
    documents: tuple[HostileDocument, ...] = ()
    question: str = ""
    after: str = ""
    """The previous question that the caller names."""
    reply: str = ""
    """What the mock model says; `{code}` and `{prompt}` stand for those of its prompt, `{many}` for no end."""
    call: Call | None = None
    """Sent after the question, if any."""
    caller: str = "owner"
    """Who sends `call`: see `site.CALLERS`."""
    question_times: int = 1
    """How often the question is written one behind the other: long ones need not be stored."""
    at_once: int = 1
    """How many times the question is sent at the same time."""
    before_index: Call | None = None
    """Sent by the owner after the documents are live; the index does not hear of it before the question."""
    neighbour: tuple[HostileDocument, ...] = ()
    """Documents of another tenant, whose identifiers the question, the reply and the call may name."""
    is_withdrawn: bool = False
    """True when the neighbour shares its collection for a first turn of a conversation, and then no more:
    the first question must find its documents, and everything after it must not."""
    is_judged: bool = False
    """True for a case of the refusal: it meets the judge as the product has it, which the others pass by."""


def load_cases(path: Path = CASES) -> list[Case]:
    """All cases, in order.

    Raises:
        ValueError: A line is not valid, or an id is there twice; the message names its number.
    """
    cases: list[Case] = []
    seen: set[str] = set()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            case = _case(json.loads(line))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(words("unreadable", number=number, error=str(error))) from error
        if case.id in seen:
            raise ValueError(words("twice", number=number, id=case.id))
        seen.add(case.id)
        cases.append(case)
    return cases


def _case(row: dict[str, Any]) -> Case:
    unknown = row.keys() - {each.name for each in fields(Case)}
    if unknown:
        raise KeyError(*sorted(unknown))
    if row["category"] not in category_names() or row["owner"] not in {"ours", "model"}:
        raise ValueError(row["category"], row["owner"])
    named = row.get("defences", ())
    if (
        not row["expect"]
        or (row["owner"] == "ours") != bool(named)
        or {*named} - {*defence_names()}
    ):
        raise ValueError("defences", *named)
    values: dict[str, Any] = {
        **row,
        **{name: _documents(row.get(name, ())) for name in ("documents", "neighbour")},
        "defences": tuple(named),
        "call": _call(row.get("call")),
        "before_index": _call(row.get("before_index")),
    }
    return Case(**values)


def _documents(rows: Sequence[dict[str, Any]]) -> tuple[HostileDocument, ...]:
    return tuple(HostileDocument(**each) for each in rows)


def _call(row: dict[str, Any] | None) -> Call | None:
    return None if row is None else Call(**row)
