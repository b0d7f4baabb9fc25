"""What a visitor does on every page, in a real browser."""

from __future__ import annotations

from kb.config import ROOT

ARTEFACTS = ROOT / "artefacts"


def shot(page, name: str, whole: bool = False) -> None:
    """Save what the window shows (or the whole page) as artefacts/NAME-WIDTH.png, once it has settled."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.wait_for_timeout(700)
    page.screenshot(path=ARTEFACTS / f"{name}-{page.viewport_size['width']}.png", full_page=whole)


def sideways(page) -> int:
    """How many pixels the page can be scrolled sideways."""
    return page.evaluate(
        "(() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth; })()"
    )


def ask(page, address: str, question: str) -> None:
    """Open the first page, ask, and wait for the answer."""
    page.goto(address)
    page.get_by_text("This is not legal advice").wait_for()
    page.get_by_role("textbox", name="Your question, or a citation").fill(question)
    page.get_by_role("button", name="Find the law").click()
    page.locator(".hv-banner-title").first.wait_for()
