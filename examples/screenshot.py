"""Make `docs/page.png` again, the page of the samples in a real browser.

`python examples/screenshot.py`; needs Chromium and its driver, and the extra `dev`.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import cv2
import numpy as np
from selenium import webdriver

HERE = Path(__file__).resolve().parent
PICTURE = HERE.parent / "docs" / "page.png"
SIZE = (1180, 1480)


def main() -> None:
    """Have the worker read the samples, and photograph what it shows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = [path for path in sorted(HERE.iterdir()) if path.suffix in {".jpg", ".png"}]
        shutil.copytree(HERE, folder / "inbox", ignore=shutil.ignore_patterns("*.py", "__*"))
        page = folder / "outbox" / "report.html"
        command = [sys.executable, "-P", "-m", "digitdrop", "watch", "--quiet", "--settle=0"]
        folders = [f"--inbox={folder / 'inbox'}", f"--outbox={page.parent}"]
        worker = subprocess.Popen([*command, *folders], cwd=HERE.parent)  # noqa: S603 - our own
        try:
            wait(lambda: page.exists() and page.read_text().count("data-picture") >= len(samples))
        finally:
            worker.terminate()
            worker.wait()
        PICTURE.write_bytes(small(photograph(page)))


def wait(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so."""
    end = monotonic() + seconds
    while not holds():
        if monotonic() > end:
            raise TimeoutError("the page does not come")
        sleep(0.1)


def photograph(page: Path) -> bytes:
    """Give the upper part of the page as PNG."""
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(argument)
    options.binary_location = shutil.which("chromium") or ""
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        width, height = SIZE
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(page.as_uri())
        return driver.get_screenshot_as_png()
    finally:
        driver.quit()


def small(png: bytes) -> bytes:
    """Write a PNG anew, as small as it goes without loss."""
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("the browser gave no picture")
    return cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


if __name__ == "__main__":
    main()
