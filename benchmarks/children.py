"""Cases run in child processes: forks of this process, which has the packages loaded."""

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes:
        code: its exit code, or minus the signal that ended it.
        out: what it wrote to standard output.
        err: what it wrote to standard error.
        seconds: its time, on the clock or of the processor.
        megabytes: its peak resident memory.
    """

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float


class Child:
    """A function that runs in a fork, with nothing on standard input; what it returns or exits with is the exit code.

    Args:
        work: the function.
        folder: where it works.
        seconds: how long it may run before it is killed.
    """

    def __init__(self, work: Callable[[], object], folder: Path, seconds: int) -> None:
        self.outputs = [tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") for _ in range(2)]  # noqa: SIM115
        self.started = time.monotonic()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            return
        code = 70
        try:
            signal.alarm(seconds)
            os.chdir(folder)
            nothing = os.open(os.devnull, os.O_RDONLY)
            for target, descriptor in enumerate((nothing, *(file.fileno() for file in self.outputs))):
                os.dup2(descriptor, target)
            sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", closefd=False, errors="backslashreplace")  # noqa: SIM115
            code = int(work() or 0)  # type: ignore[call-overload]
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            except OSError:
                code = 120
            os._exit(code)

    def wait(self) -> Ended:
        """Wait for its end."""
        _, status, usage = os.wait4(self.pid, 0)
        seconds = time.monotonic() - self.started
        texts = []
        for file in self.outputs:
            with file:
                file.seek(0)
                texts.append(file.read())
        return Ended(os.waitstatus_to_exitcode(status), texts[0], texts[1], seconds, usage.ru_maxrss / 1024)
