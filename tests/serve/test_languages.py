"""The page in other languages: all that it says is exchanged, there and back, without a connection, too."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pages
import pytest
from pages import TIMEOUT, draw_digit

from tenfold import serve

needs_page = pytest.mark.skipif(
    not (serve.PAGE / "index.html").is_file(), reason=f"the page has not been built: {serve.BUILD}"
)
WEB = Path(__file__).parents[2] / "web"
LANGUAGES = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((WEB / "languages").glob("*.json"))]
NAMES = {"tenfold", "WebAssembly", "ReLU", "tanh", "sigmoid", "Adam", "SGD", "Dropout"}  # in all languages
TEXTS = """() => {
  const [texts, nodes] = [[document.title], document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)];
  const isMeant = (element) => !element.closest("[translate=no], style, script");
  for (let node; (node = nodes.nextNode()); ) if (isMeant(node.parentElement)) texts.push(node.data);
  for (const element of document.querySelectorAll("[aria-label], [title]")) {
    texts.push(...["aria-label", "title"].map((name) => element.getAttribute(name) ?? ""));
  }
  return texts.map((text) => text.replace(/\\s+/g, " ").trim()).filter((text) => /\\p{L}/u.test(text));
}"""


class Texts(HTMLParser):
    """The texts of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "input"):
            self.inside.append(tag)
        self.found += [value for name, value in attrs if name in ("aria-label", "title")]

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data):
        if self.inside and self.inside[-1] not in ("script", "style", "option"):
            self.found.append(data)


def sentences(text):
    return re.split(r"(?<=[.?]) (?=[A-Z0-9])", " ".join(text.split()))


def test_all_languages_have_the_same_sentences_with_the_same_gaps():
    for words in LANGUAGES:
        assert words.keys() == LANGUAGES[0].keys()
        assert all(there.count("{}") == english.count("{}") for english, there in words.items())


@pytest.mark.parametrize("page", ["index.html", "learn.html"])
def test_there_are_words_for_all_that_the_markup_says(page):
    words = LANGUAGES[0]
    known = "|".join(re.escape(english).replace(r"\{\}", ".+") for english in words if english.strip("{}:., "))
    for text in Texts(WEB / page).found:
        for sentence in [text.strip()] if text.strip() in words else sentences(text):
            assert not re.search("[a-zA-Z]", sentence) or sentence in NAMES or re.fullmatch(known, sentence), sentence


def test_nothing_is_translated_that_the_page_does_not_say():
    files = [*WEB.glob("*.html"), *(path for path in WEB.rglob("*.js") if "node_modules" not in path.parts)]
    source = " ".join(path.read_text(encoding="utf-8").replace("&nbsp;", " ") for path in files)
    source = " ".join(re.sub(r"[`\"] \+\s*[`\"]", "", source).split())
    for english in LANGUAGES[0]:
        assert all(part.strip(" .:") in source for part in english.split("{}")), english


def expect(page, selector, text, there=True):
    sync_api = pytest.importorskip("playwright.sync_api")
    found = sync_api.expect(page.locator(selector))
    (found.to_contain_text if there else found.not_to_contain_text)(text, timeout=TIMEOUT)


def choose(page, language):
    page.select_option("#language", language)
    page.locator(f"html[lang={language}]").wait_for()


def check(page):
    """Nothing English is left in another language, and the way back to English leads to what was there."""
    english = page.evaluate(TEXTS)
    for language in ("de", "fr", "es"):
        choose(page, language)
        words = json.loads((WEB / "languages" / f"{language}.json").read_text(encoding="utf-8"))
        same = {english for english, there in words.items() if english == there}
        assert set(english) & set(page.evaluate(TEXTS)) <= NAMES | same
    choose(page, "en")
    assert page.evaluate(TEXTS) == english


@needs_page
def test_the_page_that_reads_in_other_languages(browser, address):
    page, said = pages.open_page(browser, address)
    expect(page, "#verdict", "side by side")
    expect(page, "#offline", "Ready")
    check(page)
    draw_digit(page, 3)
    expect(page, "#verdict", "sure")
    page.click("[data-digit='8']")
    expect(page, "#taught", "Now")
    page.click("#look")
    expect(page, "#other-words", "the ")
    expect(page, "#explained", "filter")
    check(page)
    explained = page.inner_text("#explained")
    draw_digit(page, 7, left=0.7, size=0.25)
    expect(page, "#verdict", "whole number")
    expect(page, "#status", "whole number")
    expect(page, "#explained", explained, there=False)  # that of the first drawing: it is replaced last
    check(page)
    page.close()
    assert said == []


@needs_page
def test_the_page_that_learns_in_the_browsers_language(browser, address):
    page, said = pages.open_page(browser, f"{address}learn.html?seed=1", locale="de-AT")
    expect(page, "h1", "Sieh")
    page.select_option("#rate", label="0,3")  # a text is exchanged, not what it stands for
    assert page.input_value("#rate") == "0.3"
    page.click("#start")
    expect(page, "#state", "Schritt")
    page.click("#pause")
    expect(page, "#state", "; angehalten")
    choose(page, "en")
    check(page)
    page.reload()
    expect(page, "h1", "Watch it learn")  # the choice is kept
    page.close()
    assert said == []


@needs_page
def test_a_language_is_there_without_a_connection(browser, address):
    page, _ = pages.open_page(browser, address, locale="fr-CA")
    expect(page, "#offline", "Prête")
    page.wait_for_function("() => caches.match('languages/fr.json')")
    page.context.set_offline(True)
    page.reload()
    expect(page, "h1", "Écrivez")
    page.close()
