"""What commands write: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from pydantic import BaseModel


def say(text: str) -> None:
    """Write a line of result at once."""
    _write(sys.stdout, f"{text}\n")


def say_raw(text: str) -> None:
    """Write a piece of result at once, without ending the line."""
    _write(sys.stdout, text)


def say_json(value: BaseModel | dict[str, Any] | list[Any]) -> None:
    """Write one JSON value on one line; what the output cannot spell is escaped, so that none is lost."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    text = json.dumps(plain, ensure_ascii=False)
    say(text if _is_spelt(text) else json.dumps(plain))


def note(text: str) -> None:
    """Write a line about what goes on, apart from the results."""
    _write(sys.stderr, f"{text}\n")


def is_terminal() -> bool:
    """True when somebody watches standard error."""
    return sys.stderr.isatty()


def moment(value: datetime | None) -> str:
    """A date and time of this machine, to the minute; empty for none."""
    return value.astimezone().strftime("%d/%m/%Y %H:%M") if value else ""


def plural(count: int, words: str) -> str:
    """A count and its words, such as "1 fichier lu", "12 fichiers lus" or "2 nouveaux"."""
    if count < 2:
        return f"{count} {words}"
    ended = (word + ("x" if word.endswith("eau") else "s") for word in words.split())
    return " ".join([str(count), *ended])


def is_text(text: str) -> bool:
    """False for what stands for bytes that are no UTF-8, or for half of a surrogate pair."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _is_spelt(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _write(stream: Any, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
