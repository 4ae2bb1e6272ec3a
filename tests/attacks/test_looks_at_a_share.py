"""On a network share each look at a file is asked of a server: their number is bounded."""

import tracemalloc
from pathlib import Path

import pytest

from digitdrop.intake.listing import ListedFile, Stamp, listing
from digitdrop.intake.settle import Clocks, Settler

MANY = 11_000
MOST_LOOKS = 3


class Share:
    """A folder on a share, listed in turn, whose settled files are taken."""

    def __init__(self, folder: Path, files: int) -> None:
        self.folder = folder
        for number in range(files):
            (folder / f"{number}.png").write_bytes(b"7")
        self.settler = Settler(quiet=2.0, timeout=60.0, trust_ctime=False)
        self.time = 0.0
        self.looks = self.listings = 0

    def is_listed(self, *, a_look: float) -> int:
        """List once, and take what is settled; give the number of files left."""
        left = 0
        for found in listing(self.folder):
            self.looks += 1
            self.time += a_look
            if self.settler.is_settled(found, self.now()):
                (self.folder / found.name).unlink()
            else:
                left += 1
        self.settler.end_of_listing()
        self.listings += 1
        self.time += self.settler.due(self.now(), at_most=1.0)
        return left

    def now(self) -> Clocks:
        return Clocks(monotonic=self.time, wall_ns=int(self.time * 1e9))


@pytest.mark.slow
def test_of_many_files_that_wait_each_is_looked_at_three_times_at_most(tmp_path: Path) -> None:
    share = Share(tmp_path, MANY)

    while share.is_listed(a_look=0.000_01):
        assert share.looks <= MOST_LOOKS * MANY

    assert share.looks <= MOST_LOOKS * MANY


def test_files_that_arrive_all_the_time_do_not_have_the_others_looked_at_again(
    tmp_path: Path,
) -> None:
    share = Share(tmp_path, 2_000)
    for number in range(5):
        for one in range(300):
            (tmp_path / f"new-{number}-{one}.png").write_bytes(b"7")
        share.is_listed(a_look=0.000_1)

    assert share.looks <= MOST_LOOKS * (2_000 + 5 * 300)


def test_a_few_files_are_looked_at_often_so_that_none_waits_for_long(tmp_path: Path) -> None:
    share = Share(tmp_path, 3)

    while share.is_listed(a_look=0.000_1):
        assert share.time < 10

    assert share.time < 4


def test_what_is_remembered_of_a_file_takes_little_memory() -> None:
    settler = Settler(quiet=2.0, timeout=60.0, trust_ctime=False)
    tracemalloc.start()
    try:
        for number in range(30_000):
            found = ListedFile(
                f"scans/of/a/day/{number}.png", Stamp(number, number, number, number)
            )
            settler.is_settled(found, Clocks(monotonic=float(number), wall_ns=0))

        assert tracemalloc.get_traced_memory()[0] < 6 * 2**20
    finally:
        tracemalloc.stop()
