// The page in other languages. English stands where it is shown, in the markup and in the code; a file for each other
// language holds its words for every sentence, in which `{}` stands for what varies. Texts are exchanged as they appear.

const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", es: "Español" };
const KEY = "tenfold-language"; // under which a choice is kept
const ATTRIBUTES = ["aria-label", "title"];

/** @typedef {(text: string) => string} Translate */

/** @type {Translate} */
let translate = (text) => text;
/** @type {WeakMap<Node, Record<string, {english: string, shown: string}>>} what stands in each node, by attribute */
const known = new WeakMap();
/** @type {MutationObserver | null} */
let observer = null;

/** @type {Translate} for what is painted: the words of the page's language, or the text as it is */
export const inWords = (text) => translate(text);

/**
 * Show the page in the language that was chosen, or else in the first of the browser's languages that it has.
 *
 * @param {HTMLSelectElement} select in which to choose another
 */
export function speak(select) {
  const [usual] = [...navigator.languages.map((tag) => tag.slice(0, 2)).filter((tag) => tag in LANGUAGES), "en"];
  let language = usual;
  try {
    language = localStorage.getItem(KEY) ?? usual;
  } catch {} // forbidden
  select.append(...Object.entries(LANGUAGES).map(([tag, name]) => Object.assign(new Option(name, tag), { lang: tag })));
  select.value = language;
  select.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, select.value);
    } catch {} // it holds until the page is closed
    show(select);
  });
  // passing through the service worker, which begins after the first visit, it is kept for use without a connection
  navigator.serviceWorker?.addEventListener("controllerchange", () => show(select));
  show(select);
}

/** Show the page in the language that is selected; in English, if its file does not come. */
async function show(select) {
  const language = select.value;
  if (language === "en" && !observer) return;
  const response = language === "en" ? null : await fetch(`languages/${language}.json`).catch(() => null);
  if (select.value !== language) return; // another was chosen meanwhile
  if (!response?.ok) select.value = "en";
  translate = response?.ok ? translator(await response.json(), language) : (text) => text;
  document.documentElement.lang = select.value;
  observer ??= observe();
  exchange(document.documentElement);
}

/**
 * What finds another language's words.
 *
 * @param {Record<string, string>} words by the English ones
 * @param {string} language
 * @returns {Translate}
 */
export function translator(words, language) {
  const patterns = Object.keys(words)
    .filter((english) => english.includes("{}"))
    .sort((one, other) => other.length - one.length) // the one that says most comes first
    .map((english) => ({ pattern: toPattern(english), parts: words[english].split("{}") }));
  const number = (/** @type {string} */ text) => {
    const digits = text.split(".")[1]?.length ?? 0;
    const format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return format.format(Number(text.replaceAll(",", "")));
  };

  /** @type {Translate} */
  function find(text) {
    if (!/\p{L}/u.test(text)) return text.replace(/\d[\d,]*\.\d+|\d[\d,]*,\d{3}/g, number);
    const known = words[text];
    if (known !== undefined) return known;
    // no look-behind, which Safari 16.3 cannot parse
    const sentences = text.replace(/([.?]) (?=[\p{Lu}\p{N}“])/gu, "$1\n").split("\n");
    if (sentences.length > 1) return sentences.map(find).join(" ");
    for (const { pattern, parts } of patterns) {
      const found = text.match(pattern);
      if (found) return parts.map((part, i) => part + (i < parts.length - 1 ? find(found[i + 1]) : "")).join("");
    }
    return text;
  }

  return (text) => {
    const [, before, inner, after] = /** @type {RegExpMatchArray} */ (text.match(/^(\s*)(.*?)(\s*)$/s));
    return inner ? before + find(inner.replace(/\s+/g, " ")).replace(/(\d) ?%/g, "$1\u00a0%") + after : text;
  };
}

const toPattern = (/** @type {string} */ english) => {
  const parts = english.split("{}").map((part) => part.replace(/[.*+?^$()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("(.+?)")}$`);
};

/** Exchange all texts under an element. */
function exchange(/** @type {Element} */ root) {
  if (root.closest("[translate=no]")) return;
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = /** @type {Node | null} */ (root); node; node = nodes.nextNode()) {
    if (node instanceof Text) exchangeText(node);
    else for (const name of ATTRIBUTES) exchangeAttribute(/** @type {Element} */ (node), name);
  }
}

function exchangeText(/** @type {Text} */ node) {
  if (node.parentElement?.closest("[translate=no], style, script")) return;
  const shown = remember(node, "", node.data);
  if (shown !== node.data) node.data = shown;
}

function exchangeAttribute(/** @type {Element} */ element, /** @type {string} */ name) {
  const text = element.getAttribute(name);
  if (text === null) return;
  const shown = remember(element, name, text);
  if (shown !== text) element.setAttribute(name, shown);
}

/** What to show in the place of a text, which is English unless it is what was shown there. */
function remember(node, place, text) {
  const entries = known.get(node) ?? {};
  known.set(node, entries);
  const english = entries[place]?.shown === text ? entries[place].english : text;
  const shown = translate(english);
  entries[place] = { english, shown };
  return shown;
}

/** Exchange whatever comes or changes. */
function observe() {
  const watching = new MutationObserver((changes) => {
    for (const { target, type, attributeName, addedNodes } of changes) {
      if (type === "attributes") exchangeAttribute(/** @type {Element} */ (target), /** @type {string} */ (attributeName));
      else if (target instanceof Text) exchangeText(target);
      for (const node of addedNodes) {
        if (node instanceof Text) exchangeText(node);
        else if (node instanceof Element && node.isConnected) exchange(node);
      }
    }
  });
  const options = { subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES };
  watching.observe(document.documentElement, options);
  return watching;
}
