"""A real Chromium without a window, which reaches nothing but this machine.

Debian's packages `chromium` and `chromium-driver` have it. Where they are not installed these tests are skipped, which
pytest says at its end; `.ci/run` installs them and sets DRASP_NEEDS_BROWSER, so that there they fail instead.

Under strace the only address beyond this machine is that of Chromium's question whether there is a route for IPv6: a
UDP socket that is connected and sends nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # CI runs as root, where the sandbox does not start
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--no-first-run",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        assert "DRASP_NEEDS_BROWSER" not in os.environ, "there is no chromium, or no chromedriver"
        pytest.skip("there is no chromium, or no chromedriver: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = program
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=Service(driver))  # with both paths given, selenium fetches nothing
    chrome.set_window_size(1280, 900)
    yield chrome
    chrome.quit()
