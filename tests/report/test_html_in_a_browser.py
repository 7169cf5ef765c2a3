# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a browser has no errors, requests or overflow, shows hostile names as text, and can be sorted."""

from __future__ import annotations

import base64
import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import IN_ORDER
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.escape import visible
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.report import Report, services_of
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._report.render_html import render_html
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import (
    HOSTILE,
    artifact,
    away,
    in_order,
    report_of,
    states,
)

FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-background-networking", "disable-component-update",
    "disable-sync", "no-first-run",
)  # fmt: skip
WIDTHS = (1280, 390)
LONG = "a-name-without-any-place-to-break-it" * 6


def fleet(count: int) -> Report:
    """Return this number of hosts, in turn in every state, one with a hostile and one with an endless name."""
    kinds = list(states().values())
    made = {f"host{number}": {**kinds[number % len(kinds)], "host": f"host{number}"} for number in range(count - 2)}
    made |= {name: artifact(name, factory.conflict_facts()) for name in (HOSTILE, LONG)}
    made[HOSTILE]["plan"]["needs"][0]["service"] = HOSTILE
    earlier = {name: artifact(name, in_order()) for name in [*list(made)[:20], HOSTILE]}
    return report_of(made, earlier, title=f"Night {HOSTILE}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    assert all(programs.values()), f"scripts/setup browser installs what is missing: {programs}"
    options.binary_location = programs["chromium"]
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(programs["chromedriver"]))
    yield driver
    driver.quit()


def load(browser: webdriver.Chrome, path: Path, width: int = 1280, scheme: str = "light") -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    browser.get_log("performance")
    browser.get(path.as_uri())


@pytest.fixture(scope="module", params=[3, 30, 300])
def page(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    report = fleet(request.param)
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_html(report), encoding="utf-8")
    return report, path


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_and_nothing_is_asked_for(browser, page, width: int) -> None:
    _report, path = page
    load(browser, path, width)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    wide, room = browser.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room <= width
    assert browser.get_log("browser") == []
    sent = [
        entry["message"] for entry in browser.get_log("performance") if 'Network.requestWillBeSent"' in entry["message"]
    ]
    assert sent, "the log holds the page itself at least"
    assert [message for message in sent if path.as_uri() not in message] == []


def test_the_facts_are_in_the_page(browser, page) -> None:
    report, path = page
    load(browser, path)
    found = browser.execute_script(
        "return Array.from(document.querySelectorAll('#fleet tbody tr')).map(row => [row.cells[0].textContent,"
        " row.dataset.status, Array.from(row.querySelectorAll('td.s span')).map(cell => cell.textContent).sort()])"
    )
    assert [tuple(row[:2]) for row in found] == [(visible(row.host), row.status) for row in report.rows]
    for row, (_name, _status, cells) in zip(report.rows, found, strict=True):
        assert cells == sorted(need.cell for need in row.details.needs) if row.details else cells == []
    assert browser.title == visible(report.title)
    assert not browser.find_elements(By.CSS_SELECTOR, "main script, header script")
    assert len(browser.find_elements(By.CSS_SELECTOR, "details[id]")) == len(report.rows)
    pictures = browser.execute_script(
        "return Array.from(document.querySelectorAll('details[id] svg')).map(one => one.getAttribute('aria-label'))"
    )
    assert "conflicts: 1645, 4500" in pictures
    assert "IPv4 pool: 1024-65534" in pictures


def rows_shown(browser) -> list[str]:
    return browser.execute_script(
        "return Array.from(document.querySelectorAll('#fleet tbody tr')).filter(row => !row.hidden)"
        ".map(row => row.cells[0].textContent)"
    )


def test_filter_sort_and_links(browser, page) -> None:
    report, path = page
    load(browser, path)
    browser.find_element(By.ID, "find").send_keys(LONG[:40])
    assert rows_shown(browser) == [LONG]
    shown = browser.execute_script(
        "return Array.from(document.querySelectorAll('details[id]')).filter(x=>!x.hidden).length"
    )
    assert shown == 1
    load(browser, path)
    head = browser.find_element(By.CSS_SELECTOR, "#fleet thead button")
    head.click()
    assert rows_shown(browser) == sorted(rows_shown(browser))
    head.click()
    assert rows_shown(browser) == sorted(rows_shown(browser), reverse=True)
    last = len(report.rows) - 1
    browser.execute_script(f"location.hash = 'h{last}'")
    assert browser.execute_async_script(
        f"setTimeout(() => arguments[0](document.getElementById('h{last}').checkVisibility()"
        f" && document.getElementById('h{last}').open), 50)"
    )


def test_it_is_readable_without_script(browser, page) -> None:
    report, path = page
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        load(browser, path)
        assert len(browser.find_elements(By.CSS_SELECTOR, "#fleet tbody tr")) == len(report.rows)
        assert not browser.find_element(By.ID, "tools").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """More hosts than the page has in its markup; the hostile and the endless name are among the hundred worst."""
    report = fleet(700)
    path = tmp_path_factory.mktemp("large") / "report.html"
    path.write_text(render_html(report), encoding="utf-8")
    return report, path


def wait_for_rows(browser, wanted: list[str]) -> None:
    """Wait until the table shows these hosts: a packed one is unpacked only then."""
    WebDriverWait(browser, 20).until(lambda _driver: rows_shown(browser) == wanted, str(rows_shown(browser)[:5]))


