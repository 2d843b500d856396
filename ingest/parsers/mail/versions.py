"""Which of the two versions of one message is read: the one that people see, or the plain one if it agrees."""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum

from ingest.cleaning import fold
from ingest.parsers.text.html import page_draft

_ADDRESS = re.compile(
    r"<?(?:https?://|mailto:|www\.|cid:)\S+|\[(?:image|cid)[^\]]*\]|\S+@\S+", re.I
)
_WORD = re.compile(r"[^\W_]{2,}")
_STUB_LETTERS = 20
_AGREED = 0.97
_OTHER_SHARE = 0.1
_OTHER_WORDS = 6


class Version(Enum):
    """What of a message is read."""

    PLAIN = "plain"
    """The plain version, which says the same as the other, in fewer detours."""
    SHOWN = "shown"
    """The one with form, which mail programs show."""
    DIFFERENT = "different"
    """That one as well; the plain one says something else."""


def chosen_version(plain: str, html: str) -> Version:
    """Which version of a message that has both is read."""
    shown = "\n".join(block.text for block in page_draft(html).blocks)
    if _letters(shown) < min(_STUB_LETTERS, _letters(plain)):
        return Version.PLAIN
    if _letters(plain) < _STUB_LETTERS:
        return Version.SHOWN
    said, seen = _words(plain), _words(shown)
    unseen, unsaid = (said - seen).total(), (seen - said).total()
    if unseen == 0 and unsaid <= (1 - _AGREED) * seen.total():
        return Version.PLAIN
    is_other = unseen >= max(_OTHER_WORDS, _OTHER_SHARE * said.total())
    return Version.DIFFERENT if is_other else Version.SHOWN


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(fold(_ADDRESS.sub(" ", text))))


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))
