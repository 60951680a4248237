"""Independent jobs on the cores of this machine, or on a Ray cluster."""

import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Thread, current_thread, main_thread
from typing import Any, TypeVar

from tenfold.base.errors import TenfoldError, TenfoldWarning, in_words, warnings_as_lines
from tenfold.base.extras import needed_by
from tenfold.base.files import locked

RETRIES = 3  # of a job whose worker was lost; without a limit, a job that kills its worker would run forever
WATCH = 0.5  # seconds between a worker's checks that its parent is alive

Job = TypeVar("Job")
Result = TypeVar("Result")


def scatter(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    *,
    folder: Path | None = None,
    processes: int | None = None,
    threads: int = 1,
    cluster: str | None = None,
) -> Iterator[tuple[Job, Result | TenfoldError]]:
    """Call a function for every job, many at a time; a job that fails does not stop the others.

    Args:
        function: a function that the workers can import, or a `functools.partial` of one.
        jobs: the arguments to call it with.
        folder: where the jobs write; it is locked while they run, and a worker that does not see it refuses its jobs.
        processes: how many at a time; by default one for each core of this machine, or of the cluster.
        threads: the number of cores for each job, PyTorch included.
        cluster: HOST:PORT of a Ray cluster that this machine belongs to; by default, this machine alone.

    Yields:
        Each job with its result as it arrives, or with its error if it failed. On a cluster, a job whose worker is lost
        starts again, but fails if that happens too often. A warning that several jobs give is given once.

    Raises:
        TenfoldError: if the cluster does not answer, a worker on this machine was killed, or another process is writing
            to the folder.
        OSError: if the folder cannot be written.
    """
    with locked(folder) if folder is not None else nullcontext() as lock:
        seen = lock.absolute() if lock else None  # on every machine that shares the folder
        attempt = partial(_attempt, function, threads, seen)
        if cluster is not None:
            answers = _on_cluster(attempt, jobs, processes or len(jobs), threads, cluster)
        else:
            answers = _here(attempt, jobs, processes, threads)
        given: set[str] = set()
        with closing(answers):  # before the lock is released
            for job, (result, messages) in answers:
                for message in messages:
                    if message not in given:
                        given.add(message)
                        warnings.warn(message, TenfoldWarning, stacklevel=2)
                yield job, result


def _here(
    function: Callable[[Job], Result], jobs: Sequence[Job], processes: int | None, threads: int
) -> Generator[tuple[Job, Result], None, None]:
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # after Ctrl-C, the process that tracks loky's semaphores may complain that one is already gone
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    calls = (delayed(_call)(function, number, job) for number, job in enumerate(jobs))
    with parallel_config("loky", inner_max_num_threads=threads, initializer=_end_with, initargs=(os.getpid(),)):
        try:
            with _without_ctrl_c():
                results = Parallel(n_jobs=processes or -1, return_as="generator_unordered")(calls)
            for number, result in results:
                yield jobs[number], result
        except TerminatedWorkerError:
            raise TenfoldError(
                "a worker process was killed, perhaps for lack of memory; try again with fewer --processes"
            ) from None


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Start processes that ignore Ctrl-C: they would end with a traceback, and joblib ends them for us."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which they inherit
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_with(parent: int) -> None:
    """In a worker, end the process once its parent is gone, however that ended; nothing else would stop its job."""

    def watch() -> None:
        if sys.platform == "win32":  # where getppid always returns the original parent
            multiprocessing.parent_process().join()
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _attempt(
    function: Callable[[Job], Result], threads: int, seen: Path | None, job: Job
) -> tuple[Result | TenfoldError, list[str]]:
    """The result of a job, or its error, and the messages of its warnings."""
    messages: list[str] = []
    if seen and not seen.is_file():
        return TenfoldError(
            f"the machine {socket.gethostname()} does not see {seen.parent}; "
            "all machines of the cluster must share the folder; choose one with --out"
        ), messages
    if torch := sys.modules.get("torch"):  # pictures are read without it
        torch.set_num_threads(threads)
    try:
        with warnings_as_lines(messages.append):
            return function(job), messages
    except (TenfoldError, OSError) as error:
        return TenfoldError(in_words(error) if isinstance(error, OSError) else str(error)), messages


def _call(function: Callable[[Job], Result], number: int, job: Job) -> tuple[int, Result]:
    return number, function(job)


def _on_cluster(
    function: Callable[[Job], Result], jobs: Sequence[Job], processes: int, threads: int, address: str
) -> Generator[tuple[Job, Result | tuple[TenfoldError, list[str]]], None, None]:
    ray = _connect(address)
    call = ray.remote(num_cpus=threads, max_retries=RETRIES)(_call)
    waiting = iter(enumerate(jobs))
    running: dict[Any, Job] = {}
    try:
        while True:
            for number, job in islice(waiting, processes - len(running)):
                running[call.remote(function, number, job)] = job
            if not running:
                return
            [ready], _ = ray.wait(list(running))
            job = running.pop(ready)
            try:
                _, result = ray.get(ready)
            except ray.exceptions.RayError as error:
                cause = getattr(error, "cause", None) or error
                reason = str(cause).partition("\n")[0]
                result = TenfoldError(f"lost on the cluster: {type(cause).__name__}: {reason}"), []
            yield job, result
    finally:  # also when interrupted
        for reference in running:
            ray.cancel(reference, force=True)
        ray.shutdown()


def _connect(address: str) -> Any:
    """Connect to a cluster, and return the module `ray`."""
    # Ray reads these when imported: send no usage statistics, give up soon, print nothing about lost workers
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_gcs_server_request_timeout_seconds", "10")
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
    with needed_by("a cluster"):
        import ray
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise TenfoldError(f"cluster address {address!r}: write it HOST:PORT, as ray start --head prints it")
    # ray.init would try for minutes to reach a cluster that does not answer
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
        probe = [sys.executable, "-P", "-m", "ray.scripts.scripts", "health-check", "--address", address]
        subprocess.run(probe, capture_output=True, timeout=30, check=True)  # noqa: S603
    except (OSError, OverflowError, subprocess.SubprocessError):
        raise TenfoldError(f"cluster {address}: no Ray {ray.__version__} answers there") from None
    ends = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, RuntimeError) as error:
        raise TenfoldError(f"cluster {address}: {error}; the command must run on one of its machines") from None
    if current_thread() is main_thread():  # Ray replaces this handler by one that ends in a traceback
        signal.signal(signal.SIGTERM, ends)
    return ray
