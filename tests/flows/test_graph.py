"""The picture of a flow: every step once, every edge between things that exist, the same text every time, nothing drawn over."""

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from bot.cli import app
from flows.graph import EdgeKind, Graph, graph_of, mermaid, svg
from flows.graph.route import HEIGHT, WIDTH, Routes
from flows.loader import load, templates
from flows.model import Flow
from tests.flows.broken import SOUND
from tests.flows.shapes import AT_ONCE, NASTY_FLOW, TANGLED
from tests.flows.whole import ITEM, VARIATION, WHOLE

SVG = "{http://www.w3.org/2000/svg}"
FLOWS = {name: path.read_text(encoding="utf-8") for name, path in templates().items()}
FLOWS |= {
    "sound": SOUND,
    "nasty": NASTY_FLOW,
    "tangled": TANGLED,
    "at once": AT_ONCE,
    "whole": WHOLE,
    "item": ITEM,
    "variation": VARIATION,
}


@pytest.fixture(params=FLOWS.values(), ids=FLOWS)
def flow(request: pytest.FixtureRequest) -> Flow:
    return load(request.param)


def faults(flow: Flow, graph: Graph) -> list[str]:
    """What is wrong with a graph as a picture of the flow."""
    nodes = Counter(node.id for node in graph.nodes)
    steps = [step.id for step in flow.walk()]
    found = [f"{id} stands {nodes[id]} times" for id in {*steps, *nodes} if nodes[id] != 1]
    found += [f"{id} is no step" for id in nodes if ":" not in id and id not in steps]
    found += [f"{e.source}-{e.target} hangs" for e in graph.edges if e.source not in nodes or e.target not in nodes]
    reached = {"start:"}
    for _ in nodes:
        reached |= {edge.target for edge in graph.edges if edge.source in reached}
    return found + [f"{id} is not reached" for id in nodes.keys() - reached]


def test_every_step_is_one_node_and_every_edge_has_its_ends(flow):
    assert faults(flow, graph_of(flow)) == []


def test_a_graph_that_lacks_a_node_or_an_edge_is_found():
    flow = load(SOUND)
    whole = graph_of(flow)
    short = Graph(whole.title, whole.nodes[:-1], whole.edges, whole.columns, whole.rows)
    cut = Graph(whole.title, whole.nodes, whole.edges[1:], whole.columns, whole.rows)
    assert faults(flow, short)
    assert faults(flow, cut)


def test_only_ends_lead_nowhere(flow):
    graph = graph_of(flow)
    onward = [edge for edge in graph.edges if edge.kind in (EdgeKind.NEXT, EdgeKind.CASE)]
    round_again = [edge for edge in graph.edges if edge.kind is EdgeKind.BACK and not edge.label]  # the end of a loop
    leading = {edge.source for edge in (*onward, *round_again)}
    assert {node.kind for node in graph.nodes if node.id not in leading} <= {"end", "outcome"}


def test_what_stands_in_the_graph_of_the_template():
    graph = graph_of(load(templates()["purchase-approval"]))
    nodes = {node.id: node for node in graph.nodes}
    said = {(e.source, e.target, e.kind.value, e.label, e.rule) for e in graph.edges}
    assert (nodes["finance_approval"].owner, nodes["finance_approval"].due) == (
        "Department head, then Finance",
        "due: 8 working hours",
    )
    assert nodes["committee_approval"].owner == "2 of Purchase committee"
    assert (nodes["goods_receipt"].owner, nodes["goods_receipt"].due) == ("Store", "due: 1 working day after Delivery date")
    assert nodes["po_to_vendor"].owner == "to Vendor"
    assert {
        ("start:", "request", "next", "", ""),
        ("completeness", "budget", "case", "Complete", "amount > 0 && size(reason) >= 10"),
        ("approval", "head_approval", "case", "Up to 10 thousand", "amount <= 10000"),
        ("approval", "committee_approval", "case", "Above 5 lakh", ""),
        ("committee_approval", "po_prepare", "next", "", ""),
        ("goods_receipt", "vendor_ack", "back", "Short or damaged", ""),
        ("budget", "outcome:rejected", "exit", "No budget", ""),
        ("head_approval", "outcome:rejected", "exit", "Reject", ""),
    } <= said


