"""A browser as the server sees it: a session of Streamlit's own protocol over its websocket, which draws nothing.

Twenty Chromiums on the machine of the server would measure themselves: their drawing takes more of the processors than
the server does. A visitor asks for pages, takes all that is sent, and repeats fragments as often as a page says so.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

FINISHED = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}
PATIENCE_S = 60


@dataclass
class Visits:
    """What visitors met with: seconds until a page was there, how often a fragment was repeated, errors in words."""

    seconds: list[float] = field(default_factory=list)
    repeats: int = 0
    errors: list[str] = field(default_factory=list)


class Visitor:
    """One session. `view` asks for a page and waits until the server has sent all of it."""

    def __init__(self, connection: ClientConnection, visits: Visits) -> None:
        self._connection = connection
        self._visits = visits
        self._page = ""
        self._begun = False
        self._done = asyncio.Event()
        self._repeating: dict[str, asyncio.Task[None]] = {}

    async def view(self, page: str) -> None:
        """`page` is its place in the URL."""
        self.leave()
        self._page, self._begun = page, False
        self._done.clear()
        began = time.perf_counter()
        await self._ask()
        try:
            await asyncio.wait_for(self._done.wait(), PATIENCE_S)
        except TimeoutError:
            self._visits.errors.append(f"/{page} was not there after {PATIENCE_S} s")
        self._visits.seconds.append(time.perf_counter() - began)

    async def listen(self) -> None:
        """Take what the server sends, until the connection closes."""
        async for frame in self._connection:
            message = ForwardMsg.FromString(frame)
            match message.WhichOneof("type"):
                case "new_session":
                    self._begun = True  # what ends before is the page that was left
                case "delta":
                    self._look_for_errors(message)
                case "auto_rerun":
                    self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
                case "stop_auto_rerun":
                    self.leave()
                case "page_not_found":
                    self._visits.errors.append(f"/{self._page} was not found")
                case "script_finished" if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    if self._begun:
                        self._done.set()
                case "script_finished" if message.script_finished not in FINISHED:
                    name = ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)
                    if name != "FINISHED_EARLY_FOR_RERUN":
                        self._visits.errors.append(f"/{self._page} ended with {name}")

    async def _ask(self, fragment: str = "") -> None:
        request = BackMsg()
        request.rerun_script.page_name = self._page
        request.rerun_script.fragment_id = fragment
        request.rerun_script.is_auto_rerun = bool(fragment)
        await self._connection.send(request.SerializeToString())

    def _look_for_errors(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        if element.HasField("exception"):
            self._visits.errors.append(f"/{self._page}: {element.exception.message}")
        elif element.HasField("alert") and element.alert.format == Alert.ERROR:
            self._visits.errors.append(f"/{self._page}: {element.alert.body}")

    def _repeat(self, fragment: str, interval: float) -> None:
        if fragment not in self._repeating:
            self._repeating[fragment] = asyncio.create_task(self._repeat_every(fragment, interval))

    async def _repeat_every(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await self._ask(fragment)
            self._visits.repeats += 1

    def leave(self) -> None:
        """Let no fragment be repeated any more."""
        for task in self._repeating.values():
            task.cancel()
        self._repeating.clear()


async def crowd(url: str, pages: list[str], visitors: int, rounds: int, stay_s: float) -> Visits:
    """Visitors who all read all pages, each beginning with another one and staying a while on each."""
    visits = Visits()

    async def visit(number: int) -> None:
        address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
        # What goes wrong in one of the tasks ends them all.
        async with (
            connect(address, subprotocols=["streamlit"], max_size=None) as connection,
            asyncio.TaskGroup() as both,
        ):
            visitor = Visitor(connection, visits)
            listening = both.create_task(visitor.listen())
            await asyncio.sleep(stay_s * number / visitors)
            for turn in range(rounds * len(pages)):
                await visitor.view(pages[(number + turn) % len(pages)])
                await asyncio.sleep(stay_s)
            visitor.leave()
            listening.cancel()

    async with asyncio.TaskGroup() as everybody:
        for number in range(visitors):
            everybody.create_task(visit(number))
    return visits
