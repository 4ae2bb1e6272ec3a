"""Acts of people and programs on files that are being read: of `hostile.py`."""

import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from hostile_pictures import a_digit
from hostile_yard import Yard, number_of


def swapped(yard: Yard, number: int) -> None:
    """Put a FIFO or a link in the place of a folder, as soon as it is emptied by a claim."""
    folder = yard.inbox / f"swap {number}"
    yard.expect(f"swap {number}/7.png", number_of(number))

    def swap() -> None:
        for _ in range(20_000):
            try:
                folder.rmdir()
            except OSError:
                continue
            if number % 2:
                os.mkfifo(folder)
            else:
                folder.symlink_to("/dev")
            return

    yard.later(0, swap)


def swapped_file(yard: Yard, number: int) -> None:
    """Replace a picture by a FIFO, a link or a folder, and that by a picture, many times."""
    path, aside = yard.inbox / f"swapped {number}.png", yard.aside / f"swap {number}"

    def swap() -> None:
        for turn in range(300):
            with suppress(OSError):
                kind = (number + turn) % 3
                (os.mkfifo if kind == 0 else partial(os.symlink, "/dev/zero"))(aside)
                aside.replace(path)
        with suppress(OSError):
            path.unlink()
        shutil.rmtree(path, ignore_errors=True)

    yard.drop(path.name, a_digit(number_of(number)))
    yard.later(0, swap)


def meddled(yard: Yard, number: int) -> None:
    """Replace, rename or remove a picture while it is read."""
    choose = random.Random(number)
    path = yard.drop(f"meddled {number}.png", a_digit(number_of(number)))

    def meddle() -> None:
        with suppress(OSError):
            if number % 3 == 0:
                path.unlink()
            elif number % 3 == 1:
                path.rename(path.with_name(f"meddled {number} again.png"))
            else:
                yard.drop(path.name, a_digit(number_of(number) + 2**26))

    yard.later(choose.uniform(0, 0.03), meddle)


def twin(yard: Yard, number: int) -> None:
    """Write as Firefox does: an empty NAME beside NAME.part, which is renamed in the end."""
    name, content = f"twin {number}.png", a_digit(number_of(number))
    yard.expected[name] = content
    (yard.inbox / name).touch()
    part = yard.inbox / f"{name}.part"
    part.write_bytes(content[:100])

    def complete() -> None:
        part.write_bytes(content)
        part.rename(yard.inbox / name)

    yard.later(6, complete)  # twice `--max-wait`


def stalled(yard: Yard, number: int) -> None:
    """Reserve all room, write half, pause for longer than `--settle`, and write the rest."""
    name, content = f"stalled {number}.png", a_digit(number_of(number))
    yard.expected[name] = content
    file = (yard.inbox / name).open("wb", buffering=0)
    file.write(content[:150])
    file.truncate(len(content))

    def complete() -> None:
        with file:
            file.write(content[150:])

    yard.later(1.5, complete)


ACTS: dict[str, Callable[[Yard, int], None]] = {
    "swapped folder": swapped,
    "swapped file": swapped_file,
    "meddled": meddled,
    "twin": twin,
    "stalled": stalled,
}
