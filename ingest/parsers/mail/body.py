"""The text of a message: what its author wrote first, then what it quotes of earlier ones."""

from __future__ import annotations

import re

from ingest.draft import text_block
from ingest.model import Block, BlockKind, Notice
from ingest.parsers.mail.message import Message
from ingest.parsers.text.html import page_draft
from ingest.parsers.text.plain import text_blocks

_QUOTED = re.compile(r"^\s{0,3}>")
_MARKS = re.compile(r"^(?:\s{0,3}>)+ ?")
_SAYS = re.compile(
    r"^\s{0,3}(?:le|on|il|am)\b.{5,200}(?:a écrit|écrivait|wrote|schrieb)\s*:\s*$", re.I | re.S
)
_QUOTES = "blockquote[type=cite], .gmail_quote, .yahoo_quoted, .protonmail_quote"
_HISTORY = "Messages précédents"
_SAYS_LINES = 3


def body_blocks(message: Message) -> tuple[list[Block], list[Notice]]:
    """The blocks of a message's text, that with form first where both are shown, and what to note of it."""
    new: list[Block] = []
    quoted: list[Block] = []
    notices = [Notice.OTHER_VERSION] if message.is_double else []
    if message.html.strip():
        own, cited = _split_html(message.html)
        drafts = [page_draft(page) for page in (own, cited) if page]
        new, quoted = drafts[0].blocks, [block for draft in drafts[1:] for block in draft.blocks]
        notices.extend(dict.fromkeys(notice for draft in drafts for notice in draft.notices))
    if message.plain.strip():
        said, repeated = split_quotes(message.plain)
        new, quoted = [*new, *text_blocks(said)], [*quoted, *text_blocks(repeated)]
    return _with_history(new, quoted), notices


def split_quotes(text: str) -> tuple[str, str]:
    """What a text adds and what it quotes (lines that begin with ">"), each in its order."""
    new: list[str] = []
    quoted: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if not _QUOTED.match(line):
            new.append(line)
            continue
        if not quoted or not _is_running(new):
            quoted.extend(_taken_introduction(new))
        quoted.append(_MARKS.sub("", line))
    return "\n".join(new), "\n".join(quoted)


def _is_running(new: list[str]) -> bool:
    """True when nothing new stands between two quoted lines."""
    return not new or not new[-1].strip()


def _taken_introduction(new: list[str]) -> list[str]:
    """The line or lines that say whose words follow; they go with them."""
    end = len(new)
    while end and not new[end - 1].strip():
        end -= 1
    for count in range(1, _SAYS_LINES + 1):
        lines = new[max(end - count, 0) : end]
        if lines and _SAYS.match("\n".join(lines)):
            del new[max(end - count, 0) :]
            return ["", *lines]
    return []


def _split_html(html: str) -> tuple[str, str]:
    from selectolax.lexbor import LexborHTMLParser

    if not any(sign in html for sign in ("blockquote", "_quote")):
        return html, ""
    tree = LexborHTMLParser(html)
    sheets = "".join(node.html or "" for node in tree.css("style"))
    quoted: list[str] = []
    while (node := tree.css_first(_QUOTES)) is not None:
        quoted.append(node.html or "")
        node.decompose()
    return tree.html or "", sheets + "\n".join(quoted) if quoted else ""


def _with_history(new: list[Block], quoted: list[Block]) -> list[Block]:
    if not quoted:
        return new
    if not new:
        return quoted
    heading = text_block(_HISTORY, kind=BlockKind.HEADING, level=1)
    return [*new, *([heading] if heading is not None else []), *quoted]
