"""The page in headless Chromium: drawing, pictures, the camera, without a network, and whatever can go wrong."""

import base64
import io
import json
import re
import shutil
import threading
from itertools import pairwise

import numpy as np
import pages
import pytest
import torch
from pages import TIMEOUT, draw, draw_digit
from PIL import Image, ImageDraw

from benchmarks.chromium import DIGITS, FLAGS
from tenfold import models, serve
from tenfold.data import preprocess
from tenfold.networks.storage import restore

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
from benchmarks.browser import trace  # noqa: E402  # needs playwright

CHROMIUM = shutil.which("chromium")
FAKE_CAMERA = "--use-fake-device-for-media-stream"

pytestmark = pytest.mark.skipif(
    not (serve.PAGE / "index.html").is_file(), reason=f"the page has not been built: {serve.BUILD}"
)
sync_api.expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="module")
def shared(browser, address):
    """A page that several tests draw on, one after the other."""
    page, said = open_page(browser, address)
    yield page
    assert said == []
    page.close()


@pytest.fixture
def page(shared):
    """That page, with nothing on it."""
    shared.keyboard.press("Delete")
    expect_verdict(shared, "side by side")
    return shared


def open_page(browser, address, ready="side by side", **options):
    """A new page of a browser or a context, and what it says on the console."""
    page, said = pages.open_page(browser, address, **options)
    expect_verdict(page, ready)
    return page, said


def expect_verdict(page, text):
    sync_api.expect(page.locator("#verdict")).to_contain_text(text)


def expect_number(page, text):
    sync_api.expect(page.locator("#number")).to_have_text(text)


def expect_lines(page, *lines):
    """Several numbers, each with how certain it is."""
    expected = [re.compile(rf"^{line}[>\s]*\d[\d.]*%$") for line in lines]
    sync_api.expect(page.locator("#number > div")).to_have_text(expected)


def expect_message(page, text):
    sync_api.expect(page.locator("#message")).to_contain_text(re.compile(text))


def draw_number(page, number, top=0.25):
    for place, digit in enumerate(number):
        draw_digit(page, int(digit), 0.05 + 0.18 * place, top, 0.22)


def test_a_dot_is_ink(page):
    draw(page, [[(0.5, 0.3)]])
    sync_api.expect(page.locator("#answer figure")).to_be_visible()
    expect_verdict(page, "no digit")


def test_a_digit_drawn_with_the_mouse_is_read(page):
    for stroke in DIGITS[4]:
        trace(page, [(0.3 + 0.6 * x, 0.08 + 0.6 * y) for x, y in stroke])
    expect_number(page, "4")
    sync_api.expect(page.locator("#status")).to_contain_text("4, ")


def test_all_ten_digits_are_read(page):
    for digit in range(10):
        draw_digit(page, digit)
        expect_number(page, str(digit))
        expect_verdict(page, "sure")
        bars = page.locator("#bars li")
        assert bars.count() == 3
        sync_api.expect(bars.first).to_have_class("top")
        sync_api.expect(bars.first.locator(".digit")).to_have_text(str(digit))
        assert all(value.endswith("%") for value in page.locator("#bars .value").all_inner_texts())
        assert page.locator("#seen").evaluate(IMAGE).count(255) > 0
        page.keyboard.press("Delete")
        expect_verdict(page, "side by side")


IMAGE = """(canvas) => {
  const copy = new OffscreenCanvas(28, 28).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return [...copy.getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0);
}"""


def test_several_digits_are_a_number_and_each_can_be_chosen(page):
    draw_number(page, "31459")
    expect_number(page, "31459")
    buttons = page.locator("#number button")
    images = set()
    for place, digit in enumerate("31459"):
        buttons.nth(place).click()
        sync_api.expect(buttons.nth(place)).to_have_attribute("aria-pressed", "true")
        sync_api.expect(page.locator("#bars li.top .digit")).to_have_text(digit)
        images.add(tuple(page.locator("#seen").evaluate(IMAGE)))
    assert len(images) == 5
    sync_api.expect(page.locator("#status")).to_contain_text("3 1 4 5 9")


def test_numbers_below_one_another_are_lines(page):
    draw_number(page, "31459", top=0.06)
    draw_number(page, "26870", top=0.42)
    expect_lines(page, "31459", "26870")


