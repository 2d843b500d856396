"""Runs one of the peer's files in the peer's environment; writes what it found as JSON.

`python llamaindex_program.py EXAMPLE QUESTIONS OUTPUT`, in a folder whose `data` holds the files.
"""

import json
import runpy
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Index, search every question, write."""
    example, questions, output = sys.argv[1:]
    begin = time.perf_counter()
    made = runpy.run_path(example)
    indexing_s = time.perf_counter() - begin
    documents, retriever = made["documents"], made["retriever"]
    pages = _pages(documents)
    rows = [_search(retriever, row, pages=pages) for row in json.loads(Path(questions).read_text())]
    result = {
        "indexing_s": indexing_s,
        "chars": _chars(documents),
        "binary": sorted({_name(each) for each in documents if "\0" in each.text}),
        "rows": rows,
    }
    Path(output).write_text(json.dumps(result, ensure_ascii=False), "utf-8")


def _search(retriever: Any, row: dict[str, Any], *, pages: dict[str, int]) -> dict[str, Any]:
    begin = time.perf_counter()
    found = retriever.retrieve(row["text"])
    lasted_s = time.perf_counter() - begin
    places = [[_name(each.node), pages.get(each.node.ref_doc_id, 0)] for each in found]
    return {"id": row["id"], "seconds": lasted_s, "places": places}


def _pages(documents: list[Any]) -> dict[str, int]:
    """Document → its page, from 1: the reader makes one document of each page, in their order.

    The label that it gives is what the file calls the page, such as « iv », not where it stands.
    """
    counts: dict[str, int] = {}
    pages: dict[str, int] = {}
    for document in documents:
        if "page_label" in document.metadata:
            counts[_name(document)] = counts.get(_name(document), 0) + 1
            pages[document.doc_id] = counts[_name(document)]
    return pages


def _chars(documents: list[Any]) -> dict[str, int]:
    """File → characters read, white space apart."""
    chars: dict[str, int] = {}
    for document in documents:
        read = len("".join(document.text.split()))
        chars[_name(document)] = chars.get(_name(document), 0) + read
    return chars


def _name(node: Any) -> str:
    return node.metadata["file_name"]


if __name__ == "__main__":
    main()
