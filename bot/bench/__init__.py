"""`baton bench`: whole approval runs through real webhooks, measured beside the floor of the same machine, every run checked."""

from bot.bench.report import BenchFailed, Options, Report

__all__ = ["BenchFailed", "Options", "Report", "run"]


def run(options: Options) -> Report:
    """Measure on this machine. Raises BenchFailed, and gives no figure, where anything was lost, doubled or not as agreed."""
    from bot.bench.benchmark import benchmark  # not above: the processes started from this package must not load the product

    return benchmark(options)