def test_the_other_probabilities_are_folded(page):
    draw_digit(page, 8)
    expect_number(page, "8")
    everything = page.get_by_role("button", name="All ten digits")
    everything.click()
    assert page.locator("#bars .digit").all_inner_texts() == [*"0123456789"]
    everything.click()
    assert page.locator("#bars li").count() == 3


def test_a_number_is_as_certain_as_all_its_digits_together(page):
    said = page.evaluate("""async () => {
      const { certainty, describe } = await import("./answer.js");
      const digits = [0.95, 0.8, 1].map((probability, label) => ({ label, probability }));
      const refused = { label: null, probability: 0.9 };
      return [certainty(digits), certainty([...digits, refused]), describe([digits]), describe([[...digits, refused]])];
    }""")
    assert said == [pytest.approx(0.76), None, "76% sure of the whole number", "1 of 4 is no digit"]


def test_everything_can_be_undone_and_done_again(page):
    undo, redo, clear = (page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo", "Clear"))
    for take_back, again in (
        (undo.click, redo.click),
        (lambda: page.keyboard.press("Control+z"), lambda: page.keyboard.press("Control+Shift+Z")),
    ):
        draw_digit(page, 1, 0.1)
        expect_number(page, "1")
        draw_digit(page, 7, 0.45)
        expect_number(page, "17")
        take_back()
        expect_number(page, "1")
        again()
        expect_number(page, "17")
        clear.click()
        expect_verdict(page, "side by side")
        sync_api.expect(page.locator("#pad")).to_be_focused()
        sync_api.expect(clear).to_be_disabled()
        assert page.locator("#number button").count() == 0
        take_back()
        expect_number(page, "17")
        page.keyboard.press("Escape")
        expect_number(page, "17")
        sync_api.expect(redo).to_be_enabled()
        page.keyboard.press("Delete")
        sync_api.expect(redo).to_be_disabled()


def test_a_drawing_outlives_its_page(browser, address):
    page, said = open_page(browser, address)
    draw_number(page, "14")
    expect_number(page, "14")
    page.reload()
    expect_number(page, "14")
    page.goto("about:blank")
    page.go_back()
    expect_number(page, "14")
    page.keyboard.press("Delete")
    page.reload()
    expect_verdict(page, "side by side")
    assert said == []
    page.close()


def test_where_storage_is_forbidden_the_page_works_all_the_same(browser, address):
    context = browser.new_context()
    context.add_init_script("""for (const name of ["sessionStorage", "localStorage"]) {
      Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } });
    }""")
    page, said = open_page(context, address)
    draw_digit(page, 3)
    expect_number(page, "3")
    page.locator("#correct").get_by_role("button", name="8", exact=True).click()
    expect_number(page, "8")
    sync_api.expect(page.locator("#hand-message")).to_contain_text("or does not allow it")
    assert said == []
    context.close()


def test_ink_that_is_not_read_is_marked(page):
    draw_number(page, "14")
    expect_number(page, "14")
    unread = page.locator("#unread")
    sync_api.expect(unread).not_to_be_visible()
    draw(page, [[(0.7, 0.6), (0.85, 0.6)]])
    sync_api.expect(unread).to_be_visible()
    sync_api.expect(page.locator("#status")).to_contain_text("not read")
    expect_number(page, "14")


def test_labels_cover_neither_digits_nor_one_another(page):
    size = {"width": 58, "height": 40}
    boxes = [{"x": 60 * column, "y": 30 + 45 * row, **size} for row in range(3) for column in range(4)]
    labels = [{"width": 18, "height": 22}] * len(boxes)
    places = page.evaluate(
        """async ([boxes, labels]) => {
          const { placeLabels } = await import("./labels.js");
          return placeLabels(boxes, labels, { width: 800, height: 600 });
        }""",
        [boxes, labels],
    )
    found = [place for place in places if place]
    assert len(found) >= 8  # there is room above, below, and on the right

    def overlap(a, b):
        return all(a[x] < b[x] + b[side] and b[x] < a[x] + a[side] for x, side in (("x", "width"), ("y", "height")))

    for i, place in enumerate(found):
        assert place["x"] >= 0
        assert place["y"] >= 0
        assert not any(overlap(place, other) for other in [*boxes, *found[:i]])


def test_the_newest_of_many_states_is_read_and_none_is_left_waiting(page):
    found = page.evaluate("""async () => {
      const { reader } = await import("./reading.js");
      const seven = [[250, 100], [400, 95], [540, 100], [470, 250], [400, 400], [330, 550]];
      const readings = [];
      for (let n = 4; n < 44; n++) {
        const points = seven.slice(0, n).map(([x, y]) => ({ x, y }));
        readings.push(reader.read({ strokes: [points] }));
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      return (await Promise.all(readings)).map((found) => found?.lines[0]?.[0].label);
    }""")
    assert len(found) == 40
    assert found[-1] == 7


def test_a_drawing_is_read_as_a_picture_of_it_is(page):
    strokes = [
        [{"x": 200 + 150 * digit + 200 * x, "y": 200 + 200 * y} for x, y in stroke]
        for digit in range(4)
        for stroke in DIGITS[digit]
    ]
    code = """async (strokes) => {
      const { toPicture } = await import("./reader/drawing.js");
      const { reader } = await import("./reading.js");
      const drawn = await reader.read({ strokes });
      const shown = await reader.read({ picture: toPicture(strokes).picture });
      return [drawn, shown].map(({ lines }) => lines.map((line) => line.map(({ label }) => label)));
    }"""
    assert page.evaluate(code, strokes) == [[[0, 1, 2, 3]]] * 2


def test_small_drawings_and_those_that_leave_the_pad_are_read(page):
    drawings = [
        [[{"x": left + height * x, "y": 300 + height * y} for x, y in stroke] for stroke in DIGITS[digit]]
        for digit, left, height in ((5, 20, 40), (4, -60, 250))
    ]
    code = """async (drawings) => {
      const { reader } = await import("./reading.js");
      const found = [];
      for (const strokes of drawings) found.push((await reader.read({ strokes })).lines[0].map(({ label }) => label));
      return found;
    }"""
    assert page.evaluate(code, drawings) == [[5], [4]]


def test_a_scribble_is_no_digit(page):
    generator = np.random.default_rng(5)
    draw(page, [[(0.2 + 0.6 * x, 0.1 + 0.55 * y) for x, y in generator.random((40, 2))]])
    expect_verdict(page, "no digit")
    sync_api.expect(page.locator("#status")).to_have_text("no digit")
    sync_api.expect(page.locator("#bars")).not_to_be_visible()  # probabilities of digits would say that it is one


def test_the_empty_page_offers_samples(page):
    for sample, expect in (
        ("Star", lambda: expect_verdict(page, "no digit")),
        ("Number", lambda: expect_number(page, "5274")),
        ("Page", lambda: expect_lines(page, "1847", "65320", "907", "28416")),
    ):
        page.get_by_role("button", name=sample).click()
        expect()
        sync_api.expect(page.locator("#samples")).not_to_be_visible()
        page.keyboard.press("Delete")
        expect_verdict(page, "side by side")


def test_the_keyboard_draws_too(page):
    page.locator("#pad").focus()
    page.keyboard.press(" ")
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    expect_number(page, "1")
    sync_api.expect(page.locator("#pen")).to_have_text("Pen up, 51% from the left, 75% from the top")


def test_a_finger_draws_and_does_not_scroll(browser, address):
    phone = {"viewport": {"width": 390, "height": 700}, "has_touch": True, "is_mobile": True}
    page, said = open_page(browser, address, **phone)
    touch = page.context.new_cdp_session(page)
    box = page.locator("#pad").bounding_box()
    for stroke in DIGITS[4]:
        points = [
            {"x": box["x"] + box["width"] * (0.3 + 0.6 * x), "y": box["y"] + box["width"] * (0.08 + 0.6 * y)}
            for x, y in np.concatenate([np.linspace(a, b, 8) for a, b in pairwise(stroke)]).tolist()
        ]
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
        for point in points:
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_number(page, "4")
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("document.documentElement.scrollHeight") > 700
    assert said == []
    page.close()


def make_photo(number="507", turned=False) -> bytes:
    """A JPEG of a number in dark ink on paper with a shadow; turned, as a camera that was held upright stores it."""
    width, height = 1200, 800
    generator = np.random.default_rng(0)
    paper = np.linspace(235, 150, width) + generator.normal(0, 4, (height, width))
    photo = Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8)).convert("RGB")
    pen = ImageDraw.Draw(photo)
    for place, digit in enumerate(number):
        for stroke in DIGITS[int(digit)]:
            points = [(200 + 280 * place + 300 * x, 250 + 300 * y) for x, y in stroke]
            pen.line(points, (40, 40, 70), 24, joint="curve")
            for x, y in points:
                pen.ellipse((x - 12, y - 12, x + 12, y + 12), (40, 40, 70))
    file = io.BytesIO()
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6  # to be turned a quarter to the right
        photo = photo.transpose(Image.Transpose.ROTATE_90)
    photo.save(file, "JPEG", exif=exif)
    return file.getvalue()


