"""A service of embeddings that takes its time over passages, so that something can happen meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from assistant.testing.embedder import HashEmbedder

PASSAGE = "passage: "
"""Prefix by which passages are told from questions, which are answered at once."""
DIMENSIONS = 32


class PacedEmbeddings(ThreadingHTTPServer):
    """Counts the passages of each model as they come in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Reply)
        self.pace_s = 0.0
        """What each call for passages takes at least."""
        self.passages: Counter[str] = Counter()

    @property
    def url(self) -> str:
        """Its address, with `/v1`."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Reply(BaseHTTPRequestHandler):
    server: PacedEmbeddings  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts: list[str] = body["input"]
        if any(text.startswith(PASSAGE) for text in texts):
            self.server.passages[body["model"]] += len(texts)
            time.sleep(self.server.pace_s)
        found = HashEmbedder(dimensions=DIMENSIONS).embed_passages(texts)
        data = [{"index": at, "embedding": list(vector)} for at, vector in enumerate(found)]
        reply = json.dumps({"data": data}).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)
        except OSError:
            return  # whoever asked is gone

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def paced_embeddings() -> Generator[PacedEmbeddings]:
    """One that lasts for this block."""
    server = PacedEmbeddings()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