def test_a_large_fleet_is_shown_sorted_and_searched_as_a_whole(browser, large) -> None:
    report, path = large
    names = [visible(row.host) for row in report.rows]
    load(browser, path)
    wait_for_rows(browser, names[:100])
    browser.find_element(By.ID, "more").click()
    wait_for_rows(browser, names[:200])
    assert len(browser.find_elements(By.CSS_SELECTOR, "details[id]")) == 200
    browser.find_element(By.CSS_SELECTOR, "#fleet thead button").click()
    wait_for_rows(browser, sorted(names)[:200])
    last = next(row for row in reversed(report.rows) if row.details)
    browser.find_element(By.ID, "find").send_keys(last.host)
    found = [name for name in names if visible(last.host) in name]
    wait_for_rows(browser, sorted(found))
    assert f"{len(found)} of 700 hosts" in browser.find_element(By.ID, "count").text
    assert browser.get_log("browser") == []


def test_a_link_to_a_packed_host_opens_its_part(browser, large) -> None:
    report, path = large
    place = max(number for number, row in enumerate(report.rows) if row.details)
    load(browser, path)
    browser.get(f"{path.as_uri()}#h{place}")
    part = WebDriverWait(browser, 20).until(
        lambda driver: driver.find_element(By.CSS_SELECTOR, f"details[id=h{place}][open]")
    )
    assert visible(report.rows[place].host) in part.text
    assert "Risk of the next start of DNS" in part.text
    assert browser.get_log("browser") == []


def test_a_large_fleet_is_readable_without_script(browser, large) -> None:
    report, path = large
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        load(browser, path)
        others = browser.find_elements(By.CSS_SELECTOR, "noscript li")
        assert len(others) == len(report.rows) - 100
        assert others[0].text.startswith(f"{visible(report.rows[100].host)}: ")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_is_followed(browser, page, scheme: str) -> None:
    load(browser, page[1], scheme=scheme)
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (colour == "rgb(255, 255, 255)") == (scheme == "light")


def many_services() -> Report:
    """Return a host that needs more services than the table has columns, each with a long name."""
    made = artifact("busy", factory.conflict_facts())
    need = made["plan"]["needs"][0]
    made["plan"]["needs"] += [
        {**need, "service": f"{number:02}-a-service-with-a-long-name", "services": []} for number in range(50)
    ]
    return report_of({"busy": made, **{f"host{number}": away(f"host{number}") for number in range(40)}})


@dataclass
class Paper:
    """A page of the report on paper, as it was printed.

    Attributes:
        words: each with the right and the lower end of its box, as shares of the page; by page.
        corner: colour of the first page's corner.
    """

    words: list[list[tuple[str, float, float]]]
    corner: tuple[int, ...]

    @property
    def text(self) -> str:
        return " ".join(word for page in self.words for word, _right, _low in page)


@pytest.fixture
def printed(browser, tmp_path: Path):
    """Give a function that prints a report on A4, from a reader's dark screen."""

    def run(report: Report) -> Paper:
        path, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
        path.write_text(render_html(report), encoding="utf-8")
        load(browser, path, scheme="dark")
        done = browser.execute_cdp_cmd(
            "Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
        )
        pdf.write_bytes(base64.b64decode(done["data"]))
        boxes = subprocess.run(["pdftotext", "-bbox", pdf, "-"], check=True, capture_output=True, text=True).stdout
        pages = boxes.split("<page ")[1:]
        picture = subprocess.run(["pdftoppm", "-r", "10", "-l", "1", pdf], check=True, capture_output=True).stdout
        return Paper([words_of(page) for page in pages], tuple(picture.split(b"\n", 3)[3][:3]))

    return run


def words_of(page: str) -> list[tuple[str, float, float]]:
    wide, high = (float(value) for value in re.match(r'width="([\d.]+)" height="([\d.]+)"', page).groups())
    found = re.findall(r'<word xMin="\S+" yMin="\S+" xMax="(\S+)" yMax="(\S+)">(.*)</word>', page)
    return [(html.unescape(word), float(right) / wide, float(low) / high) for right, low, word in found]


@pytest.mark.parametrize("made", [lambda: fleet(30), many_services], ids=["fleet", "services"])
def test_on_paper_everything_is_there_in_light_colours(printed, made) -> None:
    report = made()
    paper = printed(report)
    assert paper.corner == (255, 255, 255), "a dark screen is no reason for dark paper"
    sticking_out = [word for page in paper.words for word in page if max(word[1:]) > 1]
    assert not sticking_out
    first = next(number for number, page in enumerate(paper.words) if "Hosts" in [word for word, *_box in page])
    table = [word for page in paper.words[: first + 1] for word, *_box in page]
    names = [row.host for row in report.rows if row.host not in (HOSTILE, LONG)]
    assert [name for name in names if name not in table] == []
    assert LONG not in names and (made is many_services or LONG in "".join(table)), "no name is cut"
    for row in report.rows:
        shown = row.status not in IN_ORDER and row.details
        for conflict in row.details.conflicts if shown else ():
            assert conflict.holder in paper.text
    services, _left_out = services_of(report.rows)
    assert [name for name in services if name != HOSTILE and name not in table] == []


def test_printing_leaves_the_page_as_it_was(browser, printed) -> None:
    """What is not in order is open on paper; what is in order stands in the table and stays closed."""
    report = fleet(30)
    paper = printed(report)
    shown = sum(bool(row.details) for row in report.rows if row.status not in IN_ORDER)
    assert paper.text.count("Risk of the next start of DNS") == shown
    assert len(browser.find_elements(By.CSS_SELECTOR, "details[open]")) == 1
