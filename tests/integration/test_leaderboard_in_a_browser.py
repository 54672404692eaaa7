"""The site in headless Chromium, from disk: filters work, pages open, nothing is fetched, nothing complains."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.forgery import forge

from harness.cli import main

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
THREE = ("#q-best", "#q-sure", "#q-broke", "table.ranking tbody tr:last-child")


@pytest.fixture(scope="module")
def site(fake_artifact, tmp_path_factory):
    """Of an artifact in which `steady` fails everywhere, against the one in which it does not."""

    def fail(rows):
        for row in rows:
            if row["policy"] == "steady-s0":
                row.update(success=False, outcome="failure", failure_category="planning", success_step=None)

    folder = tmp_path_factory.mktemp("site")
    forged = forge(fake_artifact, folder / "week.parquet", rows=fail)
    with pytest.raises(SystemExit) as left:
        main(["leaderboard", str(forged), "--baseline", str(fake_artifact), "--out", str(folder / "site")])
    assert left.value.code == 0
    return folder / "site"


@pytest.fixture(scope="module")
def browser():
    """Chromium: SAMEPANEL_CHROMIUM, the system's, or the one that Playwright has or can install."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = os.environ.get("SAMEPANEL_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        if found is None and not own.exists():
            subprocess.run(
                [sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, check=False
            )
            if not own.exists():
                pytest.skip("no Chromium, and none can be installed: `apt-get install chromium` gives one")
        made = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def visit(browser, site):
    """Open a page of the site; complaints and requests beyond the disk fail the test at its end."""
    contexts, wrong = [], []

    def call(name="index.html", **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
        page.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "data:")) else wrong.append(request.url),
        )
        page.goto((site / name).as_uri())
        return page

    yield call
    for context in contexts:
        context.close()
    assert wrong == []


def shown(page, selector):
    return page.locator(f"{selector}:visible").count()


def test_the_three_questions_and_the_ranking_are_on_the_first_screen(visit):
    page = visit()
    for selector in THREE:
        box = page.locator(selector).first.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 800, selector
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_filters_show_a_part_of_the_panel_and_let_go_of_it(visit):
    page = visit()
    ranking, heat = "[data-rows=ranking] tr", "#map td.heat"
    whole, cells = page.locator("[data-rows=ranking]").inner_text(), shown(page, heat)
    assert (shown(page, ranking), cells) == (3, 16)
    page.select_option("select[name=condition]", "drops")
    part = page.locator("[data-rows=ranking]").inner_text()
    assert part != whole and "\t3" in part
    assert shown(page, heat) == 4
    assert "drops" in page.locator("output[name=shown]").inner_text()
    assert {row.split("\t")[3] for row in page.locator("#episodes tbody tr:visible").all_inner_texts()} == {"drops"}
    page.uncheck("input[name=method][value=noisy]")
    assert (shown(page, ranking), shown(page, heat)) == (1, 2)
    page.select_option("select[name=task]", "fake-v1/heldout")
    assert shown(page, "#map [data-task]") == 1
    page.select_option("select[name=task]", "")
    page.select_option("select[name=condition]", "")
    page.check("input[name=method][value=noisy]")
    assert page.locator("[data-rows=ranking]").inner_text() == whole
    assert shown(page, heat) == cells


def test_filters_work_from_the_keyboard(visit):
    page = visit()
    page.focus("select[name=condition]")
    page.keyboard.type("slow")
    assert page.input_value("select[name=condition]") == "slow"
    assert "slow" in page.locator("output[name=shown]").inner_text()


def test_an_episode_page_a_card_and_the_panel_open(visit):
    page = visit()
    page.locator("#episodes tbody a").first.click()
    assert page.locator("svg[role=img]").count() >= 4
    assert "samepanel replay week.parquet" in page.locator("pre").inner_text()
    page.locator("dd a").first.click()
    assert page.locator("h1").inner_text() == "noisy-s0" or page.locator("h1").inner_text() == "steady-s0"
    page.get_by_role("link", name="Panel").click()
    assert page.get_by_role("heading", name="fake-v1/heldout").is_visible()


@pytest.mark.parametrize("name", ["index.html", "panel.html", "policies/steady-s0.html"])
def test_a_phone_does_not_scroll_sideways(visit, name):
    page = visit(name, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


CONTRAST = """() => {
  const part = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = c.map(v => part(v / 255)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = text => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data);
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c[3] === 255) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const texts = "h1, h2, p, a, th, td, td small, li, label, caption, dt, dd, span, code";
  return Array.from(document.querySelectorAll(texts)).filter(e => e.innerText && e.checkVisibility()).map(e => {
    const ink = light(rgb(getComputedStyle(e).color).slice(0, 3)), paper = light(ground(e));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    return [ratio, `${ratio.toFixed(2)} ${e.tagName} ${e.className} ${e.innerText.slice(0, 30)}`];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_light_and_dark(visit, scheme):
    page = visit(color_scheme=scheme)
    found = page.evaluate(CONTRAST)
    assert [text for ratio, text in found if ratio < 4.5] == []
    assert len(found) > 200 and max(ratio for ratio, _ in found) > 12
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


def test_tables_and_drawings_say_what_they_are(visit):
    page = visit()
    assert page.evaluate("Array.from(document.querySelectorAll('table')).filter(t => !t.caption).length") == 0
    assert page.evaluate("document.querySelectorAll('th:not([scope])').length") == 0
    unnamed = "svg[role=img]:not([aria-label]):not([aria-labelledby]), svg:not([role]):not([aria-hidden])"
    assert page.locator(unnamed).count() == 0
    assert page.locator("main").count() == page.locator("h1").count() == 1


def test_without_scripts_the_whole_panel_is_there(visit):
    page = visit(java_script_enabled=False)
    assert shown(page, "[data-rows=ranking] tr") == 3
    assert not page.locator("#filters").is_visible()


def test_print_leaves_out_what_paper_cannot_do(visit):
    page = visit()
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    assert page.locator("#q-best").is_visible()
