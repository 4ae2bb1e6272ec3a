"""The review page in a real browser: corrected by keyboard, and on a phone's width."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import Browser, a_browser, needs_chromium
from digitdrop.values import Status
from ledger import a_picture, wait_until
from reviewing import a_review
from shelved import Shelved

pytestmark = [pytest.mark.browser, pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture
def outbox(tmp_path: Path) -> Shelved:
    outbox = Shelved(tmp_path)
    for number in range(6):
        content = a_picture(number) + bytes(number)
        outbox.put(f"{number}.png", content, status=Status.UNCERTAIN, prediction=str(number))
    return outbox


def shown(browser: Browser) -> str:
    text: str = browser.run(
        "const card = document.getElementById('card');"
        "return card && !card.hidden ? document.getElementById('name').textContent : ''"
    )
    return text


def test_pictures_are_corrected_by_keyboard_alone(browser: Browser, outbox: Shelved) -> None:
    with a_review(outbox.outbox) as page:
        browser.complaints()
        browser.driver.get(page.address)
        wait_until(lambda: shown(browser) == "5.png", 20)
        wait_until(
            lambda: browser.run("return document.getElementById('picture').naturalWidth") > 0, 20
        )

        browser.press("\ue007")  # Enter: 5 it is
        assert shown(browser) == "4.png"
        browser.press("0", "4", "2", "\ue007")
        browser.press("n")
        assert shown(browser) == "2.png"
        browser.press("s")
        assert shown(browser) == "1.png"
        browser.press("9", "\ue007")
        wait_until(lambda: len(outbox.corrections()) == 4, 20)
        browser.press("u")  # its row is written, so this is one more
        wait_until(lambda: shown(browser) == "1.png", 20)

        wait_until(lambda: len(outbox.corrections()) == 5, 20)
        assert set(outbox.corrections()) == {
            ("5.png", "5", "uncertain"),
            ("4.png", "042", "uncertain"),
            ("3.png", None, "uncertain"),
            ("1.png", "9", "uncertain"),
            ("1.png", "1", "corrected"),
        }
        assert "token" not in browser.driver.current_url
        assert browser.complaints() == []


def test_every_view_fits_a_phone_and_has_a_name_for_each_field(
    browser: Browser, outbox: Shelved
) -> None:
    size = {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": True}
    browser.tell("Emulation.setDeviceMetricsOverride", **size)
    with a_review(outbox.outbox) as page:
        browser.driver.get(page.address)
        wait_until(lambda: shown(browser) == "5.png", 20)
        row = next(iter(outbox.rows()))
        for path in ("/", "/all", "/live", "/figures", f"/rows/{row}"):
            browser.driver.get(f"http://127.0.0.1:{page.port}{path}")
            width = browser.run("return document.documentElement.scrollWidth")
            assert width <= 320, path
            forms = browser.driver.find_elements("css selector", "form")
            assert all(form.is_displayed() for form in forms), path
            unnamed = browser.run(
                "return [...document.querySelectorAll('input, select, button, a, img')]"
                ".filter(e => e.checkVisibility()).filter(e => e.tagName === 'IMG'"
                " ? !e.hasAttribute('alt') : !(e.labels?.length || "
                "e.textContent.trim() || e.ariaLabel || e.ariaHidden)).map(e => e.outerHTML)"
            )
            assert unnamed == [], path
        browser.driver.get(f"http://127.0.0.1:{page.port}/")
        wait_until(lambda: shown(browser) == "5.png", 20)
        browser.click("[data-key='3']")
        browser.click("[data-key='Enter']")
        wait_until(lambda: outbox.corrections() == [("5.png", "3", "uncertain")], 20)
        assert page.stop() == 0
