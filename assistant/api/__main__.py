"""Prints the OpenAPI description: `python -m assistant.api > docs/openapi.json`."""

from __future__ import annotations

import sys

from assistant.api.app import openapi_text

if __name__ == "__main__":
    sys.stdout.write(openapi_text())
