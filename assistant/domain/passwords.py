"""Passwords of local accounts: what is kept of one, the link that lets set one, and which are refused.

A long password that is nobody's first guess is asked for, and no mixture of kinds of characters: that
is the advice of NIST SP 800-63B, and 12 characters behind throttled attempts pass the 50 bits that
the CNIL asks for (délibération 2022-100).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from assistant.domain.errors import InvalidInput
from assistant.domain.ids import PersonId, TenantId

LEAST_CHARS = 12
MOST_CHARS = 128
"""Bounds what is hashed; a phrase of twenty words fits."""
_FEWEST_SIGNS = 5
_PERSONAL_CHARS = 4
"""Shorter parts of a name stand in too many words."""
_LOOKALIKES = str.maketrans("@4310$57!", "aaeiossti")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "1234567890",
)
_LEAST_SHARE = 3
"""A common word among many other signs is no weakness: it counts from a third of the whole on."""
_NO_WORD = re.compile(r"[\W\d_]+")
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")


@dataclass(frozen=True, slots=True)
class Password:
    """The password of a person. Only a slow hash of it is kept."""

    person_id: PersonId
    tenant_id: TenantId
    hash: str
    """With its method and parameters, as the hasher writes it."""
    set_at: datetime


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A single-use code by which a person sets a new password. Only its hash is kept."""

    code_hash: str
    person_id: PersonId
    tenant_id: TenantId
    created_by: PersonId
    created_at: datetime
    expires_at: datetime


def normal_password(text: str) -> str:
    """A password as it is hashed: in Unicode form NFKC, so that every keyboard gives the same.

    One beyond the bound comes back cut, one character too long: it is refused, or matches nothing.
    """
    return unicodedata.normalize("NFKC", text[: MOST_CHARS + 1])[: MOST_CHARS + 1]


def checked_password(text: str, *, least_chars: int, name: str, email: str) -> str:
    """A new password as it is hashed.

    Args:
        text: As typed.
        least_chars: Its least length.
        name: Of its person. So is the next one.
        email: Its address.

    Raises:
        InvalidInput: Too short ("password_too_short"), too long ("password_too_long"), among the first
            that are guessed ("password_common"), or about its person ("password_personal").
    """
    password = normal_password(text)
    if len(password) > MOST_CHARS:
        raise InvalidInput("password_too_long", limit=MOST_CHARS)
    if len(password) < least_chars:
        raise InvalidInput("password_too_short", limit=least_chars, characters=len(password))
    plain = _folded(password)
    if len(set(plain)) < _FEWEST_SIGNS or any(map(_is_common, _spellings(plain))):
        raise InvalidInput("password_common")
    if any(part in plain for part in _personal(name, email=email)):
        raise InvalidInput("password_personal")
    return password


def _folded(text: str) -> str:
    """Without case nor accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def _spellings(plain: str) -> tuple[str, ...]:
    """A text as it stands, and with the letters that figures and signs stand for: "p@ssw0rd"."""
    core = _ENDS.sub("", plain)
    return plain, plain.translate(_LOOKALIKES), plain.replace(core, core.translate(_LOOKALIKES))


def _is_common(plain: str) -> bool:
    if _is_row(plain) or {plain, _unit(plain)} & _common():
        return True
    # What stands around or between is what everybody adds: "Bienvenue-2026!"
    word = _NO_WORD.sub("", plain)
    weighs = len(word) * _LEAST_SHARE >= len(plain)
    return weighs and (_is_row(word) or bool({word, _unit(word)} & _common()))


def _is_row(text: str) -> bool:
    """True for what one finger types along the keyboard, the alphabet or the figures."""
    return bool(text) and any(text in row * 3 or text in row[::-1] * 3 for row in _ROWS)


def _unit(text: str) -> str:
    """The part that a text repeats; itself when it does not."""
    length = (text + text).find(text, 1)
    return text[:length] if length > 0 else text


def _personal(name: str, *, email: str) -> set[str]:
    """What a stranger would try first who knows whose password it is."""
    local, _, domain = _folded(email).partition("@")
    parts = {local, domain.rpartition(".")[0], *re.split(r"[\W_]+", _folded(name))}
    parts |= set(re.split(r"[\W_]+", local))
    return {part for part in parts if len(part) >= _PERSONAL_CHARS}


@cache
def _common() -> frozenset[str]:
    text = (files("assistant.domain") / "common_passwords.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())
