"""Text of a model or of a document made harmless while it streams: no link, image, HTML or hidden sign.

Three stages, each a state machine whose result does not depend on how the text is cut: invisible
signs are dropped, character references are decoded, then links and tags are taken out. What is
held back is bounded: at most `_LINK_CHARS` characters, whatever follows.
"""

from __future__ import annotations

import html
import re

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
_TRANSLATED = str.maketrans({"\u2028": "\n", "\u2029": "\n", "【": "[", "】": "]"})

_REFERENCE = re.compile(r"&(?:#\d{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_REFERENCE_START = re.compile(
    r"&(?:#(?:\d{0,7}|[xX][0-9a-fA-F]{0,6})|[A-Za-z][A-Za-z0-9]{0,31})?\Z"
)

_SCHEMES = (
    "https", "http", "ftps", "ftp", "wss", "ws", "file", "blob", "data", "javascript", "vbscript",
    "mailto", "view-source", "jar", "filesystem",
)  # fmt: skip
_SCHEME = re.compile(rf"(?:{'|'.join(_SCHEMES)})\\{{0,8}}:\S", re.IGNORECASE)
_WWW = re.compile(r"www\d{0,3}\\{0,8}\.[^\s.]", re.IGNORECASE)
_ADDRESS_START = re.compile(
    r"(?:[a-z-]{1,12}\\{0,8}:?|www\d{0,3}\\{0,8}\.?)\Z",
    re.IGNORECASE,
)
_SLASHES = re.compile(r":?[/\\]{2,64}[^\s/\\]")
_SLASHES_START = re.compile(r"(?::[/\\]{0,64}|[/\\]{1,64})\Z")
_ADDRESS_TAIL = re.compile(r"(?:[.,;:!?)\]}»\"'*_|]|\[\d{1,2}\])+\Z")
_TAIL_CHARS = 24

_LINK_CHARS = 512
_LINK = re.compile(r"\s*(?:<[^<>\n]*>|[^\s<>]+)(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\Z")
_LINK_TARGET = re.compile(r"[/\\:@?=%&#<]|\Awww", re.IGNORECASE)

_TAG_CHARS = 256
_AUTOLINK = re.compile(r"[a-z][a-z0-9+.-]{1,31}:[^\s<>]*", re.IGNORECASE)
_TAG = re.compile(
    r"/?(?P<name>[a-z][a-z0-9-]*)(?:\s+[\w:@.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))*"
    r"(?:\s+(?:disabled|checked|controls|autoplay|loop|muted|async|defer|open|hidden))*\s*/?",
    re.IGNORECASE,
)
_EMBEDDED = re.compile(r"(?:img|image|iframe|frame|embed|object|video|audio)\b", re.IGNORECASE)
"""Tags that show something from elsewhere: they leave no words, so a placeholder stands for them."""
_DECLARATION = re.compile(r"[!?].*", re.DOTALL)
_TAG_NAMES_TEXT = """
a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink
blockquote body br button canvas caption center cite code col colgroup data datalist dd
del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form
frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins
isindex kbd keygen label legend li link listing main map mark marquee math menu menuitem
meta meter nav nobr noembed noframes noscript object ol optgroup option output p param
picture plaintext pre progress q rb rp rt ruby s samp script search section select slot
small source span strike strong style sub summary sup svg table tbody td template textarea
tfoot th thead time title tr track tt u ul use var video wbr xmp
"""
_TAG_NAMES = frozenset(_TAG_NAMES_TEXT.split())
_SPACED_TAGS = frozenset({"br", "p", "li", "tr", "td", "th", "div", "hr", "ul", "ol", "table"})
_INTERESTING = re.compile(r"[!<\]/\\:]|(?<![A-Za-z0-9])[bdfhjmvwBDFHJMVW]")


