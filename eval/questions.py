"""Questions with the place of their answer, and how a result is judged against them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question and where its answer stands; `file` is None when the corpus has no answer."""

    id: str
    text: str
    file: str | None
    pages: tuple[int, ...]
    """Pages that hold the answer, from 1; empty for formats without pages."""
    quote: str | None
    """Words that a right passage contains."""

    @property
    def is_answerable(self) -> bool:
        """True when the corpus answers it."""
        return self.file is not None

    def is_answered_by(self, *, file: str, pages: Sequence[int], text: str) -> bool:
        """True when a passage is of the right file and page and contains the quote."""
        if self.file is None or self.quote is None or file != self.file:
            return False
        on_page = not self.pages or bool(set(self.pages) & set(pages))
        return on_page and normalised(self.quote) in normalised(text)


def normalised(text: str) -> str:
    """Lower case, compatibility form, straight quotes, one space between words, no pipes."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return re.sub(r"[\s|]+", " ", folded).strip()


def load_questions(path: Path) -> list[JudgedQuestion]:
    """Read questions from JSON Lines, in order.

    Raises:
        ValueError: A line is not valid; the message names its number.
    """
    questions: list[JudgedQuestion] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            questions.append(
                JudgedQuestion(
                    id=row["id"],
                    text=row["text"],
                    file=row["file"],
                    pages=tuple(row["pages"]),
                    quote=row["quote"],
                )
            )
        except (ValueError, KeyError) as error:
            raise ValueError(f"ligne {number} : question illisible ({error})") from error
    return questions
