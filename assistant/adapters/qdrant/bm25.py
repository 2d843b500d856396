"""French BM25 weights: the text is normalised, then stemmed and weighted by Qdrant's own encoder.

Normalising makes one token of what people write in many ways: references of acts and articles,
amounts, dates, dotted acronyms. Documents and queries take the same road, but for one thing: a
document also answers to the bare number of its lettered references ("1111-2" for "L. 1111-2").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.domain.french import MONTHS
from assistant.domain.weighing import WordWeighing

if TYPE_CHECKING:
    import qdrant_edge

PRODUCT = WordWeighing()
"""How words are weighed unless a generation chose otherwise: the engine's own but for the length."""

MOST_CHARACTERS = 500_000
"""Characters of a document whose terms are counted."""

STOP_WORDS = {
    "a", "meme", "memes", "etait", "etaient", "etant", "etes", "ceux", "cette", "celui", "celle",
    "celles", "plus", "ainsi", "donc", "dont", "entre", "sous", "comme", "tout", "toute", "tous",
    "toutes", "afin", "etre", "fait", "faire", "quel", "quelle", "quels", "quelles", "comment",
}  # fmt: skip
"""Words that the engine's French list lacks, or no longer knows once accents are folded."""

_DASHES = re.compile(r"[\u2010\u2011\u2012\u2013\u2212]")
_ELISION = re.compile(r"(?<![^\W_])(?:l|d|j|m|n|s|t|c|qu|jusqu|lorsqu|puisqu|quoiqu)'(?=\w)", re.I)
_ACRONYM = re.compile(r"(?<![\w.])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?")
_THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}(?:[ .]\d{3})+(?=,\d|\s?€|\s?euros?\b)|"
                        r"(?<![\w.,-])\d{1,3}(?: \d{3})+(?![\d-])")  # fmt: skip
_ROUND_CENTS = re.compile(r"(?<=\d),00?(?=\s?(?:€|euros?\b))")
_DATE = re.compile(r"(?<![\w/.-])(\d{1,2})/(\d{1,2})/(\d{4})(?![\w/-])")
_FIRST_OF_MONTH = re.compile(rf"\b1er(?=\s(?:{'|'.join(MONTHS)})\b)", re.I)
_NUMBER_SIGN = re.compile(r"\bn\s?(?:°|º|o)\s?s?\s?(?=\d)", re.I)
_NUMBER = r"\d+(?:[-.]\d+)*"
_SUFFIX = r"(?:\s(?:bis|ter|quater|quinquies)\b)?"
_ARTICLE_NUMBER = rf"(?:1er\b|premier\b|{_NUMBER}{_SUFFIX})"
_LETTERED = re.compile(
    r"(?:\bart(?:icles?|\.)?\s?)?(?<![\w'])"
    rf"(?P<letter>L\.?\s?O|[LRDA])(?P<mark>\s?\.\s?|\s)?(?P<star>\*{{1,2}}\s?)?(?P<number>{_NUMBER}{_SUFFIX})"
    rf"(?P<more>(?:\s?(?:,|;|\bet\b|\bou\b|à\b)\s?{_NUMBER}(?=\W|$){_SUFFIX})*)",
    re.I,
)
_ARTICLE = re.compile(
    rf"\bart(?:icles?\b|\.|\b)\s?(?P<first>{_ARTICLE_NUMBER})"
    rf"(?P<more>(?:\s?(?:,|;|\bet\b|\bou\b|à\b)\s?{_ARTICLE_NUMBER}(?![\w%€-]))*)",
    re.I,
)
_YEARS = re.compile(r"(?<![\w.-])((?:19|20)\d\d)[-/]((?:19|20)\d\d)(?![\w-])")
_JOINED = re.compile(r"(?<![\w.-])\d+(?:[-.,/]\d+)+(?!\w)")
_ITEM = re.compile(_ARTICLE_NUMBER, re.I)


@dataclass(frozen=True, slots=True)
class TermWeights:
    """A sparse vector: term numbers and their weights, both in the same order."""

    indices: tuple[int, ...]
    weights: tuple[float, ...]


