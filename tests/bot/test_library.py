"""The templates that ship: listed, chosen, and copied to be made one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.config import ConfigurationError, Settings
from bot.library import adopt, chosen, flow_files, library
from flows.loader import load, templates


def settings(home: Path, **given: object) -> Settings:
    return Settings(_env_file=None, baton_home=home, **given)  # type: ignore[arg-type, call-arg]


def test_every_template_is_listed_with_its_industry_steps_and_documents() -> None:
    told = json.loads(CliRunner().invoke(app, ["templates", "--json"]).stdout)
    assert {one["name"] for one in told} == set(templates())
    purchase = next(one for one in told if one["name"] == "purchase-approval")
    assert purchase["industry"] == "any"
    assert purchase["steps"][:2] == ["Request", "Quotes"]
    assert purchase["documents"] == ["Quotes", "Specification", "Budget note", "Purchase order"]
    assert (purchase["starts"], purchase["part_of"]) == ("purchase", [])
    assert purchase["transcripts"] >= 15
    assert "purchase-approval" in CliRunner().invoke(app, ["templates"]).stdout
    assert all(one.about.endswith((".", "?")) for one in library()), "each says in a sentence what it is"


def test_which_templates_are_in_force(tmp_path: Path) -> None:
    real = {"smtp_url": "smtp://mail.example", "email_from": "b@example.com"}
    assert chosen(settings(tmp_path, **real)) == ("purchase-approval",)
    assert "purchase-approval" in chosen(settings(tmp_path))
    assert chosen(settings(tmp_path, baton_templates="all")) == tuple(templates())
    assert chosen(settings(tmp_path, baton_templates="none")) == ()
    assert chosen(settings(tmp_path, baton_templates="purchase-approval")) == ("purchase-approval",)
    with pytest.raises(ConfigurationError, match=r"BATON_TEMPLATES names purchase, which does not ship"):
        chosen(settings(tmp_path, baton_templates="purchase-approval, purchase"))


def test_a_copy_counts_before_its_template(tmp_path: Path) -> None:
    here = settings(tmp_path, baton_templates="purchase-approval")
    copy = adopt("purchase-approval", here)
    assert copy == tmp_path / "flows" / "purchase-approval.yaml"
    assert len(list((tmp_path / "flows" / "purchase-approval.transcripts").glob("*.yaml"))) >= 15
    copy.write_text(copy.read_text(encoding="utf-8").replace("amount <= 10000", "amount <= 20000"), encoding="utf-8")
    found = flow_files(here, load)
    assert found["purchase-approval"].path == copy
    assert "amount <= 20000" in found["purchase-approval"].source


def test_a_copy_is_never_written_over(tmp_path: Path) -> None:
    here = settings(tmp_path)
    adopt("purchase-approval", here).write_text("flow: purchase-approval\n# mine\n", encoding="utf-8")
    with pytest.raises(FileExistsError):
        adopt("purchase-approval", here)
    assert "# mine" in (tmp_path / "flows" / "purchase-approval.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigurationError, match="There is no template called purchase"):
        adopt("purchase", here)


def test_what_a_chosen_template_starts_comes_along(tmp_path: Path) -> None:
    found = flow_files(settings(tmp_path, baton_templates="admissions-intake"), load)
    assert set(found) == {"admissions-intake", "fee-concession"}
