"""XML read without entities, network or document types; the border of the untyped lxml."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Protocol, cast

from ingest.errors import ParseFailed


class XmlElement(Protocol):
    """The part of an lxml element that parsers use."""

    @property
    def tag(self) -> object:
        """Qualified name "{uri}name"; not a string for comments and instructions."""
        ...

    @property
    def text(self) -> str | None:
        """Text before the first child."""
        ...

    @property
    def tail(self) -> str | None:
        """Text after the element, within its parent."""
        ...

    def get(self, key: str, default: str = "") -> str:
        """An attribute."""
        ...

    def find(self, path: str) -> XmlElement | None:
        """The first match of a path."""
        ...

    def iter(self, tag: str) -> Iterator[XmlElement]:
        """All elements of a name below, in document order."""
        ...

    def iterancestors(self, tag: str) -> Iterator[XmlElement]:
        """Ancestors of a name, nearest first."""
        ...

    def __iter__(self) -> Iterator[XmlElement]: ...

    def __reversed__(self) -> Iterator[XmlElement]: ...


def parse_xml(data: bytes) -> XmlElement:
    """The root of an XML document; entities stay unresolved and nothing is fetched.

    Raises:
        ParseFailed: It is not well-formed.
    """
    etree = cast("Any", import_module("lxml.etree"))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    try:
        return cast("XmlElement", etree.fromstring(data, parser))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseFailed("file_damaged") from error
