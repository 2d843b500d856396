"""Help pages in French: the words that the library writes itself."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

_WORDS = (
    (r"(?m)^Usage:", "Utilisation :"),
    (r"(?m)^Options:", "Options :"),
    (r"(?m)^Arguments:", "Arguments :"),
    (r"(?m)^Commands:", "Commandes :"),
    (r"\[OPTIONS\]", "[OPTIONS]"),
    (r"COMMAND \[ARGS\]\.\.\.", "COMMANDE …"),
    (r"Show this message and\s+exit\.", "Affiche cette aide."),
    (r"\[required\]", "[obligatoire]"),
    (r"\[default: ", "[défaut : "),
)


def french(page: str) -> str:
    """A help page with its fixed words in French."""
    for pattern, words in _WORDS:
        page = re.sub(pattern, words, page)
    return page


class FrenchCommand(TyperCommand):
    """A command whose help is in French."""

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        return french(super().get_help(ctx))


class FrenchGroup(TyperGroup):
    """A group of commands whose help is in French; alone, it shows that help."""

    command_class = FrenchCommand

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words left for its commands."""
        return super().parse_args(ctx, args or ["--help"])

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        return french(super().get_help(ctx))
