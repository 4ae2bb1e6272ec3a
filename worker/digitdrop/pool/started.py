"""What a one-shot run is reading just now, so that the next one knows what a crash interrupted."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from digitdrop.files.regular import open_regular

_LONGEST: Final = 1 << 24  # bytes that are read of a note


class CrashNote:
    """A note beside the report: `.NAME.begun`.

    It is there while a run reads, and stays if the run crashes: one of the files in
    it may be to blame. It proves nothing and need not survive a power cut.
    """

    def __init__(self, report: Path) -> None:
        """Name the report."""
        self._path = report.with_name(f".{report.name}.begun")

    def note(self, paths: Iterable[Path]) -> None:
        """Replace what is noted."""
        with suppress(OSError):  # a full disk: the report will tell
            here = os.getcwd()  # noqa: PTH109 - `absolute` would ask for it again for each path
            names = "\0".join(os.path.join(here, path) for path in paths)  # noqa: PTH118
            with open_regular(self._path, "wb") as file:
                file.write(os.fsencode(names))

    def left(self) -> list[Path]:
        """Give what an earlier run had begun when it crashed, as far as it is still there."""
        try:
            with open_regular(self._path) as file:
                names = file.read(_LONGEST).split(b"\0")
        except OSError:
            return []
        return [Path(os.fsdecode(name)) for name in names if name and os.path.isfile(name)]  # noqa: PTH113 - a name may be too long for `Path.is_file`

    def clear(self) -> None:
        """Note that the run has ended well; what stays noted is only tried out for nothing."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