class OutputSanitizer:
    """Cleans one text, fed in pieces; any cut of the text gives the same result.

    - Addresses (`https:…`, `www.…`, `//…`, `data:…`, `mailto:…`, autolinks) become the placeholder.
    - The target of a Markdown link or image is dropped, its text stays; images lose their `!`.
      One without text, and an HTML image or frame, become the placeholder.
    - Link definitions are made plain text. HTML tags and comments are dropped.
    - Character references are decoded first, so that they hide nothing; invisible and
      direction-changing signs are dropped.
    - A `<` that could open a tag and a `]` that could open a target are set apart by a space.

    A text such as "a < b", "5 <10 €" or "art. L.1111-2" stays as it is.
    """

    def __init__(self, *, placeholder: str) -> None:
        self._placeholder = placeholder
        self._encoded = ""
        self._text = ""
        self._last = ""
        self._in_address = False
        self._tail = ""

    def feed(self, piece: str) -> str:
        """The text that is safe to send after this piece; may be empty."""
        return self._advance(piece, is_end=False)

    def finish(self) -> str:
        """What was held back, the text being complete. Nothing is fed afterwards."""
        return self._advance("", is_end=True)

    def _advance(self, piece: str, *, is_end: bool) -> str:
        self._encoded += _INVISIBLE.sub("", piece).translate(_TRANSLATED)
        self._text += self._decode(is_end=is_end)
        sent: list[str] = []
        while self._text:
            step = self._leave_address() if self._in_address else self._step(is_end=is_end)
            if step is None:
                break
            self._push(step, sent)
        if is_end and self._in_address:
            self._push(self._end_address(), sent)
        return "".join(sent)

    def _push(self, text: str, sent: list[str]) -> None:
        if text:
            sent.append(text)
            self._last = text[-1]

    def _decode(self, *, is_end: bool) -> str:
        decoded: list[str] = []
        while True:
            start = self._encoded.find("&")
            if start < 0:
                decoded.append(self._encoded)
                self._encoded = ""
                return "".join(decoded)
            decoded.append(self._encoded[:start])
            self._encoded = self._encoded[start:]
            if not is_end and _REFERENCE_START.match(self._encoded):
                return "".join(decoded)
            found = _REFERENCE.match(self._encoded)
            if found is None:
                decoded.append("&")
                self._encoded = self._encoded[1:]
                continue
            self._encoded = _decoded(found[0]) + self._encoded[found.end() :]

    def _step(self, *, is_end: bool) -> str | None:
        """Decide what stands first in the text; None when that depends on what follows."""
        found = _INTERESTING.search(self._last + self._text, len(self._last))
        start = found.start() - len(self._last) if found else len(self._text)
        if start:
            return self._take(start)
        first = self._text[0]
        if first == "!":
            return self._exclamation(is_end=is_end)
        if first == "<":
            return self._tag(is_end=is_end)
        if first == "]":
            return self._bracket(is_end=is_end)
        return self._address(is_end=is_end)

    def _take(self, count: int) -> str:
        taken, self._text = self._text[:count], self._text[count:]
        return taken

    def _exclamation(self, *, is_end: bool) -> str | None:
        if len(self._text) < 3 and self._text in {"!", "!["} and not is_end:
            return None
        if self._text[1:2] != "[":
            return self._take(1)
        self._take(1)
        is_marker = self._text[1:2].isdigit() or self._text[1:2] == "^"
        return "! " if is_marker else _apart(self._last, "!")

    def _bracket(self, *, is_end: bool) -> str | None:
        follower = self._text[1:2]
        if not follower and not is_end:
            return None
        if follower == ":":
            self._take(1)
            return "] "
        if follower != "(":
            return self._take(1)
        inside = _inside_parentheses(self._text[1:])
        if inside is None and not is_end and _may_still_close(self._text[1:]):
            return None
        if inside is None or not (_LINK.match(inside) and _LINK_TARGET.search(inside)):
            self._take(1)
            return "] "
        # An image often has no text: brackets around nothing would be all that is left of it.
        words = self._placeholder.strip("[]") if self._last == "[" else ""
        self._text = f"{words}]" + self._text[len(inside) + 3 :]
        return ""

    def _tag(self, *, is_end: bool) -> str | None:
        follower = self._text[1:2]
        if not follower:
            return self._take(1) if is_end else None
        if not (follower.isascii() and (follower.isalpha() or follower in "/!?")):
            return self._take(1)
        end = _first_of(self._text[: _TAG_CHARS + 1], after=1)
        if end is None and not is_end and len(self._text) <= _TAG_CHARS:
            return None
        if end is None or self._text[end] != ">":
            self._take(1)
            return "< "
        return self._close_tag(end, is_end=is_end)

    def _close_tag(self, end: int, *, is_end: bool) -> str | None:
        content = self._text[1:end]
        is_autolink = _AUTOLINK.fullmatch(content) is not None
        if not is_autolink and not _is_markup(content):
            self._take(1)
            return "< "
        follower = self._text[end + 1 : end + 3]
        if len(follower) < 2 and not is_end:
            return None
        self._text = self._text[end + 1 :]
        if is_autolink or _EMBEDDED.match(content):
            return self._in_place() + (" " if follower.startswith(("(", ":")) else "")
        return _seam(self._last, follower, name=content.strip("/ ").lower())

    def _address(self, *, is_end: bool) -> str | None:
        if self._text[0].isalpha():
            is_address = _SCHEME.match(self._text) or _WWW.match(self._text)
            is_open = _may_be_address(self._text)
        else:
            is_address = _SLASHES.match(self._text)
            is_open = _SLASHES_START.match(self._text)
        if is_address:
            self._in_address, self._tail = True, ""
            return self._in_place()
        if is_open and not is_end:
            return None
        return self._take(1)

    def _in_place(self) -> str:
        """The placeholder, apart from a `!` that would make an image of it."""
        return f" {self._placeholder}" if self._last == "!" else self._placeholder

    def _leave_address(self) -> str | None:
        end = next(
            (i for i, sign in enumerate(self._text) if sign.isspace() or sign in "<>"),
            None,
        )
        swallowed = self._take(len(self._text) if end is None else end)
        self._tail = (self._tail + swallowed)[-_TAIL_CHARS:]
        return None if end is None else self._end_address()

    def _end_address(self) -> str:
        self._in_address = False
        found = _ADDRESS_TAIL.search(self._tail)
        tail = found[0] if found else ""
        spaced = tail.replace("]:", "] :").replace("![", "! [")
        return f" {spaced}" if spaced.startswith(":") else spaced


