"""Time: one clock tick per process. Timers themselves are rows elsewhere; nothing is stored here."""

from scheduler.ticker import Ticker

__all__ = ["Ticker"]
