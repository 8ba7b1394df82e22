"""The WitMotion family: one sensor maker's protocol, by cable and by radio. Pure."""

from __future__ import annotations

from spinewatch_bridge.clock_sync import EnvelopeClock
from spinewatch_bridge.protocols.base import Capabilities
from spinewatch_bridge.protocols.family import Family, Wish
from spinewatch_bridge.protocols.witmotion_ble import GATT, WitMotionBle
from spinewatch_bridge.protocols.witmotion_frames import frames_in
from spinewatch_bridge.protocols.witmotion_registers import RATE_CODES
from spinewatch_bridge.protocols.witmotion_serial import WitMotionSerial


def _rate_hz(wish: Wish) -> int | None:
    return None if wish.rate_hz is None else round(wish.rate_hz)


FAMILY = Family(
    title="WitMotion",
    capabilities=Capabilities(tuple(float(rate) for rate in RATE_CODES)),
    clock=EnvelopeClock,
    serial=lambda wish: WitMotionSerial(_rate_hz(wish)),
    bauds=(115200, 9600),  # models in a case ship with the first, open modules with the second
    usb=((0x1A86, 0x7523),),  # the CH340 of models in a case
    frames_in=frames_in,
    ble=lambda wish: WitMotionBle(_rate_hz(wish), wish.name),
    gatt=GATT,
    ble_names=("WT",),
    battery_life_h=8.0,  # of the WT9011DCL: 130 mAh
)
