"""Sizes, signatures and words: each rule with a planted violation that it catches."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.sources import ROOT, Source, functions, parse, product_sources

MAX_FUNCTION_LINES = 50
MAX_FILE_LINES = 400
MAX_POSITIONAL = 2
MAX_COLLABORATORS = 5
REGISTRY_HOSTS = re.compile(
    r"pythonhosted|pypi\.org/simple|registry\.npmjs|--(extra-)?index-url http"
)


def long_functions(source: Source) -> Iterator[str]:
    for node in functions(source):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > MAX_FUNCTION_LINES:
            yield f"{source.path}:{node.lineno} {node.name} has {length} lines"


def long_files(source: Source) -> Iterator[str]:
    length = source.text.count("\n")
    if length > MAX_FILE_LINES:
        yield f"{source.path} has {length} lines"


def many_positionals(source: Source) -> Iterator[str]:
    """Public functions take two at most; constructors and private helpers may take a few more."""
    methods = {
        child
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        for child in node.body
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for node in functions(source):
        if "testing/contracts" in source.path or node.decorator_list:
            continue
        own = 1 if node in methods else 0
        count = len(node.args.posonlyargs) + len(node.args.args) - own
        if count > (MAX_COLLABORATORS if node.name.startswith("_") else MAX_POSITIONAL):
            yield f"{source.path}:{node.lineno} {node.name} takes {count} positional parameters"


def defaulted_scopes(source: Source) -> Iterator[str]:
    for node in functions(source):
        positional = [*node.args.posonlyargs, *node.args.args]
        with_default = positional[len(positional) - len(node.args.defaults) :]
        keyword = [
            argument
            for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if default is not None
        ]
        if any(argument.arg == "scope" for argument in [*with_default, *keyword]):
            yield f"{source.path}:{node.lineno} {node.name} gives its scope a default"


ACCENTS = frozenset("àâçéèêëîïôùûœ«»ÀÂÇÉÈÊËÎÏÔÙÛŒ")
FRENCH_WORDS = frozenset(
    [
        "le",
        "la",
        "les",
        "des",
        "une",
        "du",
        "est",
        "sont",
        "pour",
        "dans",
        "avec",
        "sans",
        "sur",
        "par",
        "aucun",
        "jeu",
        "mesure",
    ]
)
"""Of which a French sentence can hardly do without."""
FRENCH_DATA = (
    "eval/bench/indexing.py",
    "eval/contradiction_pairs.py",
    "eval/redteam/checks.py",
    "eval/redteam/documents.py",
    "eval/redteam/running.py",
    "eval/redteam/site.py",
    "eval/sample/build.py",
    "eval/tuning/axes.py",
    "eval/verification_changes.py",
    "eval/verification_pairs.py",
)
"""Modules whose French is what is measured: documents, questions, rules on words."""


def is_french(text: str) -> bool:
    """True for a text with an accent, or of several words with one that is French."""
    words = re.findall(r"\w+", text.lower())
    return not ACCENTS.isdisjoint(text) or (
        " " in text.strip() and not FRENCH_WORDS.isdisjoint(words)
    )


def french_outside_catalogues(source: Source) -> Iterator[str]:
    """Texts of the evaluations that people may read, written in the code."""
    if not source.path.startswith("eval/") or source.path in FRENCH_DATA:
        return
    docstrings = {
        node.value
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Constant) or node in docstrings:
            continue
        if isinstance(node.value, str) and is_french(node.value):
            yield f"{source.path}:{node.lineno} says {node.value[:40]!r}"


RULES: dict[str, tuple[Callable[[Source], Iterator[str]], str]] = {
    "function length": (long_functions, "def f():\n" + "    x = 1\n" * 51),
    "file length": (long_files, "x = 1\n" * 401),
    "positional parameters": (many_positionals, "def f(a, b, c):\n    pass\n"),
    "French outside catalogues": (french_outside_catalogues, "print('La mesure est perdue')"),
    "scope without default": (defaulted_scopes, "def read(*, scope=None):\n    pass\n"),
}


@pytest.fixture(scope="module")
def breaches() -> dict[str, list[str]]:
    """Of each rule; the trees of all modules would be a weight in memory for every later test."""
    found: dict[str, list[str]] = {rule: [] for rule in RULES}
    for source in product_sources():
        for rule, (check, _) in RULES.items():
            found[rule] += check(source)
    return found


@pytest.mark.parametrize("rule", RULES)
def test_rule_holds_for_every_module(breaches: dict[str, list[str]], rule: str) -> None:
    assert breaches[rule] == []


@pytest.mark.parametrize("rule", RULES)
def test_rule_catches_a_planted_violation(rule: str) -> None:
    check, violation = RULES[rule]

    assert list(check(parse("eval/planted.py", violation)))


@pytest.mark.parametrize(
    "text",
    [
        "parser.add_argument('x', help='dossier pour les mesures')",
        "print(f'{count} réponses perdues')",
        "raise ValueError(f'{name}, ligne {number} : illisible dans le fichier')",
        "head = ('mesure', 'écart')",
    ],
)
def test_french_is_found_wherever_it_is_written(text: str) -> None:
    assert list(french_outside_catalogues(parse("eval/planted.py", text)))


def french_of_template(text: str) -> list[str]:
    """Lines of a template that are French once its own words are taken out."""
    plain = re.sub(r"(?s)<style>.*?</style>|{[{%].*?[%}]}|</?[a-z][^>]*>", " ", text)
    labels = re.findall(r'(?:aria-label|title|alt)="([^"{]*)"', text)
    return [line for line in (*plain.splitlines(), *labels) if is_french(line)]


def test_no_template_of_the_evaluations_is_written_in_french() -> None:
    templates = sorted((ROOT / "eval").rglob("*.j2"))

    assert templates
    assert [
        line for path in templates for line in french_of_template(path.read_text("utf-8"))
    ] == []
    assert french_of_template("<p>Par type et par longueur</p>\n<p>{{ say('du jeu') }}</p>") == [
        " Par type et par longueur "
    ]
    assert french_of_template('<img alt="Refus à tort">') == ["Refus à tort"]


def test_names_and_docstrings_are_no_french_sentences() -> None:
    text = (
        '"""Mesure le temps pour une page."""\nx = ["made", "sur.a", "eval-sans", "JEU", "p. 3"]\n'
    )

    assert list(french_outside_catalogues(parse("eval/planted.py", text))) == []
    assert [name for name in FRENCH_DATA if not (ROOT / name).is_file()] == []


WITHOUT_SCOPE = {
    # Before there is a scope: who calls is being found out.
    "SessionRepository": {
        "add_link",
        "take_link",
        "add",
        "find",
        "revoke",
        "revoke_of",
        "note_use",
    },
    # Writes of entities that name their own tenant and collection, read within a scope before.
    "DocumentRepository": {"add", "update"},
    "JobRepository": {"add", "update", "update_item"},
    "ConversationRepository": {
        "add",
        "update",
        "add_message",
        "set_message_text",
        "forget_unused",
    },
    # Feedback names its own person; counts are of whole tenants and show nobody.
    "FeedbackRepository": {"put", "add_counts", "counts", "shared"},
    # For auditors, whom services let through first: facts of conversations, never their words.
    "InspectionRepository": {"add", "overview", "facts"},
    # The keeper of answers writes what it streams, and nothing of it is returned to a reader.
    "AnswerRepository": {
        "add",
        "append_events",
        "finish",
        "running",
        "is_cancel_requested",
        "request_cancel_of",
        "forget_stateless",
    },
    # A set names its own tenant; evaluations are run as their person, whose scope is computed anew.
    "QuestionSetRepository": {"add"},
    "EvaluationRepository": {
        "add",
        "is_cancel_requested",
        "next_unfinished",
        "update",
        "drop_rows",
        "add_row",
    },
    # Sources and runs name their own tenant; they were found within the scope.
    "SourceRepository": {"add", "update", "set_sealed", "set_times", "add_run", "update_run"},
    # The applier's side of the index, all tenants at once.
    "ChunkIndex": {
        "embedder",
        "upsert",
        "remove_version",
        "count_all",
        "held_versions",
        "iter_points",
        "find_points",
        "remove_points",
        "flush",
        "close",
    },
    # The chain as a whole: to go on with it, and to verify it; the sink of heads is the instance's.
    "AuditTrail": {"record", "record_in"},
    "AuditRepository": {"append", "pseudonym_of", "last", "last_of", "find", "walk_on"},
    "HeadSink": {"append", "noted"},
    # The transaction itself, and the way to its repositories.
    "UnitOfWork": {
        "tenancy",
        "estates",
        "people",
        "groups",
        "invitations",
        "keys",
        "passwords",
        "identities",
        "audit",
        "documents",
        "curation",
        "chunks",
        "links",
        "vectors",
        "ledger",
        "jobs",
        "queue",
        "sessions",
        "federation",
        "conversations",
        "answers",
        "feedback",
        "cuts",
        "generations",
        "inspections",
        "question_sets",
        "evaluations",
        "usage",
        "sources",
        "source_queue",
        "reconciliation",
        "corpus_health",
        "__enter__",
        "__exit__",
        "lock",
        "commit",
    },
}
"""All that a port lets its caller do without a scope. Whatever a person asks for is not here."""
SCOPED_PORTS = (
    "assistant/ports/repositories.py",
    "assistant/ports/audit.py",
    "assistant/ports/conversations.py",
    "assistant/ports/documents.py",
    "assistant/ports/evaluations.py",
    "assistant/ports/feedback.py",
    "assistant/ports/index.py",
    "assistant/ports/sources.py",
)


WITHOUT_TENANT = {
    # Writes of entities that name their own tenant, and look-ups for who presents a credential.
    "PeopleRepository": {"add", "update", "standing", "note_seen", "list_by_email"},
    "GroupRepository": {"add", "rename"},
    "InvitationRepository": {"put", "take", "find_by_code"},
    "KeyRepository": {"add", "find", "delete_of", "note_used"},
    "IdentityRepository": {"keep", "find"},
}
"""All that the ports of people let their caller do without saying within which tenant."""


def methods_without_scope(source: Source, *, keyword: str = "scope") -> Iterator[str]:
    """Methods of a module's protocols that take no `scope` keyword, or give it a default."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for method in node.body:
            if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            keywords = zip(method.args.kwonlyargs, method.args.kw_defaults, strict=True)
            if not any(each.arg == keyword and default is None for each, default in keywords):
                yield f"{node.name}.{method.name}"


