"""A run that was exported as a web page: opened from a disk, without a network, it reads as the app does."""

import base64
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect

from digits_core.__main__ import main
from digits_core.browser.canvas import CANVAS_SIDE
from digits_core.data.catalogue import Catalogue
from digits_core.database import Database
from digits_core.figures.palette import DIGIT_COLOURS
from digits_core.home import Home
from digits_core.recognition.out_of_distribution import Refusal, refusal_of_run
from digits_core.recognition.recogniser import Answer, Recogniser
from digits_core.recognition.sample import drawn
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.run_data import RunData
from digits_core.runs.store import RunStore
from tests.browser.conftest import train
from tests.browser.reading import hand_drawings
from tests.unit.helpers import ctrl_c_given_back

HOSTILE = """</title><script>window.taken = 1</script><img src=x onerror="window.taken = 2">{{ 7 * 7 }}"""
LARGEST = 4_000_000
KEEP_CANVASES = """
const make = document.createElement.bind(document);
document.createElement = (...what) => {
  const made = make(...what);
  (window.canvases ??= []).push(made);
  return made;
};
"""


@dataclass(frozen=True)
class Exported:
    """The page of a run, and what reads in the app."""

    path: Path
    title: str
    recogniser: Recogniser
    refusal: Refusal

    def read(self, page: Page) -> tuple[Answer, bool]:
        """Return what the app makes of the drawing on the page, and whether it refuses it."""
        (_, png) = page.evaluate("canvases[0].toDataURL('image/png')").split(",")
        picture = Image.open(BytesIO(base64.b64decode(png))).convert("L")
        answer = self.recogniser.read(drawn(picture))
        return answer, not self.refusal.accepts(answer)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("exported")
    run_id = train(folder / "home", "--learning-rate", "0.002", "--name", HOSTILE)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out, ctrl_c_given_back():
        patch.setenv("DIGITS_HOME", str(folder / "home"))
        assert main(["export", run_id, "--only", "web", "--to", str(folder / "taken")]) == 0
    home = Home(folder / "home")
    database = Database(home.database)
    store = RunStore(database)
    run, artifacts = store.get(run_id), Artifacts(home.run(run_id))
    recogniser = Recogniser(run.config, artifacts.load_weights())
    refusal = refusal_of_run(run, recogniser, artifacts, RunData(database, Catalogue(home, database), store))
    database.close()
    return Exported(Path(out.getvalue().strip()), run.title, recogniser, refusal)


@pytest.fixture
def offline(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that reaches nothing but files."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, has_touch=True)
    context.set_offline(True)
    context.add_init_script(KEEP_CANVASES)
    yield context
    context.close()


@pytest.fixture
def page(offline: BrowserContext, exported: Exported) -> Iterator[Page]:
    """The exported page in a tab; fails its test on any complaint of the browser, and on any request."""
    tab = offline.new_page()
    complaints: list[str] = []

    def look(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def cut(route: Route) -> None:
        if route.request.url == exported.path.as_uri():
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    tab.on("console", look)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.route("**/*", cut)
    tab.goto(exported.path.as_uri())
    yield tab
    tab.close()
    assert complaints == []


def draw(page: Page, strokes: list[list[list[float]]]) -> None:
    """Draw with the mouse, in pixels of the paper."""
    paper = page.locator("#paper").bounding_box()
    scale = paper["width"] / CANVAS_SIDE
    for points in strokes:
        places = [(paper["x"] + x * scale, paper["y"] + y * scale) for x, y in points]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def settle(page: Page) -> None:
    """Wait until what was drawn is read: that happens before the next frame is painted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_it_reads_drawings_as_the_app_does_without_a_network(page, exported):
    verdicts = set()
    for drawing in hand_drawings(6, seed=3):
        draw(page, drawing["strokes"])
        settle(page)
        answer, refused = exported.read(page)

        status = page.get_by_role("status")
        expect(status).to_contain_text(str(answer.digit))
        assert ("not a digit" in status.inner_text()) == refused
        shares = [float(each.rstrip("%")) for each in page.locator("#bars span").all_inner_texts()]
        np.testing.assert_allclose(shares, 100 * answer.probabilities, atol=0.25)  # a tenth is shown
        verdicts.add((answer.digit, refused))
        page.get_by_role("button", name="Clear").click()
        expect(status).to_have_text("– Draw a digit from 0 to 9.")
    assert len(verdicts) > 2


def test_a_finger_draws_and_the_page_does_not_move(page):
    box = page.locator("#paper").bounding_box()
    places = [(box["x"] + box["width"] / 2, box["y"] + box["height"] * share) for share in (0.2, 0.4, 0.6, 0.8)]
    finger = page.context.new_cdp_session(page)
    for kind, place in zip(("touchStart", "touchMove", "touchMove", "touchMove"), places, strict=True):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": place[0], "y": place[1]}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settle(page)

    rows = page.evaluate("""() => {
      const { data } = canvases[0].getContext("2d").getImageData(140, 0, 1, 280);
      return data.filter((value, place) => place % 4 === 0 && value < 128).length;
    }""")
    assert rows > 0.6 * CANVAS_SIDE
    assert page.evaluate("scrollY") == 0


def test_undo_takes_the_last_stroke_back(page):
    draw(page, [[[60, 60], [200, 60]], [[60, 200], [200, 200]]])
    settle(page)
    ink = (
        "canvases[0].getContext('2d').getImageData(0, 0, 280, 280).data.filter((v, i) => i % 4 === 0 && v < 128).length"
    )
    both = page.evaluate(ink)
    page.keyboard.press("z")
    settle(page)
    one = page.evaluate(ink)
    page.get_by_role("button", name="Undo").click()

    assert 0.4 * both < one < 0.6 * both
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_what_users_wrote_stays_text(page, exported):
    assert page.locator("h1").inner_text() == exported.title
    assert HOSTILE in exported.title
    assert page.title().startswith(exported.title)
    assert page.evaluate("window.taken") is None


def test_nothing_but_its_own_script_may_run_and_nothing_may_be_fetched(page):
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_it_names_the_run_its_accuracy_and_its_settings(page):
    expect(page.locator(".facts")).to_contain_text("% of the test images of optdigits read correctly")
    page.get_by_text("How it was trained").click()
    expect(page.get_by_role("row", name="Learning rate 0.002")).to_be_visible()


def test_it_fits_a_phone(page):
    page.set_viewport_size({"width": 400, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") == 400
    for name in ("Undo", "Clear"):
        assert page.get_by_role("button", name=name).bounding_box()["height"] >= 44


def test_it_is_small_enough_to_be_mailed(exported):
    assert exported.path.stat().st_size <= LARGEST


def test_a_digit_has_the_colour_that_it_has_in_the_app(page):
    colours = page.evaluate(
        "[...Array(10).keys()].map((d) => getComputedStyle(document.body).getPropertyValue(`--digit-${d}`))"
    )

    assert tuple(colours) == DIGIT_COLOURS
