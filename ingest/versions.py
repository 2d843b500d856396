"""The version of a reading: everything that can change what a file becomes, in one string."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version

from ingest.chunking import CHUNKER_VERSION
from ingest.limits import Limits

PARSER_VERSION = 9
"""Raised whenever the same file would give other blocks, title, date or kind."""

LIBRARIES = (
    "charset-normalizer",
    "kreuzberg",
    "liteparse",
    "llama-index-core",
    "lxml",
    "mammoth",
    "markdown-it-py",
    "markdownify",
    "numpy",
    "olefile",
    "openpyxl",
    "pdfplumber",
    "pillow",
    "pypdfium2",
    "python-calamine",
    "python-oxmsg",
    "python-pptx",
    "selectolax",
    "trafilatura",
)
"""Distributions that readings import."""


def reader_version(limits: Limits) -> str:
    """Version of parsers and chunker together, such as "parsers1-chunker1-256-1f2e3d4c"."""
    installed = " ".join(f"{name}={_installed(name)}" for name in LIBRARIES)
    digest = hashlib.sha256(installed.encode()).hexdigest()[:8]
    return f"parsers{PARSER_VERSION}-chunker{CHUNKER_VERSION}-{limits.chunk_tokens}-{digest}"


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