def test_what_stands_in_the_graph_of_waits_and_parallel_blocks():
    graph = graph_of(load(AT_ONCE))
    nodes = {node.id: (node.owner, node.due) for node in graph.nodes}
    assert nodes["answer"] == ("Requester", "until: 2 working days after First day")
    assert nodes["a_while"] == ("", "until: First day")
    assert nodes["meanwhile"] == ("goes on after 1 of 2", "")
    assert nodes["by_all"] == ("60% of Head, Manager", "due: 1 working day")
    said = {(edge.source, edge.target, edge.label) for edge in graph.edges}
    assert {("meanwhile", "by_all", "One"), ("meanwhile", "tell_head", "Other"), ("a_while", "letter_made", "")} <= said


def test_what_stands_in_the_graph_of_the_whole_language():
    graph = graph_of(load(WHOLE))
    nodes = {node.id: (node.kind, node.owner, node.due) for node in graph.nodes}
    assert nodes["papers"] == (
        "collect",
        "whoever Phone names, checked by Accounts, in turn",
        "due: 2 working days after the start",
    )
    assert nodes["letter_draft"][1] == "asha@example.net"
    assert nodes["weigh"][1:] == ("Store, confirmed by whoever of Accounts takes it", "due: the end of Begins")
    assert nodes["visit"][1] == "Vendor, with Engineer"
    assert nodes["variation"] == ("subflow", "flow variation-approval", "due: 5 working days")
    assert nodes["per_item"][1] == "flow item-line, for each of Items"
    assert nodes["quiet"][1:] == (
        'as soon as attempts.weigh >= 1 && outcomes.weigh == "weighed"',
        "at the latest: 3 days after Weighing",
    )
    assert nodes["called_off"][1] == "to Store, the least busy"
    said = {(e.source, e.target, e.kind.value, e.label) for e in graph.edges}
    assert {
        ("letter_draft", "papers", "back", "Wrong"),
        ("letter_draft", "outcome:called_off", "exit", "Off"),
        ("variation", "papers", "back", "Changed"),
        ("variation", "outcome:rejected", "exit", "Rejected"),
        ("again", "papers", "back", "Once more"),
        ("again", "visited", "case", "Fine"),
        ("request", "take_back", "exit", "If cancelled"),
        ("take_back", "called_off", "next", ""),
        ("called_off", "cancelled:", "next", ""),
    } <= said
    assert not any(e.target == "visited" and e.label == "Once more" for e in graph.edges)


def test_a_case_with_steps_that_leads_back_comes_from_its_last_steps():
    looping = WHOLE.replace("        back_to: papers\n", LOOP)
    graph = graph_of(load(looping))
    back = {e.source for e in graph.edges if e.kind is EdgeKind.BACK and e.target == "papers"}
    assert back == {"letter_draft", "variation", "one_day", "told"}
    assert not any(e.target == "visited" and e.source in ("one_day", "told", "which") for e in graph.edges)
    assert crossings(graph) == faults(load(looping), graph) == []


LOOP = """\
        back_to: papers
        steps:
          - branch: which
            cases:
              - case: slow
                when: urgent == false
                steps:
                  - wait: one_day
                    until: 1d
              - otherwise: fast
                steps:
                  - notify: told
                    to: store
                    message: {en: Again., hi: फिर से।}
"""


def test_mermaid_names_each_node_once_and_every_edge_between_named_ones(flow):
    graph, text = graph_of(flow), mermaid(graph_of(flow))
    first, _, *lines = text.splitlines()
    assert first == "flowchart TD"
    named = [m[1] for line in lines if (m := re.fullmatch(r'  (\w+)[\[({>/]+"([^"]*)"[\])}/]+', line))]
    edges = [m.groups() for line in lines if (m := re.fullmatch(r'  (\w+) (-->|-\.->)(?:\|"[^"]*"\|)? (\w+)', line))]
    assert len(named) == len(set(named)) == len(graph.nodes)
    assert len(edges) == len(graph.edges)
    assert len(lines) == len(named) + len(edges)
    assert {id for source, _, target in edges for id in (source, target)} <= set(named)
    assert [arrow == "-.->" for _, arrow, _ in edges] == [edge.kind is EdgeKind.BACK for edge in graph.edges]
    assert "end" not in named  # a word of Mermaid


