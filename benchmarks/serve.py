"""`tenfold serve` under load: `python -m benchmarks.serve`. Writes `results/serve.json`.

Clients on the same machine send drawings to a server with one worker per core, each its next one as soon as it has the
answer to the last. A drawing is lost if its answer is not the one that `tenfold predict --json` gives. Images are
28x28, as MNIST has them; pads are the same digits on 280x280 pixels, where the ink has to be found first.
"""

import argparse
import io
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import cycle, islice, repeat
from pathlib import Path
from threading import local
from time import perf_counter
from typing import Any

from PIL import Image

import tenfold
from benchmarks import records
from benchmarks.records import save, where
from tenfold.serve import HOST, worker

RESULTS = Path("results/serve.json")
DIFFERENT = 100  # drawings; each is sent again and again
PAD = (280, 280)


def main() -> None:
    """Measure both kinds of drawings, with many clients and with fewer, and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve")
    parser.add_argument("--drawings", type=int, default=10_000, help="of 28x28 pixels; a twentieth as many on pads")
    drawings = parser.parse_args().drawings
    images = [Image.fromarray(image) for image in tenfold.load()[1].images[:DIFFERENT]]
    kinds = {
        "images": (drawings, [to_png(image) for image in images]),
        "pads": (drawings // 20, [to_png(image.resize(PAD)) for image in images]),
    }
    rows = []
    with serve() as port:
        for kind, (count, pictures) in kinds.items():
            with ProcessPoolExecutor(1) as other:
                expected = list(other.map(worker.read, pictures, repeat(None)))
            for clients in (50, 20):
                sent = islice(cycle(zip(pictures, expected, strict=True)), count)
                rows.append({"kind": kind, "clients": clients, "drawings": count, **load(port, clients, list(sent))})
                print(rows[-1], flush=True)
    save(RESULTS, {"measured": where() | {"workers": os.cpu_count()}, "rows": rows})


def to_png(image: Image.Image) -> bytes:
    """The file of an image."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@contextmanager
def serve() -> Iterator[int]:
    """Run `tenfold serve` on a free port."""
    command = [sys.executable, "-m", "tenfold", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout
        try:
            yield int(server.stdout.readline().split("/")[2].rpartition(":")[2])
        finally:
            server.terminate()


def load(port: int, clients: int, drawings: list[tuple[bytes, str]]) -> dict[str, Any]:
    """Send drawings.

    Args:
        port: the server's.
        clients: how many send at a time.
        drawings: the file of each, and the answer that is expected.

    Returns:
        How many were lost, how many a second were answered, and the median and the 99th percentile of the time that an
        answer took.
    """
    own = local()

    def send(drawing: tuple[bytes, str]) -> tuple[bool, float]:
        started = perf_counter()
        try:
            if not hasattr(own, "connection"):
                own.connection = HTTPConnection(HOST, port, timeout=60)
            own.connection.request("POST", "/read", drawing[0], {"Content-Type": "image/png"})
            answer = own.connection.getresponse()
            is_read = (answer.status, answer.read().decode()) == (200, drawing[1])
        except OSError:
            own.connection.close()
            is_read = False
        return is_read, perf_counter() - started

    started = perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(send, drawings))
    seconds = perf_counter() - started
    percentiles = statistics.quantiles([1000 * taken for _, taken in answers], n=100, method="inclusive")
    return {
        "lost": sum(not is_read for is_read, _ in answers),
        "per_second": len(drawings) / seconds,
        "p50_ms": percentiles[49],
        "p99_ms": percentiles[98],
    }


def table(results: dict[str, Any]) -> str:
    """How many drawings a second are read, and how long each takes."""
    columns = ("drawings", "clients", "sent", "lost", "a second", "median", "99th percentile")
    names = {"images": "28×28", "pads": "280×280"}
    rows = [
        (
            names[row["kind"]],
            row["clients"],
            f"{row['drawings']:,}",
            row["lost"],
            f"{row['per_second']:.0f}",
            f"{row['p50_ms']:.0f} ms",
            f"{row['p99_ms']:.0f} ms",
        )
        for row in results["rows"]
    ]
    return records.table(
        columns, rows, f"{results['measured']['workers']} workers.", records.place(results["measured"])
    )


if __name__ == "__main__":
    main()
