"""The peer's own environment: its packages never mix with the product's."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
_REQUIREMENTS = HERE / "requirements.txt"


def peer_python(work: Path) -> Path:
    """The interpreter of the peer's environment, made when it is missing or its packages changed.

    Args:
        work: Folder that keeps it.

    Raises:
        RuntimeError: The packages cannot be installed; the message says what pip said.
    """
    digest = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = work / f"llamaindex-{digest}"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if not complete.exists():
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        _run([*pip, "--quiet", "--require-hashes", "-r", str(_REQUIREMENTS)])
        complete.touch()
    return python


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(result.stderr.strip()[-500:])
