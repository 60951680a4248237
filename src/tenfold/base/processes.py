"""What threads and processes share and must not share: standard error, and runtimes that do not survive a fork."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

_lock = threading.RLock()  # guards the two variables below, and the opening of runtimes
_silencers = 0  # how many callers want standard error silent
_kept: int | None = None  # a duplicate of standard error while it is silent


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Hide what a C++ library writes to standard error; it raises an exception when something is wrong.

    All threads share one standard error: whatever the others write there in the meantime is lost too.
    """
    global _silencers, _kept
    with _lock:
        if not _silencers:
            with contextlib.suppress(OSError):  # it is closed
                _kept = os.dup(2)
            if _kept is not None:
                if sys.stderr:
                    sys.stderr.flush()
                with open(os.devnull, "wb") as nothing:  # noqa: PTH123  # a device
                    os.dup2(nothing.fileno(), 2)
        _silencers += 1
    try:
        yield
    finally:
        with _lock:
            if _silencers:  # otherwise this is a fork, where it has already been restored
                _silencers -= 1
            if not _silencers:
                _restore()


def _restore() -> None:
    global _kept
    if _kept is not None:
        os.dup2(_kept, 2)
        os.close(_kept)
        _kept = None


def _after_fork() -> None:
    """Undo what other threads had started: they do not exist in this process."""
    global _lock, _silencers
    _lock = threading.RLock()
    _silencers = 0
    _restore()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class PerProcess:
    """An object whose runtime must not be shared between processes, such as an interpreter or a lock.

    A copy, a pickle, or a fork keeps the arguments the object was created with (for a file, its path) and creates a
    runtime of its own from them. In a fork, the inherited runtime may be locked forever, or halfway through a
    computation.
    """

    _made_with: tuple[Any, ...]
    _process: int

    def __new__(cls, *arguments: Any) -> Any:
        """Remember the arguments and the process."""
        made = super().__new__(cls)
        made._made_with = arguments
        made._process = os.getpid()
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what `copy` and `pickle` need: the class, and the arguments the object was created with."""
        return type(self), self._made_with

    def settle(self) -> None:
        """Create a new runtime if this process is a fork of the one that created the object."""
        if self._process == os.getpid():
            return
        with _lock:
            if self._process != os.getpid():
                if "torch" in sys.modules:  # its OpenMP threads are not in the fork, and it would wait for them forever
                    sys.modules["torch"].set_num_threads(1)
                self.__init__(*self._made_with)  # type: ignore[misc]
                self._process = os.getpid()  # last: other threads wait for it


class Once:
    """A context that hides what a library writes to standard error once per process, and nothing else."""

    def __init__(self) -> None:
        self._is_over = False

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Silence standard error the first time; other threads wait until that is over."""
        if self._is_over:
            yield
            return
        with _lock, silent() if not self._is_over else contextlib.nullcontext():
            yield
            self._is_over = True


start_litert = Once()  # the first LiteRT interpreter of a process says that it computes with XNNPACK
