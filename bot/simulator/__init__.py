"""The simulator: plays the providers towards the product and people's phones towards the user, over real TCP on this machine.

It speaks Twilio's, Telegram's and mail's own protocols to the product's own webhooks, signed, and receives what the adapters
send. Nothing in `channels` knows of it; without this package the product is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask

from bot.clock import OffsetClock
from bot.config import Settings
from bot.simulator.cast import PEOPLE, load_cast
from bot.simulator.content import Content
from bot.simulator.hands import Hands
from bot.simulator.mail import Mailbox, Sink
from bot.simulator.pages import Pages
from bot.simulator.post import Post
from bot.simulator.settings import open_clock, page_token, prepare
from bot.simulator.store import Store
from bot.simulator.telegram import Telegram
from bot.simulator.telegram_api import TelegramApi
from bot.simulator.twilio_api import TwilioApi
from bot.simulator.whatsapp import WhatsApp
from bot.simulator.world import World

__all__ = ["PEOPLE", "Simulator", "mount", "open_clock", "prepare"]


class Simulator:
    """A running simulator. `hands` does on the phones what a person does on the page; `store` is what the phones show."""

    def __init__(self, world: World, hands: Hands, sink: Sink) -> None:
        self.world, self.hands, self.store = world, hands, world.store
        self._sink = sink

    def close(self) -> None:
        """Stop taking mail, let go of what is on the way (the phones show it with a button to send it again), close the
        phones' memory. Safe twice."""
        self._sink.close()
        self.world.post.close()
        self.store.close()


def mount(
    app: Flask,
    settings: Settings,
    clock: OffsetClock,
    advanced: Callable[[], None],
    next_due: Callable[[], datetime | None] | None = None,
) -> Simulator:
    """Serve the simulator under `/simulator` of `app` and take mail at `settings.smtp_url`.

    `settings` come from `prepare`, `clock` from `open_clock`. `advanced` is called after the clock moved, so that what became
    due happens at once; `next_due` gives the next moment at which something is due, for the button that goes there. Raises
    OSError where the port for mail is taken.
    """
    world = _world(settings, clock)
    whatsapp, telegram, mailbox = WhatsApp(world), Telegram(world), Mailbox(world)
    hands = Hands(world, whatsapp, telegram, mailbox)
    twilio = TwilioApi(world)
    twilio.keep(_notice(settings))
    app.register_blueprint(twilio.blueprint())
    app.register_blueprint(TelegramApi(world, telegram).blueprint())
    app.register_blueprint(Pages(world, hands, page_token(settings), advanced, next_due).blueprint())
    inbox = next(phone for phone in world.phones.values() if phone.channel == "email")
    return Simulator(world, hands, Sink(world, inbox))


def _world(settings: Settings, clock: OffsetClock) -> World:
    store = Store(settings.baton_home / "phones.db")
    world = World(settings, clock, store, Post(settings, clock), {phone.id: phone for phone in load_cast()})
    world.stranded()
    for phone in world.phones.values():
        if store.fact(f"heard:{phone.id}") is None:
            world.heard(phone)
    return world


def _notice(settings: Settings) -> Content:
    """The template that a business has had approved, to write to people outside WhatsApp's 24 hours."""
    return Content(
        sid=settings.twilio_notice_content_sid,
        friendly_name="baton_notice",
        variables={"1": "A request waits for you."},
        types={"twilio/text": {"body": "Hello, this is Baton with news for you:\n{{1}}\nYou can answer here."}},
        approved=True,
    )