def source_of(path: str) -> Source:
    return parse(path, (ROOT / path).read_text("utf-8"))


def test_every_method_of_a_port_takes_a_scope_but_those_listed() -> None:
    listed = {f"{port}.{name}" for port, names in WITHOUT_SCOPE.items() for name in names}
    found = {breach for path in SCOPED_PORTS for breach in methods_without_scope(source_of(path))}

    assert found - listed == set()
    assert listed - found == set(), "these exceptions are no longer needed"


def test_every_method_about_people_names_a_tenant_but_those_listed() -> None:
    listed = {f"{port}.{name}" for port, names in WITHOUT_TENANT.items() for name in names}
    people = source_of("assistant/ports/people.py")

    assert set(methods_without_scope(people, keyword="tenant_id")) == listed


@pytest.mark.parametrize(
    "parameters",
    ["self, vector, *, limit", "self, vector, scope", "self, vector, *, scope=None", "self"],
)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_new_method_without_scope_is_caught(kind: str, parameters: str) -> None:
    planted = f"class ChunkIndex:\n    {kind} search_new({parameters}):\n        ...\n"

    assert list(methods_without_scope(parse("planted.py", planted))) == ["ChunkIndex.search_new"]


def tracked_text() -> Iterator[tuple[str, str]]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        is_text = path.suffix in {".py", ".txt", ".md", ".toml", ".yml", ".json", ".in"}
        if is_text and path.exists() and "tests/architecture" not in name:
            yield name, path.read_text("utf-8")


def test_no_file_names_a_registry_host() -> None:
    assert [name for name, text in tracked_text() if REGISTRY_HOSTS.search(text)] == []


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_every_locked_package_is_pinned_with_hashes(lock: str) -> None:
    text = (ROOT / "locks" / f"{lock}.txt").read_text("utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", text), flags=re.IGNORECASE)

    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
