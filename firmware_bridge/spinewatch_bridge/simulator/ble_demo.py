"""The sensors of a demonstration over Bluetooth: two on one simulated wearer, and a chest strap that is only nearby."""

from __future__ import annotations

from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.protocols.gatt import sig_uuid
from spinewatch_bridge.simulator.ble_device import BleDevice
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.polar_device import H10, PolarDevice
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_bridge.simulator.wit_device import WitDevice
from spinewatch_signal.samples import Site

UPPER_ADDRESS, LOWER_ADDRESS, STRAP_ADDRESS = "C0:00:00:00:00:01", "C0:00:00:00:00:02", "C0:00:00:00:00:03"
UPPER_DBM, LOWER_DBM, STRAP_DBM = -52, -63, -81
HEART_RATE_SERVICE = sig_uuid(0x180D)  # what the strap advertises; its measuring service only shows when connected


def virtual_sensors(scenario: str, seed: int, clock: Clock, hours: float | None = None) -> list[BleDevice]:
    """Upper, lower and strap, switched off; the wearer's day begins now.

    Args:
        scenario: its name.
        seed: the wearer and what happens.
        clock: true time.
        hours: length; None for the scenario's own.

    Raises:
        BadSourceError: on an unknown scenario.
    """
    day = simulate(scenario, seed, clock.now_s(), hours, (Site.UPPER_BACK, Site.PELVIS), Faults())
    upper = VirtualDevice(day.stream(Site.UPPER_BACK), serial=f"SIM{seed:04d}"[-16:], framed=False)
    lower = WitDevice(day.stream(Site.PELVIS))
    strap = PolarDevice(day.stream(Site.UPPER_BACK), H10)
    return [
        BleDevice(upper, clock, UPPER_ADDRESS, rssi_dbm=UPPER_DBM),
        BleDevice(lower, clock, LOWER_ADDRESS, rssi_dbm=LOWER_DBM),
        BleDevice(strap, clock, STRAP_ADDRESS, advertised=[HEART_RATE_SERVICE], rssi_dbm=STRAP_DBM),
    ]
