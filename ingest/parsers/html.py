"""HTML to blocks: charset-normalizer, selectolax, markdownify; trafilatura when they find nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingest.charsets import decode
from ingest.cleaning import one_line
from ingest.model import Block, Notice
from ingest.parsers.draft import Draft, Work
from ingest.parsers.markdown import markdown_blocks
from ingest.parsers.text import text_blocks

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_REMOVED = (
    "script, style, noscript, template, svg, canvas, iframe, object, embed, nav, footer, aside, form, button, "
    "select, input, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=search], [role=banner], "
    "[role=contentinfo], img, picture, video, audio, map"
)
_MAIN = ("main", "[role=main]", "article", "#content", "#contenu")
_MAIN_SHARE = 0.5
_DROPPED_MARKUP = [
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
]
_MIN_LETTERS = 50


def read_html(path: Path, work: Work) -> Draft:
    """The blocks of a web page, without menus, forms and scripts."""
    del work
    html = decode(path.read_bytes(), is_html=True)
    draft = Draft(engine="selectolax", blocks=[])
    root, draft.declared_title = _main_part(html)
    try:
        draft.blocks = html_blocks(root)
    except RecursionError:
        draft.blocks = []
    if draft.letters < _MIN_LETTERS:
        fallback = _fallback_blocks(html)
        if sum(len(block.text) for block in fallback) > sum(
            len(block.text) for block in draft.blocks
        ):
            draft.blocks, draft.engine = fallback, "trafilatura"
            draft.notices.append(Notice.FALLBACK_ENGINE)
    return draft


def html_blocks(html: str) -> list[Block]:
    """The blocks of HTML that holds nothing but content."""
    from markdownify import markdownify

    markdown = markdownify(
        html, heading_style="ATX", bullets="-", strip=_DROPPED_MARKUP, table_infer_header=True
    )
    return markdown_blocks(markdown)


def _main_part(html: str) -> tuple[str, str]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    title_node = tree.css_first("title")
    title = one_line(title_node.text()) if title_node is not None else ""
    for node in tree.css(_REMOVED):
        node.decompose()
    chosen = _main_node(tree)
    return (chosen.html or "" if chosen is not None else ""), title


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
