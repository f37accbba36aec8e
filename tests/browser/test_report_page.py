"""The page of `drasp report` in a real browser: from a disk and from a server, with hostile names in it."""

from __future__ import annotations

import csv
import http.server
import json
import os
import shutil
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from typer.testing import CliRunner

from drasp_cli.cli.app import app
from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.tables.files import write_table
from drasp_cli.tables.score_table import score_columns, score_record
from tests.cli.conftest import write
from tests.tiny import tiny_folder

IMAGE = "<img src=x onerror=window.pwned=1>"
SCRIPT = "</script><script>window.pwned=2</script>"
PROMPT = f'say "hi", it\'s, here\n=1+1 {SCRIPT} <!-- &amp; \u2028 \u202egnp.exe'
NAMES = (
    f"{IMAGE}.wav",
    "a \"b' & c#1?50%.wav",
    "=SUM(A1).wav",
    "x\u202egpj.wav",
    "javascript:alert(1).wav",
    "e\udce9.wav",
)
SHOWN = (*NAMES[:3], "x\\u202egpj.wav", NAMES[4], "e\\xe9.wav")
SYSTEMS = ("__proto__", "<b>bold")


def invoke(*arguments: str) -> None:
    done = CliRunner().invoke(app, [*arguments, "-q"], catch_exceptions=False)
    assert done.exit_code in (0, 3), done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Hostile clips that the tiny model scored, one that it could not, and their page: report.html."""
    folder = tmp_path_factory.mktemp("page")
    before = Path.cwd()
    os.chdir(folder)
    tiny_folder(folder / "tiny")
    for i, system in enumerate(SYSTEMS):
        for j, name in enumerate(NAMES):
            write(folder / "clip.wav", seed=10 * i + j)
            (folder / "clips" / system).mkdir(parents=True, exist_ok=True)
            (folder / "clip.wav").rename(folder / "clips" / system / name)
    (folder / "clips" / SYSTEMS[0] / "broken.wav").write_bytes(b"nothing to hear")
    with (folder / "prompts.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("id", "prompt"), (f"{SYSTEMS[0]}/{NAMES[2]}", PROMPT)])
    invoke("score", "clips", "-m", "./tiny", "--prompts", "prompts.csv", "--with-prompts", "-o", "scores.csv")
    (folder / "pages").mkdir()
    with (folder / "ratings.csv").open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        paths = [f"clips/{system}/{name}" for system in SYSTEMS for name in NAMES]
        csv.writer(stream).writerows([("path", "MI"), *((path, i % 5 + 0.25) for i, path in enumerate(paths))])
    shown = ("--title", f"Title {IMAGE}", "--clips", "6", "--ratings", "ratings.csv")
    invoke("report", "scores.csv", "-o", "pages/report.html", *shown)
    invoke("report", "scores.csv", "-o", "pages/embedded.html", "--embed-audio")
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def scores(folder: Path) -> list[dict[str, str]]:
    with (folder / "scores.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Address of `folder`, and the paths that were asked for."""
    asked: list[str] = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            return str(folder) + os.fsdecode(urllib.parse.unquote_to_bytes(path))  # names that are no UTF-8, too

        def log_message(self, format: str, *arguments: Any) -> None:
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture
def page(browser: Chrome, folder: Path) -> Iterator[Chrome]:
    """The browser with the page open from the disk; afterwards, that its console stayed empty and nothing ran."""
    browser.get_log("browser")
    browser.get((folder / "pages/report.html").as_uri())
    yield browser
    assert browser.get_log("browser") == []
    assert browser.execute_script("return window.pwned") is None


def table(page: Chrome) -> list[list[str]]:
    """The rows shown, as text."""
    script = "return [...document.querySelectorAll('#table tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
    return page.execute_script(script)


def column(page: Chrome, name: str) -> list[str]:
    heads = page.execute_script("return [...document.querySelectorAll('#table thead th')].map(h => h.innerText)")
    place = next(place for place, head in enumerate(heads) if head.split("\n")[0] == name)
    return [cells[place] for cells in table(page)]


def head(page: Chrome, name: str) -> Any:
    return page.find_element(By.XPATH, f"//table[@id='table']//th[normalize-space()='{name}']")


