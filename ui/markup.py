"""Answers as HTML: a small, closed part of Markdown, everything else shown as the characters it is.

Streamlit's Markdown knows formulas, colours, icons and links; an answer must trigger none of them,
so it is never given to it. All text is escaped here and only the tags written below can come out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ui.messages import text as message

PASSAGE = "#passage"
"""Part of a source's page that holds the passage."""

_VIEW_URL = re.compile(r"/api/v1/[A-Za-z0-9_./-]+(?:\?page=[0-9]+)?")
_ITEM = re.compile(r"(?P<indent>\s*)(?:(?P<bullet>[-*•+])|(?P<number>\d{1,3})[.)])\s+(?P<text>.*)")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_RULE = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
_INLINE = re.compile(
    r"(?P<escaped>\\[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)(?P<code>[^`]+)(?P=ticks)(?!`)"
    r"|\*\*(?P<bold>(?=\S)(?:[^*]|\*(?!\*))+?(?<=\S))\*\*"
    r"|(?<![*\w])\*(?P<italic>(?=\S)[^*\n]+?(?<=\S))\*(?![*\w])"
    r"|\[(?P<marker>\d{1,3})\]"
)
_TOP_LEVEL = 4
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
"""Around a doubtful span while the text is read: characters that no text may hold."""
_EDGE = re.compile(f"[{_OPEN}{_CLOSE}]")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a marker leads."""

    url: str
    """Same-origin page of the source."""
    label: str
    """Title and place of the source, as plain text."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A span of an answer that could not be verified."""

    start: int
    """Offset of its first character."""
    end: int
    """Offset just after its last one."""
    reason: str
    """Why, in French, without a full stop."""


def plain(value: str) -> str:
    """Text for a Streamlit label, whose Markdown, colours, icons and formulas stay characters.

    A word joiner after each colon and before each slash keeps directives and addresses inert.
    """
    one_line = " ".join(value.split())
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|<>$~&-])", r"\\\1", one_line)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", escaped.replace(":", ":\u2060")).replace(
        "www.", "www\u2060."
    )


def escape(value: str) -> str:
    """Text as HTML, quotes included."""
    return html.escape(value, quote=True)


def paragraphs_html(written: str) -> str:
    """A text as HTML: its paragraphs and lines as they were written, nothing else."""
    paragraphs = (escape(each).replace("\n", "<br>") for each in written.split("\n\n"))
    return "".join(f"<p>{each}</p>" for each in paragraphs)


def is_view_url(url: str) -> bool:
    """True for the address of a page of our own API, the only ones that are linked or framed."""
    return _VIEW_URL.fullmatch(url) is not None


def link(target: Target, label: str, *, css: str) -> str:
    """A link to a source in a new tab; only the label when the address is not one of our pages."""
    if not is_view_url(target.url):
        return escape(label)
    spoken = escape(message("answer.open_source", label=target.label))
    return (
        f'<a class="{css}" href="{escape(target.url)}{PASSAGE}" target="_blank" rel="noopener" '
        f'title="{spoken}" aria-label="{escape(label)} {spoken}">{escape(label)}</a>'
    )


def answer_html(text: str, targets: Mapping[int, Target], *, doubts: Sequence[Doubt] = ()) -> str:
    """An answer as HTML.

    Args:
        text: The answer, whole or so far.
        targets: Where each known marker leads; a marker without target stays plain text.
        doubts: Spans to mark, in order and apart; each is followed by its reason.

    Returns:
        Paragraphs, lists, tables, quotes, headings, emphasis, code, links to sources, marks and
        their reasons, nothing else; any other character of the text is shown as it is.
    """
    inline = _Inline(targets, reasons=[doubt.reason for doubt in doubts])
    return "".join(_blocks(_with_edges(text, doubts).splitlines(), inline))


def _with_edges(text: str, doubts: Sequence[Doubt]) -> str:
    """The text with a character at each edge of a doubtful span."""
    clean = _EDGE.sub(" ", text)
    out: list[str] = []
    last = 0
    for doubt in doubts:
        out += [clean[last : doubt.start], _OPEN, clean[doubt.start : doubt.end], _CLOSE]
        last = doubt.end
    return "".join([*out, clean[last:]])


class _Inline:
    """Writes the inside of blocks, in order: a doubtful span may go on from one to the next."""

    def __init__(self, targets: Mapping[int, Target], *, reasons: Sequence[str]) -> None:
        self.targets = targets
        self._reasons = list(reasons)
        self._is_doubtful = False

    def __call__(self, text: str) -> str:
        out: list[str] = []
        last = 0
        for found in _INLINE.finditer(text):
            out += [self.words(text[last : found.start()]), self._span(found)]
            last = found.end()
        return "".join([*out, self.words(text[last:])])

    def words(self, text: str) -> str:
        """Plain words; what is doubtful among them is marked, its reason after its end."""
        out: list[str] = []
        for piece in re.split(f"({_EDGE.pattern})", text):
            if piece == _OPEN:
                self._is_doubtful = True
            elif piece == _CLOSE:
                self._is_doubtful = False
                out.append(self._reason())
            elif piece:
                out.append(self._marked(escape(piece)))
        return "".join(out)

    def _marked(self, markup: str) -> str:
        return f'<mark class="doubt">{markup}</mark>' if self._is_doubtful else markup

    def _reason(self) -> str:
        if not self._reasons:
            return ""
        words = message("answer.doubt", reason=self._reasons.pop(0))
        return f' <span class="doubt-reason" role="note">{escape(words)}</span>'

    def _span(self, found: re.Match[str]) -> str:
        if found["escaped"]:
            return self._marked(escape(found["escaped"][1]))
        if found["code"]:
            return f"<code>{self.words(found['code'])}</code>"
        if found["bold"]:
            return f"<strong>{self(found['bold'])}</strong>"
        if found["italic"]:
            return f"<em>{self(found['italic'])}</em>"
        target = self.targets.get(int(found["marker"]))
        return link(target, found[0], css="cite") if target else self._marked(escape(found[0]))


