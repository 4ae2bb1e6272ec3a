"""Have operations fail from some point on, for good: a disk that stays full, read-only or away.

    python tests/outage.py watch
    python tests/outage.py watch --errno ENOSPC --side outbox --every 3
    python tests/outage.py batch | corrections | clearing | rotation

For N = 1, 2, 3 ...: from the N-th file-system operation of a run on, each one fails that is of
the same kind (or: that changes anything) and concerns the inbox, the outbox, or both. Without
`--errno`, `--kind` and `--side`, each N gets the next of their combinations; with `--all`, all.

While it lasts: nothing is lost and no row is half there; the service goes on (or ends at its
start, in a line, with exit code 2); `status`, asked by another process, says what is wrong if
anything is left to do; `verify` misses nothing; SIGTERM ends it with 0 within five seconds.
Then the operations work again: the service is started anew, or with `--heals` it is the same
one, and every picture has one row and lies in one place.
"""

import argparse
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "worker"), str(ROOT / "tests")]

import crash  # noqa: E402
from failing import ERRORS, KINDS, SIDES, Outage  # noqa: E402

QUIET = 0.7  # seconds without a change after which the worker has done what it can
SOON = 7.0  # seconds after which `status` must know: two more than a worker has to tell of itself
LATE = 75.0  # and where it cannot tell: then the rule is that nothing moves for a minute
STOP = 5.0


