"""The disk is full, at each writing step in turn; then there is room again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration import full_disks
from tests.small_disk import Body, on_small_disk


def test_a_job_whose_disk_is_full_at_any_write(tmp_path: Path, full_scale: bool) -> None:
    """Database, vectors and contents, with a little more room each time."""
    body = full_disks.a_job_at_every_page if full_scale else full_disks.a_job_sampled
    on_small_disk(body, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        full_disks.what_is_kept_of_files,
        full_disks.an_upload,
        full_disks.heads_of_the_log,
        full_disks.a_backup,
        full_disks.an_export,
        full_disks.a_listing,
        full_disks.a_reading,
        full_disks.vectors_of_a_generation,
    ],
)
def test_full_while(tmp_path: Path, body: Body) -> None:
    on_small_disk(body, tmp_path)


@pytest.mark.parametrize("body", [full_disks.an_index, full_disks.a_generation])
def test_full_below_an_index(tmp_path: Path, body: Body) -> None:
    on_small_disk(body, tmp_path, size_bytes=full_disks.INDEX_DISK_BYTES)
