"""What tests of the evaluations share."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.eval.commands_here import commands_here
from tests.eval.made_sample import copied_sample


@pytest.fixture
def in_this_process() -> Generator[None]:
    """Commands of instances are run here, for a test that is about what they answer."""
    with commands_here():
        yield


@pytest.fixture(scope="module")
def sample_work(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A work folder of this module's own, whose instance holds the sample corpus already."""
    is_one_of_several = hasattr(pytestconfig, "workerinput")
    return copied_sample(tmp_path_factory, is_one_of_several=is_one_of_several)
