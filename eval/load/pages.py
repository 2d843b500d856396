"""A person at the web interface, without a browser: Streamlit's own messages over its websocket.

What a browser would draw is read from the messages; only what the person waits for is looked at.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from assistant.schemas.wire import SESSION_COOKIE
from eval.load.people import ANSWER_TIMEOUT_S, Heard
from eval.words import Words

_WORDS = Words("eval.load")

_STREAM = "/_stcore/stream"
_ANSWER = re.compile(r'<section class="answer (?P<status>[a-z_]+)"')
_TEXT = re.compile(r'<div class="answer-text">(?P<text>.*?)</div>', re.DOTALL)


class PagePerson:
    """One browser session, signed in, on the conversation page."""

    def __init__(self, connection: ClientConnection) -> None:
        """Take an open websocket; `open_page` comes before the first question."""
        self._connection = connection
        self._input_id = ""
        self._page_hash = ""

    async def open_page(self) -> None:
        """Load the page, as a browser does when it connects.

        Raises:
            TimeoutError: The page was not drawn in time.
            RuntimeError: It was drawn without its question field.
        """
        await self._send(BackMsg())
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while not await self._is_drawn():
                pass
        if not self._input_id:
            raise RuntimeError(_WORDS.sentence("page_without_field"))

    async def ask(self, question: str) -> Heard:
        """Type a question into a new conversation and watch until its answer stands there."""
        heard = Heard()
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page_hash
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self._input_id
        state.chat_input_value.data = question
        try:
            await self._send(message)
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._watch(heard)
        except (WebSocketException, TimeoutError) as error:
            heard.error = type(error).__name__
        return heard

    async def _watch(self, heard: Heard) -> None:
        """Read the page from the run that the question began; a refusal may stand there at once."""
        while not await self._is_begun():
            pass
        while not (heard.status or heard.error):
            message = await self._receive()
            found = _ANSWER.search(_html(message))
            if found is not None:
                _note_text(message, heard)
                heard.status = "" if found["status"] == "running" else found["status"]
                heard.error = "failed" if heard.status == "failed" else ""
            elif _ends_drawing(message):
                heard.error = "page_without_answer"
                return
        while not await self._is_drawn():
            pass

    async def _is_begun(self) -> bool:
        """Take one message; true when it begins a run of the page."""
        return (await self._receive()).WhichOneof("type") == "new_session"

    async def _is_drawn(self) -> bool:
        """Take one message; true when it ends the drawing of the page."""
        return _ends_drawing(await self._receive())

    async def _receive(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(await self._connection.recv(decode=False))
        if message.WhichOneof("type") == "new_session":
            self._page_hash = message.new_session.page_script_hash
        element = message.delta.new_element
        if element.WhichOneof("type") == "chat_input":
            self._input_id = element.chat_input.id
        return message

    async def _send(self, message: BackMsg) -> None:
        # An empty address is a new conversation: the question begins it.
        message.rerun_script.query_string = ""
        await self._connection.send(message.SerializeToString())


@asynccontextmanager
async def open_person(url: str, *, token: str) -> AsyncGenerator[PagePerson]:
    """Sign in by a link, open the websocket as the page's script does, and load the page."""
    cookie = await _session(url, token=token)
    place = urlsplit(url)
    async with connect(
        f"ws://{place.netloc}{_STREAM}",
        origin=url,  # pyright: ignore[reportArgumentType] - a NewType of str
        subprotocols=["streamlit"],  # pyright: ignore[reportArgumentType] - likewise
        additional_headers={"Cookie": f"{SESSION_COOKIE}={cookie}"},
        max_size=None,
        max_queue=None,
        proxy=None,
    ) as connection:
        person = PagePerson(connection)
        await person.open_page()
        yield person


async def _session(url: str, *, token: str) -> str:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        owner = {"Authorization": f"Bearer {token}"}
        made = await http.post("/api/auth/links", headers=owner)
        made.raise_for_status()
        await http.post(made.json()["url"], headers={"Sec-Fetch-Site": "same-origin"})
        return http.cookies[SESSION_COOKIE]


def _ends_drawing(message: ForwardMsg) -> bool:
    return (
        message.WhichOneof("type") == "script_finished"
        and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    )


def _html(message: ForwardMsg) -> str:
    element = message.delta.new_element
    return element.html.body if element.WhichOneof("type") == "html" else ""


def _note_text(message: ForwardMsg, heard: Heard) -> None:
    found = _TEXT.search(_html(message))
    heard.grew(len(found["text"]) if found else 0)
