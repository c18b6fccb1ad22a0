"""What people write, read as typed values; and values written out for people. Nothing is guessed: what is not sure is refused.

`show` is the inverse of `parse` for money, dates, lines, choices and yes/no.
"""

from flows.parse.answers import parse
from flows.parse.show import show

__all__ = ["parse", "show"]
