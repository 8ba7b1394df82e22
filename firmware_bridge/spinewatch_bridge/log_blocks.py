"""Pages of a sensor's log become what every source emits: a channel, blocks with times, gaps. Pure.

A page tells the sensor's clock, which runs from its start and goes round in 36.4 h. Where that start is still the
present one, the clocks are compared now, and its time of day tells how often it went round; else that alone counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from math import ceil

import numpy as np

from spinewatch_bridge.blocks import Block, Event, Item
from spinewatch_bridge.causes import DAMAGED_LOG
from spinewatch_bridge.protocols.spinewatch_log import LogFile, LogSamples, sample_steps, samples_per_page
from spinewatch_bridge.protocols.spinewatch_stream import sample_flags
from spinewatch_bridge.protocols.spinewatch_wire import TICK_SPAN, TICKS_PER_S, PacketFlag
from spinewatch_signal.samples import Floats

OLDEST_UTC_S = 1_420_070_400.0  # 2015: a sensor that says less has a clock that began in 1970 or 2001
MAX_DRIFT = 200e-6  # a crystal is within 100 ppm; two readings that differ by more do not belong together
FUTURE_S = 60.0  # a day that is ahead of the computer's by more is not believed
SLACK_TURNS = 1e-4  # of the clock, 13 s: a file may end as it is fetched
MIN_SPAN_S = 60.0  # below it, what two readings are off weighs more than any drift


@dataclass(frozen=True, slots=True)
class ClockNow:
    """One comparison of clocks: the sensor's ticks (any number of wraps) at a UNIX time of the host."""

    ticks: int
    utc_s: float


class PlacedBy(Enum):
    """How the times of a file were found, in words for people."""

    COMPARED = "by comparing the sensor's clock with this computer's"
    OWN_CLOCK = "by the sensor's own time of day"
    GUESSED = (
        "the sensor's clock had never been set: the samples are placed as late as they can have been taken; "
        "durations are right, the time of day may not be"
    )


@dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """Times of a file.

    Args:
        first_s: (p,) UNIX seconds of the first sample of each page.
        step_s: (p,) seconds between samples within each page.
        by: how they were found.
    """

    first_s: Floats
    step_s: Floats
    by: PlacedBy


def placed(file: LogFile, samples: LogSamples, now: ClockNow | None, now_s: float) -> Placed:
    """Times of the pages of a file.

    Args:
        file: what the list said of it.
        samples: at least one page of it.
        now: a comparison of clocks while it was fetched; None where there is none.
        now_s: UNIX seconds of the fetch.
    """
    ticks, steps = sample_steps(samples, file.rate_hz)
    length_s = (float(ticks[-1] - ticks[0]) + steps[-1] * samples.sizes()[-1]) / TICKS_PER_S
    own_s, tick_s = _own_start(file, samples, float(steps[0]) / TICKS_PER_S, now_s - length_s), 1 / TICKS_PER_S
    by = PlacedBy.GUESSED if own_s is None else PlacedBy.OWN_CLOCK
    start_s = now_s - length_s if own_s is None else own_s
    if file.this_boot and now is not None:
        since = (now.ticks - int(ticks[0])) % TICK_SPAN
        if own_s is None:  # how often the clock went round is not known: no less than the file is long
            since += TICK_SPAN * max(ceil((length_s * TICKS_PER_S - since) / TICK_SPAN - SLACK_TURNS), 0)
        else:
            by, passed_s = PlacedBy.COMPARED, now.utc_s - own_s
            since += TICK_SPAN * max(round((passed_s * TICKS_PER_S - since) / TICK_SPAN), 0)
            tick_s = passed_s / since if _is_drift(passed_s, since * tick_s) else tick_s
        start_s = now.utc_s - since * tick_s
    return Placed(start_s + (ticks - ticks[0]) * tick_s, steps * tick_s, by)


def _own_start(file: LogFile, samples: LogSamples, step_s: float, latest_s: float) -> float | None:
    """When the first sample was taken by the sensor's own day, at the latest as told; None where it cannot be meant."""
    if file.start_utc_s is None or file.start_utc_s < OLDEST_UTC_S:
        return None
    # the list tells of the file's first sample; the pages that are left out before ours were full
    start_s = file.start_utc_s + samples.pages_before * samples_per_page(file.kind) * step_s
    return min(start_s, latest_s) if start_s <= latest_s + FUTURE_S else None


def _is_drift(by_day_s: float, by_ticks_s: float) -> bool:
    """Whether two spans that should be one differ by no more than a crystal drifts."""
    return by_ticks_s > MIN_SPAN_S and abs(by_day_s / by_ticks_s - 1) <= MAX_DRIFT


def log_items(sensor: str, samples: LogSamples, times: Placed) -> Iterator[Item]:
    """Blocks and gaps of a file in order, one block per page."""
    sizes = samples.sizes().tolist()
    expected: int | None = None
    end_s = 0.0
    for page, n in enumerate(sizes):
        index, first_s, step_s = int(samples.index[page]), float(times.first_s[page]), float(times.step_s[page])
        if expected is not None and index > expected:
            span = {"start_s": end_s, "end_s": first_s, "lost_samples": index - expected, **DAMAGED_LOG.told()}
            yield Event("gap", first_s, sensor, span)
        at = int(samples.first[page])
        flags = sample_flags(PacketFlag(int(samples.flags[page])), n)
        t_s = first_s + step_s * np.arange(n, dtype=np.float64)
        yield Block(sensor, samples.counts[at : at + n], flags, t_s, index, int(samples.ticks[page]))
        expected, end_s = index + n, float(t_s[-1]) + step_s
