"""The page on which a network learns, in headless Chromium: its gradients, its controls, and whatever can go wrong."""

import re

import numpy as np
import pytest
import torch
from pages import TIMEOUT, draw_digit, open_page

import tenfold
from tenfold import serve
from tenfold.data import preprocess
from tenfold.networks import build, predict_logits

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

ROWS = (1, 3, 3, 3)  # of the filters, as the page stores them: of the first layer, all rows are one
BATCH = 32

pytestmark = pytest.mark.skipif(
    not (serve.PAGE / "index.html").is_file(), reason=f"the page has not been built: {serve.BUILD}"
)
sync_api.expect.set_options(timeout=TIMEOUT)


def expect_state(page, text):
    sync_api.expect(page.locator("#state")).to_contain_text(re.compile(text))


def steps(page):
    """How many steps the page says that it has taken."""
    return int(re.search(r"Step ([\d,]+)", page.locator("#state").inner_text())[1].replace(",", ""))


GRADIENTS = """async ([name, options, images, labels]) => {
  const { Network } = await import("./learn/network.js");
  const kernels = await WebAssembly.compileStreaming(fetch(`learn/${name}.wasm`));
  const network = new Network(kernels, options, labels.length, 0);
  for (const i of labels.keys()) network.show(Float32Array.from(images.slice(784 * i, 784 * (i + 1))), i);
  const state = [...network.state];
  const { loss, correct } = network.backward(labels, 0.1);
  const probabilities = [...network.predict(labels.length)];
  return { state, change: [...network.change], loss, correct, probabilities };
}"""


def unpack(values, stem, width):
    """The page's vector of weights, or of gradients, in the order and the shapes that PyTorch has them in."""
    values, tensors = torch.tensor(values), []

    def take(*shape):
        nonlocal values
        taken, values = values[: np.prod(shape)].view(shape), values[np.prod(shape) :]
        return taken

    channels_in = 1
    for rows, channels in zip(ROWS, (stem, width, 2 * width, 2 * width), strict=True):
        filters = take(28, channels)[:25].view(5, 5, 1, channels) if rows == 1 else take(3, 3, channels_in, channels)
        tensors += [filters.permute(3, 2, 0, 1), take(channels), take(channels)]
        channels_in = channels
    linear, bias = take(3, 3, channels_in, 16), take(16)
    return [*tensors, linear[..., :10].permute(3, 2, 0, 1).flatten(1), bias[:10]]


@pytest.mark.parametrize(
    ("kernels", "activation"),
    [("kernels", "relu"), ("kernels", "tanh"), ("kernels-relaxed", "relu"), ("kernels-relaxed", "sigmoid")],
)
def test_the_gradients_are_those_of_pytorch(browser, address, kernels, activation):
    train, _ = tenfold.load()
    images, labels = preprocess.to_tensor(train.images[:BATCH]), torch.tensor(train.labels[:BATCH], dtype=torch.int64)
    options = {"stem": 8, "width": 16, "activation": activation, "dropout": 0.0}
    page, said = open_page(browser, f"{address}learn.html")
    found = page.evaluate(GRADIENTS, [kernels, options, images.flatten().tolist(), labels.tolist()])
    assert said == []
    page.close()

    network = build("adjustable_cnn", **options)
    for parameter, value in zip(network.parameters(), unpack(found["state"], 8, 16), strict=True):
        parameter.data = value.contiguous()
    evaluated = predict_logits(network, images).softmax(dim=1)  # with BatchNorm's first means and variances
    logits = network.train()(images)
    log_probabilities = logits.log_softmax(dim=1)
    plain = -log_probabilities[range(BATCH), labels].mean()
    (0.9 * plain - 0.1 * log_probabilities.mean()).backward()
    assert found["loss"] == pytest.approx(plain.item(), abs=1e-4)
    assert found["correct"] == (logits.argmax(dim=1) == labels).sum()
    np.testing.assert_allclose(np.reshape(found["probabilities"], (BATCH, 10)), evaluated, atol=1e-4)
    for parameter, gradient in zip(network.parameters(), unpack(found["change"], 8, 16), strict=True):
        scale = parameter.grad.abs().max().item()
        np.testing.assert_allclose(gradient, parameter.grad, atol=2e-4 * scale)


