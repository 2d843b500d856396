"""Another tenant beside that of a case: its documents, and the identifiers that an attack may name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from assistant.domain.tenancy import Principal
from eval.redteam.cases import Case, HostileDocument
from eval.redteam.documents import make
from eval.redteam.site import Site
from eval.redteam.words import words


class Neighbour:
    """The administrator of the other tenant, who does nothing wrong."""

    def __init__(self, site: Site, case: Case) -> None:
        self._case = case
        self._principal: Principal = site.new_tenant()
        self.http: httpx.AsyncClient = site.client(site.credentials("owner", owner=self._principal))
        self.ids: dict[str, str] = {
            "their_tenant": self._principal.tenant_id,
            "their_person": self._principal.person_id,
        }
        """By the name of the placeholder that stands for each."""

    async def settle_in(self) -> None:
        """Keep its documents in its one collection."""
        (collection,) = (await self.http.get("/v1/collections/owned")).json()
        self.ids["their_collection"] = collection["id"]
        await upload(self.http, self._case.neighbour)

    async def be_known(self) -> None:
        """Ask a question of its own, once its documents are live; notes what everything is called.

        Raises:
            ValueError: Its documents are not live: the case would prove nothing.
        """
        (document, *_) = (await self.http.get("/v1/documents")).json()["documents"]
        self.ids["their_document"] = document["id"]
        path = f"/v1/documents/{document['id']}/passages"
        (passage, *_) = (await self.http.get(path)).json()
        self.ids["their_passage"] = passage["chunk_id"]
        asked = {"question": self._case.question or words("their_question")}
        self.ids["their_answer"] = (await self.http.post("/v1/answers", json=asked)).json()[
            "answer_id"
        ]
        made = await self.http.post("/v1/conversations", json={"title": "Dossier voisin"})
        self.ids["their_conversation"] = made.json()["id"]

    async def share(self, with_tenant: str) -> None:
        """Let the people of another tenant read its collection."""
        await self._change({"audience": "tenants", "tenants": [with_tenant]})

    async def withdraw(self) -> None:
        """Keep its collection for itself again."""
        await self._change({"audience": "tenant"})

    async def _change(self, body: Mapping[str, Any]) -> None:
        path = f"/v1/collections/{self.ids['their_collection']}"
        changed = await self.http.patch(path, json=body)
        if not changed.is_success:
            raise ValueError(words("not_shared", status=changed.status_code))


async def upload(
    http: httpx.AsyncClient, documents: Sequence[HostileDocument]
) -> httpx.Response | None:
    """Send documents of a case to the instance; None when there are none."""
    files = [
        ("files", (each.name, make(each.format, text=each.text, hidden=each.hidden, how=each.how)))
        for document in documents
        for each in document.named()
    ]
    return await http.post("/v1/documents", files=files) if files else None
