"""What the commands on pairs of passages share: their options, and the pairs of the sources that are here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol, TypeVar

from eval.catalogue import sentence
from eval.datasets import SHARED
from eval.verification_pairs import SOURCES, available_sources

PER_KIND = 40
DOCUMENTS = 120
_Pair = TypeVar("_Pair")


class MakePairs(Protocol[_Pair]):
    """Makes the pairs of one source."""

    def __call__(self, source: str, *, per_kind: int, documents: int) -> list[_Pair]:
        """At most so many of each kind, from at most so many documents."""
        ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sources, how many pairs, and how many misses to show."""
    parser.add_argument(
        "--sources", nargs="+", choices=SOURCES, default=SOURCES, help=sentence("help_sources")
    )
    parser.add_argument("--per-kind", type=int, default=PER_KIND, help=sentence("help_per_kind"))
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help=sentence("help_documents"))
    parser.add_argument("--misses", type=int, default=0, help=sentence("help_misses"))


def sources_of(arguments: argparse.Namespace) -> list[str]:
    """The sources asked for that are here; the others are told."""
    here = available_sources()
    for name in set(arguments.sources) - set(here):
        print(sentence("set_absent", name=name, folder=str(SHARED)))
    return [name for name in arguments.sources if name in here]


def pairs_of(
    sources: Sequence[str], arguments: argparse.Namespace, *, make: MakePairs[_Pair]
) -> list[_Pair]:
    """As many pairs of some sources as the options ask for."""
    return [
        pair
        for source in sources
        for pair in make(source, per_kind=arguments.per_kind, documents=arguments.documents)
    ]
