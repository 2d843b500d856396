"""Command of the evaluations: `python -m eval COMMAND`. A command's module is imported when it runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("eval.run", "mesure la recherche et les réponses sur des jeux de questions"),
    "compare": ("eval.compare", "compare deux mesures, question par question"),
    "report": ("eval.report", "montre une mesure et en écrit la page"),
    "gate": ("eval.gate", "vérifie qu'une mesure tient les seuils de eval/gate.toml"),
    "dialogues": ("eval.dialogues", "mesure la lecture des questions de suite"),
    "redteam": ("eval.redteam.command", "joue le jeu de sûreté, ou retire chaque défense"),
    "bias": (
        "eval.bias.command",
        "mesure ce que noms, genres, lieux et registres changent à la recherche",
    ),
    "tune": ("eval.tuning.command", "compare des façons de réunir les deux recherches"),
    "fit": ("eval.tuning.fit", "ajuste le juge qui refuse faute de passages suffisants"),
    "peers": (
        "eval.peers.command",
        "compare à LlamaIndex, du fichier d'origine à la page trouvée",
    ),
    "load": ("eval.load.command", "mesure ce que ressentent des dizaines de personnes à la fois"),
    "contradictions": (
        "eval.contradictions",
        "mesure quelles sources en désaccord sont vues, et lesquelles le sont à tort",
    ),
    "verification": (
        "eval.verification",
        "mesure ce que la vérification des réponses trouve et ce qu'elle signale à tort",
    ),
}
"""Name → (module with `add_arguments(parser)` and `run(arguments) -> int`, help in French)."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; its exit code.

    Args:
        words: Words after `python -m eval`; None takes those of the process.
    """
    given = list(sys.argv[1:] if words is None else words)
    listing = argparse.ArgumentParser(
        prog="python -m eval",
        description="Évaluations de l'assistant",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:14}{help_}" for name, (_, help_) in COMMANDS.items()),
    )
    listing.add_argument("command", metavar="COMMANDE", choices=COMMANDS)
    name = listing.parse_args(given[:1]).command
    module_name, help_text = COMMANDS[name]
    module = import_module(module_name)
    parser = argparse.ArgumentParser(prog=f"python -m eval {name}", description=help_text)
    module.add_arguments(parser)
    return module.run(parser.parse_args(given[1:]))


if __name__ == "__main__":
    raise SystemExit(main())
