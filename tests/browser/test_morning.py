"""An engineer's morning in the browser: start a run, see what failed and on which rows, read the report, mend, replay.

The tests are the steps of one morning, in order.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import A_RUN, NAMED, UNNAMED, Morning

pytestmark = pytest.mark.browser

CHECK = "/assets/records/organisation?view=checks&checkDetail=no_row_is_rejected"


def test_a_run_is_started_from_the_graph_and_ends_well(morning: Morning) -> None:
    page = morning.go("/locations/orchestration.definitions/jobs/concord")
    page.get_by_role("button", name="Materialize all").click()
    expect(page.get_by_text(re.compile("Launched run")).first).to_be_visible()
    morning.go("/runs")
    ended = page.get_by_text(re.compile("^(Success|Failure)$")).first
    expect(ended).to_be_visible(timeout=A_RUN)
    expect(ended).to_have_text("Success")


def test_the_failed_check_says_in_words_what_is_wrong_and_shows_the_ten_worst_rows(morning: Morning) -> None:
    page = morning.go(CHECK)
    expect(page.get_by_text(f"acme accounts.csv: {UNNAMED} of its rows rejected", exact=False)).to_be_visible()
    rows = page.get_by_role("row").filter(has_text=re.compile("^acme"))
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("organisation.name is missing")
    shown = [int(row.get_by_role("cell").nth(3).inner_text()) for row in rows.all()]
    assert shown == [NAMED + place + 1 for place in range(10)]


def test_the_report_opens_from_the_asset(morning: Morning) -> None:
    page = morning.go("/assets/publication?view=overview")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="/report/1").first.click()
    report = opened.value
    expect(report.get_by_role("heading", name="Publication 1")).to_be_visible()
    expect(report.get_by_role("row").filter(has_text="organisation.name is missing").first).to_be_visible()


def test_the_report_loads_nothing_and_fits_a_phone(morning: Morning) -> None:
    page = morning.page.context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto(f"{morning.url}/report/1")
        page.evaluate("document.querySelectorAll('.figures b').forEach(figure => figure.textContent = '12,345,678')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert {url for url in asked if not url.endswith("/favicon.ico")} == {f"{morning.url}/report/1"}
    page.close()


def test_a_report_that_is_not_there_is_said_to_be_missing(morning: Morning) -> None:
    page = morning.page.context.new_page()
    answer = page.goto(f"{morning.url}/report/held/7")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_text("v000007 has no report")).to_be_visible()
    page.close()


def test_after_a_mend_and_a_replay_the_check_is_green(morning: Morning) -> None:
    morning.write_connector('[Name, "Old Name"]')
    morning.concord("rejected", "--replay")
    page = morning.go(CHECK)
    expect(page.get_by_text("Passed", exact=True).first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=re.compile("^acme"))).to_have_count(0)
