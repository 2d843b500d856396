"""French words of a part of the evaluations, kept beside it in `messages.fr.toml`."""

from __future__ import annotations

import tomllib
from functools import cached_property
from importlib.resources import files


class Words:
    """Sentences and names of one package, by code; read at the first use."""

    def __init__(self, package: str) -> None:
        self._package = package

    def sentence(self, code: str, **params: str | int | float) -> str:
        """The French sentence of a code, completed by its parameters.

        Raises:
            KeyError: The code has no sentence, or a parameter is missing.
        """
        return self.names("sentences")[code].format(**params)

    def names(self, section: str) -> dict[str, str]:
        """All entries of a section, in their order.

        Raises:
            KeyError: There is no such section.
        """
        return self._sections[section]

    @cached_property
    def _sections(self) -> dict[str, dict[str, str]]:
        return tomllib.loads((files(self._package) / "messages.fr.toml").read_text("utf-8"))
