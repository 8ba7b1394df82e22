"""An analysis in a process of its own, with progress and cancel; the caller's thread stays free for drawing.

No Qt here: callbacks come on a helper thread, and whoever draws brings them to its own.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as ProcessEvent
from pathlib import Path
from typing import Any

from spinewatch_bridge.errors import BridgeError
from spinewatch_monitor.analysis import Analysis, AnalysisCancelledError, analyse_file
from spinewatch_monitor.analysis_json import Json
from spinewatch_monitor.problems import BadInputError

Result = tuple[Analysis, Json]

END_S = 2.0  # how long a worker that was told to stop may take before it is ended
_POLL_S = 0.2
_STEP = 0.01  # progress is sent when it has grown by this


class WorkerDiedError(RuntimeError):
    """The worker ended without a result: killed, or out of memory."""


class AnalysisJob:
    """One running analysis.

    Attributes:
        future: gives the analysis and the JSON object, or raises what went wrong; `AnalysisCancelledError` after
            `cancel`.
    """

    def __init__(self, path: Path, on_progress: Callable[[float], None] | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self.future: Future[Result] = Future()
        self.future.set_running_or_notify_cancel()  # only `cancel` of this class ends it
        self._on_progress = on_progress
        self._stop: ProcessEvent = context.Event()
        self._inbox, outbox = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(path, outbox, self._stop), name="analysis", daemon=True)
        with _without_ctrl_c():
            self._process.start()
        outbox.close()
        threading.Thread(target=self._watch, name=f"analysis-{path.name}", daemon=True).start()

    def cancel(self) -> None:
        """Stop; the future then raises `AnalysisCancelledError`. Safe at any time."""
        self._stop.set()

    def _watch(self) -> None:
        """Hand on what the worker says, until it ends."""
        outcome: Result | BaseException = WorkerDiedError("The analysis ended without a result. Is memory short?")
        patience_s = END_S
        with suppress(EOFError, OSError):  # the worker closed its end
            while patience_s > 0:
                if not self._inbox.poll(_POLL_S):
                    patience_s -= _POLL_S * self._stop.is_set()
                elif not isinstance(message := self._inbox.recv(), float):
                    outcome = message
                elif self._on_progress is not None:
                    self._on_progress(message)
        self._end(outcome)

    def _end(self, outcome: Result | BaseException) -> None:
        self._process.join(_POLL_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._inbox.close()
        if self._stop.is_set():
            outcome = AnalysisCancelledError()
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """What is started here never hears Ctrl-C, not even while it loads; who started it decides what becomes of it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows: `_work` ignores it, from its first line on
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def analyse_in_process(path: Path, on_progress: Callable[[float], None] | None = None) -> AnalysisJob:
    """Start an analysis in a process of its own.

    Args:
        path: a finished recording.
        on_progress: told the share done, 0 to 1, on a helper thread.
    """
    return AnalysisJob(Path(path), on_progress)


def _work(path: Path, outbox: Connection[Any, Any], stop: ProcessEvent) -> None:
    """Body of the worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # see `_without_ctrl_c`
    told = -1.0

    def tell(share: float) -> None:
        nonlocal told
        if share - told >= _STEP:
            told = share
            outbox.send(float(share))

    try:
        outbox.send(analyse_file(path, tell, stop.is_set))
    except Exception as error:
        outbox.send(_portable(error))
    finally:
        outbox.close()


def _portable(error: Exception) -> Exception:
    """The error as another process can rebuild it: most carry facts that `pickle` cannot hand to their class."""
    if isinstance(error, AnalysisCancelledError):
        return AnalysisCancelledError()
    if isinstance(error, BadInputError | BridgeError):
        return BadInputError(str(error))
    return RuntimeError(f"{type(error).__name__}: {error}")