class Suffering:
    """A worker in a process of its own, and all that is asked of it meanwhile."""

    def __init__(self, world: crash.World, outage: Outage) -> None:
        """Start it."""
        self._world, self._outage = world, outage
        self._told = world.log_size()
        self._began = time.monotonic()
        self._pid = os.fork()
        if not self._pid:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            crash.be_the_worker(world, crash.Fault(), lambda _: outage.wrap(world))
        self.code: int | None = None

    def has_ended(self) -> bool:
        """Say whether it has ended by itself, or as it was told."""
        if self.code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def comes_to_rest(self) -> None:
        """Wait until it has ended, has nothing to do, or makes no headway any more."""
        last, since = self._state(), time.monotonic()
        while not self.has_ended() and not self.is_idle():
            time.sleep(0.02)
            now = self._state()
            if now != last:
                last, since = now, time.monotonic()
            if time.monotonic() - since > QUIET and (
                "cannot" in self.log() or time.monotonic() - self._began > crash.TOO_LONG / 4
            ):
                return

    def is_idle(self) -> bool:
        """Say whether all is done; looked at thrice, for a file may change folders meanwhile."""
        return all(self._world.is_idle(since=self._told) for _ in range(3))

    def log(self) -> str:
        """Give what it has told."""
        return self._world.log()[self._told :]

    def check(self) -> None:
        """Ask `status` and `verify`, as long as the outage lasts.

        Raises:
            AssertionError: they do not say what is so.
        """
        if self._world.command == "batch":  # it ends by itself, and moves nothing
            return
        assert not self._world.missing(), f"verify misses {self._world.missing()}"
        if self.has_ended():
            return
        while not self.is_idle() and self._outage.is_well(self._world):
            patience = SOON if self._outage.lets_tell else LATE
            late = time.monotonic() - self._began > patience
            assert not late, "pictures wait, and `status` says that all is well"
            time.sleep(0.2)

    def heals(self) -> None:
        """Have everything work again, and see that it needs nobody.

        Raises:
            AssertionError: something is not done.
        """
        self._outage.end()
        until = time.monotonic() + crash.TOO_LONG / 2
        while not self.has_ended() and not self.is_idle():
            assert time.monotonic() < until, "it does not go on by itself"
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask for the end.

        Raises:
            AssertionError: it does not come in time, or otherwise than promised.
        """
        if not self.has_ended():
            os.kill(self._pid, signal.SIGTERM)
        until = time.monotonic() + (STOP if self._world.command != "batch" else crash.TOO_LONG)
        while not self.has_ended():
            if time.monotonic() > until:
                self.kill()
                raise AssertionError(f"SIGTERM is not heard within {STOP:.0f} s")
            time.sleep(0.02)
        assert self.code in self._expected(), f"exit {self.code}"
        assert "Traceback" not in self.log(), "a traceback"
        assert self.code not in {2, 3} or self.log().strip(), f"exit {self.code} without a word"

    def kill(self) -> None:
        """End it if it still runs."""
        if not self.has_ended():
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self.code = -signal.SIGKILL

    def _expected(self) -> set[int]:
        if self._world.command == "batch":
            return {1, 2, 3}
        return {0} if " watching " in self.log() else {0, 2}

    def _state(self) -> object:
        folders = (self._world.folder, self._world.outbox)
        return [sorted(files) for top in folders for _, _, files in os.walk(top)], self.log()


def suffer(options: argparse.Namespace, outage: Outage) -> bool:
    """Let one outage befall one run; say whether the run had as many operations.

    Raises:
        AssertionError: something is not as promised.
    """
    with crash.a_world(options) as world:
        worker = Suffering(world, outage)
        try:
            _see_through(worker, heals=options.heals)
            assert crash.run(world, crash.Fault())
            complaints = world.complaints()
            assert not complaints, "; ".join(complaints)
        except AssertionError as error:
            kept = _keep(world, outage)
            raise AssertionError(f"{outage}: {error}\n{world.log()}\nkept in {kept}") from None
        finally:
            worker.kill()
        return outage.has_begun


def _see_through(worker: Suffering, *, heals: bool) -> None:
    worker.comes_to_rest()
    worker.check()
    if heals:
        worker.heals()
    worker.stop()


def _keep(world: crash.World, outage: Outage) -> Path:
    kept = Path(tempfile.gettempdir()) / f"outage-{world.command}-{outage.at}-{outage.error}"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(world.folder, kept, symlinks=True)
    return kept


def outages(options: argparse.Namespace, at: int) -> Iterator[Outage]:
    """Give those that may begin at an operation: one of them in turn, or all."""
    errors, kinds, sides = (
        [options.errno] if options.errno else ERRORS,
        [options.kind] if options.kind else KINDS,
        [options.side] if options.side else SIDES,
    )
    combined = [*itertools.product(errors, kinds, sides)]
    turn = (at - options.first) // options.every * 7 % len(combined)  # 7 shares no factor with it
    for error, kind, side in combined if options.all else combined[turn : turn + 1]:
        yield Outage(at, error, kind, side)


def sweep(options: argparse.Namespace) -> tuple[int, list[str]]:
    """Begin an outage at each operation in turn; give how many befell a run, and what was wrong.

    It ends where runs have no more operations, whatever side they concern.
    """
    at, befell, missed, complaints = options.first, 0, 0, list[str]()
    while missed < len(SIDES) * len(KINDS) and (options.last is None or at <= options.last):
        for outage in outages(options, at):
            try:
                has_begun = suffer(options, outage)
            except AssertionError as error:
                has_begun = outage.has_begun
                complaints.append(str(error))
                print(error if options.stop else str(error).partition("\n")[0], flush=True)
                if options.stop:
                    return befell + 1, complaints
            befell += has_begun
            missed = 0 if has_begun else missed + 1
        at += options.every
    return befell, complaints


def main() -> None:
    """Sweep, and say how far it went."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    worlds = ["watch", "batch", "corrections", "clearing", "rotation"]
    parser.add_argument("command", choices=worlds)
    parser.add_argument("--first", type=int, default=1, help="operation to begin with")
    parser.add_argument("--last", type=int, help="operation to end with")
    parser.add_argument("--every", type=int, default=1, help="stride")
    parser.add_argument("--errno", choices=ERRORS)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--all", action="store_true", help="each combination at each operation")
    parser.add_argument("--heals", action="store_true", help="without a new start")
    parser.add_argument("--far", type=Path, help="a folder on another disk, for the outbox")
    parser.add_argument("--stop", action="store_true", help="stop at the first complaint")
    options = parser.parse_args()
    options.apart = False
    crash.warm_up()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # the worker must not outlive this
    began = time.monotonic()
    befell, complaints = sweep(options)
    told = f"{options.command}: {befell} outages, {len(complaints)} complaints"
    print(f"{told}, {time.monotonic() - began:.0f} s")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
