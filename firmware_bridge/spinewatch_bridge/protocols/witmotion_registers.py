"""What WitMotion's serial and Bluetooth sensors have in common: registers, commands, codes, scales. Pure.

Sources: WitMotion "Wit standard communication protocol", "WT901BLECL datasheet v23-0420" and the register list of its
open C kit; rates and the battery's behaviour after a save as an open driver (RGu0/WT901) measured them.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from math import pi

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2

ACC_M_S2_PER_COUNT = 16 * STANDARD_GRAVITY_M_S2 / 32768  # the scale stays ±16 g whatever range the chip is in
GYR_RAD_S_PER_COUNT = 2000 / 32768 * pi / 180
FULL_SCALE = 32767

COMMAND = b"\xff\xaa"
COMMAND_BYTES = 5
UNLOCK_KEY = 0xB588
UNLOCKED_S = 10.0
STEP_GAP_S = 0.1  # the sensor needs about 100 ms between the steps of a setting


class Reg(IntEnum):
    """Registers that are written or read here."""

    SAVE = 0x00
    OUTPUT = 0x02
    RATE = 0x03
    BAUD = 0x04
    BANDWIDTH = 0x1F
    READ = 0x27
    VERSION = 0x2E  # a bare number that no person knows: asked for to hear that all before it was taken
    BATTERY_SERIAL = 0x5C
    BATTERY_BLE = 0x64
    KEY = 0x69
    BLE_CONTENT = 0x96


SAVE_SETTINGS, SAVE_FACTORY, SAVE_RESTART = 0x0000, 0x0001, 0x00FF
OUTPUT_ACC_GYR = 0x0006  # bit n of the mask switches the serial frame of TYPE 50 + n
OUTPUT_DEFAULT = 0x001E
BLE_CONTENT_IMU = 0  # 1: displacement, velocity and angle under the same header, which nothing tells apart

RATE_CODES = {10: 0x06, 20: 0x07, 50: 0x08, 100: 0x09, 200: 0x0B}  # 0A is 200 in one document and 99.3 Hz in life
BAUD_CODES = {9600: 0x02, 19200: 0x03, 38400: 0x04, 57600: 0x05, 115200: 0x06, 230400: 0x07}
BANDWIDTH_CODES = {256: 0, 188: 1, 98: 2, 42: 3, 20: 4, 10: 5, 5: 6}
WIDEST_NEEDED_HZ = 42  # a trunk moves below 20 Hz, heel strikes included; wider only lets noise in

RATES_HZ = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)

BATTERY_STEPS = (  # at least so many volts / 100: percent; of the vendor's table
    (396, 100), (393, 90), (387, 75), (382, 60), (379, 50), (377, 40), (373, 30), (370, 20), (368, 15), (350, 10),
    (340, 5),
)  # fmt: skip
CELL_CENTIVOLTS = range(250, 451)  # what one lithium cell can have; anything else is not its voltage


def write_register(register: int, value: int) -> bytes:
    """``FF AA REG LO HI``; takes effect only within 10 s of `unlock`."""
    return struct.pack("<2sBH", COMMAND, register, value)


def unlock() -> bytes:
    """Allow writing for the next 10 s."""
    return write_register(Reg.KEY, UNLOCK_KEY)


def save() -> bytes:
    """Keep the settings over power-off."""
    return write_register(Reg.SAVE, SAVE_SETTINGS)


def restart() -> bytes:
    """Start the sensor anew."""
    return write_register(Reg.SAVE, SAVE_RESTART)


def read_register(register: int) -> bytes:
    """Ask for the registers from `register` on: four by cable, eight by radio."""
    return write_register(Reg.READ, register)


def set_rate(rate_hz: int) -> bytes:
    """Output rate.

    Raises:
        ValueError: for a rate that the family does not have.
    """
    if rate_hz not in RATE_CODES:
        raise ValueError(f"WitMotion sensors send at {', '.join(map(str, RATE_CODES))} Hz, not at {rate_hz}")
    return write_register(Reg.RATE, RATE_CODES[rate_hz])


def set_baud(baud: int) -> bytes:
    """Line speed.

    Raises:
        ValueError: for a speed that the family does not have.
    """
    if baud not in BAUD_CODES:
        raise ValueError(f"WitMotion sensors talk at {', '.join(map(str, BAUD_CODES))} baud, not at {baud}")
    return write_register(Reg.BAUD, BAUD_CODES[baud])


def set_bandwidth(rate_hz: int) -> bytes:
    """The filter that suits a rate: the widest within half of it, so that nothing folds back, and not above need."""
    fitting = [band for band in BANDWIDTH_CODES if band <= min(rate_hz / 2, WIDEST_NEEDED_HZ)]
    return write_register(Reg.BANDWIDTH, BANDWIDTH_CODES[max(fitting)])


def nearest_rate_hz(measured_hz: float, within: float) -> float:
    """The rate of the family's table that a rough count means, or the count itself when none is `within` (relative)."""
    nearest = min(RATES_HZ, key=lambda rate: abs(rate - measured_hz) / rate)
    return nearest if abs(nearest - measured_hz) <= within * nearest else measured_hz


def battery_percent(centivolts: int) -> int | None:
    """Charge by the vendor's steps; None for what is no voltage of a cell, like the 0 that comes after a save."""
    if centivolts not in CELL_CENTIVOLTS:
        return None
    return next((percent for least, percent in BATTERY_STEPS if centivolts >= least), 0)
