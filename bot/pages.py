"""Documents made by the product: a typst template, the run's values as JSON, out comes a PDF."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import typst

from bot.words.scene import Slots
from flows import Run
from flows.model import Flow, Generate
from flows.parse import show
from flows.values import Erased, Line, Money

TEMPLATES = Path(__file__).parent / "documents"
FONTS = (Path("/usr/share/fonts/truetype/noto"), TEMPLATES / "fonts")


def render(step: Generate, flow: Flow, run: Run, names: Callable[[str], str], now: datetime, zone: str) -> bytes:
    """The PDF that `step` makes of a run from its template (such as `purchase_order`). Raises LookupError for an unknown template."""
    source = TEMPLATES / f"{step.template}.typ"
    if not step.template.replace("_", "").isalnum() or not source.is_file():
        raise LookupError(f"no document template is called {step.template}")
    data = orjson.dumps(_data(step, flow, run, names, now, zone)).decode()
    fonts = [str(path) for path in FONTS if path.is_dir()]
    return bytes(typst.compile(str(source), sys_inputs={"data": data}, font_paths=fonts, ignore_system_fonts=True))


def _data(step: Generate, flow: Flow, run: Run, names: Callable[[str], str], now: datetime, zone: str) -> dict[str, object]:
    shown = {n: show(v, flow.fields.get(n)) for n, v in run.values.items() if not isinstance(v, Erased | tuple)}
    lines = next((v for v in run.values.values() if isinstance(v, tuple)), ())
    approved = [
        {"name": names(vote.by), "at": vote.at.astimezone(ZoneInfo(zone)).strftime("%d %b %Y %H:%M")}
        for state in run.steps.values()
        for vote in state.votes
        if vote.choice == "approve"
    ]
    return {
        "reference": run.reference,
        "title": flow.documents[step.output].title.text(),
        "number": run.numbers.get(step.series, ""),
        "text": step.text.text().format_map(Slots(shown | {"reference": run.reference, **run.numbers})) if step.text else "",
        "rows": [[flow.fields[name].title.text(), shown[name]] for name in step.fields if name in shown],
        "numbers": dict(run.numbers),
        "values": shown,
        "lines": [_row(line, _currency(flow)) for line in lines],
        "approved": approved,
        "date": now.astimezone(ZoneInfo(zone)).strftime("%d %b %Y"),
    }


def _row(line: Line, currency: str) -> dict[str, str]:
    amount = (line.quantity * line.rate * (1 + line.tax / 100)).quantize(Decimal("0.01"))
    return {
        "item": line.item,
        "quantity": f"{line.quantity.normalize():f} {line.unit}".strip(),
        "rate": show(Money(line.rate, currency), None),
        "tax": f"{line.tax.normalize():f}%",
        "amount": show(Money(amount, currency), None),
    }


def _currency(flow: Flow) -> str:
    return next((field.currency for field in flow.fields.values() if field.currency), "INR")
