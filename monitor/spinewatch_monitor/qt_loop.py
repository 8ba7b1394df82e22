"""The only crossing between the worker thread and Qt: one asyncio loop on one thread, one signal back.

All links run on this loop (not on a Qt one: a blocked window must not delay the samples). Values reach Qt through the
queued signal `arrived`; Qt reaches the loop through `call`.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal


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

    def start(self, main: Callable[[Callable[[object], None]], Coroutine[Any, Any, None]]) -> None:
        """Run ``main(publish)`` on the thread; what it publishes comes out of `arrived`."""
        self._thread = threading.Thread(target=self._run, args=(main,), name="spinewatch-links", daemon=True)
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
        answer: concurrent.futures.Future[object] = concurrent.futures.Future()

        def call() -> None:
            try:
                answer.set_result(function())
            except Exception as error:
                answer.set_exception(error)

        self.call(call)
        return answer.result(timeout_s)

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

    def _run(self, main: Callable[[Callable[[object], None]], Coroutine[Any, Any, None]]) -> None:
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
