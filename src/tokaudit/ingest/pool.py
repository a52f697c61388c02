"""Who does the work: this process, or several?

Tasks go out in order and their results come back in order, a few ahead at most, so memory stays flat. Small inputs stay
in this process, where no worker has to be started.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tokaudit.errors import InputError
from tokaudit.ingest.worker import Result, Task, map_split

SMALL_BYTES = 12 << 20
_POLL_SECONDS = 0.2
_counter: Any = None


def worker_count() -> int:
    """Return the processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(counter: Any) -> None:
    global _counter  # noqa: PLW0603 - the only way to hand a shared value to a worker
    _counter = counter


def _advance(count: int) -> None:
    with _counter.get_lock():
        _counter.value += count


def _work(task: Task) -> Result:
    return map_split(task, _advance)


def run_here(tasks: Iterable[Task], progress: Callable[[int], None]) -> Iterator[Result]:
    """Do the tasks one after the other. progress is told the bytes read so far."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done)

    for task in tasks:
        yield map_split(task, advance)


def run_in_processes(tasks: Iterable[Task], workers: int, progress: Callable[[int], None]) -> Iterator[Result]:
    """Do the tasks in worker processes; results come in the order of the tasks."""
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    waiting: deque[tuple[Task, Future[Result]]] = deque()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(counter,)) as pool:
        try:
            for task in tasks:
                waiting.append((task, pool.submit(_work, task)))
                if len(waiting) > 2 * workers:
                    yield _first(waiting, counter, progress)
            while waiting:
                yield _first(waiting, counter, progress)
        except BrokenProcessPool as error:
            hint = "the memory may be too small; nothing of the file was kept"
            raise InputError("a worker process died", where=waiting[0][0].split.place.identity, hint=hint) from error
        finally:
            for _, future in waiting:
                future.cancel()


def _first(waiting: deque[tuple[Task, Future[Result]]], counter: Any, progress: Callable[[int], None]) -> Result:
    _, future = waiting[0]
    while True:
        progress(counter.value)
        try:
            result = future.result(timeout=_POLL_SECONDS)
        except FutureTimeoutError:
            continue
        waiting.popleft()
        return result
