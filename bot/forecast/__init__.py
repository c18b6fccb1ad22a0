"""`baton simulate` and the chat command: the way that a run with given values would take, worked out by the engine alone.

way        the run, step by step, on a state that nobody keeps
acting     who answers what at each step
sample     values as they were given, and made up where none are
report     the way in words or as data
"""

from bot.forecast.report import forecast_data, forecast_lines, who_acts
from bot.forecast.sample import Unusable
from bot.forecast.way import Forecast, Stop, forecast

__all__ = ["Forecast", "Stop", "Unusable", "forecast", "forecast_data", "forecast_lines", "who_acts"]
