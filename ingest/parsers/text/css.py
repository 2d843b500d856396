"""What the style sheets inside a page say of its elements; sheets that it only links to are never fetched.

A subset of CSS: rules that hold whatever the reader does and however wide the window is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.S)
_BRACE = re.compile(r"[{}]")
_PSEUDO = re.compile(r":(?!root\b|not\(|is\(|where\(|first-child|last-child|nth-|first-of|last-of)")
_PLAIN_MEDIA = frozenset({"", "all", "screen", "only screen", "all,screen", "screen,print"})
_OPENED = ("@supports", "@layer")
_NAMED = re.compile(r"[.#](-?[_a-zA-Z][\w-]*)")
_ID, _CLASS, _TAG = (
    re.compile(r"#[\w-]+"),
    re.compile(r"\.[\w-]+|\["),
    re.compile(r"(?:^|[\s>+~])[a-z]"),
)
_MAX_SHEET_CHARS = 2_000_000
_MAX_RULES = 3000
_MAX_STYLED = 300_000
"""Elements that rules are applied to, over all rules; what follows is not applied."""
_MAX_NESTING = 4

Declarations = dict[str, tuple[str, bool]]
"""Value of each property, and whether it is marked as important."""
Rank = tuple[bool, bool, int, int, int, int]
"""Important, in the element itself, then by identifiers, classes, tags and order."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One selector and what it asks for."""

    selector: str
    declarations: Declarations


def declarations_of(text: str) -> Declarations:
    """The declarations of a `style` attribute or of the body of a rule, in small letters."""
    found: Declarations = {}
    for part in _COMMENT.sub("", text).lower().split(";"):
        name, colon, value = part.partition(":")
        bare, mark, _ = value.partition("!important")
        if colon and bare.strip():
            found[name.strip()] = (" ".join(bare.split()), bool(mark))
    return found


def rules_of(sheet: str) -> Iterator[Rule]:
    """The rules of a sheet that hold on any screen, in their order."""
    yield from _rules(_COMMENT.sub(" ", sheet[:_MAX_SHEET_CHARS]), depth=0)


def styles_of(tree: LexborHTMLParser, *, properties: frozenset[str]) -> dict[int, dict[str, str]]:
    """What each element is told of some properties, by the identity of its node.

    Args:
        tree: A page that still has its `style` elements.
        properties: Those looked for.
    """
    styled: dict[int, dict[str, tuple[Rank, str]]] = {}
    for order, rule in enumerate(_telling_rules(tree, properties=properties)):
        rank = _rank(rule.selector, order=order)
        for node in _matching(tree, rule.selector):
            _tell(styled.setdefault(node, {}), rule.declarations, rank=rank, properties=properties)
        if len(styled) > _MAX_STYLED:
            break
    for node in tree.css("[style]"):
        own = declarations_of(node.attributes.get("style") or "")
        rank = (True, 0, 0, 0, 0)
        _tell(styled.setdefault(node.mem_id, {}), own, rank=rank, properties=properties)
    return {
        node: {name: value for name, (_, value) in told.items()}
        for node, told in styled.items()
        if told
    }


def _tell(
    told: dict[str, tuple[Rank, str]],
    declared: Declarations,
    *,
    rank: tuple[bool, int, int, int, int],
    properties: frozenset[str],
) -> None:
    for name, (value, is_important) in declared.items():
        full = (is_important, *rank)
        if name in properties and (name not in told or told[name][0] <= full):
            told[name] = (full, value)


def _telling_rules(tree: LexborHTMLParser, *, properties: frozenset[str]) -> Iterator[Rule]:
    names = _names(tree)
    count = 0
    for node in tree.css("style"):
        if "print" in (node.attributes.get("media") or ""):
            continue
        for rule in rules_of(node.text()):
            is_telling = not properties.isdisjoint(rule.declarations)
            if is_telling and names.issuperset(_NAMED.findall(rule.selector)):
                yield rule
                count += 1
                if count >= _MAX_RULES:
                    return


def _names(tree: LexborHTMLParser) -> set[str]:
    """All classes and identifiers of a page."""
    found: set[str] = set()
    for node in tree.css("[class], [id]"):
        found.update((node.attributes.get("class") or "").split())
        found.add(node.attributes.get("id") or "")
    return found


def _matching(tree: LexborHTMLParser, selector: str) -> list[int]:
    try:
        return [node.mem_id for node in tree.css(selector)]
    except (ValueError, RuntimeError):  # a selector that the library does not know
        return []


def _rank(selector: str, *, order: int) -> tuple[bool, int, int, int, int]:
    counts = (len(found.findall(selector)) for found in (_ID, _CLASS, _TAG))
    ids, classes, tags = counts
    return (False, ids, classes, tags, order)


def _rules(text: str, *, depth: int) -> Iterator[Rule]:
    at = 0
    while (start := text.find("{", at)) >= 0:
        head = text[at:start].rpartition(";")[2].strip()
        end = _closing(text, start)
        body = text[start + 1 : end]
        at = end + 1
        if head.startswith("@"):
            if depth < _MAX_NESTING and _is_opened(head):
                yield from _rules(body, depth=depth + 1)
            continue
        declared = declarations_of(body)
        for selector in head.split(","):
            if selector.strip() and not _PSEUDO.search(selector):
                yield Rule(selector.strip(), declared)


def _closing(text: str, start: int) -> int:
    """Where the block that begins there ends."""
    depth = 0
    for found in _BRACE.finditer(text, start):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return found.start()
    return len(text)


def _is_opened(head: str) -> bool:
    if head.startswith(_OPENED):
        return True
    name, _, query = head.partition(" ")
    return name == "@media" and query.replace(", ", ",").strip().lower() in _PLAIN_MEDIA
