"""Why a link was lost, in words for people: what the way itself knows first, then what the link knows. Pure."""

from __future__ import annotations

from spinewatch_bridge.errors import BridgeError, LinkLostError

NEARLY_EMPTY_PERCENT = 5.0
ASLEEP = "the computer was asleep"


def cause_of(
    error: BridgeError, told_by_way: str = "", battery_percent: float | None = None, leaves_when: str = ""
) -> str:
    """The likeliest cause.

    Args:
        error: how the link ended.
        told_by_way: what the transport knows of it; empty when it does not know.
        battery_percent: what the sensor last told of its battery.
        leaves_when: when such a sensor goes away by itself; empty where it does not.
    """
    if not isinstance(error, LinkLostError):
        return str(error)
    if error.cause == ASLEEP:
        return ASLEEP
    if told_by_way:
        return told_by_way
    if battery_percent is not None and battery_percent <= NEARLY_EMPTY_PERCENT:
        return f"its battery was nearly empty ({battery_percent:.0f} %)"
    return f"{error.cause}; {leaves_when}" if leaves_when else error.cause