GIVE = """([kind, name, type, content]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(content), (byte) => byte.charCodeAt(0))], name, { type }));
  const options = { bubbles: true, cancelable: true };
  document.body.dispatchEvent(kind === "drop" ? new DragEvent("drop", { ...options, dataTransfer: data })
                                              : new ClipboardEvent("paste", { ...options, clipboardData: data }));
}"""


def give(page, kind, content, name="photo.jpg", media_type="image/jpeg"):
    """Drop a file on the page, or paste it."""
    page.evaluate(GIVE, [kind, name, media_type, base64.b64encode(content).decode()])


def test_a_photo_is_read(page):
    draw_digit(page, 1)
    large = io.BytesIO()
    Image.open(io.BytesIO(make_photo())).resize((4800, 3200)).save(large, "JPEG")
    file = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": make_photo()}
    for hand_over in (
        lambda: page.locator("#file").set_input_files(file),
        lambda: give(page, "paste", make_photo(turned=True)),
        lambda: give(page, "drop", large.getvalue()),
    ):
        hand_over()
        expect_number(page, "507")
        # what is touched in the picture is chosen
        pad = page.locator("#pad")
        width, height = (pad.bounding_box()[side] for side in ("width", "height"))
        pad.click(position={"x": 0.72 * width, "y": 0.45 * height})
        sync_api.expect(page.locator("#number button").nth(2)).to_have_attribute("aria-pressed", "true")
        pad.click(position={"x": width / 2, "y": 5})
        expect_message(page, "This is a picture")
        page.get_by_role("button", name="Undo", exact=True).click()  # leaves the picture; the drawing is still there
        expect_number(page, "1")
        page.get_by_role("button", name="Redo", exact=True).click()
        expect_number(page, "507")
        page.get_by_role("button", name="Undo", exact=True).click()
        expect_number(page, "1")


