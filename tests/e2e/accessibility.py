"""What axe-core (in ``axe/``, MPL-2.0) finds on a page."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = Path(__file__).parent / "axe" / "axe.min.js"
_RUN = """
async (context) => {
  const found = await axe.run(context || document, {resultTypes: ["violations"]});
  return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id} (${one.impact}): ${node.html.slice(0, 160)} ${node.failureSummary.replaceAll("\\n", " ").slice(0, 240)}`));
}
"""  # noqa: E501 - a script


@cache
def _source() -> str:
    return _AXE.read_text()


def violations(page: Page, within: str = "") -> list[str]:
    """Each element that breaks a rule, in words; ``within`` is a CSS selector."""
    page.wait_for_load_state()  # our script names the landmarks
    page.evaluate(_source())
    found: Any = page.evaluate(_RUN, within or None)
    return list(found)
