"""Too little memory for some pictures; the sweep of all limits is in `memory.py`."""

import signal
import subprocess
import sys
from functools import partial
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from digitdrop.pool.probe import find_poison
from large_pictures import pictures
from ledger import DIGITDROP, ROOT, drop, rows, searched
from memory import COMMANDS, limited

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")

DECODES = """
import resource, sys
from pathlib import Path
from digitdrop.decoding.decode import decode
from digitdrop.errors import InputError, OutOfMemory
from digitdrop.pages import decode_pages
from digitdrop.values import Limits

contents = {path.name: path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())}
decode_pages(contents["small 1.png"], limits=Limits())
taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = taken + (int(sys.argv[2]) << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
for name, content in contents.items():
    try:
        decode(content)
    except OutOfMemory:
        print("out of memory", flush=True)
    except InputError as error:
        print("blamed", name, error, flush=True)
"""


def a_folder(folder: Path) -> Path:
    """Make an inbox with sound pictures, large ones among them."""
    drop(folder / "inbox", [*pictures().items()])
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", ["batch", "watch"])
def test_a_sound_picture_is_neither_lost_nor_called_damaged_for_want_of_memory(
    command: str,
) -> None:
    searched("memory.py", command, "--first=440", "--last=640", "--every=100")


def test_a_decoder_that_gets_no_memory_never_says_that_a_sound_picture_is_damaged(
    tmp_path: Path,
) -> None:
    folder = str(a_folder(tmp_path) / "inbox")
    said = []
    for mebibytes in range(0, 240, 24):
        run = subprocess.run(
            [sys.executable, "-c", DECODES, folder, str(mebibytes)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        # A library may end its process where it gets no memory: that blames nobody.
        assert run.returncode in {0, 127, -signal.SIGABRT, -signal.SIGSEGV}, run.stderr
        said += run.stdout.splitlines()

    assert "out of memory" in said
    assert [one for one in said if one.startswith("blamed")] == []


@pytest.mark.slow
def test_a_batch_leaves_out_what_it_has_too_little_memory_for_says_so_and_reads_it_later(
    tmp_path: Path,
) -> None:
    command = COMMANDS["batch"](a_folder(tmp_path))
    report = tmp_path / "outbox" / "predictions.csv"
    for mebibytes in range(340, 800, 20):
        run = limited(command, mebibytes)
        told, _ = run.communicate()
        if run.returncode == 3:
            break

    assert run.returncode == 3
    assert "there was not enough memory: run it again with more" in told
    assert "Traceback" not in told
    assert [row["status"] for row in rows(report)].count("unreadable") == 0
    assert len(rows(report)) < len(pictures())
    assert subprocess.run(
        [*DIGITDROP, *command], cwd=ROOT, capture_output=True, check=False
    ).returncode == 0  # fmt: skip
    assert sorted(row["file"] for row in rows(report)) == sorted(pictures())


def test_a_process_that_dies_before_it_can_read_is_no_picture_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource_tracker.ensure_running()
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # no Python starts with it

    with pytest.raises(MemoryError):
        find_poison(partial(print, end=""), ["7.png"], time_limit=60)
