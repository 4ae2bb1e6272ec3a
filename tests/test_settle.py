from digitdrop.intake.listing import ListedFile, Stamp
from digitdrop.intake.settle import Clocks, Settler

SECOND = 1_000_000_000


def a_file(*, size: int = 10, mtime: int = 0, ctime: int = 0, inode: int = 1) -> ListedFile:
    return ListedFile("7.png", Stamp(size, mtime * SECOND, ctime * SECOND, inode))


def at(seconds: float) -> Clocks:
    """Give a moment at which the machine has been up for a day less than its clock says."""
    return Clocks(monotonic=seconds, wall_ns=int((seconds + 86_400) * SECOND))


def a_settler(*, trust_ctime: bool = False, limit: int = 10_000) -> Settler:
    return Settler(quiet=2.0, timeout=60.0, trust_ctime=trust_ctime, limit=limit)


def test_a_file_settles_only_after_it_is_quiet_for_long_enough() -> None:
    settler = a_settler()

    assert not settler.is_settled(a_file(size=10), at(0))
    assert not settler.is_settled(a_file(size=99), at(1.9))  # it grew
    assert not settler.is_settled(a_file(size=99), at(3.8))
    assert settler.is_settled(a_file(size=99), at(3.9))


def test_each_part_of_the_stamp_tells_of_a_change() -> None:
    for change in (a_file(size=11), a_file(mtime=1), a_file(ctime=1), a_file(inode=2)):
        settler = a_settler()
        settler.is_settled(a_file(), at(0))

        assert not settler.is_settled(change, at(3))
        assert settler.is_settled(change, at(5))


def test_an_old_mtime_proves_nothing() -> None:
    copied_with_its_times = a_file(mtime=-25 * 365 * 86_400, ctime=86_400)

    assert not a_settler(trust_ctime=True).is_settled(copied_with_its_times, at(0.5))


def test_an_old_ctime_proves_it_on_a_disk_of_this_machine() -> None:
    backlog = a_file(ctime=86_400 - 10)

    assert a_settler(trust_ctime=True).is_settled(backlog, at(0))
    assert not a_settler(trust_ctime=False).is_settled(backlog, at(0))


def test_a_ctime_in_the_future_only_costs_the_wait() -> None:
    settler = a_settler(trust_ctime=True)
    clock_was_set_back = a_file(ctime=86_400 + 3600)

    assert not settler.is_settled(clock_was_set_back, at(0))
    assert settler.is_settled(clock_was_set_back, at(2))


def test_what_the_listing_does_not_show_is_forgotten() -> None:
    settler = a_settler()
    settler.is_settled(a_file(), at(0))
    settler.end_of_listing()
    settler.end_of_listing()

    assert not settler.is_settled(a_file(), at(5))


def test_a_picture_cut_short_waits_until_it_changes() -> None:
    settler = a_settler(trust_ctime=True)
    short = a_file(ctime=0)
    settler.truncated(short, at(0))

    assert not settler.may_be_tried(short, at(1))
    assert not settler.is_settled(short, at(59))
    assert settler.may_be_tried(a_file(size=20), at(1))


def test_putting_a_file_back_changes_its_ctime_but_is_no_change() -> None:
    settler = a_settler(trust_ctime=True)
    settler.truncated(a_file(ctime=0), at(0))

    assert not settler.is_settled(a_file(ctime=1), at(59))


def test_a_picture_cut_short_for_too_long_counts_as_it_is() -> None:
    settler = a_settler(trust_ctime=True)
    short = a_file()
    settler.truncated(short, at(0))
    settler.truncated(short, at(30))  # tried again: its time does not begin anew

    assert not settler.is_given_up(short, at(59))
    assert settler.is_given_up(short, at(60))
    assert settler.is_settled(short, at(60))
    assert not settler.is_given_up(a_file(size=20), at(60))


def test_a_file_that_was_tried_too_early_waits_only_until_it_is_quiet() -> None:
    settler = a_settler(trust_ctime=True)
    settler.retried(a_file(), at(0))

    assert not settler.may_be_tried(a_file(), at(1.9))
    assert settler.may_be_tried(a_file(), at(2))
    assert settler.is_given_up(a_file(), at(2))


def test_an_empty_file_is_not_tried_at_once() -> None:
    assert not a_settler().may_be_tried(a_file(size=0), at(0))


def test_memory_is_bounded_and_a_file_beyond_it_waits_for_a_later_listing() -> None:
    settler = a_settler(limit=1)
    first, second = a_file(), ListedFile("8.png", a_file().stamp)

    settler.is_settled(first, at(0))
    settler.is_settled(second, at(0))

    assert settler.is_settled(first, at(2))
    assert not settler.is_settled(second, at(2))
    settler.end_of_listing()
    settler.end_of_listing()  # the first one was read
    assert not settler.is_settled(second, at(3))
    assert settler.is_settled(second, at(5))


def test_the_next_listing_comes_when_it_can_change_anything() -> None:
    settler = a_settler()

    assert settler.due(at(0)) == float("inf")
    settler.truncated(a_file(), at(0))
    assert settler.due(at(20)) == 40
    settler.is_settled(ListedFile("8.png", a_file().stamp), at(20))
    assert settler.due(at(20)) < 1


def test_a_file_that_takes_long_to_read_is_given_up_all_the_same() -> None:
    settler = a_settler()
    settler.truncated(a_file(), at(0))

    for listing in range(3):  # none of them shows what is in hand
        settler.remember(a_file())
        settler.end_of_listing()
        assert settler.is_given_up(a_file(), at(60 + listing))
