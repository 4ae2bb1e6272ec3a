"""Things that lie in an inbox and mean harm, or know no better: of `hostile.py`.

Each kind is a function of a `Yard` and a number, and puts one thing there, or some that belong
together. What must get its row in spite of all is expected by the yard.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from hostile_pictures import CONTENTS, a_digit
from hostile_yard import Yard, number_of

STRANGER = 12345  # a user that is not the worker's, and that nobody is


def fifo(yard: Yard, number: int) -> None:
    os.mkfifo(yard.inbox / f"fifo {number}.png")


def a_socket(yard: Yard, number: int) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.fspath(yard.aside / "socket"))
    (yard.aside / "socket").rename(yard.inbox / f"socket {number}.png")


def device(yard: Yard, number: int) -> None:
    os.mknod(yard.inbox / f"device {number}.png", 0o20666, os.makedev(1, 5))


def link(yard: Yard, number: int, *, to: str) -> None:
    (yard.inbox / f"link {number}.png").symlink_to(to)


def link_loop(yard: Yard, number: int) -> None:
    one, other = yard.inbox / f"loop {number} a", yard.inbox / f"loop {number} b"
    one.symlink_to(other)
    other.symlink_to(one)
    folder = yard.inbox / f"loop {number}"
    folder.mkdir()
    (folder / "up").symlink_to("..")


def folder_named_picture(yard: Yard, number: int) -> None:
    yard.expect(f"folder {number}.png/{number}.png", number_of(number))


def deep(yard: Yard, number: int, *, depth: int) -> None:
    """Nest folders, with a picture in the last."""
    top = f"deep {depth} {number}"
    os.close(nested(yard, [top, *"d" * depth]))
    yard.expect(f"{top}/" + "d/" * depth + "deep.png", number_of(number) + depth * 2**8)


def too_deep(yard: Yard, number: int) -> None:
    """Nest folders until no path leads to the last."""
    folder = nested(yard, [f"{number}-{step}".ljust(200, "d") for step in range(30)])
    file = os.open("7.png", os.O_WRONLY | os.O_CREAT, 0o666, dir_fd=folder)
    os.write(file, a_digit(number_of(number)))
    os.close(file)
    os.close(folder)


def nested(yard: Yard, names: list[str]) -> int:
    """Make each folder in the one before, whether or not a path leads there; open the last."""
    folder = os.open(yard.inbox, os.O_RDONLY)
    for name in names:
        os.mkdir(name, dir_fd=folder)
        above, folder = folder, os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(above)
    return folder


def many_folders(yard: Yard, number: int) -> None:
    for name in range(200):
        (yard.inbox / f"empty {number}" / str(name)).mkdir(parents=True)


def unreadable_file(yard: Yard, number: int) -> None:
    (yard.aside / "file").write_bytes(a_digit(number_of(number)))
    (yard.aside / "file").chmod(0)
    (yard.aside / "file").rename(yard.inbox / f"unreadable {number}.png")


def unreadable_folder(yard: Yard, number: int) -> None:
    yard.drop(f"unreadable {number}/7.png", a_digit(number_of(number))).parent.chmod(0)


def strangers_file(yard: Yard, number: int) -> None:
    (yard.aside / "file").write_bytes(a_digit(number_of(number)))
    (yard.aside / "file").chmod(0o600)
    os.chown(yard.aside / "file", STRANGER, STRANGER)
    (yard.aside / "file").rename(yard.inbox / f"stranger {number}.png")


def strangers_folder(yard: Yard, number: int) -> None:
    folder = yard.aside / "folder"
    folder.mkdir()
    (folder / "7.png").write_bytes(a_digit(number_of(number)))
    for path in (folder / "7.png", folder):
        os.chown(path, STRANGER, STRANGER)
    folder.rename(yard.inbox / f"stranger {number}")


def immutable(yard: Yard, number: int) -> None:
    path = yard.drop(f"immutable {number}.png", a_digit(number_of(number)))
    subprocess.run(["chattr", "+i", path], check=False, capture_output=True)


NAMES = [
    "a\nnew line", "right\u202eto left", "\udcff\udcfe", "l" * 251, "=cmd|' /C calc'!A0", "-rf",
    " spaces ", "dots...", "tab\there", 'quote"s,', "\x1b[2J\x07", "$(reboot)", "`id`", "%s%n",
    "tag\U000e0041s", "zero\u200bwidth", "arabic\u061cmark", "\ufeffbom", "con", "a;b|c&d",
    "@SUM(1)", "~6", "e\u0301", "\u00e9", "*?[x]", "\\u000a", "'", "#no comment", "~/x",
]  # fmt: skip


def odd_name(yard: Yard, number: int) -> None:
    """Drop a picture whose name is odd, in a folder of that name too."""
    name = NAMES[number % len(NAMES)]
    yard.expect(f"names {number}/{name}.png", number_of(number))
    yard.expect(f"names {number}/folder {name[:240]}/7.png", number_of(number) + 2**26)


def content(yard: Yard, number: int, *, make: Callable[[int], bytes]) -> None:
    yard.drop(f"content {number}.png", make(number))


def sparse(yard: Yard, number: int) -> None:
    with (yard.aside / "file").open("wb") as file:
        file.truncate(200 * 10**9)
    (yard.aside / "file").rename(yard.inbox / f"sparse {number}.png")


def our_names(yard: Yard, number: int) -> None:
    """Use the names that the worker itself uses."""
    names = ["predictions.csv", ".status.json", ".predictions.csv.lock", "report.html", "done"]
    yard.drop(f"ours {number}/{names[number % len(names)]}", b"id,file\r\n")
    with suppress(OSError):
        yard.drop(f".claimed/x{number}", b"x")
        yard.drop(f".claimed/batch {number}/7.png", a_digit(number_of(number)))
        os.mkfifo(yard.inbox / ".claimed" / f"fifo {number}")
        (yard.inbox / ".claimed" / f"link {number}").symlink_to("..")


MODULES = [
    "multiprocessing/__init__",
    "socket",
    "numpy/__init__",
    "sitecustomize",
    "encodings",
    "cv2",
]


def python(yard: Yard, number: int) -> None:
    """Drop a program that Python finds, if it looks into the inbox; as root, one that stays."""
    source = f"open({os.fspath(yard.marker)!r}, 'a').write(__file__ + '\\n')\n"
    path = yard.drop(f"{MODULES[number % len(MODULES)]}.py", source.encode())
    if os.geteuid() == 0 and path.parent != yard.inbox:
        os.chown(path.parent, STRANGER, STRANGER)


THINGS: dict[str, Callable[[Yard, int], None]] = {
    "fifo": fifo,
    "socket": a_socket,
    "broken link": partial(link, to="nowhere"),
    "link to /dev/zero": partial(link, to="/dev/zero"),
    "link to a folder": partial(link, to="/proc/self"),
    "link loop": link_loop,
    "folder named as a picture": folder_named_picture,
    "deep": partial(deep, depth=500),
    "deeper": partial(deep, depth=1_700),
    "too deep": too_deep,
    "many folders": many_folders,
    "unreadable file": unreadable_file,
    "unreadable folder": unreadable_folder,
    "odd name": odd_name,
    "sparse": sparse,
    "our names": our_names,
    "python": python,
    **{kind: partial(content, make=make) for kind, make in CONTENTS.items()},
}
if sys.platform == "linux" and not os.geteuid():
    THINGS |= {
        "device": device,
        "stranger's file": strangers_file,
        "stranger's folder": strangers_folder,
        "immutable": immutable,
    }

STAY = {
    "unreadable folder": "unreadable",
    "too deep": "ddd",
    "stranger's folder": "stranger",
    "immutable": "immutable",
}
"""Kinds that the worker cannot take or look into: a part of the name that `status` must tell."""