def test_it_learns_and_can_be_paused_and_stepped(browser, address):
    context = browser.new_context()
    requested: list[str] = []
    context.on("request", lambda request: requested.append(request.url))
    page, said = open_page(context, f"{address}learn.html")
    page.wait_for_timeout(500)
    assert not any("mnist" in url for url in requested)  # nothing large before it is asked for
    page.get_by_role("button", name="Start learning").click()
    expect_state(page, r"9\d(\.\d)?% of new images right")
    page.get_by_role("button", name="Pause").click()
    expect_state(page, "paused")
    paused = steps(page)
    assert paused > 1
    assert page.locator("#grid .right").count() > 70
    assert page.locator("#grid .right, #grid .wrong").count() == 100
    assert page.locator("#filters canvas").count() == 16
    page.get_by_role("button", name="One step").click()
    expect_state(page, f"Step {paused + 1:,} of .* paused")

    draw_digit(page, 0)
    sync_api.expect(page.locator("#verdict")).to_contain_text("It reads a ")
    page.get_by_role("button", name="Clear").click()
    sync_api.expect(page.locator("#verdict")).to_have_text("Draw a digit.")

    page.get_by_role("button", name="Go on").click()
    expect_state(page, rf"Step (?!{paused + 1:,} )[\d,]+ of")
    page.get_by_role("button", name="Start again").click()
    while steps(page) > paused:  # ends at the latest with the training, which says no step
        page.wait_for_timeout(50)
    assert all(url.startswith((address, "blob:")) for url in requested)
    assert said == []

    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.wait_for_timeout(500)
    context.set_offline(True)
    page.reload()
    page.get_by_role("button", name="Start learning").click()
    expect_state(page, "Step [1-9]")
    context.close()


def test_it_can_be_ruined_and_mended(browser, address):
    page, said = open_page(browser, f"{address}learn.html")
    mend = page.get_by_role("button", name="Mend it")
    sync_api.expect(mend).to_be_disabled()
    page.get_by_role("button", name="Shuffle the labels").click()
    sync_api.expect(page.locator("#comment")).to_contain_text("nothing to do with the images")
    page.get_by_role("button", name="Rate too high").click()
    sync_api.expect(page.get_by_label("Learning rate")).to_have_value("10")
    sync_api.expect(page.get_by_role("button", name="Shuffle the labels")).to_have_attribute("aria-pressed", "false")
    sync_api.expect(page.locator("#comment")).to_contain_text("A smaller learning rate")
    mend.click()
    sync_api.expect(page.get_by_label("Learning rate")).to_have_value("0.01")
    expect_state(page, r"9\d(\.\d)?% of new images right")
    sync_api.expect(mend).to_be_disabled()
    page.get_by_label("Width").select_option("8")
    sync_api.expect(page.locator("#filters canvas")).to_have_count(8)
    sync_api.expect(mend).to_be_enabled()
    assert said == []
    page.close()


def test_what_is_missing_is_said(browser, address):
    context = browser.new_context(service_workers="block")
    context.route("**/train-images*", lambda route: route.fulfill(status=404))
    page, _ = open_page(context, f"{address}learn.html")
    page.get_by_role("button", name="Start learning").click()
    message = page.get_by_role("alert")
    sync_api.expect(message).to_contain_text("train-images-idx3-ubyte.gz: 404")
    context.unroute("**/train-images*")
    page.get_by_role("button", name="Start learning").click()
    expect_state(page, "Step [1-9]")
    sync_api.expect(message).to_be_empty()
    context.close()

    context = browser.new_context()
    context.add_init_script("delete globalThis.WebAssembly")
    page, said = open_page(context, f"{address}learn.html")
    page.get_by_role("button", name="Start learning").click()
    sync_api.expect(page.get_by_role("alert")).to_contain_text("no WebAssembly")
    assert said == []
    context.close()


@pytest.mark.parametrize(
    ("width", "scheme", "forced"), [(1280, "light", "none"), (390, "dark", "none"), (768, "dark", "active")]
)
def test_the_page_suits_every_screen_and_reader(browser, address, width, scheme, forced):
    screen = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "forced_colors": forced}
    page, said = open_page(browser, f"{address}learn.html", reduced_motion="reduce", **screen)
    for wait in (lambda: None, lambda: expect_state(page, "Step [1-9]")):
        wait()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.get_by_role("button", name=re.compile("Start")).click()
    assert said == []
    page.close()
