"""One command from its words to its exit code: errors become one sentence, never a traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from typer.main import get_command

from assistant.cli.app import app
from assistant.cli.console import note
from assistant.cli.failures import ExitCode, exit_code_of, sentence_of

_TERMINATED = 128 + signal.SIGTERM


def run(arguments: Sequence[str] | None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _leave)
    try:
        result = get_command(app).main(args=words, prog_name="assistant", standalone_mode=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in words and exit_code_of(error) is not ExitCode.USAGE:
            raise
        note(sentence_of(error))
        return exit_code_of(error)
    return int(result or 0)


def _leave(number: int, frame: FrameType | None) -> None:
    """End through the `finally` blocks, so that no child outlives the command."""
    del number, frame
    sys.exit(_TERMINATED)
