"""What is published: child versions frozen into their parents, circles refused, and nothing whose transcripts fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import publishing
from bot.book import FlowBook, Published
from bot.bootstrap import Product, build
from bot.cli import app
from bot.config import Settings
from bot.publishing import checked_book
from flows import Flow, FlowFileErrors
from flows.loader import load
from tests.conftest import FixedClock
from tests.conversations.families import LEAVE, OFFER, ORDER, REQUEST, written
from tests.conversations.world import World

DEARER = OFFER.replace("Please get an offer", "Please get a cheap offer")
PASSES = """about: The head agrees, and finance says how much.
at: "2026-03-02 10:00"
people:
  asha: {name: Asha Asker}
  pia: {name: Pia Purchase, roles: [purchase]}
  hana: {name: Hana Head, roles: [department_head]}
turns:
  - asha says: site order
  - asha says: Pune
  - asha says: 2 pcs pump @ 100
  - pia taps: Offer received
    state: {run: VO-1001, status: ended, outcome: got, values: {item: pump}}
  - hana taps: Approve
    state: {run: XC-1001, step: amount}
"""
FAILS = PASSES.replace("item: pump", "item: hose")

Start = Callable[..., "Open"]


class Open:
    """A product that was started on one home."""

    def __init__(self, product: Product) -> None:
        self.product, self.book = product, product.transitions.book

    def order(self) -> Published:
        found = self.book.started_by("site order")
        assert found is not None
        return found

    def child(self, of: Published, flow_id: str) -> Published:
        with self.product.database.read() as unit:
            return self.book.child(unit, of, flow_id)


@pytest.fixture
def start(home: Path, migrated_file: Path, clock: FixedClock, tmp_path: Path) -> Start:
    """Start on the same home, with the flows as they are written now."""
    shutil.copy(migrated_file, home / "baton.db")

    @contextmanager
    def started(book: FlowBook | None = None, **changed: str) -> Iterator[Open]:
        settings = Settings(
            _env_file=None,
            baton_home=home,
            baton_templates="purchase-approval",
            baton_flows=written(tmp_path / "flows", **changed),
        )
        product = build(settings, clock=clock, channels=lambda *_: {}, book=book)
        try:
            yield Open(product)
        finally:
            product.close()

    return started


def transcript(folder: Path, text: str, of: str = "site-order") -> None:
    beside = folder / "flows" / f"{of}.transcripts"
    beside.mkdir(parents=True, exist_ok=True)
    (beside / "whole.yaml").write_text(text)


# --- versions -----------------------------------------------------------------------------------------------------------


def test_a_parent_whose_child_changed_is_a_new_version_with_the_new_child(start: Start) -> None:
    with start() as first:
        old, old_child = first.order(), first.child(first.order(), "vendor-offer")
    with start() as again:
        assert (again.order().id, again.order().flow.version) == (old.id, 1), "nothing changed, so nothing is published"
    with start(vendor_offer=DEARER) as changed:
        new, new_child = changed.order(), changed.child(changed.order(), "vendor-offer")
        assert (new.flow.version, new_child.flow.version) == (2, 2)
        assert changed.child(new, "extra-cost").flow.version == 1
        with changed.product.database.read() as unit:
            kept = changed.book.version(unit, old.id)
            assert changed.book.child(unit, kept, "vendor-offer").id == old_child.id != new_child.id
    with start() as back:
        assert back.order().id == old.id, "a text that came back is the version it was"


def test_a_run_starts_the_children_that_its_version_was_published_with(
    home: Path, migrated_file: Path, clock: FixedClock, tmp_path: Path
) -> None:
    shutil.copy(migrated_file, home / "baton.db")
    before = World(home, "", clock, baton_flows=written(tmp_path / "flows"))
    before.whatsapp().says(REQUEST)
    buttons = [before.staff("Pia").button("Offer received", reference) for reference in ("VO-1001", "VO-1002")]
    before.close()
    changed = LEAVE.replace("What for?", "What is it for?")
    world = World(home, "", clock, staff=False, baton_flows=written(tmp_path / "flows", extra_cost=changed))
    world.numbers = before.numbers
    try:
        for bubble, token in buttons:
            world.post(*world.staff("Pia").presses(bubble, "Offer received", token))
        world.whatsapp().says(REQUEST)
        assert [world.run(reference).flow_version for reference in ("SO-1001", "SO-1002")] == [1, 2]
        assert world.run("XC-1001").flow_version == 1
    finally:
        world.close()


def test_each_flow_file_is_read_once(start: Start) -> None:
    read: list[str] = []

    def counting(source: str, name: str = "", version: int = 1) -> Flow:
        read.append(name)
        return load(source, name, version)

    with start(FlowBook(counting)):
        pass
    assert len(read) == len(set(read)) == 3 + 1, "three of their own and the template"


CIRCLE = LEAVE.replace("  - end: agreed", "  - subflow: again\n    title: {en: Again}\n    flow: site-order\n  - end: agreed")


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"extra_cost": CIRCLE}, "site-order.yaml:27", "starts `site-order` again"),
        ({"vendor_offer": OFFER.replace("flow: vendor-offer", "flow: vendor-bid")}, "site-order.yaml:20", "`vendor-offer`"),
        (
            {"vendor_offer": OFFER.replace("  rate: {type: number", "  rate: {type: date")},
            "site-order.yaml:20",
            "`line.rate` does not fit",
        ),
    ],
    ids=["circle", "unknown", "unlike"],
)
def test_circles_and_unknown_flows_are_refused_with_file_and_place(
    start: Start, changed: dict[str, str], place: str, words: str
) -> None:
    with pytest.raises(FlowFileErrors) as caught, start(**changed):
        pass
    assert place in str(caught.value)
    assert words in str(caught.value)


def test_two_files_of_one_folder_cannot_be_the_same_flow(start: Start, tmp_path: Path) -> None:
    written(tmp_path / "flows")
    (tmp_path / "flows" / "copy.yaml").write_text(OFFER)
    with pytest.raises(FlowFileErrors, match=r"copy\.yaml.*vendor-offer"), start():
        pass


# --- transcripts --------------------------------------------------------------------------------------------------------


def version_after_a_bad_change(start: Start, tmp_path: Path) -> tuple[int, int]:
    """The order flow's version in force before and after a change whose transcript fails."""
    transcript(tmp_path, PASSES)
    with start(checked_book()) as first:
        before = first.order().flow.version
    transcript(tmp_path, FAILS)
    with start(checked_book(), site_order=ORDER.replace("Which site?", "Which site is it?")) as changed:
        return before, changed.order().flow.version