def until(page: Chrome, script: str) -> Any:
    return WebDriverWait(page, 10, poll_frequency=0.05).until(lambda chrome: chrome.execute_script(f"return {script}"))


def test_strangers_words_are_text(page: Chrome) -> None:
    texts = page.find_element(By.TAG_NAME, "body").text
    names = column(page, "clip")
    for shown in SHOWN:
        for system in SYSTEMS:
            assert any(name.startswith(f"clips/{system}/{shown}") for name in names), shown
    for text in (*SHOWN, *SYSTEMS, f"Title {IMAGE}", "=1+1 </script><script>window.pwned=2</script> <!-- &amp;"):
        assert text in texts
    assert "\\u202egnp.exe" in texts
    assert "\u202e" not in page.page_source
    assert page.title == f"Title {IMAGE}"
    assert set(column(page, "system")) == set(SYSTEMS)
    # The script and the data, and no more; no picture but those in the page.
    assert len(page.find_elements(By.TAG_NAME, "script")) == 2
    assert all(image.get_attribute("src").startswith("data:") for image in page.find_elements(By.TAG_NAME, "img"))


def test_the_table_holds_every_clip_and_why_one_failed(page: Chrome, scores: list[dict[str, str]]) -> None:
    assert [value or "" for value in column(page, "MI")] == [
        f"{float(row['MI']):.2f}" if row["MI"] else "" for row in scores
    ]
    (broken,) = [name for name in column(page, "clip") if "broken.wav" in name]
    assert next(row["error"] for row in scores if row["error"]) in broken
    assert page.find_element(By.CSS_SELECTOR, "#failures tbody").text.startswith("clips/__proto__/broken.wav")


def test_ratings_by_people_are_drawn_beside_the_figures(page: Chrome) -> None:
    part = page.find_element(By.CSS_SELECTOR, "#axis-0 .against-people")
    assert f"{len(NAMES) * len(SYSTEMS)} clips with a score and a rating" in part.text
    boxes = page.execute_script(
        "return [...arguments[0].querySelectorAll('circle')].map(c => [c.querySelector('title').textContent, "
        "getComputedStyle(c).fill, c.getBoundingClientRect().width])",
        part,
    )
    assert sorted(title.partition(":")[0] for title, _, _ in boxes) == sorted(SYSTEMS)
    assert all(fill.startswith("rgb") and width > 4 for _, fill, width in boxes)
    assert not page.find_elements(By.CSS_SELECTOR, "#axis-1 .against-people")  # nobody rated TA


def test_sorting_by_mouse_and_keyboard(page: Chrome, scores: list[dict[str, str]]) -> None:
    falling = sorted((float(row["MI"]) for row in scores if row["MI"]), reverse=True)
    wanted = [f"{score:.2f}" for score in falling]
    head(page, "MI").find_element(By.TAG_NAME, "button").click()
    assert column(page, "MI") == [*wanted, ""]  # what has no score stands last, either way
    assert head(page, "MI").get_attribute("aria-sort") == "descending"
    head(page, "MI").find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert column(page, "MI") == [*wanted[::-1], ""]
    assert head(page, "MI").get_attribute("aria-sort") == "ascending"
    head(page, "system").find_element(By.TAG_NAME, "button").click()
    assert column(page, "system") == sorted(column(page, "system"))
    assert len(page.find_elements(By.CSS_SELECTOR, "[aria-sort]")) == 1


def test_filters(page: Chrome, scores: list[dict[str, str]]) -> None:
    box = page.find_element(By.ID, "text")
    status = page.find_element(By.ID, "status")
    box.send_keys("ONERROR __proto__")
    until(page, "document.querySelectorAll('#table tbody tr').length === 1")
    assert column(page, "clip")[0].startswith(f"clips/__proto__/{IMAGE}")
    assert status.text == f"1 of {len(scores)} clips"
    page.find_element(By.CSS_SELECTOR, "#filters button[type=reset]").click()
    until(page, f"document.querySelectorAll('#table tbody tr').length === {len(scores)}")
    page.find_element(By.XPATH, "//select[@id='system']/option[.='<b>bold']").click()
    assert set(column(page, "system")) == {"<b>bold"}
    page.find_element(By.XPATH, "//select[@id='flag']/option[.='could not be scored']").click()
    assert status.text == f"0 of {len(scores)} clips"
    page.find_element(By.XPATH, "//select[@id='system']/option[.='__proto__']").click()
    assert status.text == f"1 of {len(scores)} clips"


