"""The pages for people in a real browser that finds no other machine: nothing fails to load, and something is drawn."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import PROGRAM, chromium, open_page
from playwright.sync_api import BrowserContext, expect
from small_project import run

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium in PATH; scripts/setup.sh --browser installs one where it may"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with chromium() as context:
        yield context


def test_data_docs_have_their_style_and_lead_on(browser: BrowserContext, project: Path) -> None:
    page, faults = open_page(browser, project / "reports/data_docs/depression/index.html")
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("depression")
    expect(row.locator("i").first).to_have_css("font-family", re.compile("Font Awesome"))
    row.locator("td").nth(1).click()
    page.wait_for_url("**/validations/**")
    expect(page.get_by_text("Evaluated Expectations")).to_be_visible()
    expect(page.locator("table.table-bordered").first).to_have_css("border-collapse", "collapse")  # Bootstrap's
    assert faults == []


def test_every_plot_is_drawn(browser: BrowserContext, project: Path) -> None:
    run("dvc", "plots", "show", cwd=project)
    page, faults = open_page(browser, project / "dvc_plots/index.html")
    plots = page.locator("div[id*=_csv]")
    for index in range(plots.count()):
        drawn = plots.nth(index).locator("canvas")
        drawn.first.wait_for()
        assert drawn.first.evaluate(
            """canvas => canvas.width > 100 && canvas.height > 100 && new Set(
                new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)
            ).size > 5"""
        ), plots.nth(index).get_attribute("id")
    assert plots.count() == 13  # curves of prealign and two variants, five plots of each variant
    assert faults == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_error_page_shows_its_memes_and_filters_them(
    browser: BrowserContext, project: Path, width: int, scheme: str
) -> None:
    page, faults = open_page(browser, project / "reports/depression/fusion/errors.html")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.get_by_label("Outcome").select_option("")
    memes = page.locator("article").count()
    assert page.locator("article:visible").count() == memes > 12
    assert page.get_by_role("status").inner_text() == f"{memes} of {memes} memes"
    picture = page.locator("article img").first
    page.wait_for_function("picture => picture.complete && picture.naturalWidth > 100", arg=picture.element_handle())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    paper, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert (brightness(paper) > brightness(ink)) == (scheme == "light")
    assert abs(brightness(paper) - brightness(ink)) > 500
    if width > 1000:  # the choices stay in sight where there is room
        page.mouse.wheel(0, 2000)
        page.wait_for_function("() => scrollY > 0")
        assert page.get_by_label("Outcome").is_visible()
        assert page.locator("form").evaluate("form => form.getBoundingClientRect().top") == 0
    page.get_by_label("True class").select_option("Eating Disorder")
    assert 0 < page.locator("article:visible").count() < memes
    assert faults == []


def brightness(color: str) -> int:
    """Of "rgb(r, g, b)": the sum, up to 765."""
    return sum(int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(","))