def test_bad_pictures_get_a_clear_message_and_drawing_goes_on(page):
    file = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(file, "PNG")
    blank = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(blank, "PNG")
    bad = {
        "notes.txt": (b"1 2 3", "text/plain", "“notes.txt” is not a picture"),
        "broken.png": (b"\x89PNG\r\n\x1a\n", "image/png", "“broken.png” is not a picture"),
        "large.png": (file.getvalue(), "image/png", "too large: it has 12000×9000 pixels, more than 100 million"),
        "blank.png": (blank.getvalue(), "image/png", "Nothing could be read: "),
    }
    for name, (content, media_type, message) in bad.items():
        give(page, "drop", content, name, media_type)
        expect_message(page, message)
        page.keyboard.press("Delete")
        expect_message(page, "^$")
        draw_digit(page, 7)
        expect_number(page, "7")


def test_the_camera_takes_a_picture(playwright, address):
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, FAKE_CAMERA])
    page, said = open_page(chromium, address, permissions=["camera"])
    page.get_by_role("button", name="Camera").click()
    video = page.locator("dialog video")
    sync_api.expect(video).to_be_visible()
    assert axe.Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Cancel").click()
    sync_api.expect(video).not_to_be_visible()
    assert page.get_by_role("button", name="Clear", exact=True).is_disabled()
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Take the picture").click()
    sync_api.expect(page.get_by_role("button", name="Clear", exact=True)).to_be_enabled()
    expect_verdict(page, re.compile("sure|no digit"))
    assert video.evaluate("video => video.srcObject") is None
    assert said == []
    expect_no_camera(open_page(chromium, address)[0], "may not be used")
    chromium.close()