def sanitize(text: str, *, placeholder: str) -> str:
    """A whole text cleaned as `OutputSanitizer` does, for quotes and titles."""
    sanitizer = OutputSanitizer(placeholder=placeholder)
    return sanitizer.feed(text) + sanitizer.finish()


def _decoded(reference: str) -> str:
    """The signs of a character reference; a hidden one becomes a space, so that nothing joins."""
    text = html.unescape(reference)
    if text == reference:
        return f"& {text[1:]}"
    return _INVISIBLE.sub(" ", text).translate(_TRANSLATED) or " "


def _may_be_address(text: str) -> bool:
    """True when more text could make an address of what begins here."""
    if not _ADDRESS_START.match(text):
        return False
    name = text.lower().rstrip(":").rstrip("\\")
    if name.startswith("www"):
        return True
    return any(scheme.startswith(name) for scheme in (*_SCHEMES, "www")) and (
        name == text.lower() or name in _SCHEMES
    )


def _inside_parentheses(text: str) -> str | None:
    """What stands between a first `(` and its `)`, None when it is not closed on its line."""
    depth = 0
    for position, sign in enumerate(text[:_LINK_CHARS]):
        if sign == "\n":
            return None
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[1:position]
    return None


def _may_still_close(text: str) -> bool:
    return len(text) < _LINK_CHARS and "\n" not in text


def _first_of(text: str, *, after: int) -> int | None:
    """Place of the first sign that ends a tag or shows that there is none."""
    found = re.compile(r"[<>]|\n\s*\n").search(text, after)
    return found.start() if found else None


def _is_markup(content: str) -> bool:
    if _DECLARATION.fullmatch(content):
        return True
    found = _TAG.fullmatch(content)
    return found is not None and found["name"].lower() in _TAG_NAMES


def _apart(last: str, sign: str) -> str:
    return " " if last == sign else ""


def _seam(last: str, follower: str, *, name: str) -> str:
    """What stands for a dropped tag: nothing where both sides may touch, else a space.

    A space also keeps the two sides from forming an address, a tag or a link that was not there.
    """
    following = follower[:1]
    if not last or last.isspace() or not following or following.isspace():
        return ""
    if name in _SPACED_TAGS:
        return " "
    if last in "wW/\\:<&!]" or following in "/\\:([":
        return " "
    if last.isdigit() or following.isdigit() or last in "(«'’" or last == '"':
        return ""
    is_end_of_clause = following in ",.;!?)»" and (len(follower) < 2 or follower[1].isspace())
    return "" if is_end_of_clause else " "
