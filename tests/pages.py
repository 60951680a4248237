"""Opening pages of a browser, for the tests of both."""

TIMEOUT = 240_000  # of one step, in milliseconds: a loaded machine is no failure


def open_page(browser, address, **options):
    """A new page of a browser or a context, and what it says on the console."""
    page = browser.new_page(**options)
    page.set_default_timeout(TIMEOUT)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    return page, said
