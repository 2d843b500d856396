"""A tenant's own file of questions, judged against the documents of its instance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.domain.catalogue import sentence as product_sentence
from assistant.domain.errors import LinesRefused
from assistant.domain.expected_documents import check_documents
from assistant.domain.question_lists import read_list
from assistant.domain.question_sets import ExpectedAnswer
from eval.catalogue import sentence
from eval.datasets import QuestionSet, kind_of
from eval.instance import Instance, Row
from eval.questions import JudgedQuestion
from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.rows import read_rows


class QuestionsRefused(Exception):
    """The file cannot be read as questions; the message has one French sentence a fault."""


def load_own(file: Path, *, instance: Instance) -> QuestionSet:
    """The questions of a CSV, ODS or XLSX file, as the product reads them.

    A document that the instance does not have, or has several of, is said with its line; the question
    is kept: it will not be found, or any of these documents is right.

    Args:
        file: The questions.
        instance: Holds the documents; it is not changed.

    Raises:
        QuestionsRefused: The file is absent or no list of questions; each faulty line is named.
    """
    if not file.is_file():
        raise QuestionsRefused(product_sentence("queries_unreadable", path=str(file)))
    question_chars = int(instance.settings()["limits.question_chars"])
    try:
        rows = read_rows(file, name=file.name, limits=Limits())
        listed = read_list(rows, question_chars=question_chars).questions
    except LinesRefused as error:
        faults = (
            sentence("line_fault", line=fault.line, fault=fault.sentence) for fault in error.faults
        )
        raise QuestionsRefused("\n".join(faults)) from error
    except IngestError as error:
        raise QuestionsRefused(error.sentence) from error
    documents = [row for row in instance.documents() if row["state"] == "live"]
    for told in check_documents(listed, [(row["name"], row["title"]) for row in documents]):
        print(sentence("line_fault", line=told.line, fault=told.sentence))
    return QuestionSet(file.stem, tuple(_judged(each, documents) for each in listed), {})


def _judged(expected: ExpectedAnswer, documents: Sequence[Row]) -> JudgedQuestion:
    return JudgedQuestion(
        id=str(expected.line),
        text=expected.question,
        judged=_files(expected, documents),
        pages=expected.pages,
        quotes=(expected.passage,) if expected.passage else (),
        expected=expected.answer,
        kind=kind_of(is_answerable=expected.is_answerable),
    )


def _files(expected: ExpectedAnswer, documents: Sequence[Row]) -> dict[str, int]:
    if expected.document is None:
        return {}
    found = {
        row["name"]: 1
        for row in documents
        if expected.is_document(file=row["name"], title=row["title"])
    }
    return found or {expected.document: 1}
