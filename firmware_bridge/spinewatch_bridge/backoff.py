"""How long to wait before the next attempt to connect: a table, no clock, no chance."""

from __future__ import annotations

from collections.abc import Sequence

from spinewatch_bridge.errors import BridgeError, DeviceRefusedError, PortBusyError, PortPermissionError

# A sensor that is back shall stream within 5 s, also after an hour away; setting it up takes up to 2.5 s of them. Each
# attempt costs next to nothing: a serial port is looked up, a search over Bluetooth sleeps on the scanner by itself.
RETURN_S = 2.0

# Seconds before attempt 1, 2, 3 …; the last one repeats.
DEFAULT_DELAYS_S: Sequence[float] = (0.5, 1.0, RETURN_S)
DELAYS_S: Sequence[tuple[type[BridgeError], Sequence[float]]] = (
    (PortBusyError, (2.0, 4.0, 8.0)),
    (PortPermissionError, (10.0,)),  # a person must change something first
    (DeviceRefusedError, (15.0, 30.0)),  # a device that says no, or is another device, waits longest
)


def next_delay_s(attempt: int, error: BridgeError | None = None, *, returning: bool = False) -> float:
    """Seconds to wait before an attempt.

    Args:
        attempt: number of failures in a row, from 1.
        error: why the last attempt failed, or None when that is not known.
        returning: True for a sensor that streamed before: what refuses may be the noise of its return, or another
            device that is unplugged again at once.
    """
    delays = next((row for kind, row in DELAYS_S if isinstance(error, kind)), DEFAULT_DELAYS_S)
    delay_s = delays[min(max(attempt, 1), len(delays)) - 1]
    return min(delay_s, RETURN_S) if returning else delay_s
