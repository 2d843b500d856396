"""`python -m eval report`: a run as Markdown for the terminal and as one page that needs nothing else."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from eval.catalogue import measure_name, sentence, set_name, shown
from eval.figures import Figure
from eval.instance import Row
from eval.plots import history_plot, refusal_plot, retrieval_plot
from eval.runs import Run, UnknownRun, load, stored
from eval.workspace import open_workspace

_HISTORY = 20
"""Runs shown in the history, the last ones."""
_WORST = 15
"""Questions listed in a page for each set, worst first."""


class Interval(Protocol):
    """What has an interval, of a value or of a difference."""

    @property
    def low(self) -> float:
        """Its lower bound."""
        ...

    @property
    def high(self) -> float:
        """Its upper bound."""
        ...

    @property
    def is_firm(self) -> bool:
        """False when it means nothing."""
        ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run, and where its page goes."""
    parser.add_argument(
        "run", nargs="?", default="", metavar="MESURE", help=sentence("help_run_last")
    )
    parser.add_argument("--work", type=Path, metavar="DOSSIER", help=sentence("help_runs"))
    parser.add_argument("--html", type=Path, metavar="FICHIER", help=sentence("help_report_page"))
    parser.add_argument("--list", action="store_true", help=sentence("help_report_list"))


def run(arguments: argparse.Namespace) -> int:
    """Print a run and write its page; 1 when it is unknown."""
    folder = open_workspace(arguments.work).runs
    try:
        if arguments.list:
            print(history_table(_history(folder)))
            return 0
        chosen = load(arguments.run, folder=folder)
    except UnknownRun as error:
        print(error)
        return 1
    path = arguments.html or folder / f"{chosen.id}.html"
    path.write_text(page(chosen, history=_history(folder)), "utf-8")
    print(markdown(chosen))
    print(sentence("report_saved", path=str(path)))
    return 0


def _history(folder: Path) -> list[Run]:
    """The last runs that can be read, oldest first; says which cannot."""
    found: list[Run] = []
    for path in stored(folder)[-_HISTORY:]:
        try:
            found.append(load(str(path), folder=folder))
        except UnknownRun as error:
            print(error)
    return found


def markdown(run: Run) -> str:
    """What was measured and on what, then one table a set."""
    facts = [f"- {label} : {value}" for label, value in run_facts(run)]
    head = tuple(
        sentence(f"column_{name}") for name in ("measure", "value", "interval", "questions")
    )
    tables = [
        "\n\n".join(
            [f"## {set_name(name)}", table([head, *figure_rows(figures)]), *set_notes(run, name)]
        )
        for name, figures in all_figures(run).items()
    ]
    return "\n\n".join([f"# {run.id}", "\n".join(facts), *tables]) + "\n"


def page(run: Run, *, history: Sequence[Run]) -> str:
    """One self-contained HTML page: styles and drawings inside, no address.

    Args:
        run: The run to show.
        history: Runs to draw beside it, oldest first.
    """
    environment = Environment(
        loader=PackageLoader("eval", "templates"), autoescape=True, undefined=StrictUndefined
    )
    has_refusal = any(each.refusal for each in run.sets.values())
    return environment.get_template("report.html.j2").render(
        say=sentence,
        run=run,
        facts=run_facts(run),
        sets=[_set_section(run, name) for name in run.sets],
        retrieval=retrieval_plot(run),
        refusal=refusal_plot(run) if has_refusal else None,
        history=history_plot(history) if len(history) > 1 else None,
    )


def history_table(history: Sequence[Run]) -> str:
    """One line a run, with the measure of each set that tells most."""
    names = list(dict.fromkeys(name for each in history for name in each.sets))
    head = (
        sentence("column_measure"),
        sentence("column_settings"),
        *(sentence("column_ndcg", set=set_name(name)) for name in names),
    )
    rows = [
        (
            each.id,
            each.settings_hash,
            *(
                shown("ndcg_10", each.sets[name].figures["ndcg_10"].value)
                if name in each.sets and "ndcg_10" in each.sets[name].figures
                else ""
                for name in names
            ),
        )
        for each in history
    ]
    return table([head, *rows])


def run_facts(run: Run) -> list[tuple[str, str]]:
    """What made a run, label and value."""
    revisions = ", ".join(f"{name} {each.revision}" for name, each in run.sets.items())
    return [
        (sentence("fact_date"), run.date),
        (sentence("fact_version"), run.commit),
        (sentence("fact_models"), run.models),
        (sentence("fact_settings"), run.settings_hash),
        (sentence("fact_sets"), revisions),
        (sentence("fact_machine"), run.machine),
    ]


def all_figures(run: Run) -> dict[str, dict[str, Figure]]:
    """Figures by set, those of the made questions included."""
    return {
        name: {**each.figures, **_made_figures(each.refusal)} for name, each in run.sets.items()
    }


def set_notes(run: Run, name: str) -> list[str]:
    """What a reader of a set's figures has to know, in French."""
    refusal = run.sets[name].refusal
    return [sentence("refusal_of_product_absent")] if refusal and not refusal["product"] else []


def figure_rows(figures: Mapping[str, Figure]) -> list[tuple[str, ...]]:
    """Name, value, interval and count of each figure, as shown."""
    return [
        (
            measure_name(code),
            shown(code, figure.value),
            interval(code, figure),
            str(figure.count),
        )
        for code, figure in figures.items()
    ]


def interval(code: str, of: Interval) -> str:
    """An interval as shown; a dash for one without meaning."""
    return f"{shown(code, of.low)} – {shown(code, of.high)}" if of.is_firm else "—"


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first row is its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _made_figures(refusal: Row | None) -> dict[str, Figure]:
    if refusal is None:
        return {}
    return {
        f"made_{of}_{side}": Figure(**share)
        for of, shares in (("refused", refusal["product"]), ("fitted", refusal["fitted"]))
        for side, share in shares.items()
        if share["count"]
    }


def _set_section(run: Run, name: str) -> Row:
    each = run.sets[name]
    groups = [
        (label, group, figure_rows({"ndcg_10": figures["ndcg_10"], "hit_1": figures["hit_1"]}))
        for label, grouping in (
            (sentence("group_type"), each.by_type),
            (sentence("group_length"), each.by_length),
        )
        for group, figures in grouping.items()
        if "ndcg_10" in figures
    ]
    return {
        "name": set_name(name),
        "revision": each.revision,
        "documents": each.documents,
        "questions": len(each.rows),
        "threshold": f"{each.refusal['threshold']:.3f}".replace(".", ",") if each.refusal else "",
        "figures": figure_rows(all_figures(run)[name]),
        "notes": set_notes(run, name),
        "groups": groups,
        "worst": _worst(each.rows),
    }


def _worst(rows: Sequence[Row]) -> list[Row]:
    """Answerable questions that retrieval serves worst."""
    judged = [row for row in rows if "ndcg_10" in row["measures"]]
    ranked = sorted(judged, key=lambda row: (row["measures"]["ndcg_10"], row["id"]))
    return [row for row in ranked[:_WORST] if row["measures"]["ndcg_10"] < 1]
