"""Folders full of code that says so when it is imported or run."""

import os
import pkgutil
import sys
from pathlib import Path

import cv2
import numpy as np

_TOOLS = ("cc", "gcc", "git", "id", "journalctl", "ld", "ldconfig", "loginctl", "lsb_release")
_MORE_TOOLS = ("lscpu", "mount", "objdump", "python", "python3", "sh", "systemctl", "uname")
_OF_PYTHON = ("__init__", "__main__", "conftest", "sitecustomize", "usercustomize")
_OURS = ("digitdrop", "worker", "train", "models", "evil")


class Trap:
    """A folder of pictures and of code: every name that Python or a dependency may ask for."""

    def __init__(self, folder: Path) -> None:
        """Fill a new folder, and name a file beside it that the code writes into."""
        self.folder = folder
        self.below = folder / "below"
        self._mark = folder.with_name(f"{folder.name} was run")
        self.below.mkdir(parents=True)
        names = {*sys.stdlib_module_names, *(one.name for one in pkgutil.iter_modules()), *_OURS}
        for name in sorted(name for name in names if name.isidentifier()):
            self._module(name)
        for name in _OF_PYTHON:
            (folder / f"{name}.py").write_text(self._code(name))
        for name in (*_TOOLS, *_MORE_TOOLS):
            self._tool(name)
        (folder / "evil.pth").write_text("import evil\n")
        (folder / "pyvenv.cfg").write_text(f"home = {folder}\n")
        os.mkfifo(folder / "matplotlibrc")  # who reads it waits for ever
        os.mkfifo(self.below / "matplotlibrc")
        self._pictures()

    def sprung(self) -> list[str]:
        """List what was imported or run since this was asked last."""
        found = self._mark.read_text().splitlines() if self._mark.exists() else []
        self._mark.unlink(missing_ok=True)
        return found

    def _module(self, name: str) -> None:
        package = self.folder / name
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(self._code(f"{name}/"))
        (package / "__main__.py").write_text(self._code(f"{name}/__main__"))
        package.with_suffix(".py").write_text(self._code(name))

    def _code(self, name: str) -> str:
        return f"with open({str(self._mark)!r}, 'a') as mark:\n    mark.write({name!r} + '\\n')\n"

    def _tool(self, name: str) -> None:
        path = self.folder / name
        if path.is_dir():  # a module has the name
            return
        path.write_text(f"#!/bin/sh\necho 'tool {name}' >> '{self._mark}'\n")
        path.chmod(0o755)

    def _pictures(self) -> None:
        for digit in (3, 7):
            picture = np.full((80, 60), 255, np.uint8)
            cv2.putText(picture, str(digit), (8, 62), cv2.FONT_HERSHEY_SIMPLEX, 2, (0,), 5)
            content = cv2.imencode(".png", picture)[1].tobytes()
            for name in (f"{digit}.png", f"{digit}/{digit}.png", f"below/{digit}.png"):
                (self.folder / name).parent.mkdir(exist_ok=True)
                (self.folder / name).write_bytes(content)
