"""What a user gives that cannot be used: one line, the right exit code."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shells import WATCH, assert_one_line, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="shells, signals and limits of POSIX"),
]

LONG = "x" * 5_000


@pytest.mark.parametrize(
    "line",
    [
        *(f"{WATCH} --settle={value}" for value in ("nan", "inf", "1e400", "-1", "abc", "''")),
        *(f"{WATCH} --max-wait {value}" for value in ("inf", "-inf", "NaN", "1e99")),
        *(f"{WATCH} --workers {value}" for value in ("0", "100000000", "1.5", "1e3", "''")),
        f"{WATCH} --max-pixels 99999999999999999999",
        f"{WATCH} --max-bytes 99999999999999999999999",
        f"{WATCH} --keep-done 999999999d",
        f"{WATCH} --keep-done 9999999999999999d",
        f"{WATCH} --rotate 0MB",
        f"{WATCH} --rotate 99999999999999GB",
        f"{WATCH} --log-format JSON",
        "watch --inbox '' --outbox out",
        "watch --inbox= --outbox=out",
        *(f"watch --inbox {name} --outbox out" for name in ("fifo", "file", "loop", "/dev/null")),
        f"watch --inbox {LONG} --outbox out",
        *(f"watch --inbox in --outbox {name}" for name in ("fifo", "file", "loop", "/dev/full")),
        f"watch --inbox in --outbox {LONG}",
        *(
            f"{WATCH} --metrics {name}"
            for name in ("empty", "fifo", "file", "/dev/full", "loop/x")
        ),
        f"{WATCH} --metrics {LONG}",
        *(f"{WATCH} --model {name}" for name in ("empty", "file", "fifo", "loop", LONG, "''")),
        *(f"batch scans --report {name}" for name in ("empty", "fifo", "/dev/full", "/dev/null")),
        f"batch scans --report {LONG}",
        "batch scans --report loop/x.csv",
        "batch '' --report x.csv",
        *(f"batch {name} --report x.csv" for name in (LONG, "nowhere", "loop", "scans/none")),
        "batch \udcff\udcfe --report x.csv",
        "predict ''",
        f"predict {LONG}",
        "predict \udcff.png",
        "predict seven.png --explain empty",
        "predict seven.png --explain /dev/full",
        "predict seven.png --explain nowhere/x.png",
        f"predict seven.png --explain {LONG}.png",
        *(f"evaluate {name}" for name in ("file", "fifo", "loop", LONG, "''", "empty")),
        f"status --inbox in --outbox {LONG}",
        "verify --inbox in --outbox loop",
        f"verify --inbox {LONG} --outbox out",
        f"why seven.png --inbox in --outbox {LONG}",
        "why '' --inbox in --outbox out",
        f"report --outbox out --output {LONG}",
        "report --outbox out --output /dev/full",
        "report --outbox out --output file",
        "report --outbox out --newest 99999999999999999999",
        "report --outbox loop",
        "corrections --outbox out --to file",
        "settings watch --settle nan",
        "settings frobnicate",
        "settings --service ../../etc/passwd",
        "service status --name 'a\nb'",
        "batch --cluster '' scans --report x",
        "frob\x1b[31mnicate",
    ],
)
def test_what_is_given_that_cannot_be_used(line: str, tried: Path) -> None:
    assert_one_line(run(line, tried), 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIGITDROP_SETTLE", "abc"),
        ("DIGITDROP_SETTLE", "nan"),
        ("DIGITDROP_MAX_WAIT", "inf"),
        ("DIGITDROP_WORKERS", "many"),
        ("DIGITDROP_WORKERS", "-3"),
        ("DIGITDROP_POLL", "perhaps"),
        ("DIGITDROP_KEEP_DONE", "999999999999d"),
        ("DIGITDROP_ROTATE", "\udcff"),
        ("DIGITDROP_MODEL", "file"),
        ("DIGITDROP_METRICS", "empty"),
        ("DIGITDROP_LOG_FORMAT", "yaml"),
        ("DIGITDROP_INBOX", "file"),
        ("DIGITDROP_OUTBOX", "in/out"),
        ("DIGITDROP_OUTBOX", "x" * 5_000),
    ],
)
def test_a_variable_that_cannot_be_used(name: str, value: str, tried: Path) -> None:
    done = run("watch --no-page", tried, **{"DIGITDROP_INBOX": "in", name: value})

    assert_one_line(done, 2)


@pytest.mark.parametrize(
    "card",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"null",
        b'"text"',
        b"{}",
        b'{"sha256": 7, "thresholds": {}}',
        b'{"sha256": "x", "thresholds": []}',
        b'{"sha256": "x", "thresholds": {"temperature": NaN}}',
        b"[" * 100_000,
        b'{"sha256": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda card: card[:30].decode(errors="replace"),
)
def test_a_card_of_the_model_that_is_none(card: bytes, tried: Path, model: Path) -> None:
    shutil.copytree(model, tried / "model")
    (tried / "model" / "digits.json").write_bytes(card)

    assert_one_line(run("predict seven.png --model model", tried), 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda _: b"garbage" * 1_000,
        lambda network: network[: len(network) // 2],
        lambda network: network[:100],
        lambda network: network.replace(b"TFL3", b"TFL9"),
    ],
)
def test_a_network_that_is_none_though_its_card_says_so(
    change: Callable[[bytes], bytes], tried: Path, model: Path
) -> None:
    shutil.copytree(model, tried / "model")
    network = change((model / "digits.tflite").read_bytes())
    (tried / "model" / "digits.tflite").write_bytes(network)
    card = json.loads((model / "digits.json").read_bytes())
    card["sha256"] = hashlib.sha256(network).hexdigest()
    (tried / "model" / "digits.json").write_text(json.dumps(card))

    assert_one_line(run("predict seven.png --model model", tried), 2)
