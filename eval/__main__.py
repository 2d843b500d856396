"""Command of the evaluations: `python -m eval run`."""

from __future__ import annotations

import argparse

from eval.run import evaluate_sample, report


def main() -> None:
    """Run the named evaluation and print its report."""
    parser = argparse.ArgumentParser(
        prog="python -m eval", description="Évaluations de l'assistant"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="corpus d'exemple : soixante questions jugées")
    parser.parse_args()
    print(report(evaluate_sample()))


if __name__ == "__main__":
    main()
