"""Each defence of the product and how it is taken away, to prove that some case would see it gone."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

from eval.redteam import without

Substitute = Callable[[Any], Any]
"""From what stands at a place of the program to what takes its place."""

_NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Removal:
    """What is put in the place of a defence."""

    patches: Mapping[str, Substitute] = field(default_factory=dict[str, Substitute])
    """By place, "module:name" or "module:Class.name"."""
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings that lift a bound, by dotted key."""


@contextmanager
def removed(removal: Removal) -> Generator[None]:
    """The program without a defence, until the end of the block."""
    with ExitStack() as stack:
        for place, substitute in removal.patches.items():
            stack.enter_context(_patched(place, substitute))
        yield


@contextmanager
def _patched(place: str, substitute: Substitute) -> Generator[None]:
    module, _, path = place.partition(":")
    *parents, name = path.split(".")
    owner: Any = import_module(module)
    for parent in parents:
        owner = getattr(owner, parent)
    there = cast("dict[str, Any]", vars(owner))[name]
    setattr(owner, name, substitute(there))
    try:
        yield
    finally:
        setattr(owner, name, there)


def _answering(value: Any) -> Substitute:
    """A function that answers the same whatever it is given."""

    def function(*args: Any, **options: Any) -> Any:
        del args, options
        return value

    return lambda _: function


def _being(value: Any) -> Substitute:
    return lambda _: value


_NOTHING = _answering(None)
_NO = _answering(False)
_YES = _answering(True)

DEFENCES: Mapping[str, Removal] = {
    "output": Removal({"assistant.answering.draft:OutputSanitizer": _being(without.Unclean)}),
    "quotes": Removal({"assistant.answering.units:sanitize": _being(without.as_it_is)}),
    "markers": Removal({"assistant.answering.draft:CitationParser": _being(without.Believing)}),
    "frame": Removal({"assistant.answering.prompt:_code": _answering("0123456789abcdef")}),
    "rules": Removal({"assistant.answering.prompt:_template": without.unruly}),
    "hidden_docx": Removal({"ingest.parsers.word.docx:visible_docx": _being(without.whole_docx)}),
    "hidden_odt": Removal(
        {"ingest.parsers.word.odt:drop_hidden": _NO, "ingest.parsers.slides.odp:drop_unseen": _NO}
    ),
    "hidden_pdf": Removal({"ingest.parsers.pdf.hidden:_hidden_runs": _answering([])}),
    "hidden_html": Removal({"ingest.parsers.text.html:drop_invisible": _NO}),
    "hidden_sheets": Removal(
        {"ingest.parsers.sheets.ods:_is_hidden": _NO, "ingest.parsers.sheets.xlsx:_is_true": _NO}
    ),
    "hidden_slides": Removal({"ingest.parsers.slides.pptx:drop_hidden": _NO}),
    "comments": Removal({"ingest.parsers.word.odt:SKIPPED": _being(frozenset[str]())}),
    "unicode": Removal(
        {
            "ingest.draft:clean_text": _being(str),
            "ingest.parsers.text.plain:clean_text": _being(str),
        }
    ),
    "question_signs": Removal(
        {
            "assistant.services.search:seen_text": _being(str),
            "assistant.services.answers:seen_text": _being(str),
        }
    ),
    "suspicions": Removal({"ingest.reading:find_quality": without.trusting}),
    "duplicates": Removal({"assistant.answering.copies:normalised": without.each_apart}),
    "crowds": Removal({"assistant.answering.copies:Crowd.has_room": _YES}),
    "refusal": Removal({"assistant.answering.sufficiency:Judge.sufficiency": _answering(1.0)}),
    "witnesses": Removal(
        {
            "assistant.answering.sufficiency:is_witness": _YES,
            "assistant.answering.retriever:is_witness": _YES,
        }
    ),
    "places": Removal({"assistant.answering.retriever:places_of": _answering([])}),
    "scope": Removal({"assistant.services.access:AccessService.scope_of": without.all_grants}),
    "fresh_scope": Removal(
        {"assistant.adapters.sql.tenancy:SqlTenancyRepository.scope_of": without.remembered}
    ),
    "owned": Removal({"assistant.services.access:AccessService.owned_scope": without.all_grants}),
    "neighbours": Removal(
        {
            "assistant.services.usage:administered_tenant": _being(without.of_all_tenants),
            "assistant.services.people:found_person": _being(without.any_person),
        }
    ),
    "live": Removal({"assistant.adapters.sql.chunks:live_chunks": without.unconditional}),
    "own_conversations": Removal(
        {"assistant.adapters.sql.conversations:of_reader": _being(without.anyone)}
    ),
    "own_answers": Removal(
        {
            "assistant.adapters.sql.answers:of_reader": _being(without.anyone),
            "assistant.services.answers:AnswerService._live": _being(without.any_live),
        }
    ),
    "roles": Removal({"assistant.domain.tenancy:Principal.is_admin": _being(True)}),
    "token": Removal({"assistant.api.auth:Gate.check_token": _NOTHING}),
    "sessions": Removal({"assistant.adapters.sql.sessions:SqlSessionRepository.revoke": _NOTHING}),
    "origin": Removal({"assistant.api.auth:Gate.check_origin": _NOTHING}),
    "hosts": Removal({"assistant.api.frontier:is_own_host": _YES}),
    "question_length": Removal(limits={"limits.question_chars": _NO_LIMIT}),
    "request_size": Removal({"assistant.api.app:Frontier": without.wide}),
    "answer_length": Removal(limits={"model.max_tokens": 32768}),
    "concurrency": Removal(limits={"limits.concurrent_answers": _NO_LIMIT}),
    "passage_length": Removal(
        limits={"retrieval.passages": 50, "retrieval.passage_tokens": _NO_LIMIT}
    ),
    "archives": Removal(
        limits={"ingest.max_expanded_mb": 1000, "ingest.max_expansion_ratio": _NO_LIMIT}
    ),
    "file_size": Removal(limits={"ingest.max_file_mb": 50}),
    "text_size": Removal(limits={"ingest.max_text_mb": 50}),
    "file_names": Removal({"assistant.services.submission:is_safe_name": _YES}),
    "entities": Removal({"ingest.parsers.word.odt:parse_xml": _being(without.trusting_xml)}),
    "pages": Removal({"assistant.api.routes.passages:page": _being(without.unescaped_page)}),
    "headers": Removal(
        {
            "assistant.api.pages:CONTENT_SECURITY_POLICY": _being(""),
            "assistant.api.frontier:API_HEADERS": _being({}),
        }
    ),
    "download": Removal({"assistant.api.routes.documents:FileResponse": without.inline}),
}
"""How each defence of `messages.fr.toml` is removed, by its key."""
