"""Flows with checklists whose documents are checked, and expire."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flows import Flow
from flows.events import Fire, Judge, Waive
from flows.model import DocumentItem, FieldType
from flows.run import Run, Verdict
from tests.flows import build as b
from tests.flows import play as w

ONE = b.rule("1", lambda names: 1)
NONE = b.rule("0", lambda names: 0)
FIELDS = {
    name: b.field_of(name, FieldType.DATE) for name in ("insured_until", "licensed_until")
}  # asked only with their documents
DOCUMENTS = {
    "insurance": DocumentItem("insurance", b.words("Insurance"), ONE, "insured_until"),
    "licence": DocumentItem("licence", b.words("Licence"), ONE, "licensed_until"),
    "photo": DocumentItem("photo", b.words("Photo"), ONE),
    "note": DocumentItem("note", b.words("Note"), NONE),
}
TODAY = date(2026, 3, 2)


def day(number: int) -> date:
    """So many days after the first day of the play."""
    return TODAY + timedelta(days=number)


def flow(*steps: Any) -> Flow:
    made = b.flow(*steps)
    return replace(made, fields={**made.fields, **FIELDS}, documents={**made.documents, **DOCUMENTS})


def collect(*items: str, **more: Any) -> Any:
    fields = tuple(DOCUMENTS[item].expires for item in items if DOCUMENTS[item].expires)
    return b.collect(*items, fields=fields, **more)


class Papers(w.Play):
    """A play with what is said of documents."""

    def judge(self, actor: str, item: str, verdict: Verdict, reason: str = "", path: str = "papers") -> Papers:
        self.event(Judge(**self.here(actor, path), item=item, verdict=verdict, reason=reason))
        return self

    def waive(self, actor: str, item: str, reason: str = "not needed", path: str = "papers") -> Papers:
        self.event(Waive(**self.here(actor, path), item=item, reason=reason))
        return self

    def later(self, days: int) -> Papers:
        self.at += timedelta(days=days)
        return self

    def rung(self, name: str, path: str = "papers") -> Papers:
        """A rung fires on the day that it was planned for."""
        self.event(Fire(**self.here(w.SYSTEM, path), rung=name))
        return self


def valid(run: Run, item: str, today: date) -> bool:
    """Told from the facts alone: there is a file of it that was not rejected or set aside, and its day has not passed."""
    files = [f for f in run.files if f.item == item and f.verdict in (Verdict.OPEN, Verdict.ACCEPTED)]
    until = run.values.get(DOCUMENTS[item].expires)
    return bool(files) and isinstance(until, date) and until >= today