def test_clips_without_systems_have_no_column_and_no_filter_of_them(browser: Chrome, tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("path,system,MI,TA\na.wav,,3,\nb.wav,,2,\n")
    invoke("report", str(tmp_path / "scores.csv"), "-o", str(tmp_path / "report.html"), "--no-audio")
    browser.get((tmp_path / "report.html").as_uri())
    heads = browser.execute_script("return [...document.querySelectorAll('#table thead th')].map(h => h.innerText)")
    assert [head.split("\n")[0] for head in heads] == ["Play", "clip", "MI", "seconds"]
    assert not browser.find_element(By.ID, "system").is_displayed()
    browser.find_element(By.ID, "text").send_keys("b.wav")
    until(browser, "document.querySelectorAll('#table tbody tr').length === 1")
    assert browser.get_log("browser") == []


def play_all(page: Chrome) -> None:
    """Every clip of the table plays, and a card's player moves the line over its picture."""
    buttons = page.find_elements(By.CSS_SELECTOR, "button.play")
    assert len(buttons) == len(NAMES) * len(SYSTEMS) + 1  # the broken one is there, too
    for button in buttons:
        page.execute_script("arguments[0].click()", button)
        if "broken.wav" in button.get_attribute("aria-label"):
            until(page, "document.getElementById('playing').textContent.includes('cannot be played')")
        else:
            until(page, "document.getElementById('player').currentTime > 0")
    page.execute_script("document.querySelector('.card .sound').click()")
    until(page, "document.querySelector('.card audio').currentTime > 0")
    until(page, "!document.querySelector('.card .playhead').hidden")
    assert page.execute_script("return document.getElementById('player').paused")


def test_clips_play_from_a_disk(page: Chrome) -> None:
    play_all(page)


def test_clips_play_from_a_server(browser: Chrome, server: tuple[str, list[str]]) -> None:
    browser.get(f"{server[0]}/pages/report.html")
    play_all(browser)
    assert browser.get_log("browser") == []


def test_a_click_on_a_picture_plays_what_the_model_heard_there(page: Chrome) -> None:
    """Clips of 1.5 s fill windows of 1 s: heard is the first second, then twice the half second behind it."""
    script = """
        const [share, done] = arguments;
        const sound = document.querySelector(".sound"), audio = sound.closest(".card").querySelector("audio");
        const box = sound.getBoundingClientRect();
        audio.addEventListener("seeked", () => done([audio.currentTime, sound.dataset.heard, sound.dataset.again]),
                               { once: true });
        sound.dispatchEvent(new MouseEvent("click", { clientX: box.left + share * box.width, bubbles: true }));
    """
    for share, second in ((0.25, 0.5), (0.6, 1.2), (0.8, 1.1)):
        found, heard, again = page.execute_async_script(script, share)
        assert (heard, again) == ("2", "1.5:1")
        assert found == pytest.approx(second, abs=0.05)


def test_embedded_clips_play_where_the_page_is_alone(browser: Chrome, folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "pages/embedded.html", tmp_path / "sent.html")
    browser.get((tmp_path / "sent.html").as_uri())
    players = browser.find_elements(By.CSS_SELECTOR, ".card audio")
    assert len(players) > 10
    assert (
        len(set(browser.execute_script("return [...document.querySelectorAll('.card audio')].map(a => a.src)"))) <= 12
    )
    for place in (0, len(players) - 1):
        browser.execute_script("document.querySelectorAll('.card audio')[arguments[0]].play()", place)
        until(browser, f"document.querySelectorAll('.card audio')[{place}].currentTime > 0")
    assert browser.get_log("browser") == []


def test_nothing_that_is_not_in_the_file_is_let_in(
    browser: Chrome, folder: Path, server: tuple[str, list[str]]
) -> None:
    """Were a stranger's words markup after all, the policy would still stop what they ask for."""
    address, asked = server
    markup = f"""<img src="{address}/stolen.png" onerror="window.pwned=3"><iframe src="{address}/stolen.html"></iframe>
        <link rel="stylesheet" href="{address}/stolen.css"><script src="{address}/stolen.js"></script>
        <script>window.pwned = 4</script><p id="trap" onclick="window.pwned = 5" style="color: red">trap</p>
        <object data="{address}/stolen.bin"></object><svg onload="window.pwned = 6"></svg>"""
    page = (folder / "pages/report.html").read_text(encoding="utf-8")
    assert page.count("<main>") == 1
    (folder / "pages/injected.html").write_text(page.replace("<main>", f"<main>{markup}"), encoding="utf-8")
    browser.get(f"{address}/pages/injected.html")
    browser.find_element(By.ID, "trap").click()
    refused = " ".join(entry["message"] for entry in browser.get_log("browser"))
    for what in ("image", "stylesheet", "script"):
        assert f"Loading the {what} " in refused
    for what in (
        "Executing inline event",
        "Executing inline script",
        "Applying inline style",
        "Framing",
        "Loading plugin",
    ):
        assert what in refused
    assert browser.execute_script("return window.pwned") is None
    assert column(browser, "clip")  # the page itself still works
    set_markup = "try { document.body.innerHTML = '<b>'; return 'let in' } catch (error) { return error.name }"
    assert browser.execute_script(set_markup) == "TypeError"
    assert [path for path in asked if "stolen" in path] == []
    browser.get_log("browser")


def contrast(one: list[float], other: list[float]) -> float:
    """Of two sRGB colours (WCAG 2.2)."""

    def luminance(color: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color[:3])]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


