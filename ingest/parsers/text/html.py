"""HTML to blocks: selectolax, markdownify; trafilatura when they find nothing.

Entities, document types and references are words to an HTML parser: nothing is expanded nor fetched.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.charsets import decode
from ingest.cleaning import one_line
from ingest.draft import Draft, Work
from ingest.model import Block, Notice
from ingest.parsers.text.markdown import markdown_blocks
from ingest.parsers.text.plain import text_blocks
from ingest.parsers.text.visibility import drop_invisible

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_FURNITURE = (
    *("nav", "footer", "aside", "form", "button", "select", "input", "dialog"),
    *("[role=navigation]", "[role=search]", "[role=banner]", "[role=contentinfo]"),
)
_MAIN = ("main", "[role=main]", "article", "#content", "#contenu")
_MAIN_SHARE = 0.5
_MIN_LETTERS = 50
_TAG = re.compile(r"<(/?)([a-z][a-z0-9:-]*)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr")
_CLOSED_BY_OTHERS = frozenset(
    {
        *_VOID,
        *("p", "li", "dt", "dd", "option", "optgroup", "param", "source", "track"),
        *("tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "html", "head", "body"),
    }
)
_BLANK_RUN = re.compile(r"\s{100,}")
_MAX_DEPTH = 200
"""Pages of the reference corpus nest 40 elements; HTML parsers take time by the square of the depth."""


def read_html(path: Path, work: Work) -> Draft:
    """The blocks of a web page, without menus, forms, scripts and what is not shown."""
    del work
    return page_draft(decode(path.read_bytes(), is_html=True))


def page_draft(html: str) -> Draft:
    """The blocks of a decoded web page, or of the body of a message."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(_shallow(html))
    title = _text_of(tree, "title")
    draft = Draft(engine="selectolax")
    is_hiding = drop_invisible(tree)
    draft.declared_title = title or _text_of(tree, "h1")
    if is_hiding:
        draft.notices.append(Notice.HIDDEN_TEXT)
    visible = tree.html or ""
    try:
        draft.blocks = html_blocks(_main_part(tree))
    except RecursionError:
        draft.blocks = []
    if draft.letters < _MIN_LETTERS:
        fallback = _fallback_blocks(visible)
        if sum(len(block.text) for block in fallback) > sum(
            len(block.text) for block in draft.blocks
        ):
            draft.blocks, draft.engine = fallback, "trafilatura"
            draft.notices.append(Notice.FALLBACK_ENGINE)
    return draft


def _text_of(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return one_line(node.text()) if node is not None else ""


def html_blocks(html: str) -> list[Block]:
    """The blocks of HTML that holds nothing but content."""
    from ingest.parsers.text.html_markdown import to_markdown

    return markdown_blocks(to_markdown(html))


def _shallow(html: str) -> str:
    """The page without the tags that lie too deep, whose text stays, and without long blanks."""
    depth = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal depth
        if match.group(2).lower() in _CLOSED_BY_OTHERS:
            return match.group() if depth <= _MAX_DEPTH else " "
        if match.group(1):
            depth = max(depth - 1, 0)
            return match.group() if depth < _MAX_DEPTH else " "
        depth += 1
        return match.group() if depth <= _MAX_DEPTH else " "

    return _BLANK_RUN.sub("\n", _TAG.sub(kept, html))


def _main_part(tree: LexborHTMLParser) -> str:
    for selector in _FURNITURE:
        for node in reversed(tree.css(selector)):
            node.decompose()
    chosen = _main_node(tree)
    return chosen.html or "" if chosen is not None else ""


def _main_node(tree: LexborHTMLParser) -> LexborNode | None:
    body = tree.body
    if body is None:
        return None
    whole = len(body.text())
    for selector in _MAIN:
        node = tree.css_first(selector)
        if node is not None and len(node.text()) >= whole * _MAIN_SHARE:
            return node
    return body


def _fallback_blocks(html: str) -> list[Block]:
    import trafilatura

    extracted = trafilatura.extract(html, output_format="markdown", include_comments=False)
    if extracted:
        return markdown_blocks(extracted)
    return text_blocks(_bare_text(html))


def _bare_text(html: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    body = LexborHTMLParser(html).body
    return body.text(separator="\n") if body is not None else ""
