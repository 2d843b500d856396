"""Which names of a source are taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate


def taker(*, include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """A test of names: in one of the included patterns (all when there are none), in no excluded one.

    A pattern without a slash is for the last part of a name, or any folder above it; one with a slash
    is for the whole name, and a folder stands for all below it. `*` and `?` as in a shell; case is
    ignored.

    Args:
        include: Patterns of what is taken.
        exclude: Patterns of what is left out all the same.
    """
    wanted, unwanted = _matcher(include), _matcher(exclude)

    def takes(name: str) -> bool:
        return (wanted is None or wanted(name)) and not (unwanted is not None and unwanted(name))

    return takes


def _matcher(patterns: Sequence[str]) -> Callable[[str], bool] | None:
    whole = _compiled([each for each in patterns if "/" in each.strip("/")])
    part = _compiled([each for each in patterns if "/" not in each.strip("/")])
    if whole is None and part is None:
        return None

    def matches(name: str) -> bool:
        folded = name.casefold()
        parts = folded.split("/")
        if part is not None and any(part(each) for each in parts):
            return True
        return whole is not None and any(
            whole("/".join(parts[:end])) for end in range(1, len(parts) + 1)
        )

    return matches


def _compiled(patterns: Sequence[str]) -> Callable[[str], bool] | None:
    kept = [translate(each.strip("/").casefold()) for each in patterns if each.strip("/")]
    if not kept:
        return None
    compiled = re.compile("|".join(kept))
    return lambda name: compiled.match(name) is not None
