"""The commands of an instance in the test process: in one of its own, most of each goes into imports."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import pytest
import structlog
from typer.testing import CliRunner

from assistant.cli.app import app
from eval.instance import Instance

_SOME_FAILED = 3


@contextmanager
def commands_here() -> Generator[None]:
    """Run what instances are told to in this process, over the same API on a port, until the block ends."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Instance, "_run", _run)
        patch.setattr(Instance, "_lines", _lines)
        yield
    structlog.reset_defaults()
    logger.handlers[:] = handlers
    logger.setLevel(level)


def _run(instance: Instance, arguments: Sequence[str], *, allowed: Sequence[int]) -> str:
    variables = {"ASSISTANT_DATA_DIR": str(instance.data_dir), **instance.variables}
    done = CliRunner().invoke(app, [*arguments], env=variables, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert (done.return_value or 0) in allowed, done.stderr
    return done.stdout


def _lines(instance: Instance, arguments: Sequence[str]) -> Generator[str]:
    yield from _run(instance, arguments, allowed=(0, _SOME_FAILED)).splitlines()