def expect_no_camera(page, message):
    page.get_by_role("button", name="Camera").click()
    expect_message(page, message)
    draw_digit(page, 7)
    expect_number(page, "7")


def test_without_a_camera_the_page_says_so(page):
    expect_no_camera(page, "no camera")
    page.keyboard.press("Delete")
    page.evaluate("""() => {  // as WebKit says it
      const failure = Object.assign(new Error("Invalid constraint"), { name: "OverconstrainedError" });
      Object.defineProperty(navigator.mediaDevices, "getUserMedia", { value: () => Promise.reject(failure) });
    }""")
    expect_no_camera(page, "There is no camera")


def test_without_webassembly_the_page_says_so_and_still_draws(browser, address):
    context = browser.new_context()
    context.add_init_script("delete globalThis.WebAssembly")
    page, said = open_page(context, address, ready="Nothing is read")
    expect_message(page, "no WebAssembly")
    draw_digit(page, 7)
    sync_api.expect(page.get_by_role("button", name="Undo", exact=True)).to_be_enabled()
    assert said == []
    context.close()


OLDER = """const { instantiate } = WebAssembly;
WebAssembly.instantiate = (bytes, ...rest) =>  // small ones only try what the browser can
  bytes.byteLength < 100 ? Promise.reject(new Error("unknown instruction")) : instantiate(bytes, ...rest);
"""


def test_an_older_browser_gets_the_runtime_that_it_can_run(browser, address):
    context = browser.new_context()
    worker = OLDER + (serve.PAGE / "worker.js").read_text()
    context.route("**/worker.js", lambda route: route.fulfill(body=worker, content_type="text/javascript"))
    requested: list[str] = []
    context.on("request", lambda request: requested.append(request.url.rpartition("/")[2]))
    page, said = open_page(context, address)
    draw_number(page, "314")
    expect_number(page, "314")
    assert "litert_wasm_compat_internal.wasm" in requested
    assert "litert_wasm_internal.wasm" not in requested
    assert said == []
    context.close()


def test_where_a_file_fails_to_load_or_is_damaged_the_page_says_so_and_still_draws(browser, address):
    def missing(route):
        route.fulfill(status=404)

    def damaged(route):
        route.fulfill(body=b"no network")

    for file, answer in (
        ("core/wasm/litert_wasm_internal.wasm", missing),
        ("worker.js", missing),
        ("model.tflite", damaged),
    ):
        context = browser.new_context()
        context.route(f"**/{file}", answer)
        page, _ = open_page(context, address, ready="Nothing is read")
        expect_message(page, "could not be loaded .* reload the page")
        draw_digit(page, 7)
        sync_api.expect(page.get_by_role("button", name="Undo", exact=True)).to_be_enabled()
        context.close()


def test_without_the_network_that_finds_ink_drawings_are_read_and_pictures_once_it_comes(browser, address):
    context = browser.new_context(service_workers="block")
    context.route("**/ink.tflite", lambda route: route.fulfill(status=404))
    page, _ = open_page(context, address)
    give(page, "drop", make_photo())
    expect_message(page, "Nothing could be read: .*/reader/ink.tflite: 404")
    page.keyboard.press("Delete")
    draw_digit(page, 7)
    expect_number(page, "7")
    context.unroute("**/ink.tflite")
    give(page, "drop", make_photo())
    expect_number(page, "507")
    context.close()


def test_after_loading_no_request_leaves_the_page_and_it_works_offline(browser, address):
    context = browser.new_context()
    requested: list[str] = []
    context.on("request", lambda request: requested.append(request.url))
    page, said = open_page(context, address)
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.wait_for_timeout(500)
    assert requested
    assert all(url.startswith(address) for url in requested)
    assert len({url for url in requested if "/@litertjs/" in url and url.endswith(".wasm")}) == 1

    requested.clear()
    draw_number(page, "14")
    expect_number(page, "14")
    assert requested == []
    give(page, "drop", make_photo())
    expect_number(page, "507")
    page.get_by_role("button", name="Look inside").click()
    sync_api.expect(page.locator("#scores .top")).to_have_count(1)
    fetched = {url.removeprefix(address) for url in requested if not url.startswith("blob:")}
    assert fetched - {"inside-worker.js", "network.js", "reader/constants.js"} == {
        "reader/ink.tflite",
        "reader.safetensors",
    }

    context.set_offline(True)
    page.reload()
    expect_number(page, "14")
    page.keyboard.press("Delete")
    draw_digit(page, 7)
    expect_number(page, "7")
    page.get_by_role("button", name="Look inside").click()
    sync_api.expect(page.locator("#scores .top .digit")).to_have_text("7")
    give(page, "drop", make_photo())
    expect_number(page, "507")
    assert said == []
    context.close()


