"""Teaching the page one's hand, links that hold a drawing, and the challenges for a class, in headless Chromium."""

import json

import numpy as np
import pages
import pytest
from pages import TIMEOUT, draw_digit

from benchmarks.adapt import draw_hand
from tenfold import data, serve
from tenfold.reader.adaptation import Adapted

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.skipif(
    not (serve.PAGE / "index.html").is_file(), reason=f"the page has not been built: {serve.BUILD}"
)
sync_api.expect.set_options(timeout=TIMEOUT)


@pytest.fixture
def context(browser):
    """A browser that has never seen the page."""
    fresh = browser.new_context(accept_downloads=True)
    yield fresh
    fresh.close()


def open_page(context, address):
    page, said = pages.open_page(context, address)
    sync_api.expect(page.locator("#verdict")).not_to_contain_text("Loading")
    return page, said


def draw_three(page):
    draw_digit(page, 3)
    expect(page, "#number", "3")


def expect(page, selector, text):
    sync_api.expect(page.locator(selector)).to_contain_text(text)


def teach(page, digit):
    page.locator("#correct").get_by_role("button", name=str(digit), exact=True).click()


def test_a_correction_changes_the_answer_and_is_kept_until_it_is_undone(context, address):
    page, said = open_page(context, address)
    draw_three(page)
    teach(page, 8)
    expect(page, "#number", "8")
    expect(page, "#taught", "Taught. Before: 3, ")
    expect(page, "#taught", "Now: 8, ")
    expect(page, "#hand-state", "1 taught. The network alone reads 0 of them right.")
    page.reload()
    expect(page, "#number", "8")  # the drawing and what was taught are still there
    teach(page, 9)
    expect(page, "#number", "9")
    expect(page, "#hand-state", "1 taught.")  # the same image is not two digits
    page.get_by_role("button", name="Forget all").focus()
    page.keyboard.press("Enter")
    expect(page, "#number", "3")
    expect(page, "#hand-state", "Nothing is taught yet.")
    page.get_by_role("button", name="Undo teaching").click()
    expect(page, "#number", "9")
    draw_digit(page, 7, left=0.68, size=0.3)
    expect(page, "#number", "97")  # what was taught counts beside other digits, too
    assert said == []


def test_two_tabs_have_the_same_and_a_file_carries_it_to_python_and_back(context, address, mnist, tmp_path):
    page, said = open_page(context, address)
    other, _ = open_page(context, address)
    draw_three(page)
    teach(page, 8)
    expect(other, "#hand-state", "1 taught.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    file = tmp_path / "my.hand"
    download.value.save_as(file)
    assert data.read_hand(file).labels.tolist() == [8]
    data.write_hand(file, mnist[0][:20])
    page.locator("#hand input").set_input_files(file)
    expect(page, "#hand-message", "20 digits taught from my.hand.")
    expect(other, "#hand-state", "21 taught.")
    foreign = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"milk"}
    page.locator("#hand input").set_input_files(foreign)
    expect(page, "#hand-message", "notes.txt is not a file of taught digits.")
    content = json.loads(file.read_text())
    damaged = json.dumps({**content, "images": content["images"][:-40]}).encode()
    page.locator("#hand input").set_input_files({"name": "my.hand", "mimeType": "", "buffer": damaged})
    expect(page, "#hand-message", "my.hand is damaged; nothing was taught.")
    expect(page, "#hand-state", "21 taught.")
    assert said == []

    # what another tab does while the browser keeps this page for a step back is not told
    other.evaluate("addEventListener('storage', (event) => event.stopImmediatePropagation(), true)")
    page.get_by_role("button", name="Forget all").click()
    expect(page, "#hand-state", "Nothing is taught yet.")
    other.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(other, "#hand-state", "Nothing is taught yet.")


def test_where_nothing_can_be_stored_it_learns_all_the_same(context, address):
    context.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
        "localStorage['tenfold-hand'] = '{';"  # damaged
    )
    page, said = open_page(context, address)
    draw_three(page)
    teach(page, 8)
    expect(page, "#number", "8")
    expect(page, "#hand-message", "This browser has no room for it")
    assert said == []


ADAPT = """async ([hands, seen, answers]) => {
  const { Adaptation } = await import("./reader/adaptation.js");
  const mean = (pixels) => pixels.reduce((total, pixel) => total + pixel / 16, 0);
  const logits = (image) => Float32Array.from({ length: 10 }, (_, k) => mean(image.slice(16 * k, 16 * k + 16)) / 9);
  const adaptation = new Adaptation(async (image) => logits(image));
  const found = [];
  for (const [labels, images] of hands) {
    const { correct, before, after } = await adaptation.learn({ labels, images: Uint8Array.from(images) });
    const corrected = Float32Array.from(answers);
    correct(Uint8Array.from(seen), corrected);
    found.push([Array.from(corrected), before, after]);
  }
  return found;
}"""


def test_the_page_corrects_as_python_does(context, address, mnist):
    class Known:
        """A model that both sides have."""

        def logits(self, images):
            return np.stack([image.reshape(49, 16)[:10].mean(axis=1) / 9 for image in images]).astype(np.float32)

    page, _ = open_page(context, address)
    drawn = draw_hand(2)
    hand, seen = drawn[:30], np.concatenate([drawn.images[100:120], mnist[1].images[:20]])
    hands = [hand[:20], hand, hand[[*range(5), *range(6, 30)]], hand[:3]]  # each learned after the one before
    given = [[hand.labels.tolist(), hand.images.ravel().tolist()] for hand in hands]
    found = page.evaluate(ADAPT, [given, seen.ravel().tolist(), Known().logits(seen).ravel().tolist()])
    for hand, (logits, *read) in zip(hands, found, strict=True):
        adapted = Adapted(Known(), hand)
        np.testing.assert_allclose(np.reshape(logits, (-1, 10)), adapted.logits(seen), rtol=1e-4, atol=1e-4)
        assert read == [adapted.before.tolist(), adapted.after.tolist()]


def test_a_link_holds_the_drawing(context, address):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, said = open_page(context, address)
    draw_three(page)
    page.get_by_role("button", name="Link").click()
    expect(page, "#link", "Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert len(link) < 600
    other, _ = open_page(context, link)
    expect(other, "#number", "3")
    assert "#" not in other.url
    other.evaluate("location.hash = '#ink=1.2_zz'")
    expect(other, "#message", "The drawing in this link is damaged.")
    expect(other, "#number", "3")
    assert said == []


def test_a_class_fools_the_network_and_writes_clearly(context, address):
    page, said = open_page(context, address)
    draw_three(page)
    expect(page, "#score", "It reads 3, ")
    page.locator("#target").select_option("5")
    expect(page, "#score", " points.")
    page.get_by_role("button", name="Write it clearest").click()
    page.locator("#target").select_option("3")
    page.get_by_role("button", name="Enter it").click()
    expect(page, "#entries", " points")
    page.get_by_role("button", name="Projector view").click()
    sync_api.expect(page.locator("#inside")).to_be_hidden()
    assert said == []
