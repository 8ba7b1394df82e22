"""Polar's sensors over Bluetooth."""

from __future__ import annotations

from spinewatch_bridge.protocols.gatt import CTRL, DATA, FEATURES, GattProfile


def _uuid(number: int) -> str:
    return f"fb005c{number:02x}-02e7-f387-1cad-8acd2d8df0c8"


PROFILE = GattProfile(
    service=_uuid(0x80),
    notify={CTRL: _uuid(0x81), DATA: _uuid(0x82)},
    write=_uuid(0x81),
    read={FEATURES: _uuid(0x81)},
)
