from __future__ import annotations

import time

from bot.bench.process import free_port, started, usage

PROBE = """
import json, os, subprocess, sys, time
print(json.dumps(dict(os.environ)), flush=True)
child = subprocess.Popen([sys.executable, "-c", "import time; x = bytearray(30_000_000); time.sleep(30)"])
while time.process_time() < 0.3: pass
time.sleep(30)
"""


def test_a_child_gets_our_settings_only_and_its_tree_is_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "a-real-one")
    (tmp_path / "probe.py").write_text(PROBE)
    with started("probe", settings={"PORT": "1234"}, folder=tmp_path) as child:
        until = time.monotonic() + 10
        while (child.usage().cpu_s < 0.3 or child.usage().memory_mb < 40) and time.monotonic() < until:
            time.sleep(0.05)
        both = child.usage()
        assert child.alive
    assert both.cpu_s >= 0.3
    assert both.memory_mb >= 40
    assert "a-real-one" not in child.last_words()
    assert '"PORT": "1234"' in child.last_words()
    assert not child.alive
    assert child.stop() != 0
    assert usage(child.process.pid).memory_mb == 0


def test_a_free_port_is_free():
    assert free_port() != free_port()
