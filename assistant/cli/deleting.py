"""`assistant documents delete`: what exists goes, what does not is named."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.cli.console import note, say
from assistant.cli.failures import ExitCode
from assistant.client import AssistantClient, ClientError
from assistant.domain.catalogue import sentence
from assistant.domain.sources import LABEL_PREFIX, SourceKind
from assistant.schemas.documents import DocumentOut
from assistant.services.submission import UPLOAD

_NOT_FOUND = 404


def delete(client: AssistantClient, ids: Sequence[str], *, erase: bool = False) -> ExitCode:
    """Delete documents one by one, saying of each what became of it.

    Returns:
        0, or 6 when some document is unknown; the others are deleted all the same.

    Raises:
        ClientError: The service failed.
    """
    code = ExitCode.OK
    for id in dict.fromkeys(ids):
        try:
            document = client.get_document(id)
            warning = _warning(client, document, erase=erase)
            if warning:
                note(warning)
            client.delete_document(id, erase=erase)
        except ClientError as error:
            if error.problem.status != _NOT_FOUND:
                raise
            note(sentence("document_unknown", id=id))
            code = ExitCode.REFUSED
            continue
        say(f"{id} effacé." if erase else f"{id} supprimé.")
    return code


def _warning(client: AssistantClient, document: DocumentOut, *, erase: bool) -> str:
    """Said before it goes: whether where it comes from gives it back; empty when nothing does."""
    if document.source == UPLOAD:
        return ""
    if not document.source.startswith(LABEL_PREFIX):
        return sentence("document_comes_back", name=document.name, source=document.source)
    kinds = {each.label: each.kind for each in client.list_sources()}
    kind = kinds.get(document.source)
    if kind is None:  # its source was removed
        return ""
    if kind == SourceKind.PUSH:
        return sentence("document_comes_back_from_program", name=document.name)
    code = "document_kept_out" if erase else "document_comes_back_from_source"
    return sentence(code, name=document.name)
