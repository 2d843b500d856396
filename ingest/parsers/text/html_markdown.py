"""HTML as Markdown in which every character of the text stands for itself."""

from __future__ import annotations

import re
from typing import Any, cast

from markdownify import MarkdownConverter

_MARKS = re.compile(r"[\\&<>`\[~+#]")
_NUMBER = re.compile(r"((?:^|\s)\d{1,9})([.)])(?=\s|$)")
_DROPPED = (
    "a",
    "img",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "del",
    "code",
    "sub",
    "sup",
    "kbd",
    "samp",
)


class _Converter(MarkdownConverter):
    """Without it, Markdown takes "<nom de la commune>" for a tag and "2024." for the number of a list."""

    def escape(self, text: str, parent_tags: Any) -> str:
        literal = _NUMBER.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", text))
        return str(cast("Any", super()).escape(literal, parent_tags))

    def process_text(self, el: Any, parent_tags: Any = None) -> str:
        """Text in a line of code loses the marks of code, and is then escaped as any other."""
        tags: set[str] = set(parent_tags or ())
        kept = tags if "pre" in tags else tags - {"_noformat"}
        return str(cast("Any", super()).process_text(el, kept))


def to_markdown(html: str) -> str:
    """The Markdown of HTML that holds nothing but content: blocks, lists and tables, no emphasis."""
    converter = _Converter(
        heading_style="ATX", bullets="-", strip=list(_DROPPED), table_infer_header=True
    )
    return converter.convert(html)
