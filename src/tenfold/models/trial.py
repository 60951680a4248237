"""Model files tried out in another process, because they may crash it, fill the memory, or never end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.base.errors import TenfoldError
from tenfold.base.form import SIDE
from tenfold.models.base import BATCH
from tenfold.models.conventions import Convention
from tenfold.models.files import FileModel
from tenfold.models.keras import KerasModel, import_keras

# What a file may use: processor seconds to open it and to run it, and bytes of memory.
OPENING, READING, MEMORY = 10, 60, 1 << 30
PATIENCE = 600  # seconds by the clock, where the system cannot limit the processor time


def try_out(path: Path) -> Convention | None:
    """Open a model file and run it once in another process.

    Returns:
        How the network in it expects its images; None if tenfold wrote the file.

    Raises:
        TenfoldError: if the file cannot be opened or run, crashes, or takes too much time or memory.
    """
    program = "import sys; from tenfold.models import KINDS, trial; trial.try_here(sys.argv[1], KINDS)"
    # with one thread, whose memory does not depend on the machine
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    if "keras" in sys.modules:
        environment["KERAS_BACKEND"] = sys.modules["keras"].config.backend()
    try:
        ended = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-W", "ignore", "-c", program, str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=PATIENCE,
        )
        late = -ended.returncode == getattr(signal, "SIGXCPU", None)
    except subprocess.TimeoutExpired:
        late = True
    if late:
        raise TenfoldError(f"{path}: refused, it takes too long to load and to try out; it may be damaged") from None
    try:
        found = json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise TenfoldError(
            f"{path}: damaged, it crashes what runs it (exit code {ended.returncode}); get the file again"
        ) from None
    if "error" in found:
        raise TenfoldError(found["error"])
    if not found["convention"]:
        return None
    return Convention(**found["convention"] | {"layout": tuple(found["convention"]["layout"])})


def try_here(path: str, kinds: Mapping[str, type[FileModel]]) -> None:
    """Run by `try_out` in the other process: print how the network in a file expects its images, or what is wrong."""
    kind = kinds[Path(path).suffix]
    found: dict[str, Any]
    try:
        if kind is KerasModel:
            import_keras(path)  # before the limits: its time and memory are not the file's
        _limit(OPENING)
        model = kind(Path(path))
        _limit(READING)
        convention = model.convention
        for n in (1, BATCH):
            model.logits(np.zeros((n, SIDE, SIDE), np.uint8))
        found = {"convention": convention and convention.to_dict()}
    except Exception as error:  # a file made by hand can fail in any way
        reason = " ".join(str(error).split())
        if not isinstance(error, TenfoldError | OSError):
            reason = f"{path}: does not run ({type(error).__name__}: {reason[:200]})"
        found = {"error": reason}
    print("\n" + json.dumps(found))


def _limit(seconds: int) -> None:
    """Limit this process to this many more seconds of processor time and `MEMORY` more bytes, if the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no file
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (pages * resource.getpagesize() + MEMORY, most))
