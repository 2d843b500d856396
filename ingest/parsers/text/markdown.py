"""Markdown to blocks, by markdown-it-py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.charsets import decode
from ingest.draft import Draft, Work, table_block, text_block
from ingest.model import Block, BlockKind

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = "---"


def read_markdown(path: Path, work: Work) -> Draft:
    """The blocks of a Markdown file; a YAML front matter is only searched for a title."""
    del work
    title, body = _split_front_matter(decode(path.read_bytes()))
    return Draft(engine="markdown-it", blocks=markdown_blocks(body), declared_title=title)


def markdown_blocks(text: str) -> list[Block]:
    """The blocks of a Markdown text. Links keep their words, images are dropped."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return _Walker(tokens).walk()


def _split_front_matter(text: str) -> tuple[str, str]:
    text = text.lstrip("\ufeff")
    lines = text.splitlines()
    if not lines or lines[0].strip() != _FRONT_MATTER or _FRONT_MATTER not in lines[1:60]:
        return "", text
    end = lines.index(_FRONT_MATTER, 1)
    titles = [line[6:].strip(" \"'") for line in lines[1:end] if line.lower().startswith("title:")]
    return (titles[0] if titles else ""), "\n".join(lines[end + 1 :])


class _Walker:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._blocks: list[Block] = []
        self._heading = 0
        self._rows: list[list[str]] | None = None
        self._in_item = False

    def walk(self) -> list[Block]:
        for token in self._tokens:
            self._take(token)
        return self._blocks

    def _take(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self._heading = int(token.tag[1])
            case "heading_close":
                self._heading = 0
            case "list_item_open":
                self._in_item = True
            case "bullet_list_close" | "ordered_list_close" | "list_item_close":
                self._in_item = False
            case "table_open":
                self._rows = []
            case "tr_open" if self._rows is not None:
                self._rows.append([])
            case "table_close":
                self._append(table_block(self._rows or []))
                self._rows = None
            case "inline":
                self._take_text(_plain(token))
            case _:
                self._append(text_block(_raw_text(token)))

    def _take_text(self, text: str) -> None:
        if self._rows is not None:
            if self._rows:
                self._rows[-1].append(text)
            return
        if self._heading:
            block = text_block(text, kind=BlockKind.HEADING, level=self._heading)
        else:
            block = text_block(
                text, kind=BlockKind.LIST_ITEM if self._in_item else BlockKind.PARAGRAPH
            )
        self._append(block)

    def _append(self, block: Block | None) -> None:
        if block is not None:
            self._blocks.append(block)


def _plain(token: Token) -> str:
    parts: list[str] = []
    for child in token.children or []:
        if child.type in {"text", "code_inline", "text_special"}:
            parts.append(child.content)
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.type == "hardbreak" or child.content.lower().startswith("<br"):
            parts.append("\n")
    return "".join(parts)


def _raw_text(token: Token) -> str:
    if token.type in {"fence", "code_block"}:
        return token.content
    return _without_tags(token.content) if token.type == "html_block" else ""


def _without_tags(html: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    body = LexborHTMLParser(html).body
    return body.text(separator=" ") if body is not None else ""
