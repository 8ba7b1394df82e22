"""What the host says to a WitMotion sensor: settings step by step, and one question at a time. Pure.

Reads that overlap can hang a sensor, and by cable an answer does not say what it answers (open drivers agree): so a
question is put only when the one before was answered or timed out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from spinewatch_bridge.protocols import witmotion_registers as reg

ANSWER_S = 1.0  # a question older than this will not be answered
BATTERY_EVERY_S = 60.0
BATTERY_SOON_S = 5.0  # when there was no answer, or the 0 that comes after a save
FELL_SILENT = "it fell silent before its rate was known"


@dataclass(frozen=True, slots=True)
class Ask:
    """A register to be read."""

    register: int


class WitTalk:
    """The host's side of the conversation.

    Args:
        battery: register of the battery's voltage.
    """

    def __init__(self, battery: int) -> None:
        self._battery = battery
        self.opened(0.0)

    def opened(self, now_s: float) -> None:
        """Begin anew."""
        self._queue: deque[bytes | Ask] = deque()
        self._due_s = self._heard_s = now_s
        self._asked: int | None = None
        self._battery_s = now_s

    def say(self, *items: bytes | Ask) -> None:
        """Queue commands and questions."""
        self._queue.extend(items)

    @property
    def idle(self) -> bool:
        """True when all was said and answered."""
        return not self._queue and self._asked is None

    def clear(self) -> None:
        """Forget what was not said or answered yet."""
        self._queue.clear()
        self._asked = None

    def settled(self, now_s: float) -> bool:
        """True when all was said, and heard since."""
        return self.idle and now_s >= self._due_s

    def setting(self, now_s: float) -> bool:
        """True while commands are still to be said, or the last may not have taken effect."""
        return now_s < self._heard_s or any(isinstance(item, bytes) for item in self._queue)

    def outgoing(self, now_s: float) -> list[bytes]:
        """What is to be written now: at most one command, 100 ms after the one before."""
        if now_s < self._due_s:
            return []
        self._asked = None  # it took too long
        if not self._queue and now_s >= self._battery_s:
            self._queue.append(Ask(self._battery))
            self._battery_s = now_s + BATTERY_SOON_S
        if not self._queue:
            return []
        item = self._queue.popleft()
        if isinstance(item, Ask):
            self._asked, self._due_s = item.register, now_s + ANSWER_S
            return [reg.read_register(item.register)]
        self._due_s = self._heard_s = now_s + reg.STEP_GAP_S
        return [item]

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again."""
        if self._queue or self._asked is not None:
            return self._due_s
        return max(self._battery_s, self._due_s)

    def answered(self, now_s: float, register: int | None = None) -> int | None:
        """An answer came, which names its `register` by radio only; the register it answers, None for none of ours."""
        asked = self._asked
        if asked is None or (register is not None and register != asked):
            return None
        self._asked, self._due_s = None, now_s + reg.STEP_GAP_S
        return asked

    def battery_known(self, now_s: float) -> None:
        """The voltage was told: ask again in a minute."""
        self._battery_s = now_s + BATTERY_EVERY_S
