"""Every format has its parser."""

from __future__ import annotations

from importlib import import_module

import pytest

from ingest.model import FileFormat
from ingest.reading import READERS


@pytest.mark.parametrize("file_format", FileFormat)
def test_the_registry_names_a_parser_that_exists(file_format: FileFormat) -> None:
    module, _, function = READERS[file_format].partition(":")

    assert callable(getattr(import_module(module), function))
