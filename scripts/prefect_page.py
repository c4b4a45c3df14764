"""Prefect's page as a person uses it: open a deployment, press Run, look at what the run left."""

from browser import open_page
from playwright.sync_api import BrowserContext, Page

PATIENCE = 600_000  # milliseconds until it gives up


def deployment(context: BrowserContext, ui: str, name: str) -> Page:
    """The page of a deployment, with its schedule."""
    page = open_page(context, f"{ui}/deployments").page
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_text("Schedules", exact=True).wait_for()
    page.get_by_text("Next Run").wait_for()
    return page


def press_run(page: Page) -> Page:
    """Press Run on a deployment's page and follow the run to its end: its page."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Quick run").click()
    page.get_by_role("button", name="View run").first.dispatch_event("click")  # a message that moves, and has followers
    page.wait_for_url("**/runs/flow-run/*")
    ended = page.get_by_text("Completed", exact=True).or_(page.get_by_text("Failed", exact=True))
    ended.or_(page.get_by_text("Crashed", exact=True)).first.wait_for(timeout=PATIENCE)
    return page


def artifacts(page: Page) -> list[str]:
    """Open the artifacts of a run's page; their keys."""
    page.get_by_text("Artifacts", exact=True).first.click()
    cards = page.locator("a[href*='/artifacts/']")
    cards.first.wait_for()
    return [card.inner_text() for card in cards.all()]
