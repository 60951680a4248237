"""What threads and processes share, and what they must not: standard error, and runtimes that do not survive a fork."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

_lock = threading.RLock()  # guards what follows, and the opening of runtimes
_silencers = 0  # who wants standard error silent
_kept: int | None = None  # a duplicate of standard error while it is


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Keep what a C++ library writes to standard error away from the terminal; what is wrong, it raises.

    There is one standard error for all threads: what others write there meanwhile is lost too.
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
            if _silencers:  # else this is a fork, in which it has been restored
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
    """Undo what other threads had begun: they do not exist in this process."""
    global _lock, _silencers
    _lock = threading.RLock()
    _silencers = 0
    _restore()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class PerProcess:
    """Something with a runtime that no two processes may share, such as an interpreter or a lock.

    A copy, a pickle and a fork have the arguments that it was made with, of a file the path, and make a runtime
    of their own from them. In a fork, the one that came along may be locked forever, or half-way through a computation.
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
        """What `copy` and `pickle` need: the class, and what it was made with."""
        return type(self), self._made_with

    def settle(self) -> None:
        """Make the runtime anew if this is a fork of the process that it was made in."""
        if self._process == os.getpid():
            return
        with _lock:
            if self._process != os.getpid():
                if "torch" in sys.modules:  # its OpenMP threads did not come along, and it would wait for them forever
                    sys.modules["torch"].set_num_threads(1)
                self.__init__(*self._made_with)  # type: ignore[misc]
                self._process = os.getpid()  # last: other threads wait for it


class Once:
    """A context for something that a library writes to standard error once a process: keep just that away."""

    def __init__(self) -> None:
        self._is_over = False

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Stay silent the first time; threads that come meanwhile wait."""
        if self._is_over:
            yield
            return
        with _lock, silent() if not self._is_over else contextlib.nullcontext():
            yield
            self._is_over = True