def test_mermaid_labels_cannot_break_out():
    text = mermaid(graph_of(load(NASTY_FLOW)))
    assert "do: say #quot;hi#quot; #lt;b#gt;#amp;amp;#lt;/b#gt; #35;1; #96;x#96; ]|<br/>Head" in text
    assert 'accTitle: say "hi" <b>&amp</b> 1 `x` ]|\n' in text


def test_the_svg_has_every_node_and_edge_as_text_and_a_name(flow):
    graph = graph_of(flow)
    root = ElementTree.fromstring(svg(graph))
    groups = list(root.iter(f"{SVG}g"))
    assert (root.find(f"{SVG}title").text, root.get("role")) == (graph.title, "img")
    assert [g.get("data-node") for g in groups if g.get("data-node")] == [node.id for node in graph.nodes]
    drawn = Counter((g.get("data-from"), g.get("data-to")) for g in groups if g.get("data-from"))
    assert drawn == Counter((edge.source, edge.target) for edge in graph.edges)
    words = ["".join(g.itertext()) for g in groups if g.get("data-node")]
    assert all(node.title in said for said, node in zip(words, graph.nodes, strict=True))


def test_the_svg_loads_nothing_and_follows_light_and_dark(flow):
    text = svg(graph_of(flow))
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|href|@import|<image|\son\w+=", text)
    assert "prefers-color-scheme: dark" in text


def crossings(graph: Graph) -> list[str]:
    """Steps that overlap or leave the picture, and lines that run through a step."""
    routes = Routes(graph)
    boxes = {
        n.id: (routes.middle(n) - WIDTH / 2, routes.top(n), routes.middle(n) + WIDTH / 2, routes.top(n) + HEIGHT)
        for n in graph.nodes
    }
    found = [
        f"{id} lies outside"
        for id, (x, y, right, low) in boxes.items()
        if x < 0 or y < 0 or right > routes.width or low > routes.height
    ]
    for a, (x, y, right, low) in boxes.items():
        found += [
            f"{a} and {b} overlap"
            for b, (x2, y2, r2, l2) in boxes.items()
            if a < b and x < r2 and x2 < right and y < l2 and y2 < low
        ]
        for line in routes.lines():
            for (x1, y1), (x2, y2) in zip(line.points, line.points[1:], strict=False):
                if min(x1, x2) < right and max(x1, x2) > x and min(y1, y2) < low and max(y1, y2) > y:
                    found.append(f"{line.edge.source}-{line.edge.target} runs through {a}")
    return found


def test_nothing_is_drawn_over_a_step(flow):
    assert crossings(graph_of(flow)) == []


def test_a_line_through_a_step_is_found(monkeypatch):
    monkeypatch.setattr("flows.graph.route._ENTER", -HEIGHT / 2)
    assert crossings(graph_of(load(SOUND)))


@pytest.mark.parametrize("draw", [mermaid, svg])
def test_the_same_flow_gives_the_same_picture(flow, draw):
    assert draw(graph_of(flow)) == draw(graph_of(flow))


@pytest.mark.parametrize(("format", "start"), [("mermaid", "flowchart TD\n"), ("svg", "<svg ")])
def test_the_command_takes_a_template_or_a_file(tmp_path: Path, format, start):
    (tmp_path / "leave.yaml").write_text(SOUND, encoding="utf-8")
    by_name = CliRunner().invoke(app, ["graph", "purchase-approval", "--format", format])
    by_file = CliRunner().invoke(app, ["graph", str(tmp_path / "leave.yaml"), "--format", format, "-o", str(tmp_path / "out")])
    assert (by_name.exit_code, by_file.exit_code, by_file.stdout) == (0, 0, "")
    assert by_name.stdout.startswith(start)
    assert (tmp_path / "out").read_text(encoding="utf-8").startswith(start)


def test_the_command_says_plainly_what_is_wrong(tmp_path: Path):
    (tmp_path / "leave.yaml").write_text(SOUND.replace("owner: head", "owner: haed"), encoding="utf-8")
    nowhere = CliRunner().invoke(app, ["graph", "nowhere"])
    broken = CliRunner().invoke(app, ["graph", str(tmp_path / "leave.yaml")])
    assert (nowhere.exit_code, nowhere.stderr) == (2, "baton: nowhere: No such file or directory\n")
    assert (broken.exit_code, "`haed`" in broken.stderr) == (2, True)
