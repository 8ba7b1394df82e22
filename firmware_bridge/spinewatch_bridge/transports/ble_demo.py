"""A room for people who have no sensor: one simulated wearer with two Bluetooth sensors, and a chest strap nearby."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from spinewatch_bridge.errors import BridgeError
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.simulator.play import WearerSteps
from spinewatch_bridge.transports.ble_radio import Radio

NEEDS_BUMBLE = "Virtual Bluetooth sensors need one more package: pip install 'spinewatch[virtual]'"


@dataclass(frozen=True, slots=True)
class DemoAir:
    """What a program needs of the room.

    Args:
        radio: for `OpenOptions.radio`; it says of itself that it is simulated.
        sources: texts of the two sensors on the wearer, for `parse_sources`.
        steps: one more source: when the wearer does the steps of a calibration.
    """

    radio: Radio
    sources: tuple[str, str]
    steps: WearerSteps


@contextlib.asynccontextmanager
async def demo_air(
    clock: Clock, scenario: str = "office-day", seed: int = 1, hours: float | None = None
) -> AsyncIterator[DemoAir]:
    """The room, on the running event loop, as long as it is entered; the wearer's day begins now.

    Writing the day stops the loop for a second: enter it before anything else runs there.

    Args:
        clock: that of the program's links.
        scenario: its name.
        seed: the wearer and what happens.
        hours: length; None for the scenario's own.

    Raises:
        BadSourceError: on an unknown scenario.
        BridgeError: when bumble is not installed.
    """
    try:
        from spinewatch_bridge.simulator.ble_demo import virtual_sensors
        from spinewatch_bridge.transports.ble_virtual import VirtualAir
    except ImportError as error:
        raise BridgeError(NEEDS_BUMBLE) from error
    start_s = clock.now_s()
    sensors = virtual_sensors(scenario, seed, clock, hours)
    steps = WearerSteps(scenario, seed, start_s, hours, clock)
    async with VirtualAir() as air:
        for sensor in sensors:
            await air.add(sensor)
        upper, lower, *_ = (sensor.device.advertised_name for sensor in sensors)
        yield DemoAir(Radio(clock, air.backend, simulated=True), (f"upper=ble:{upper}", f"lower=ble:{lower}"), steps)
