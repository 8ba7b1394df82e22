"""The likeliest cause of a lost link: what the way itself knows first, then what the link knows. Pure."""

from __future__ import annotations

from spinewatch_bridge.causes import Cause, CauseKey
from spinewatch_bridge.errors import BridgeError, LinkLostError

NEARLY_EMPTY_PERCENT = 5.0


def cause_of(
    error: BridgeError, told_by_way: Cause | None = None, battery_percent: float | None = None, leaves_when: str = ""
) -> Cause:
    """The likeliest cause.

    Args:
        error: how the link ended.
        told_by_way: what the transport knows of it; None when it does not know.
        battery_percent: what the sensor last told of its battery.
        leaves_when: when such a sensor goes away by itself; empty where it does not.
    """
    if not isinstance(error, LinkLostError):
        return Cause(str(error), error.cause_key)
    if error.cause_key is CauseKey.ASLEEP:
        return Cause(error.cause, error.cause_key)
    if told_by_way and told_by_way.key is not CauseKey.OUT_OF_RANGE:
        return told_by_way
    if battery_percent is not None and battery_percent <= NEARLY_EMPTY_PERCENT:  # tells more than a weak signal
        return Cause(f"its battery was nearly empty ({battery_percent:.0f} %)", CauseKey.BATTERY)
    if told_by_way:
        return told_by_way
    return Cause(f"{error.cause}; {leaves_when}" if leaves_when else error.cause, error.cause_key)
