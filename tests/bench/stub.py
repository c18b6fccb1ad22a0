"""A tiny stand-in for the product, for the benchmark's own tests: it keeps nothing, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import RequestValidator

from bot.bench.phones import OUR_NUMBER, ROUTE, Account, Lane
from bot.bench.wire import Client, frame

BUTTONS = [{"title": "Approve", "id": "{{2}}"}, {"title": "Reject", "id": "{{3}}"}]
PROMPT = {"types": {"twilio/quick-reply": {"body": "{{1}}", "actions": BUTTONS}}}


@dataclass
class Stub:
    """Answers webhooks as the product does. `copies` says how often the message (kind, run number) is sent where that is not
    once; `answer` is the status of every webhook's answer, given after `delay` seconds."""

    account: Account
    provider_port: int
    lanes: tuple[Lane, ...]
    copies: dict[tuple[str, int], int] = field(default_factory=dict)
    answer: int = 200
    bad_signatures: int = 0
    delay: float = 0.0

    def __post_init__(self) -> None:
        self._tokens: dict[str, tuple[int, str, str]] = {}
        self._numbers = itertools.count()
        self._client = Client(self.provider_port)
        self._content = ""
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[None]:
        made = await self._api("/v1/Content", json.dumps(PROMPT).encode(), "application/json")
        self._content = made["sid"]
        async with self._client, await asyncio.start_server(self._visit, "127.0.0.1", port):
            yield
            for writer in self._writers:
                writer.close()
            tasks = [task for task in self._tasks if task.cancel()]
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = b""
        self._writers.append(writer)
        while data := await reader.read(65536):
            received += data
            while (request := frame(received)) is not None:
                received = received[request.size :]
                await asyncio.sleep(self.delay)
                status = self._take(request.head.decode(), request.body)
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 11\r\n\r\n<Response/>".encode())
        writer.close()

    def _take(self, head: str, body: bytes) -> int:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        signature = re.search(r"X-Twilio-Signature: (\S+)", head)
        if not RequestValidator(self.account.token).validate(self.account.base + ROUTE, form, signature and signature[1]):
            self.bad_signatures += 1
            return 403
        if self.answer == 200:
            task = asyncio.create_task(self._handle(form))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self.answer

    async def _handle(self, form: dict[str, str]) -> None:
        sender = form["From"].removeprefix("whatsapp:")
        if "ButtonPayload" in form:
            number, requester, item = self._tokens.pop(form["ButtonPayload"])
            await self._say("confirmation", number, sender, "Thank you")
            await self._say("outcome", number, requester, f"Approved: {item}")
            return
        first, item, _ = form["Body"].split("\n")
        lane = next(lane for lane in self.lanes if lane.phrase == first)
        number, token = next(self._numbers), form["MessageSid"][-22:]
        self._tokens[token] = (number, sender, item)
        await self._say("receipt", number, sender, "Recorded")
        await self._say("prompt", number, lane.approver, item, token)

    async def _say(self, kind: str, number: int, to: str, text: str, token: str = "") -> None:
        form = {"To": f"whatsapp:{to}", "From": f"whatsapp:{OUR_NUMBER}"}
        if token:
            form |= {"ContentSid": self._content, "ContentVariables": json.dumps({"1": text, "2": token, "3": "no"})}
        else:
            form["Body"] = text
        for _ in range(self.copies.get((kind, number), 1)):
            await self._api(f"/2010-04-01/Accounts/{self.account.sid}/Messages.json", urlencode(form).encode())

    async def _api(self, path: str, body: bytes, kind: str = "application/x-www-form-urlencoded") -> dict[str, str]:
        basic = base64.b64encode(f"{self.account.sid}:{self.account.token}".encode()).decode()
        answer = await self._client.post(path, body, {"Content-Type": kind, "Authorization": f"Basic {basic}"})
        assert answer.status == 201, answer
        made: dict[str, str] = json.loads(answer.body)
        return made
