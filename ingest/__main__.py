"""`python -m ingest inspect FILE [--json]`: what a file becomes, read in a killable child."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ingest.codec import to_json
from ingest.errors import IngestError
from ingest.inspection import describe
from ingest.reader import Limits, ParserPool

EXIT_REFUSED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0 when the file was read, 3 when it was refused (the reason goes to the error stream).
    """
    options = _parser().parse_args(arguments)
    path = Path(options.file)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        pool = ParserPool(Limits(), children=1, scratch=Path(scratch))
        try:
            ingested = pool.read(path, name=path.name)
        except IngestError as error:
            return _refuse(error, as_json=options.json)
        finally:
            pool.close()
    if options.json:
        output = json.dumps(to_json(ingested), ensure_ascii=False, indent=2)
    else:
        output = describe(ingested, seconds=time.monotonic() - started)
    sys.stdout.write(output + "\n")
    return 0


def _refuse(error: IngestError, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(
            json.dumps({"code": error.code, "reason": error.sentence}, ensure_ascii=False) + "\n"
        )
    else:
        sys.stderr.write(f"{error.sentence}\n")
    return EXIT_REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description="Lecture d'un fichier.")
    commands = parser.add_subparsers(dest="command", required=True)
    inspect = commands.add_parser("inspect", help="affiche ce que devient un fichier")
    inspect.add_argument("file", help="fichier à lire")
    inspect.add_argument("--json", action="store_true", help="sortie JSON complète")
    return parser


if __name__ == "__main__":
    sys.exit(main())
