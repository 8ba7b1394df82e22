"""How long to wait before the next attempt to connect: a table, no clock, no chance."""

from __future__ import annotations

from collections.abc import Sequence

from spinewatch_bridge.errors import (
    BridgeError,
    DeviceRefusedError,
    LinkLostError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
)

# Seconds before attempt 1, 2, 3 …; the last one repeats.
DEFAULT_DELAYS_S: Sequence[float] = (0.5, 1.0, 2.0, 4.0, 8.0)
DELAYS_S: Sequence[tuple[type[BridgeError], Sequence[float]]] = (
    (LinkLostError, DEFAULT_DELAYS_S),
    (PortNotFoundError, (0.5, 1.0, 2.0)),  # looking for a port costs nothing, and people wait for it after replugging
    (PortBusyError, (2.0, 4.0, 8.0)),
    (PortPermissionError, (10.0,)),  # a person must change something first
    (DeviceRefusedError, (15.0, 30.0)),  # a device that says no, or is another device, waits longest
)


def next_delay_s(attempt: int, error: BridgeError | None = None) -> float:
    """Seconds to wait before an attempt.

    Args:
        attempt: number of failures in a row, from 1.
        error: why the last attempt failed, or None when that is not known.
    """
    delays = next((row for kind, row in DELAYS_S if isinstance(error, kind)), DEFAULT_DELAYS_S)
    return delays[min(max(attempt, 1), len(delays)) - 1]
