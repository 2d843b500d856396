"""Question sets in BEIR layout: documents, questions and judgements, named by a revision."""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.catalogue import sentence
from eval.questions import JudgedQuestion

SAMPLE = Path(__file__).parent / "sample"
SHARED = Path(__file__).parents[2] / "shared" / "data"
"""Beside the checkout; often absent."""
SHARED_SETS = ("faq_collectivite", "service_public_dev", "piaf_dev", "cdtn_dev", "aides")
SETS = ("sample", *SHARED_SETS)
_REVISION_CHARS = 12
_KNOWN_ITEMS = 150
"""Questions made of a set without questions: titles to find again."""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions judged on some documents."""

    name: str
    questions: tuple[JudgedQuestion, ...]
    files: Mapping[str, bytes]
    """File name → content, to be ingested; empty when an instance holds them already."""

    @property
    def revision(self) -> str:
        """Hash of all that is measured: same revision, comparable runs."""
        digest = hashlib.sha256()
        for question in sorted(self.questions, key=lambda each: each.id):
            digest.update(json.dumps(asdict(question), sort_keys=True).encode())
        for name in sorted(self.files):
            digest.update(name.encode() + hashlib.sha256(self.files[name]).digest())
        return digest.hexdigest()[:_REVISION_CHARS]


def load_set(name: str, *, shared: Path = SHARED) -> QuestionSet:
    """The sample corpus, or a set of the shared data.

    Raises:
        FileNotFoundError: The shared data are not beside the checkout.
        ValueError: A line is not valid; the message names its file and number.
    """
    return load_sample() if name == "sample" else load_beir(shared / name)


def is_present(name: str, *, shared: Path = SHARED) -> bool:
    """True when a set can be measured here; a set that is not one of ours is its owner's, and there."""
    return name not in SHARED_SETS or (shared / name / "corpus.jsonl").exists()


def load_sample() -> QuestionSet:
    """The sixty questions on the sample corpus."""
    files = {path.name: path.read_bytes() for path in sorted((SAMPLE / "documents").iterdir())}
    questions = tuple(map(_sample_question, read_lines(SAMPLE / "questions.jsonl")))
    return QuestionSet("sample", questions, files)


def load_beir(folder: Path) -> QuestionSet:
    """A set of `corpus.jsonl`, `queries.jsonl`, `qrels.tsv` and, perhaps, `answers.jsonl`.

    One document becomes one Markdown file. A set without queries is asked for some of its titles.

    Raises:
        FileNotFoundError: The corpus is not there.
        ValueError: A line is not valid.
    """
    corpus = list(read_lines(folder / "corpus.jsonl"))
    files = {file_name(row["id"]): markdown(row) for row in corpus}
    if not (folder / "queries.jsonl").exists():
        return QuestionSet(folder.name, tuple(_known_items(corpus)), files)
    judged = _judgements(folder / "qrels.tsv")
    answers = folder / "answers.jsonl"
    spans = {row["id"]: row["answers"] for row in read_lines(answers)} if answers.exists() else {}
    questions = tuple(
        JudgedQuestion(
            id=row["id"],
            text=row["text"],
            judged=judged.get(row["id"], {}),
            quotes=tuple(spans.get(row["id"], ())),
            keywords=tuple(row.get("expected_keywords", ())),
            expected=row.get("expected_answer", ""),
            kind=row.get("kind", row.get("theme", "")),
            groups=tuple(row.get("intents", ())),
        )
        for row in read_lines(folder / "queries.jsonl")
    )
    return QuestionSet(folder.name, questions, files)


def sliced(whole: QuestionSet, *, questions: int, documents: int, seed: int) -> QuestionSet:
    """A small set: seeded questions, their documents, and others up to a number of documents.

    Args:
        whole: The set to choose from.
        questions: How many questions, at most.
        documents: How many documents; more when the questions need them.
        seed: Of the choice.
    """
    chance = random.Random(seed)
    pool = sorted(whole.questions, key=lambda each: each.id)
    chosen = tuple(chance.sample(pool, min(questions, len(pool))))
    needed = {name for question in chosen for name in question.judged}
    others = sorted(set(whole.files) - needed)
    added = chance.sample(others, max(0, min(documents - len(needed), len(others))))
    files = {name: whole.files[name] for name in sorted({*needed, *added})}
    return QuestionSet(f"{whole.name}-{len(chosen)}", chosen, files)


def file_name(document_id: str) -> str:
    """The file that holds a document of a set."""
    return f"{hashlib.sha256(document_id.encode()).hexdigest()[:16]}.md"


def markdown(row: Mapping[str, Any]) -> bytes:
    """A document as the product ingests it: its title as a heading, then its text."""
    title = " ".join(str(row["title"]).split())
    heading = f"# {title}\n\n" if title else ""
    return f"{heading}{row['text']}\n".encode()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file, in order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is no object with an `id`; the message names its number.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                row["id"] = str(row.pop("_id", None) or row["id"])
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(line_unreadable(path, number, error=error)) from error
            yield row


def kind_of(*, is_answerable: bool) -> str:
    """What a question without a kind of its own is called in tables."""
    return sentence("kind_answerable" if is_answerable else "kind_unanswerable")


def line_unreadable(path: Path, number: int, *, error: Exception) -> str:
    """What is said of a line that cannot be read."""
    return sentence("line_unreadable", file=path.name, line=number, reason=str(error))


def _judgements(path: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines[1:], 2):
        try:
            query, document, grade = line.split("\t")
            if int(grade) > 0:
                judged[query][file_name(document)] = int(grade)
        except ValueError as error:
            raise ValueError(line_unreadable(path, number, error=error)) from error
    return judged


def _sample_question(row: Mapping[str, Any]) -> JudgedQuestion:
    return JudgedQuestion(
        id=row["id"],
        text=row["text"],
        judged={row["file"]: 1} if row["file"] else {},
        pages=tuple(row["pages"]),
        quotes=(row["quote"],) if row["quote"] else (),
        kind=kind_of(is_answerable=bool(row["file"])),
    )


def _known_items(corpus: Sequence[Mapping[str, Any]]) -> Iterator[JudgedQuestion]:
    titled = [(file_name(row["id"]), " ".join(str(row["title"]).split())) for row in corpus]
    for name, title in sorted(each for each in titled if each[1])[:_KNOWN_ITEMS]:
        yield JudgedQuestion(id=name, text=title, judged={name: 1}, kind=sentence("kind_title"))
