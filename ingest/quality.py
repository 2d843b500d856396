"""What can be counted of how a document was read, and words in it that look like orders to the model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from ingest.cleaning import fold, one_line
from ingest.model import Block, BlockKind, Quality, Suspicion

_FRENCH = re.compile(
    r"\b(?:a|ai|au|aux|avec|ce|ces|cette|comme|dans|de|des|du|elle|en|entre|est|et|etre|eu|ils|il|la|le|les|leur|leurs|lors|"
    r"mais|ne|nous|ont|ou|par|pas|plus|pour|qu|que|qui|sa|sans|se|ses|si|son|sont|sur|tout|un|une|vous|y|d|l|s|n|c|j)\b"
)
_WORD = re.compile(r"[a-z]+")
_NO_LETTER = re.compile(r"[^a-z]+")
_LEAST_WORDS = 40
_WORD_CHARS = 200_000
"""Text counted to tell the language."""
_LINK = re.compile(r"\bhttps?://|\bwww\.", re.IGNORECASE)
_MAX_SUSPICIONS = 5
_QUOTE_CHARS = 200
_TAG = re.compile(
    r"<\|\s*(?:im_start|im_end|system|user|assistant|endoftext|end)\s*\|>|\[/?INST\]|<</?SYS>>|"
    r"</?\s*(?:system|assistant)(?:[ _-]?(?:prompt|message))?\s*>|"
    r"^\s*(?:#{2,}\s*)?system\s*:\s*(?=\S)|^#{2,}\s*(?:system|instructions?)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
"""Marks by which models tell who speaks; no administrative text needs one."""
_NOUN_FR = "(?:instructions|consignes|directives|regles)"
_OWN_FR = "(?:tes|vos|toutestes|toutesvos|lensemblede(?:tes|vos))"
_PAST_FR = "(?:precedente|anterieure|cidessu|quiprecede|systeme|initiale|donneesplushaut)s?"
_NOUN_EN = "(?:instructions?|prompts?|rules|directions|guidelines)"
_PAST_EN = "(?:previous|prior|above|earlier|preceding|existing|system)"
_ORDER = re.compile(
    rf"(?:ignore[rz]?|oublie[rz]?|neglige[rz]?|contourne[rz]?|outrepasse[rz]?){_OWN_FR}{_NOUN_FR}"
    rf"|(?:ignore[rz]?|oublie[rz]?|neglige[rz]?)(?:toutes)?(?:les|ces){_NOUN_FR}{_PAST_FR}"
    rf"|(?:ne)?(?:tiens|tenez|tenir)(?:pas|plus|aucun)?comptedes{_NOUN_FR}{_PAST_FR}"
    rf"|(?:ignore|disregard|forget|override|bypass)(?:all|any)?(?:of)?(?:the|your|my|these)?{_PAST_EN}+{_NOUN_EN}"
    rf"|(?:ignore|disregard|forget|override|bypass)(?:all|any)?(?:of)?your{_NOUN_EN}"
    r"|(?:tuesmaintenant|vousetesmaintenant|tuesdesormais|vousetesdesormais)un(?:e)?(?:ia|assistant|modele|robot|chatbot)"
    r"|youarenow(?:a|an|in)(?:ai|assistant|model|chatbot|developer|dan|jailbr)"
    r"|(?:revele[rz]?|affiche[rz]?|montre[rz]?|repete[rz]?|donne[rz]?)(?:moi)?(?:ton|votre|tes|vos|les?|la)"
    r"(?:prompt|(?:invite|message|instructions|consignes)(?:du)?(?:systeme|initiale?s?))"
    r"|(?:reveal|show|print|repeat|output|leak)(?:me)?(?:the|your)(?:hidden|full|initial|entire)?system(?:prompt|message|instructions)"
    r"|systemprompt|promptsysteme|doanythingnow|jailbreak"
)
"""Orders to a model in French and English, as letters alone: spaced or hidden characters change nothing."""
_CONFUSED = str.maketrans("аеорсухіјѕԁһ", "aeopcyxijsdh")
"""Cyrillic letters that look like Latin ones."""


def find_quality(blocks: Sequence[Block], *, page_count: int) -> Quality:
    """The quality of a document.

    Args:
        blocks: All of it, in reading order.
        page_count: 0 for formats without pages.
    """
    letters = sum(_letters(block.text) for block in blocks)
    read = [block for block in blocks if block.confidence is not None]
    pages = {block.box.page for block in read if block.box is not None}
    return Quality(
        letters=letters,
        letters_per_page=round(letters / page_count, 1) if page_count else None,
        ocr_share=round(min(1.0, len(pages) / page_count), 3) if page_count else None,
        ocr_confidence=_mean_confidence(read),
        headings=sum(block.kind is BlockKind.HEADING for block in blocks),
        tables=sum(block.kind is BlockKind.TABLE for block in blocks),
        links=sum(len(_LINK.findall(block.text)) for block in blocks),
        french_share=french_share(block.text for block in blocks),
        suspicions=find_suspicions(blocks),
    )


def french_share(texts: Iterable[str]) -> float | None:
    """Share of the commonest French words among the words of texts; None below some forty words."""
    head = fold("\n".join(_beginning(texts)))
    count = len(_WORD.findall(head))
    if count < _LEAST_WORDS:
        return None
    return round(len(_FRENCH.findall(head)) / count, 3)


def _beginning(texts: Iterable[str]) -> Iterator[str]:
    left = _WORD_CHARS
    for text in texts:
        yield text[:left]
        left -= len(text)
        if left <= 0:
            return


def find_suspicions(blocks: Sequence[Block]) -> tuple[Suspicion, ...]:
    """Passages that speak to the model rather than to a reader, five at most; nothing is removed."""
    found: dict[int, Suspicion] = {}
    for index, offset in _suspect_places(blocks):
        if index not in found:
            block = blocks[index]
            page = block.box.page if block.box is not None else None
            found[index] = Suspicion(quote=_around(block.text, offset=offset), page=page)
        if len(found) == _MAX_SUSPICIONS:
            break
    return tuple(found[index] for index in sorted(found))


def speaks_to_model(text: str) -> bool:
    """True when a text gives an order to the model, or uses the marks by which models tell who speaks."""
    return bool(_TAG.search(text) or _ORDER.search(_letters_of(text)))


def _suspect_places(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Index of a block and offset in its text, of each suspicious place."""
    for index, block in enumerate(blocks):
        for match in _TAG.finditer(block.text):
            yield index, match.start()
    whole = "".join(_letters_of(block.text) for block in blocks)
    if _ORDER.search(whole):
        yield from _order_places(blocks)


def _letters_of(text: str) -> str:
    """Its letters alone, lower case without accents."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_CONFUSED))
    return _NO_LETTER.sub("", folded)


def _order_places(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """As `_suspect_places`, of orders: letter by letter, since one may run over several blocks."""
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    for index, block in enumerate(blocks):
        for offset, char in enumerate(block.text):
            for letter in _letters_of(char):
                letters.append(letter)
                places.append((index, offset))
    for match in _ORDER.finditer("".join(letters)):
        yield places[match.start()]


def _around(text: str, *, offset: int) -> str:
    start = max(0, offset - 40)
    words = one_line(text[start : start + _QUOTE_CHARS - 2])
    lead = "…" if start else ""
    return f"{lead}{words}{'…' if start + _QUOTE_CHARS - 2 < len(text) else ''}"[:_QUOTE_CHARS]


def _letters(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _mean_confidence(blocks: Sequence[Block]) -> float | None:
    weights = [(block.confidence or 0.0, max(1, _letters(block.text))) for block in blocks]
    total = sum(weight for _, weight in weights)
    return round(sum(value * weight for value, weight in weights) / total, 3) if total else None