def test_the_page_can_be_installed(page):
    session = page.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    for icon in json.loads(manifest["data"])["icons"]:
        assert page.request.get(manifest["url"].rsplit("/", 1)[0] + "/" + icon["src"]).ok
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors] == ["in-incognito"]  # as every page of a test is


def test_the_page_says_how_much_has_come_and_when_it_is_kept(browser, address):
    context = browser.new_context()
    held = []
    context.route("**/text-lines.tflite", lambda route: held.append(route))
    page = context.new_page()
    page.goto(address)
    sync_api.expect(page.locator("#verdict")).to_have_text(re.compile(r"Loading the network… \d\d%"), timeout=TIMEOUT)
    assert 0.5 < float(page.locator("#loading").evaluate("(bar) => bar.value")) < 1
    for route in held:
        route.continue_()
    expect_verdict(page, "side by side")
    sync_api.expect(page.locator("#loading")).not_to_be_visible()
    context.unroute("**/text-lines.tflite")
    sync_api.expect(page.locator("#offline")).to_have_text("Ready for use without a connection.")
    context.close()


def test_keeping_goes_on_after_a_lost_connection_and_new_versions_wait_to_be_taken(browser, tmp_path):
    folder = shutil.copytree(serve.PAGE, tmp_path / "page")
    with serve.Server(folder=folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context()
        lost = server.resources.pop(f"{serve.ROOT}reader/ink.tflite")
        page, _ = open_page(context, server.address)
        sync_api.expect(page.locator("#offline")).to_contain_text("Not yet kept")
        server.resources[f"{serve.ROOT}reader/ink.tflite"] = lost
        page.evaluate("dispatchEvent(new Event('online'))")
        sync_api.expect(page.locator("#offline")).to_have_text("Ready for use without a connection.")

        draw_digit(page, 7)
        expect_number(page, "7")
        script, index = folder / "service-worker.js", folder / "index.html"
        script.write_text(re.sub('VERSION = "', 'VERSION = "2', script.read_text()))
        index.write_text(index.read_text().replace("Write a number", "Write any number"))
        server.resources[f"{serve.ROOT}service-worker.js"] = serve.Resource(script)
        server.resources[serve.ROOT] = serve.Resource(index)
        page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update()).then(() => 0)")
        page.get_by_role("button", name="Use it").click()
        sync_api.expect(page.get_by_role("heading", level=1)).to_have_text("Write any number")
        expect_number(page, "7")
        context.close()
        server.shutdown()


def test_the_look_inside_shows_the_network_that_reads(page):
    inside = page.locator("#inside")
    for digit in (5, 8):
        draw_digit(page, digit)
        expect_number(page, str(digit))
        if not inside.locator("#view").is_visible():
            page.get_by_role("button", name="Look inside").click()
        sync_api.expect(inside.locator("#scores .top .digit")).to_have_text(str(digit))
        sync_api.expect(inside.locator("#mattered-words")).to_contain_text(f"speaks for the {digit}")
        sync_api.expect(inside.locator("#other-words")).to_contain_text("ink")
        page.keyboard.press("Delete")
        sync_api.expect(inside.locator("#inside-state")).to_contain_text("Draw a digit")
    draw_digit(page, 3)
    expect_number(page, "3")
    maps = inside.locator("canvas.maps")
    sync_api.expect(inside.locator("#calculation h3")).to_contain_text("Layer 1")
    maps.nth(3).click(position={"x": 10, "y": 10})
    sync_api.expect(inside.locator("#calculation h3")).to_contain_text("Layer 3, map 1")
    maps.nth(3).press("PageDown")
    sync_api.expect(inside.locator("#calculation h3")).to_contain_text("Layer 3, map 2")
    inside.get_by_role("button", name=re.compile("^3: score")).click()
    sync_api.expect(inside.locator("#calculation h3")).to_have_text("The score of the 3")
    sync_api.expect(inside.locator("#explained")).to_contain_text("The score of the 3")
    page.get_by_role("button", name="Close").click()
    sync_api.expect(inside.locator("#view")).not_to_be_visible()


