"""Questions with what is expected of their answers, as a tenant's administrators know it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from assistant.domain.ids import PersonId, QuestionSetId, TenantId

MAX_QUESTIONS = 2000
"""Of one set: at 2 s a question, an hour of evaluation."""
MAX_FILE_BYTES = 5_000_000
"""Of the file of a set."""
_REVISION_CHARS = 16


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """A question and where its answer stands; `document` is None when the corpus has none."""

    line: int
    """In the file it came from, from 1."""
    question: str
    document: str | None
    """Name or title of the document that answers it."""
    pages: tuple[int, ...] = ()
    """Pages that hold the answer, from 1, ascending; empty when any will do."""
    passage: str = ""
    """Words that a right passage contains; empty when any will do."""
    answer: str = ""
    """What an answer should say; empty when that was not told."""

    @property
    def is_answerable(self) -> bool:
        """True when the corpus answers it."""
        return self.document is not None

    def is_document(self, *, file: str, title: str) -> bool:
        """True for the expected document, however its name is written.

        Args:
            file: Its name as ingested, with folders; they and the extension may be left out.
            title: Its title, which stands for the name.
        """
        if self.document is None:
            return False
        return folded_name(self.document) in names_of(file, title=title)

    def is_passage(self, *, pages: Sequence[int], text: str) -> bool:
        """True for a passage of the expected document with the expected page and words.

        Args:
            pages: Where it stands; none for a format without pages, where any expected page fits.
            text: Its text.
        """
        is_on_page = not (self.pages and pages) or bool(set(self.pages) & set(pages))
        return is_on_page and compared(self.passage) in compared(text)


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A list of questions of a tenant, for its administrators."""

    id: QuestionSetId
    tenant_id: TenantId
    name: str
    """As its file is called."""
    revision: str
    """Hash of its questions and expectations: equal for equal sets."""
    question_count: int
    unanswerable_count: int
    """How many of them the corpus is not to answer."""
    created_by: PersonId
    created_at: datetime


def compared(text: str) -> str:
    """A text as passages are compared: lower case, straight quotes, one space, no bars of tables."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return re.sub(r"[\s|]+", " ", folded).strip()


def revision_of(questions: Sequence[ExpectedAnswer]) -> str:
    """What names a list of questions by its contents, whatever its file and the place of its lines."""
    rows = [
        (each.question, each.document, each.pages, each.passage, each.answer) for each in questions
    ]
    return sha256(json.dumps(rows).encode()).hexdigest()[:_REVISION_CHARS]


def names_of(file: str, *, title: str) -> frozenset[str]:
    """All that a document may be called: path or name, with its extension or not, or title; folded."""
    path = folded_name(file)
    names = {path, path.rpartition("/")[2]}
    names |= {name.rpartition(".")[0] for name in names}
    return frozenset({*names, folded_name(title)} - {""})


def folded_name(text: str) -> str:
    """A name as names are compared: without case, with plain slashes and single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("\\", "/").split())
