"""Which expected documents of a question set are not there, or are several, by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from assistant.domain.errors import LineFault
from assistant.domain.question_sets import ExpectedAnswer, folded_name, names_of

_SHOWN = 3


def check_documents(
    questions: Sequence[ExpectedAnswer], documents: Iterable[tuple[str, str]]
) -> list[LineFault]:
    """What to tell of the documents that questions expect; it forbids nothing.

    Args:
        questions: Those of a set.
        documents: Name and title of every document that can be found.

    Returns:
        By line: "document_not_found", or "document_ambiguous" where several are called so.
    """
    called: dict[str, list[str]] = defaultdict(list)
    for file, title in documents:
        for name in names_of(file, title=title):
            called[name].append(file)
    return list(_faults(questions, called))


def _faults(
    questions: Sequence[ExpectedAnswer], called: dict[str, list[str]]
) -> Iterator[LineFault]:
    for each in questions:
        if each.document is None:
            continue
        found = called.get(folded_name(each.document), [])
        if not found:
            yield LineFault(each.line, "document_not_found", {"document": each.document})
        elif len(found) > 1:
            names = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
            params = {"document": each.document, "count": len(found), "names": names}
            yield LineFault(each.line, "document_ambiguous", params)
