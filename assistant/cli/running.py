"""One command from its words to its exit code: errors become one sentence, never a traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from typer.main import get_command

from assistant.cli.app import app
from assistant.cli.console import is_text, note
from assistant.cli.failures import ExitCode, Misuse, exit_code_of, sentence_of
from assistant.domain.catalogue import sentence

_TERMINATED = 128 + signal.SIGTERM


def run(arguments: Sequence[str] | None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _leave)
    try:
        _check_words(words)
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


def _check_words(words: Sequence[str]) -> None:
    """Refuse words that are no text, unless they name a file: its name may be of another encoding.

    Raises:
        Misuse: A word is not in UTF-8.
    """
    for word in words:
        if is_text(word) or ("ingest" in words and os.path.lexists(word)):
            continue
        shown = os.fsencode(word).decode("utf-8", "replace")
        raise Misuse(sentence("word_not_utf8", word=shown))


def _leave(number: int, frame: FrameType | None) -> None:
    """End through the `finally` blocks, so that no child outlives the command."""
    del number, frame
    sys.exit(_TERMINATED)