COLORS = """
const at = (element, what) => getComputedStyle(element)[what].match(/[\\d.]+/g).map(Number);
const paper = (element) => {
  for (; element; element = element.parentElement) {
    const found = at(element, "backgroundColor");
    if (found.length < 4 || found[3] === 1) return found;
  }
};
return [".lead", "a", ".notice", "h2", ".soft", ".words", ".error", ".between", ".card .prompt", "#table th", "#status"]
  .map((selector) => document.querySelector(selector))
  .map((element) => [at(element, "color"), paper(element), element.className || element.tagName]);
"""


def test_both_themes_are_legible_and_the_button_goes_from_one_to_the_other(page: Chrome) -> None:
    papers = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        found = page.execute_script(COLORS)
        assert {name: contrast(ink, paper) for ink, paper, name in found if contrast(ink, paper) < 4.5} == {}
        papers.append(found[0][1])
    assert contrast(*papers) > 10
    page.find_element(By.ID, "theme").click()  # from dark
    assert page.execute_script(COLORS)[0][1] == papers[0]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_phone_shows_it_without_scrolling_sideways(page: Chrome) -> None:
    size = {"width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 375
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_twenty_thousand_clips(browser: Chrome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    axes = ("MI", "TA")
    rows = [
        ClipScore(Clip(f"r/s{i % 20}/{i:05d}.wav", system=f"s{i % 20}"), {"MI": i * 7919 % 20_000 / 4000, "TA": 3.0})
        for i in range(20_000)
    ]
    write_table("scores.csv", score_columns(axes), (score_record(row, axes) for row in rows))
    invoke("report", "scores.csv", "-o", "report.html", "--no-audio")
    browser.get((tmp_path / "report.html").as_uri())
    head(browser, "MI").find_element(By.TAG_NAME, "button").click()
    assert column(browser, "MI")[:3] == ["5.00", "5.00", "5.00"]
    browser.find_element(By.ID, "last").click()
    assert column(browser, "MI")[-1] == "0.00"
    assert browser.find_element(By.ID, "where").text == "19951 to 20000, page 400 of 400"
    browser.find_element(By.ID, "text").send_keys("s7/ 12")
    until(browser, "document.getElementById('status').textContent !== '20,000 clips'")
    shown = sum("s7/" in row.clip.path and "12" in row.clip.path for row in rows)
    assert browser.find_element(By.ID, "status").text == f"{shown} of 20,000 clips"
    measures = "return performance.getEntriesByType('measure').map(m => [m.name, Math.round(m.duration)])"
    size = (tmp_path / "report.html").stat().st_size
    print(f"20,000 clips: {size / 1e6:.2f} MB, milliseconds: {json.dumps(browser.execute_script(measures))}")
    assert browser.get_log("browser") == []
