"""How long the Transforms page takes after a change: `python -m tests.benchmarks transforms`.

In a real browser, with as many images behind it as MNIST has (`data_page.write_synthetic_mnist`): milliseconds from the
change to the picture that shows it, for each view; and the view of another draw and another image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Page

from tests.benchmarks.data_page import write_synthetic_mnist
from tests.benchmarks.in_browser import a_browser, a_tab, an_app
from tests.benchmarks.measurement import Measurement, measured
from tests.browser.helpers import open_page, wait_for_app

TRANSFORM = "rotation=12&translation=2&scale=0.15&shear=12&stroke_width=0.7"

# What of each view changes with its picture: pixel values, the address of a picture, text.
SHOWN = {
    "Steps": "() => find('steps', 'figure:nth-of-type(4) canvas')?.toDataURL() ?? null",
    "Variants": "() => document.querySelector('.st-key-variants img')?.src ?? null",
    "Mean images": "() => { const p = document.querySelector('.st-key-means .js-plotly-plot'); "
    "return p && p.data ? JSON.stringify(p.data[0].z.slice(40, 44)) : null; }",
    "Code": "() => document.querySelector('[data-testid=stCode]')?.innerText ?? null",
}
# From the key or the click until the picture is another one.
WATCH = """(shown) => {
  const read = eval(shown), before = read();
  window.other = new Promise((resolve) => {
    const begin = () => {
      const began = performance.now();
      const look = () => {
        const now = read();
        now !== null && now !== before ? resolve(performance.now() - began) : requestAnimationFrame(look);
      };
      look();
    };
    let begun = false;
    const once = () => { if (!begun) { begun = true; begin(); } };
    document.addEventListener("keydown", once, true);
    document.addEventListener("click", once, true);
  });
}"""
CHANGES: dict[str, Callable[[Page, int], None]] = {
    "rotation": lambda page, turn: (
        page.locator(".st-key-transform_rotation_value")
        .get_by_role("slider")
        .press("ArrowLeft" if turn % 2 else "ArrowRight")
    ),
    "another draw": lambda page, turn: page.get_by_role("button", name="Another draw").click(),
    "another image": lambda page, turn: page.locator(".st-key-image").get_by_test_id("stNumberInputStepUp").click(),
}
MAKES_NONE = {"Mean images": {"another image"}, "Code": {"another draw", "another image"}}
"""Changes that a view rightly does not follow."""


def measurements(quick: bool) -> Iterator[Measurement]:
    with a_browser() as browser, an_app() as server:
        write_synthetic_mnist(server.home)
        page = a_tab(browser)
        for view in SHOWN:
            open_page(
                page, f"{server.url}/transforms?dataset=mnist&transform_view={view.replace(' ', '+')}&{TRANSFORM}"
            )
            page.wait_for_function(f"() => ({SHOWN[view]})() !== null", timeout=60_000)
            for name in sorted(CHANGES.keys() - MAKES_NONE.get(view, set())):
                yield measured(f"{view}: {name}", "ms", after_a_change(page, view, name, 3 if quick else 20), "p95")


def after_a_change(page: Page, view: str, name: str, rounds: int) -> list[float]:
    """Milliseconds from the change to another picture, without the first time."""
    times = []
    for turn in range(rounds + 1):
        wait_for_app(page)
        page.evaluate(WATCH, SHOWN[view])
        CHANGES[name](page, turn)
        times.append(page.evaluate("window.other"))
    return times[1:]
