"""The load: approval runs over signed webhooks, each followed from its request to the outcome on the requester's phone.

A run is two webhooks: a requester's first message, and the approver's tap, made as soon as the prompt is on the approver's phone.
The load knows only what phones see (the provider's log), so it finds a lost or doubled message without asking the product.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from bot.bench.phones import ROUTE, Lane, Phones, Webhook
from bot.bench.wire import Client, WireError

LOST_AFTER = 20.0
"""Seconds after which a run that did not finish counts as lost."""
MARK = re.compile(r"paper b\d+x")
OUTCOME = "Approved: "
APPROVE = "approve"


class Ack(NamedTuple):
    """A webhook: when it was due to be sent and when its answer was read (monotonic seconds)."""

    due: float
    answered: float


class Reply(NamedTuple):
    """A webhook and the first message to its sender that the provider accepted (monotonic seconds)."""

    due: float
    accepted: float


@dataclass(slots=True, eq=False)
class Approval:
    """One approval run as the phones see it; each list holds the times (monotonic seconds) of sends of that kind."""

    mark: str
    requester: str
    lane: Lane
    asked_at: float
    prompted: asyncio.Future[dict[str, Any]]
    concluded: asyncio.Future[None]
    tapped_at: float = 0.0
    ended_at: float = 0.0
    receipts: list[float] = field(default_factory=list)
    prompts: list[float] = field(default_factory=list)
    confirmations: list[float] = field(default_factory=list)
    outcomes: list[float] = field(default_factory=list)

    def seen(self) -> tuple[list[float], ...]:
        """The times of all its sends, by kind."""
        return self.receipts, self.prompts, self.confirmations, self.outcomes

    def problems(self) -> list[str]:
        """What is missing or doubled, in words."""
        kinds = {"receipt": self.receipts, "prompt": self.prompts, "confirmation": self.confirmations, "outcome": self.outcomes}
        return [f"{self.mark}: {len(times)} {kind} messages instead of 1" for kind, times in kinds.items() if len(times) != 1]


class Load:
    """Plays requesters and approvers against one server. `show` must be called with each message of the provider's log. No run
    is begun after the first problem: there will be no figure."""

    def __init__(self, client: Client, phones: Phones, requesters: Sequence[str], lanes: Sequence[Lane], seed: int = 0) -> None:
        self.approvals: list[Approval] = []
        self.acks: list[Ack] = []
        self.problems: list[str] = []
        self.sids: list[str] = []
        self._client, self._phones, self._lanes = client, phones, lanes
        self._free = deque(requesters)
        self._marked: dict[str, Approval] = {}
        self._latest: dict[str, Approval] = {}
        self._tapped: dict[str, deque[Approval]] = {lane.approver: deque() for lane in lanes}
        self._random = random.Random(seed)  # noqa: S311 - arrival times, not secrets

    # --- the two ways to drive ---------------------------------------------------------------------------------------

    async def saturate(self, seconds: float, in_flight: int) -> None:
        """Closed loop: keep `in_flight` runs going for `seconds`, then let those that began end."""
        until = time.monotonic() + seconds

        async def slot() -> None:
            while time.monotonic() < until and not self.problems:
                await self._approval(time.monotonic())

        await asyncio.gather(*(slot() for _ in range(in_flight)))

    async def pace(self, seconds: float, rate: float) -> None:
        """Open loop: `rate` messages a second, so half as many runs, begun at random moments (Poisson) whatever the server does.
        Each time is counted from the moment the message was due, so that a stall is not hidden by waiting for it."""
        begin = time.monotonic()
        due, begun = begin, list[asyncio.Task[None]]()
        while (due := due + self._random.expovariate(rate / 2)) < begin + seconds and not self.problems:
            await asyncio.sleep(due - time.monotonic())
            begun.append(asyncio.create_task(self._approval(due)))
        await asyncio.gather(*begun)

    # --- one run -----------------------------------------------------------------------------------------------------

    async def _approval(self, due: float) -> None:
        if not self._free:
            self.problems.append("all contacts have an open run: more contacts are needed")
            return
        loop, number = asyncio.get_running_loop(), len(self.approvals)
        requester, lane = self._free.popleft(), self._lanes[number % len(self._lanes)]
        run = Approval(f"paper b{number}x", requester, lane, due, loop.create_future(), loop.create_future())
        self.approvals.append(run)
        self._marked[run.mark] = self._latest[requester] = run
        try:
            async with asyncio.timeout(LOST_AFTER):
                await self._follow(run)
        except TimeoutError:
            self.problems.append(f"{run.mark}: not finished after {LOST_AFTER:.0f} s")
        except (WireError, OSError) as error:
            self.problems.append(f"{run.mark}: {error}")
        self._free.append(requester)

    async def _follow(self, run: Approval) -> None:
        text = f"{run.lane.phrase}\nitem: {run.mark}\namount: 4500"
        await self._post(self._phones.writes(run.requester, text), run.asked_at)
        prompt = await run.prompted
        label, payload = next(button for button in prompt["buttons"] if button[0].casefold() == APPROVE)
        run.tapped_at = time.monotonic()
        self._tapped[run.lane.approver].append(run)
        await self._post(self._phones.taps(run.lane.approver, label, payload, prompt["sid"]), run.tapped_at)
        await run.concluded

    async def _post(self, webhook: Webhook, due: float) -> None:
        answer = await self._client.post(ROUTE, webhook.body, webhook.headers)
        if answer.status // 100 != 2:
            raise WireError(f"the webhook was answered {answer.status}")
        self.acks.append(Ack(due, time.monotonic()))

    # --- what the phones see -----------------------------------------------------------------------------------------

    def show(self, message: dict[str, Any]) -> None:
        """Take one message of the provider's log."""
        self.sids.append(message["sid"])
        to, at, text = message["to"], message["at"], message["text"]
        if any(label.casefold() == APPROVE for label, _ in message["buttons"]):
            self._prompt(message)
        elif self._tapped.get(to):
            self._tapped[to].popleft().confirmations.append(at)
        elif to in self._latest:
            self._to_requester(self._latest[to], at, text)
        else:
            self.problems.append(f"a message that nobody waits for: {text!r}")

    def _prompt(self, message: dict[str, Any]) -> None:
        mark = MARK.search(message["text"])
        run = self._marked.get(mark[0]) if mark else None
        if run is None:
            self.problems.append(f"a prompt of no run: {message['text']!r}")
            return
        run.prompts.append(message["at"])
        if not run.prompted.done():
            run.prompted.set_result(message)

    def _to_requester(self, run: Approval, at: float, text: str) -> None:
        if OUTCOME not in text:
            run.receipts.append(at)
            return
        mark = MARK.search(text)
        run = self._marked.get(mark[0], run) if mark else run
        run.outcomes.append(at)
        run.ended_at = at
        if not run.concluded.done():
            run.concluded.set_result(None)

    # --- what came of it ---------------------------------------------------------------------------------------------

    async def settle(self, quiet: float = 1.0, patience: float = LOST_AFTER) -> None:
        """Wait until every run has its messages and none came for `quiet` seconds: a doubled one would come late."""
        until, seen, since = time.monotonic() + patience, len(self.sids), time.monotonic()
        while time.monotonic() < until:
            if len(self.sids) != seen:
                seen, since = len(self.sids), time.monotonic()
            if time.monotonic() - since >= quiet and not any(run.problems() for run in self.approvals):
                return
            await asyncio.sleep(0.05)

    def faults(self) -> list[str]:
        """Everything that went wrong, in words; empty when each run has exactly its messages."""
        return self.problems + [problem for run in self.approvals for problem in run.problems()]

    def replies(self) -> list[Reply]:
        """The first message to each sender after each webhook: the receipt, and the confirmation of the tap."""
        asked = [Reply(run.asked_at, run.receipts[0]) for run in self.approvals if run.receipts]
        tapped = [Reply(run.tapped_at, run.confirmations[0]) for run in self.approvals if run.confirmations]
        return asked + tapped

    def kinds(self) -> Counter[str]:
        """How many messages of each kind the phones saw."""
        count: Counter[str] = Counter()
        for run in self.approvals:
            count.update(receipt=len(run.receipts), prompt=len(run.prompts))
            count.update(confirmation=len(run.confirmations), outcome=len(run.outcomes))
        return count


@asynccontextmanager
async def following(port: int, load: Load) -> AsyncIterator[None]:
    """Show the provider's log to `load` meanwhile."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /log HTTP/1.1\r\nHost: provider\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")

    async def read() -> None:
        while line := await reader.readline():
            load.show(orjson.loads(line))

    task = asyncio.create_task(read())
    try:
        yield
    finally:
        task.cancel()
        writer.close()
        await asyncio.gather(task, writer.wait_closed(), return_exceptions=True)
