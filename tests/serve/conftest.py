"""A server of the pages, for the tests in each module."""

import threading

import pytest

from tenfold import serve


@pytest.fixture(scope="module")
def address():
    with serve.Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.address
        server.shutdown()
