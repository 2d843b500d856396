"""Calls about sources of documents; for administrators."""

from __future__ import annotations

from assistant.client.transport import Transport
from assistant.schemas.sources import (
    SourceChangeIn,
    SourceIn,
    SourceOut,
    SourcePlaces,
    SourceRunOut,
    SourceTested,
    SourceTestIn,
)

_SOURCES = "/api/v1/sources"
_TEST_S = 60.0


class SourceCalls:
    """The part of the client that deals with sources."""

    _transport: Transport

    def list_sources(self) -> list[SourceOut]:
        """The sources of the tenant, by name."""
        return self._transport.call("GET", _SOURCES, returns=list[SourceOut])

    def source_places(self) -> SourcePlaces:
        """The folders and servers that the operator opened to the tenant."""
        return self._transport.call("GET", f"{_SOURCES}/places", returns=SourcePlaces)

    def get_source(self, source_id: str) -> SourceOut:
        """A source and how it stands."""
        return self._transport.call("GET", f"{_SOURCES}/{source_id}", returns=SourceOut)

    def add_source(self, asked: SourceIn) -> SourceOut:
        """Make a source."""
        return self._transport.call("POST", _SOURCES, returns=SourceOut, json=_body(asked))

    def change_source(self, source_id: str, asked: SourceChangeIn) -> SourceOut:
        """Write a source anew."""
        return self._transport.call(
            "PUT", f"{_SOURCES}/{source_id}", returns=SourceOut, json=_body(asked)
        )

    def test_source(self, asked: SourceTestIn) -> SourceTested:
        """Try the way to a place. Raises `ClientError` with the reason when it does not answer."""
        return self._transport.call(
            "POST",
            f"{_SOURCES}/test",
            returns=SourceTested,
            json=_body(asked),
            timeout=_TEST_S,
        )

    def remove_source(self, source_id: str, *, keeps_documents: bool) -> None:
        """Remove a source, with or without its documents."""
        keeps = "true" if keeps_documents else "false"
        self._transport.send("DELETE", f"{_SOURCES}/{source_id}?keeps_documents={keeps}")

    def list_source_runs(self, source_id: str, *, limit: int = 10) -> list[SourceRunOut]:
        """Looks at a source, newest first."""
        return self._transport.call(
            "GET",
            f"{_SOURCES}/{source_id}/runs",
            returns=list[SourceRunOut],
            params={"limit": limit},
        )

    def plan_source(self, source_id: str) -> SourceRunOut:
        """Ask what a run would change."""
        return self._transport.call("POST", f"{_SOURCES}/{source_id}/plan", returns=SourceRunOut)

    def sync_source(self, source_id: str) -> SourceRunOut:
        """Ask for the documents of a source to be brought in line."""
        return self._transport.call("POST", f"{_SOURCES}/{source_id}/sync", returns=SourceRunOut)

    def decide_source_run(self, source_id: str, run_id: str, *, is_approved: bool) -> SourceOut:
        """Approve or refuse the removals of a plan that waits."""
        act = "approve" if is_approved else "refuse"
        path = f"{_SOURCES}/{source_id}/runs/{run_id}/{act}"
        return self._transport.call("POST", path, returns=SourceOut)

    def cancel_source_run(self, source_id: str, run_id: str) -> SourceOut:
        """Stop a look that is queued or under way."""
        path = f"{_SOURCES}/{source_id}/runs/{run_id}/cancel"
        return self._transport.call("POST", path, returns=SourceOut)

    def let_erased_file_in(self, source_id: str, erased_id: str) -> SourceOut:
        """Have looks take a file again whose document was erased."""
        path = f"{_SOURCES}/{source_id}/erased/{erased_id}"
        return self._transport.call("DELETE", path, returns=SourceOut)


def _body(asked: SourceChangeIn | SourceTestIn) -> dict[str, object]:
    """The wire form, the password included: the one place where it is written out."""
    body = asked.model_dump(mode="json")
    if asked.password is not None:
        body["password"] = asked.password.get_secret_value()
    return body
