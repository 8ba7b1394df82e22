"""TIME questions of our own protocol: numbered, in bursts of eight, each answer matched to its question. Pure."""

from __future__ import annotations

from collections import OrderedDict

PROBES_PER_BURST = 8  # as liblsl: the quickest of eight exchanges carries the least waiting
FIRST_PROBE_GAP_S = 0.016  # the first burst holds up the start
PROBE_GAP_S = 0.064
BURST_GAP_S = 4.0
MAX_PENDING = 32


class ClockProbes:
    """Numbers outlive a link, so that a late answer of the one before is never taken for one of this."""

    def __init__(self) -> None:
        self._next = 0
        self._sent: OrderedDict[int, float] = OrderedDict()
        self.answered = 0
        """Answers since the last `restart`."""

    def __len__(self) -> int:
        return len(self._sent)

    def restart(self) -> None:
        """A new conversation: questions before it count no more; the next one begins a burst."""
        self._next = -(-self._next // PROBES_PER_BURST) * PROBES_PER_BURST
        self._sent.clear()
        self.answered = 0

    def ask(self, now_s: float) -> tuple[bytes, bool]:
        """Body of the next question, and whether it ends a burst."""
        number, self._next = self._next, self._next + 1
        self._sent[number] = now_s
        if len(self._sent) > MAX_PENDING:
            self._sent.popitem(last=False)
        return number.to_bytes(8, "little"), self._next % PROBES_PER_BURST == 0

    def answer(self, number: int) -> tuple[float, int] | None:
        """(when it was asked, its burst) of a question; None when it was not ours or is answered already."""
        sent_s = self._sent.pop(number, None)
        if sent_s is None:
            return None
        self.answered += 1
        return sent_s, number // PROBES_PER_BURST
