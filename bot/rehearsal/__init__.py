"""Trying a flow before it goes live: `baton test` plays its transcripts.

script · reading     what a transcript says, and the strict reading of its file
stage                the product whole in a temporary folder, with phones in memory and a clock that is set
play                 a script played on the stage, what came compared with what was expected
coverage             which steps, choices and cases were visited
report · command     in words or as JSON; what the command line calls
"""

from bot.rehearsal.coverage import Coverage, coverage
from bot.rehearsal.play import Failure, Played, play
from bot.rehearsal.reading import read_transcript
from bot.rehearsal.script import Script

__all__ = ["Coverage", "Failure", "Played", "Script", "coverage", "play", "read_transcript"]
