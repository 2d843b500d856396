"""The sample corpus on an instance, embedded once a run of the tests, by whichever process comes first."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from eval.datasets import load_sample
from eval.workspace import Workspace


def copied_sample(factory: pytest.TempPathFactory, *, is_one_of_several: bool) -> Path:
    """A work folder of the caller's own whose instance holds the sample corpus, with usual settings.

    Args:
        factory: That of the session.
        is_one_of_several: This test process has others beside it, which share what one of them made.
    """
    base = factory.getbasetemp()
    made = _made((base.parent if is_one_of_several else base) / "sample-made")
    work = factory.mktemp("work")
    name = load_sample().name
    shutil.copytree(made / name / "data", work / name / "data")
    # an instance knows a folder by its resolved path: by another one its documents would be new
    (work / name / "documents").symlink_to(made / name / "documents")
    return work


def _made(root: Path) -> Path:
    """The work folder that is copied, which no test opens."""
    whole = root / "whole"
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(root, ignore_errors=True)
            Workspace(root, {}).instance(load_sample())
            whole.touch()
    return root
