"""Command of the evaluations: `python -m eval COMMAND`. A command's module is imported when it runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from eval.catalogue import command_help, sentence

COMMANDS = {
    "run": "eval.run",
    "compare": "eval.compare",
    "report": "eval.report",
    "gate": "eval.gate",
    "dialogues": "eval.dialogues",
    "redteam": "eval.redteam.command",
    "bias": "eval.bias.command",
    "tune": "eval.tuning.command",
    "fit": "eval.tuning.fit",
    "peers": "eval.peers.command",
    "load": "eval.load.command",
    "contradictions": "eval.contradictions",
    "verification": "eval.verification",
}
"""Name → module with `add_arguments(parser)` and `run(arguments) -> int`."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; its exit code.

    Args:
        words: Words after `python -m eval`; None takes those of the process.
    """
    given = list(sys.argv[1:] if words is None else words)
    listing = argparse.ArgumentParser(
        prog="python -m eval",
        description=sentence("commands_title"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:16}{command_help(name)}" for name in COMMANDS),
    )
    listing.add_argument("command", metavar="COMMANDE", choices=COMMANDS)
    name = listing.parse_args(given[:1]).command
    module = import_module(COMMANDS[name])
    parser = argparse.ArgumentParser(prog=f"python -m eval {name}", description=command_help(name))
    module.add_arguments(parser)
    return module.run(parser.parse_args(given[1:]))


if __name__ == "__main__":
    raise SystemExit(main())
