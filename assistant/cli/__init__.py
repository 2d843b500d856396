"""The command `assistant`. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Words after `assistant`; None takes those of the process.

    Returns:
        The exit code, as documented in `docs/cli.md`.
    """
    from assistant.cli.running import run

    return run(arguments)
