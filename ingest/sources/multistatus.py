"""The answer of a WebDAV server about a folder, read as it comes; hostile XML is refused.

No tree is built: what an answer costs does not grow with what it nests, repeats or never ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.sax import SAXException
from xml.sax.handler import ContentHandler, feature_namespaces

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

_DAV = "DAV:"
_BLOCK_BYTES = 1 << 20
"""Read at once; a single tag or word is never that long."""
_MOST_ENTRIES = 100_000
_MOST_ELEMENTS = 1_000
"""In what is told of one entry."""
_MOST_IN_ALL = 2_000_000
_MOST_DEPTH = 32
_MOST_CHARS = 16_384
"""Of one value."""
_PROPSTAT = ("multistatus", "response", "propstat")
_PROP = (*_PROPSTAT, "prop")
_VALUES = frozenset(
    {
        ("multistatus", "response", "href"),
        ("multistatus", "response", "status"),
        (*_PROPSTAT, "status"),
        (*_PROP, "getcontentlength"),
        (*_PROP, "getetag"),
        (*_PROP, "getlastmodified"),
    }
)


class NotMultistatus(Exception):
    """The answer is not one about a folder."""


class HugeMultistatus(Exception):
    """The answer is beyond all measure."""


@dataclass(frozen=True, slots=True)
class DavEntry:
    """Something in a folder, as the server tells of it."""

    path: str
    """As in its address, still percent-encoded; that of a folder ends with a slash."""
    is_folder: bool
    size_bytes: int
    """-1 when it was not told."""
    etag: str
    modified: str
    is_told: bool = True
    """False when the server fails at it, or does not say whether it is a folder: it may be either."""
    status: int = 200
    """That of the whole entry, when the server gives one."""


def read_multistatus(pieces: Iterable[bytes]) -> Iterator[DavEntry]:
    """The entries of an answer, one at a time; those without an address are passed over.

    Raises:
        NotMultistatus: It is no well-formed answer, or declares a document type or entities.
        HugeMultistatus: It has more entries, or tells more of one, than a server has to tell.
    """
    reader = _Reader()
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(reader)
    try:
        for block in _blocks(pieces):
            before = reader.steps
            parser.feed(block)
            if reader.steps == before and len(block) >= _BLOCK_BYTES:
                raise HugeMultistatus
            yield from reader.taken()
        parser.close()
    except (SAXException, DefusedXmlException, UnicodeError, LookupError, ValueError):
        raise NotMultistatus from None
    yield from reader.taken()


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in large parts: the parser begins an unfinished tag anew with every part."""
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


@dataclass(slots=True)
class _Part:
    """A part of what is told of an entry: properties that share one status."""

    status: str = ""
    values: dict[str, str] = field(default_factory=dict[str, str])
    has_kind: bool = False
    is_folder: bool = False


@dataclass(slots=True)
class _Told:
    """What is told of an entry, or of several at once."""

    addresses: list[str] = field(default_factory=list[str])
    status: str = ""
    parts: list[_Part] = field(default_factory=list[_Part])


class _Reader(ContentHandler):
    """Makes entries of what the parser meets; an element of another namespace has an empty name."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        """What was met so far."""
        self._path: tuple[str, ...] = ()
        self._text: list[str] = []
        self._chars = 0
        self._told = _Told()
        self._elements = self._responses = self._in_all = 0
        self._found: list[DavEntry] = []

    def taken(self) -> Iterator[DavEntry]:
        """The entries that are whole, each once."""
        found, self._found = self._found, []
        return iter(found)

    def startElementNS(  # noqa: N802 - named by the base class
        self, name: tuple[str | None, str], *_: object, **__: object
    ) -> None:
        """Something begins."""
        self.steps += 1
        space, local = name
        self._path = (*self._path, local if space == _DAV else "")
        self._limit()
        self._text, self._chars = [], 0
        path = self._path
        if len(path) == 1 and path != ("multistatus",):
            raise NotMultistatus
        if len(path) == 2:
            self._told, self._elements = _Told(), 0
        elif path == _PROPSTAT:
            self._told.parts.append(_Part())
        elif path == (*_PROP, "resourcetype"):
            self._told.parts[-1].has_kind = True
        elif path == (*_PROP, "resourcetype", "collection"):
            self._told.parts[-1].is_folder = True

    def characters(self, content: str) -> None:
        """Some text; only that of values is kept."""
        self.steps += 1
        if self._path in _VALUES:
            self._chars += len(content)
            if self._chars > _MOST_CHARS:
                raise HugeMultistatus
            self._text.append(content)

    def endElementNS(  # noqa: N802 - named by the base class
        self, name: tuple[str | None, str], *_: object, **__: object
    ) -> None:
        """Something ends."""
        self.steps += 1
        path, self._path = self._path, self._path[:-1]
        if path in _VALUES:
            self._keep(path, "".join(self._text).strip())
        elif path == ("multistatus", "response"):
            self._found.extend(_entries_of(self._told))

    def _limit(self) -> None:
        self._elements += 1
        self._in_all += 1
        self._responses += len(self._path) == 2
        if (
            len(self._path) > _MOST_DEPTH
            or self._elements > _MOST_ELEMENTS
            or self._in_all > _MOST_IN_ALL
            or self._responses > _MOST_ENTRIES
        ):
            raise HugeMultistatus

    def _keep(self, path: tuple[str, ...], text: str) -> None:
        told = self._told
        if path[2] == "href":
            told.addresses.append(text)
        elif path[2] == "status":
            told.status = text
        elif path[3] == "status":
            told.parts[-1].status = text
        else:
            told.parts[-1].values[path[4]] = text


def _entries_of(told: _Told) -> Iterator[DavEntry]:
    good = [each for each in told.parts if _is_good(each.status)]
    values = {name: text for each in good for name, text in each.values.items() if text}
    is_told = any(each.has_kind for each in good) and (not told.status or _is_good(told.status))
    is_folder = is_told and any(each.is_folder for each in good)
    size = values.get("getcontentlength", "")
    for address in told.addresses:
        path = urlsplit(address).path
        if not path.startswith("/"):
            continue
        yield DavEntry(
            path=f"{path.rstrip('/')}/" if is_folder else path.rstrip("/"),
            is_folder=is_folder,
            size_bytes=int(size) if size.isdecimal() and len(size) < 16 else -1,
            etag=values.get("getetag", ""),
            modified=values.get("getlastmodified", ""),
            is_told=is_told,
            status=_number(told.status) or _worst(told.parts) or 200,
        )


def _is_good(status: str) -> bool:
    return 200 <= _number(status) < 300


def _number(status: str) -> int:
    """Of a line such as "HTTP/1.1 404 Not Found"; 0 for what is none."""
    words = status.split(maxsplit=2)
    is_line = len(words) > 1 and words[0].upper().startswith("HTTP/")
    number = words[1] if is_line else ""
    return int(number) if number.isascii() and number.isdigit() and len(number) == 3 else 0


def _worst(parts: Iterable[_Part]) -> int:
    """The status of an entry none of whose parts is good."""
    numbers = [_number(each.status) for each in parts]
    return 0 if any(200 <= each < 300 for each in numbers) else max(numbers, default=0)
