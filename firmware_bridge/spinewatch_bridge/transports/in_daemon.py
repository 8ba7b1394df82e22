"""A call that may hang, in a thread of its own that nobody waits for at the end: not the loop, not the program."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class InDaemon:
    """One call at a time.

    Args:
        name: of the threads.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._returned = threading.Event()  # not the end of the thread: that comes a little after its answer
        self._returned.set()

    @property
    def hangs(self) -> bool:
        """Whether the last call has not returned yet."""
        return not self._returned.is_set()

    async def call(self, what: Callable[[], T], seconds: float, unwanted: Callable[[T], None]) -> T:
        """What `what` returns or raises.

        Args:
            what: the call.
            seconds: so long it is waited for.
            unwanted: gets, in the thread, what is returned when nobody waits any more.

        Raises:
            TimeoutError: when it takes longer, or the call before it still hangs.
        """
        if self.hangs:
            raise TimeoutError
        answer: Future[T] = Future()
        self._returned = threading.Event()
        work = (what, self._returned, answer, unwanted)
        threading.Thread(target=_run, args=work, name=self._name, daemon=True).start()
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(answer)


def _run(what: Callable[[], T], returned: threading.Event, answer: Future[T], unwanted: Callable[[T], None]) -> None:
    try:
        found = what()
    except BaseException as error:
        returned.set()
        if answer.set_running_or_notify_cancel():
            answer.set_exception(error)
        return
    returned.set()
    if answer.set_running_or_notify_cancel():
        answer.set_result(found)
    else:
        unwanted(found)