def test_what_fails_its_transcripts_is_not_published_and_baton_starts(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert version_after_a_bad_change(start, tmp_path) == (1, 1)
    (told,) = [record.getMessage() for record in caplog.records if "is not published" in record.getMessage()]
    assert "site-order.transcripts/whole.yaml:12" in told
    assert "hose" in told
    transcript(tmp_path, PASSES)
    with start(checked_book(), site_order=ORDER.replace("Which site?", "Which site is it?")) as mended:
        assert mended.order().flow.version == 2


def test_the_check_finds_a_rehearsal_that_always_passes(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted."""
    monkeypatch.setattr(publishing, "rehearsed", lambda file, flow: ())
    assert version_after_a_bad_change(start, tmp_path) == (1, 2)


def test_a_flow_that_was_never_in_force_is_left_out_and_others_are_not(start: Start, tmp_path: Path) -> None:
    transcript(tmp_path, FAILS)
    with start(checked_book()) as opened:
        assert opened.book.started_by("site order") is None
        assert {published.flow.id for published in opened.book.startable()} >= {"purchase-approval"}


def test_who_starts_a_refused_flow_is_refused_with_it(start: Start, tmp_path: Path) -> None:
    with start(checked_book()) as first:
        assert first.order().flow.version == 1
    transcript(tmp_path, "about: nonsense\n", of="vendor-offer")
    with start(checked_book(), vendor_offer=DEARER, site_order=ORDER.replace("Which site?", "Site?")) as changed:
        assert changed.order().flow.version == 1
        assert changed.child(changed.order(), "vendor-offer").flow.version == 1


def test_the_same_text_is_not_rehearsed_again(start: Start, tmp_path: Path) -> None:
    transcript(tmp_path, PASSES)
    with start(checked_book()):
        pass
    transcript(tmp_path, FAILS)
    with start(checked_book()) as again:
        assert again.order().flow.version == 1


# --- by hand ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_hand(start: Start, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """`baton flow publish` of the order flow: the exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_HOME", str(home))
    monkeypatch.setenv("BATON_FLOWS", str(tmp_path / "flows"))

    def publish(file: Path | None = None) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["flow", "publish", str(file or written(tmp_path / "flows") / "site-order.yaml")])
        return result.exit_code, result.output

    return publish


def test_publishing_by_hand(by_hand: Callable[..., tuple[int, str]], start: Start, tmp_path: Path) -> None:
    transcript(tmp_path, FAILS)
    code, told = by_hand()
    assert code == 1
    assert "site-order.yaml is not published" in told
    assert "whole.yaml:12" in told
    assert "site-order: version" not in told
    transcript(tmp_path, PASSES)
    code, told = by_hand()
    assert (code, "site-order: version 1 is published" in told) == (0, True)
    with start() as opened:
        assert opened.order().flow.version == 1


def test_publishing_what_cannot_be_read(by_hand: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    code, told = by_hand(tmp_path / "nothing.yaml")
    assert (code, "nothing.yaml" in told) == (2, True)
