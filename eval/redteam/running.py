"""Runs cases through the API of an instance and says of each what was not as expected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from assistant.domain.tenancy import Principal
from assistant.settings import ModelSettings
from eval.redteam.cases import Call, Case
from eval.redteam.checks import CaseTrace, faults
from eval.redteam.neighbour import Neighbour, upload
from eval.redteam.site import LOCAL_TOKEN, Site, open_site, prompts_of
from eval.redteam.words import words

_NOBODYS = "00000000-0000-4000-8000-000000000000"
_PASSAGES = 200
_STARTED = 202
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Result:
    """How a case ended."""

    case: Case
    faults: tuple[str, ...]
    """What was not as expected, in French; empty when the case is passed."""
    was_run: bool = True
    """False for a case of the model where no endpoint is configured."""
    crash: str = ""
    """The error that ended it before it could be judged; empty when there was none."""

    @property
    def is_passed(self) -> bool:
        """True when it was run to its end and all was as expected."""
        return self.was_run and not self.crash and not self.faults


def run_cases(
    cases: Sequence[Case],
    *,
    endpoint: ModelSettings | None = None,
    limits: Mapping[str, Any] | None = None,
) -> list[Result]:
    """Run cases on fresh instances, in order; those of the model on an endpoint only.

    Args:
        cases: Cases of ours are run with the mock server whatever the endpoint.
        endpoint: The model to test; None leaves its cases out, which their results say.
        limits: Settings that differ from those of a run, by dotted key.
    """
    groups: dict[tuple[bool, bool], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.owner == "ours", case.is_judged), []).append(case)
    results: dict[str, Result] = {}
    for (is_ours, is_judged), group in groups.items():
        if is_ours or endpoint is not None:
            on_endpoint = None if is_ours else endpoint
            with open_site(endpoint=on_endpoint, limits=limits, is_judged=is_judged) as site:
                ended = asyncio.run(_run_all(site, group))
        else:
            ended = [Result(case, (), was_run=False) for case in group]
        results |= {result.case.id: result for result in ended}
    return [results[case.id] for case in cases]


async def _run_all(site: Site, cases: Sequence[Case]) -> list[Result]:
    try:
        async with AsyncExitStack() as stack:
            benches = [_Bench(site, case) for case in cases]
            for bench in benches:
                for http in bench.clients():
                    await stack.enter_async_context(http)
                await bench.upload()
            await asyncio.to_thread(site.settle)
            return [await bench.judged() for bench in benches]
    finally:
        await site.container.aclose()


class _Bench:
    """One case on an instance, in a tenant of its own."""

    def __init__(self, site: Site, case: Case) -> None:
        self._site = site
        self._case = case
        self._principal: Principal = site.new_tenant()
        self.owner: httpx.AsyncClient = site.client(
            site.credentials("owner", owner=self._principal)
        )
        self._neighbour = Neighbour(site, case) if case.neighbour else None
        self._outcome = CaseTrace(secrets=(LOCAL_TOKEN, str(site.data_dir)))
        self._ids: dict[str, str] = {}

    def clients(self) -> list[httpx.AsyncClient]:
        """Who has to be connected first."""
        return [self.owner] + ([] if self._neighbour is None else [self._neighbour.http])

    async def upload(self) -> None:
        """Give the instance the documents of the case."""
        if self._neighbour is not None:
            await self._neighbour.settle_in()
        sent = await upload(self.owner, self._case.documents)
        if sent is None:
            return
        self._outcome.upload = sent.text
        if sent.is_success:
            self._ids["job"] = str(sent.json()["job"]["id"])

    async def judged(self) -> Result:
        """Ask, look at everything, judge."""
        try:
            await self._look_at_documents()
            path = await self._meet_neighbour()
            since = len(self._site.model.bodies) if self._site.model is not None else 0
            if self._case.before_index is not None:
                await self._send(self.owner, self._case.before_index, ids=self._ids)
            await self._ask(path)
            self._outcome.prompts = prompts_of(self._site, since=since)
            await self._call()
            self._check_server()
            found = faults(self._outcome, self._case.expect)
        except (httpx.HTTPError, KeyError, ValueError, ConnectionError) as error:
            return Result(self._case, (), crash=f"{type(error).__name__} : {error}")
        return Result(self._case, tuple(found))

    def _check_server(self) -> None:
        """An internal error of the server proves no defence either.

        Raises:
            ConnectionError: It answered 500.
        """
        if _SERVER_ERROR in {self._outcome.answer_status, self._outcome.called.get("status")}:
            raise ConnectionError(words("server_error"))

    async def _look_at_documents(self) -> None:
        listed = (await self.owner.get("/v1/documents")).json()["documents"]
        self._outcome.documents = listed
        texts: list[str] = []
        views: list[str] = []
        for document in listed:
            self._ids.setdefault("document", document["id"])
            path = f"/v1/documents/{document['id']}/passages"
            found = await self.owner.get(path, params={"limit": _PASSAGES})
            found.raise_for_status()
            for passage in found.json() if document["state"] == "live" else ():
                self._ids.setdefault("passage", passage["chunk_id"])
                texts.append(passage["text"])
                if "page_is_safe" in self._case.expect or "views_lacks" in self._case.expect:
                    shown = await self.owner.get(f"/v1/passages/{passage['chunk_id']}/view")
                    views.append(shown.text)
        self._outcome.passages, self._outcome.views = "\n".join(texts), "\n".join(views)
        if "job" in self._ids:
            items = await self.owner.get(f"/v1/jobs/{self._ids['job']}/items")
            self._outcome.upload += items.text

    async def _meet_neighbour(self) -> str:
        """Note what is the neighbour's; where the question goes: to the conversation that read of it."""
        if self._neighbour is None:
            return "/v1/answers"
        self._site.script.reply = "{prompt}"
        await self._neighbour.be_known()
        self._ids |= self._neighbour.ids
        if not self._case.is_withdrawn:
            return "/v1/answers"
        await self._neighbour.share(self._principal.tenant_id)
        made = await self.owner.post("/v1/conversations", json={"title": "Suite"})
        path = f"/v1/conversations/{made.json()['id']}/messages"
        await self._send_question(path)
        if self._ids["their_document"] not in self._outcome.events:
            raise ValueError(words("nothing_shared"))
        await self._neighbour.withdraw()
        return path

    async def _ask(self, path: str) -> None:
        if not self._case.question:
            return
        self._site.script.reply = _filled(self._case.reply, self._ids)
        await self._send_question(path)

    async def _send_question(self, path: str) -> None:
        """Ask as often at once as the case says; the worst answer counts."""
        case = self._case
        body = {"question": _filled(case.question, self._ids) * case.question_times}
        if path == "/v1/answers":
            body["after"] = case.after
        asked = [self.owner.post(path, json=body) for _ in range(case.at_once)]
        responses = await asyncio.gather(*asked)
        worst = max(responses, key=lambda response: response.status_code)
        self._outcome.answer_status = worst.status_code
        self._outcome.answer = worst.json()
        answer_id = self._outcome.answer.get("answer_id")
        if answer_id:
            self._ids["answer"] = answer_id
            # these end when the answer does
            self._outcome.events = (await self.owner.get(f"/v1/answers/{answer_id}/events")).text
        if worst.status_code == _STARTED:
            self._outcome.answer = (await self.owner.get(f"/v1/answers/{answer_id}")).json()

    async def _call(self) -> None:
        call = self._case.call
        if call is None:
            return
        if "{conversation}" in call.path:
            made = await self.owner.post("/v1/conversations", json={"title": "Dossier privé"})
            self._ids["conversation"] = made.json()["id"]
        headers = self._site.credentials(self._case.caller, owner=self._principal)
        async with self._site.client(headers) as http:
            self._outcome.called = await self._send(http, call, ids=self._ids)
            if "same_as_unknown" in self._case.expect:
                nobodys = dict.fromkeys(self._ids, _NOBODYS)
                self._outcome.unknown = await self._send(http, call, ids=nobodys)

    async def _send(
        self, http: httpx.AsyncClient, call: Call, *, ids: Mapping[str, str]
    ) -> dict[str, Any]:
        path = call.path.format_map(ids)
        body = None if call.body is None else json.loads(_filled(json.dumps(call.body), ids))
        response = await http.request(
            call.method, path, json=body, headers=dict(call.headers), follow_redirects=False
        )
        return {
            "status": response.status_code,
            "text": response.text,
            "headers": dict(response.headers),
        }


def _filled(text: str, ids: Mapping[str, str]) -> str:
    """A text with identifiers in place of their names; whatever else is in braces stays."""
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text