def normalise(text: str, *, is_query: bool) -> str:
    """Text in which each reference, amount or acronym is one word.

    Args:
        text: Any text.
        is_query: A query keeps only the full form of a lettered reference, so that a question
            about "L. 1111-2" does not find "R. 1111-2".
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFC", text).replace("\u00ad", "")
    text = text.replace("’", "'").replace("ʼ", "'").replace("\u00a0", " ").replace("\u202f", " ")
    text = _DASHES.sub("-", re.sub(r"\s+", " ", text))
    text = _ELISION.sub(" ", text)
    text = _ROUND_CENTS.sub("", _THOUSANDS.sub(_digits, text)).replace("€", " euros ")
    text = _FIRST_OF_MONTH.sub("1", _DATE.sub(_written_date, text))
    text = _NUMBER_SIGN.sub(" ", text)
    text = _LETTERED.sub(lambda match: _lettered(match, is_query=is_query), text)
    text = _ARTICLE.sub(_articles, text)
    text = _YEARS.sub(r"\1 \2 \1x\2", text)
    text = _ACRONYM.sub(lambda match: match[0].replace(".", "") + " ", text)
    return _JOINED.sub(lambda match: _one_word(match[0]), text)


def document_weights(text: str, weighing: WordWeighing = PRODUCT) -> TermWeights:
    """BM25 weights of an indexed text, without the rarity of terms, which the engine adds."""
    return _weights(_encoder(weighing).embed_document(normalise(text, is_query=False)))


def whole_weights(texts: Sequence[str], weighing: WordWeighing = PRODUCT) -> TermWeights:
    """BM25 weights of a document's texts together, at the average length of a chunk.

    Against that length a document is long, so a term weighs by its share of the text more than by
    its number: chosen by measure (docs/retrieval.md). The engine holds the interpreter lock while it
    counts, 50 ms a million characters, so no more than `MOST_CHARACTERS` are.
    """
    pieces, size = list[str](), 0
    for text in texts:
        pieces.append(normalise(text[: MOST_CHARACTERS - size], is_query=False))
        size += len(text)
        if size >= MOST_CHARACTERS:
            break
    return _weights(_encoder(weighing).embed_document("\n".join(pieces)))


def query_weights(text: str, weighing: WordWeighing = PRODUCT) -> TermWeights:
    """Weight 1 for each distinct term of a query; empty for stop words only."""
    return _weights(_encoder(weighing).embed_query(normalise(text, is_query=True)))


@lru_cache(maxsize=8)
def _encoder(weighing: WordWeighing) -> qdrant_edge.Bm25:
    import qdrant_edge

    stop_words = qdrant_edge.StopwordsSet({qdrant_edge.Language.French}, STOP_WORDS)
    return qdrant_edge.Bm25(
        qdrant_edge.Bm25Config(
            k=weighing.k1,
            b=weighing.b,
            avg_len=weighing.length,
            language=weighing.language,
            ascii_folding=True,
            stopwords=stop_words,
        )
    )


def _weights(vector: qdrant_edge.SparseVector) -> TermWeights:
    return TermWeights(tuple(vector.indices), tuple(vector.values))


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"[ .]", "", match[0])


def _written_date(match: re.Match[str]) -> str:
    day, month = int(match[1]), int(match[2])
    return f"{day} {MONTHS[month - 1]} {match[3]}" if 1 <= month <= len(MONTHS) else match[0]


def _one_word(number: str) -> str:
    return re.sub(r"[-.,/]", "x", re.sub(r"\s", "", number.lower()))


def _lettered(match: re.Match[str], *, is_query: bool) -> str:
    letter, mark, number = match["letter"], match["mark"] or "", match["number"]
    is_marked = "." in mark or bool(match["star"])
    is_verb = letter == "a" and mark.isspace()
    if not is_marked and ("-" not in number or is_verb):
        return match[0]
    letter = re.sub(r"[\s.]", "", letter).lower()
    numbers = [_one_word(item[0]) for item in _ITEM.finditer(number + (match["more"] or ""))]
    full = [letter + item for item in numbers]
    bare = [] if is_query else [item for item in numbers if "x" in item]
    return f" {' '.join([*full, *bare])} "


def _articles(match: re.Match[str]) -> str:
    items = [item[0].lower() for item in _ITEM.finditer(match["first"] + (match["more"] or ""))]
    return f" {' '.join('art' + _one_word(_first_as_number(item)) for item in items)} "


def _first_as_number(item: str) -> str:
    return "1" if item in {"1er", "premier"} else item