def _blocks(lines: list[str], inline: _Inline) -> list[str]:
    out: list[str] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        for read in _READERS:
            block, following = read(lines, at, inline)
            if following > at:
                out.append(block)
                at = following
                break
    return out


def _fence(lines: list[str], at: int, inline: _Inline) -> tuple[str, int]:
    if not lines[at].lstrip().startswith("```"):
        return "", at
    end = at + 1
    while end < len(lines) and not lines[end].lstrip().startswith("```"):
        end += 1
    code = inline.words("\n".join(lines[at + 1 : end]))
    return f"<pre><code>{code}</code></pre>", min(end + 1, len(lines))


def _heading(lines: list[str], at: int, inline: _Inline) -> tuple[str, int]:
    found = _HEADING.fullmatch(lines[at].strip())
    if not found:
        return "", at
    level = min(_TOP_LEVEL + len(found[1]) - 1, 6)
    return f"<h{level}>{inline(found[2])}</h{level}>", at + 1


def _rule(lines: list[str], at: int, _: _Inline) -> tuple[str, int]:
    return ("<hr>", at + 1) if _RULE.fullmatch(lines[at]) else ("", at)


def _quote(lines: list[str], at: int, inline: _Inline) -> tuple[str, int]:
    end = at
    while end < len(lines) and lines[end].lstrip().startswith(">"):
        end += 1
    if end == at:
        return "", at
    inner = [line.lstrip()[1:].removeprefix(" ").lstrip(">") for line in lines[at:end]]
    return f"<blockquote>{''.join(_blocks(inner, inline))}</blockquote>", end


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _table(lines: list[str], at: int, inline: _Inline) -> tuple[str, int]:
    if at + 1 >= len(lines) or "|" not in lines[at] or "|" not in lines[at + 1]:
        return "", at
    if not _TABLE_RULE.fullmatch(lines[at + 1]):
        return "", at
    head = "".join(f'<th scope="col">{inline(cell)}</th>' for cell in _cells(lines[at]))
    end = at + 2
    rows: list[str] = []
    while end < len(lines) and "|" in lines[end]:
        rows.append("".join(f"<td>{inline(cell)}</td>" for cell in _cells(lines[end])))
        end += 1
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>',
        end,
    )


@dataclass(slots=True)
class _List:
    tag: str
    indent: int
    items: list[str] = field(default_factory=list[str])

    def html(self) -> str:
        return f"<{self.tag}>{''.join(f'{item}</li>' for item in self.items)}</{self.tag}>"


def _list(lines: list[str], at: int, inline: _Inline) -> tuple[str, int]:
    stack: list[_List] = []
    end = at
    while end < len(lines):
        found = _ITEM.fullmatch(lines[end])
        if found and stack and not found["indent"] and _tag(found) != stack[0].tag:
            break
        if found:
            _add_item(stack, found, inline)
        elif stack and lines[end].strip() and lines[end][:1].isspace():
            stack[-1].items[-1] += " " + inline(lines[end].strip())
        elif not stack or lines[end].strip() or not _continues(lines, end):
            break
        end += 1
    while len(stack) > 1:
        _close(stack)
    return (stack[0].html(), end) if stack else ("", at)


def _continues(lines: list[str], at: int) -> bool:
    return at + 1 < len(lines) and _ITEM.fullmatch(lines[at + 1]) is not None


def _add_item(stack: list[_List], found: re.Match[str], inline: _Inline) -> None:
    indent = len(found["indent"].expandtabs(4))
    while len(stack) > 1 and indent < stack[-1].indent:
        _close(stack)
    if not stack or indent > stack[-1].indent + 1:
        stack.append(_List(_tag(found), indent))
    opening = f'<li value="{int(found["number"])}">' if found["number"] else "<li>"
    stack[-1].items.append(opening + inline(found["text"]))


def _tag(found: re.Match[str]) -> str:
    return "ol" if found["number"] else "ul"


def _close(stack: list[_List]) -> None:
    inner = stack.pop()
    stack[-1].items[-1] += inner.html()


def _paragraph(lines: list[str], at: int, inline: _Inline) -> tuple[str, int]:
    end = at + 1
    while end < len(lines) and lines[end].strip() and not _starts_block(lines, end):
        end += 1
    body = "\n".join(line.strip() for line in lines[at:end])
    return f"<p>{inline(body).replace(chr(10), '<br>')}</p>", end


def _starts_block(lines: list[str], at: int) -> bool:
    trial = _Inline({}, reasons=())
    return any(read(lines, at, trial)[1] > at for read in _READERS[:-1])


_Reader = Callable[[list[str], int, _Inline], tuple[str, int]]
_READERS: tuple[_Reader, ...] = (_fence, _heading, _rule, _quote, _table, _list, _paragraph)