def test_the_layers_inside_are_those_of_the_shipped_network(page, mnist):
    images = mnist[1].images[:30]
    network = restore(models.SHIPPED / "reader.safetensors")
    found = page.evaluate(
        """async (images) => {
          const { Network, explain } = await import("./network.js");
          const network = new Network(await (await fetch("reader.safetensors")).arrayBuffer());
          return images.map((image) => {
            const { maps, scores } = network.read(Uint8Array.from(image));
            const sums = network.layers.map((layer, i) => explain(layer, maps[i], 3, 1, 1).total);
            return { maps: maps.slice(1).map(({ values }) => [...values]), scores: [...scores], sums };
          });
        }""",
        images.reshape(-1, 784).tolist(),
    )
    scores = np.array([one["scores"] for one in found])
    tensor = preprocess.to_tensor(images)
    with torch.inference_mode():
        np.testing.assert_allclose(scores, network(tensor), atol=1e-3)
        for layer, end in enumerate((3, 6, 10, 13, 16)):
            expected = torch.nn.Sequential(*list(network)[:end])(tensor)
            maps = np.array([one["maps"][layer] for one in found]).reshape(expected.shape)
            np.testing.assert_allclose(maps, expected, atol=1e-3)
            sums = np.array([one["sums"][layer] for one in found])
            np.testing.assert_allclose(np.maximum(sums, 0), maps[:, 3, 1, 1], atol=1e-3)
    reader = models.load(models.SHIPPED / "reader-int8.tflite").logits(images)
    assert np.abs(scores - reader).max() < 0.5  # rounding to 8 bits
    second, first = np.sort(scores)[:, -2:].T
    is_clear = first - second > 1  # more than rounding can turn
    assert (scores.argmax(axis=1) == reader.argmax(axis=1))[is_clear].all()
    assert is_clear.mean() > 0.9


def test_on_low_screens_the_pad_fits_and_the_page_scrolls(browser, address):
    for width, height in ((844, 390), (640, 360)):  # a phone on its side; a laptop at twice the size
        page, said = open_page(browser, address, viewport={"width": width, "height": height})
        box = page.locator("#pad").bounding_box()
        assert box["y"] + box["height"] <= height
        assert box["width"] < 0.7 * width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        draw_digit(page, 3)
        expect_number(page, "3")
        assert said == []
        page.close()


@pytest.mark.parametrize(
    ("width", "scheme", "forced"), [(1280, "light", "none"), (390, "dark", "none"), (768, "dark", "active")]
)
def test_the_page_suits_every_screen_and_reader(browser, address, width, scheme, forced):
    screen = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "forced_colors": forced}
    page, said = open_page(browser, address, reduced_motion="reduce", **screen)
    states = {
        "empty": (lambda: None, ""),
        "digit": (lambda: draw_digit(page, 3), "3"),
        "taught": (page.locator("#correct").get_by_role("button", name="3", exact=True).click, "3"),
        "number": (lambda: draw_number(page, "4159"), "4159"),
        "photo": (lambda: give(page, "drop", make_photo()), "507"),
        "inside": (page.get_by_role("button", name="Look inside").click, "507"),
        "error": (lambda: give(page, "drop", b"", "notes.txt", "text/plain"), "507"),
        "projector": (page.get_by_role("button", name="Projector view").click, "507"),
    }
    for name, (do, number) in states.items():
        if name in ("digit", "number", "photo"):
            page.keyboard.press("Delete")
        do()
        expect_number(page, number)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    bar, edge, paper = page.evaluate("""() => {
      const style = (selector) => getComputedStyle(document.querySelector(selector));
      return [style(".top .bar").backgroundColor, style("#pad").borderTopColor, style("body").backgroundColor];
    }""")
    assert paper not in (bar, edge)
    assert (min(map(int, re.findall(r"\d+", paper))) > 200) == (scheme == "light")
    assert said == []
    page.close()
