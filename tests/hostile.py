"""Drop many pictures beside a running worker, one thing in a hundred hostile, and measure.

    python tests/hostile.py --files 100000
    python tests/hostile.py --only "progressive JPEG" --files 300 --one-in 10
    python tests/hostile.py --each
    python tests/hostile.py --list

What is hostile, and what must be read in spite of it, stands in `hostile_things.py` and
`hostile_acts.py`. As root the worker gets no capability, so that files of others are files of
others; its current folder is the inbox; in the middle it is stopped, and later killed.
Shown at the end: every good picture has its row exactly once, the longest that one dropped after
a hostile thing waited for it (and after which), the memory of all processes of the worker
together (shared pages once), CPU time, what `status` and `verify` say, how long a stop takes,
and that nothing of the inbox was executed.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "worker"), str(ROOT / "tests")]

from hostile_look import look  # noqa: E402
from hostile_pictures import CONTENTS  # noqa: E402
from hostile_run import KINDS, Run  # noqa: E402


def run(options: argparse.Namespace, kinds: list[str]) -> list[str]:
    """Run once, and tell what came of it; give the complaints."""
    for kind in set(kinds) & CONTENTS.keys():
        CONTENTS[kind](0)  # made before the clock runs
    folder = Path(tempfile.mkdtemp(prefix="hostile-", dir=options.folder))
    far = Path(tempfile.mkdtemp(prefix="hostile-", dir=options.far)) if options.far else folder
    one = Run(options, folder, far / "outbox")
    try:
        one.subject.start()
        one.drop_all(kinds)
        one.wait_for_rows()
        told = look(one)
    finally:
        one.subject.kill()
        if not (options.keep and one.complaints):
            clear(folder)
            clear(far)
    print(f"{kinds[0] if len(kinds) == 1 else 'all kinds'}: {told}", flush=True)
    for complaint in one.complaints:
        print(f"  ! {complaint}", flush=True)
    return one.complaints


def clear(folder: Path) -> None:
    """Remove what was made, also what nobody can touch and what no path leads to."""
    subprocess.run(["chattr", "-R", "-f", "-i", folder], check=False, capture_output=True)
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, capture_output=True)
    for _ in range(50):  # the last page may come yet
        if not subprocess.run(["rm", "-rf", folder], check=False, capture_output=True).returncode:
            return
        time.sleep(0.2)


def main() -> None:
    """Run as asked for, and say in a line what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--one-in", type=int, default=100, help="one drop of so many is hostile")
    parser.add_argument("--rate", type=float, default=100.0, help="good drops a second")
    parser.add_argument("--within", type=float, default=2.0, help="seconds until a row at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=KINDS, metavar="KIND")
    parser.add_argument("--without", action="append", choices=KINDS, metavar="KIND", default=[])
    parser.add_argument("--each", action="store_true", help="each kind in a run of its own")
    parser.add_argument("--list", action="store_true", help="name all kinds")
    parser.add_argument("--folder", type=Path, help="where to make the folders")
    parser.add_argument("--far", type=Path, help="a folder on another disk, for the outbox")
    parser.add_argument("--keep", action="store_true", help="leave them where something was wrong")
    options = parser.parse_args()
    if options.list:
        print("\n".join(KINDS))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # the worker must not outlive this
    kinds = [kind for kind in options.only or KINDS if kind not in options.without]
    runs = [[kind] for kind in kinds] if options.each else [kinds]
    complaints = [one for some in runs for one in run(options, some)]
    print(f"hostile: {len(runs)} runs, {len(complaints)} complaints")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
