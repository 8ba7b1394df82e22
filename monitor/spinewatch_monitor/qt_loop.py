"""The only crossing between worker threads and Qt: an asyncio loop on a thread, one signal back.

All links run on one `LinkLoop` for the life of the program (not on a Qt one: a blocked window must not delay the
samples), each session, look or check as a `LinkJob` of it. What has nothing to do with links, such as the library,
takes a `LoopThread` of its own. Values reach Qt through the queued signal `arrived`; Qt reaches a loop through `call`.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

Main = Callable[[Callable[[object], None]], Coroutine[Any, Any, None]]
"""A coroutine function that is given a way to publish values."""


class LinkLoop:
    """One thread with one asyncio loop, from its first use to the end of the program: bleak must never see another."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._end: asyncio.Event | None = None

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function on the loop's thread, soon; ignored once the loop was stopped."""
        if self._loop is None:
            self._loop = self._begin()
        with contextlib.suppress(RuntimeError):  # it may close at any moment
            self._loop.call_soon_threadsafe(function, *args)

    def stop(self, timeout_s: float) -> bool:
        """Cancel what still runs there and wait for its clean-up; False when it did not end in time."""
        if self._thread is None or self._end is None:
            return True
        self.call(self._end.set)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _begin(self) -> asyncio.AbstractEventLoop:
        loop, self._end = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(
            target=self._run, args=(loop, self._end.wait()), name="spinewatch-links", daemon=True
        )
        self._thread.start()
        return loop

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop, ended: Coroutine[Any, Any, object]) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(ended)


class LinkJob(QObject):
    """One coroutine on the links' loop.

    Args:
        links: the loop.

    Signals:
        arrived: one value that the coroutine published, in the Qt thread.
        ended: None, or the exception that ended the coroutine.
    """

    arrived = Signal(object)
    ended = Signal(object)

    def __init__(self, links: LinkLoop, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._links = links
        self._task: asyncio.Task[None] | None = None
        self._over: threading.Event | None = None

    def start(self, main: Main) -> None:
        """Run ``main(publish)`` on the loop; what it publishes comes out of `arrived`."""
        self._over = threading.Event()
        self._links.call(self._begin, main)

    @property
    def running(self) -> bool:
        """Whether the coroutine, or its clean-up, still runs."""
        return self._over is not None and not self._over.is_set()

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function on the loop's thread, soon; ignored once the coroutine has ended."""
        self._links.call(self._call, function, *args)

    def ask(self, function: Callable[[], object], timeout_s: float) -> object:
        """Call a function on the loop's thread and wait for what it gives, or raises.

        Raises:
            TimeoutError: when it has not ended in time; it may still do so.
        """
        return _ask(self.call, function, timeout_s)

    def cancel(self) -> None:
        """Ask for the end without waiting; `ended` tells when the clean-up is done."""
        self._links.call(self._cancel)

    def wait(self, timeout_s: float) -> bool:
        """Hold the calling thread until the coroutine has ended; False when it did not in time."""
        return self._over is None or self._over.wait(timeout_s)

    # -- on the loop's thread ---------------------------------------------------------------------------------------

    def _begin(self, main: Main) -> None:
        self._task = asyncio.ensure_future(main(self.arrived.emit))
        self._task.add_done_callback(self._finish)

    def _call(self, function: Callable[..., object], *args: object) -> None:
        if self.running:
            function(*args)

    def _cancel(self) -> None:
        """One turn later, so that a coroutine which was asked for before has begun and can clean up."""
        if self._task is not None:
            asyncio.get_running_loop().call_soon(self._task.cancel)

    def _finish(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        with contextlib.suppress(RuntimeError):  # who listened did not wait and may be gone
            self.ended.emit(error)
        if self._over is not None:
            self._over.set()  # last: who sees that it no longer runs may delete it


class LoopThread(QObject):
    """A thread with its own asyncio loop that runs one coroutine to its end.

    Signals:
        arrived: one value that the coroutine published, in the Qt thread.
        ended: None, or the exception that ended the coroutine.
    """

    arrived = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

    def start(self, main: Main) -> None:
        """Run ``main(publish)`` on the thread; what it publishes comes out of `arrived`."""
        self._thread = threading.Thread(target=self._run, args=(main,), name="spinewatch-loop", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the coroutine, or its clean-up, still runs."""
        return self._thread is not None and self._thread.is_alive()

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function on the loop's thread, soon; ignored once the loop is closed."""
        with contextlib.suppress(RuntimeError):  # it may close at any moment
            self._loop.call_soon_threadsafe(function, *args)

    def ask(self, function: Callable[[], object], timeout_s: float) -> object:
        """Call a function on the loop's thread and wait for what it gives, or raises.

        Raises:
            TimeoutError: when it has not ended in time; it may still do so.
        """
        return _ask(self.call, function, timeout_s)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Cancel the coroutine and wait for its clean-up; False when it did not end in time."""
        if self._thread is None:
            return True
        self.call(self._cancel)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self, main: Main) -> None:
        asyncio.set_event_loop(self._loop)
        error: BaseException | None = None
        try:
            self._task = self._loop.create_task(main(self.arrived.emit))
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except Exception as caught:
            error = caught
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            with contextlib.suppress(RuntimeError):  # who listened did not wait and may be gone
                self.ended.emit(error)


def _ask(call: Callable[[Callable[[], None]], None], function: Callable[[], object], timeout_s: float) -> object:
    """Call a function by `call`, on another thread, and wait for what it gives, or raises."""
    answer: concurrent.futures.Future[object] = concurrent.futures.Future()

    def answering() -> None:
        try:
            answer.set_result(function())
        except Exception as error:
            answer.set_exception(error)

    call(answering)
    return answer.result(timeout_s)
