"""From an inbound message to what follows from it: intent, transition, answer."""

from bot.conversation.envelope import pack, unpack
from bot.conversation.handle import Conversation

__all__ = ["Conversation", "pack", "unpack"]
