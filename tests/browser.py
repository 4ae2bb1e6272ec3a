"""A real browser, without a window: what people would see and do on the page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")

needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="no browser: on Debian, apt-get install chromium chromium-driver",
)


@contextmanager
def a_browser() -> "Iterator[Browser]":
    """Run one as long as the context lasts."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


class Browser:
    """One window, and what a person does in it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        """Take over a window."""
        self.driver = driver

    def open(
        self, page: Path, fragment: str = "", *, width: int = 1280, dark: bool = False
    ) -> None:
        """Open a page from disk, anew."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.tell("Emulation.setEmulatedMedia", features=[scheme, still])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.tell("Emulation.setDeviceMetricsOverride", **size)
        self.driver.get("about:blank")
        self.complaints()
        self.driver.get(page.resolve().as_uri() + fragment)

    def tell(self, what: str, **how: Any) -> Any:
        """Give the browser an order by its own protocol."""
        return self.driver.execute_cdp_cmd(what, how)

    def run(self, script: str) -> Any:
        """Run a script in the page, as a developer at its console would."""
        return self.driver.execute_script(script)

    def find(self, selector: str) -> WebElement:
        """Find the first such element."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        """Click on an element."""
        element = self.find(selector)
        self.run("document.documentElement.style.scrollBehavior = 'auto'")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def rows(self) -> list[str]:
        """Give the names of the rows that are seen."""
        names: list[str] = self.run(
            "return [...document.querySelectorAll('#rows tr')]"
            ".filter(row => row.checkVisibility()).map(row => row.cells[5].textContent.trim())"
        )
        return names

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def focused(self) -> WebElement:
        """Give what has the focus."""
        return self.driver.switch_to.active_element

    def complaints(self) -> list[str]:
        """Give what the browser has complained of since."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [str(entry["message"]) for entry in entries]

    def snapshot(self, width: int) -> bytes:
        """Photograph the whole page, as PNG."""
        height = min(4000, self.run("return document.documentElement.scrollHeight"))
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.tell("Emulation.setDeviceMetricsOverride", **size)
        return self.driver.get_screenshot_as_png()


TAB, SPACE = Keys.TAB, Keys.SPACE
