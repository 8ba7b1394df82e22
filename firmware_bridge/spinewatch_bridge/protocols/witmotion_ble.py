"""WitMotion over Bluetooth Low Energy. Pure."""

from __future__ import annotations

from spinewatch_bridge.protocols.gatt import DATA, GattProfile

GATT = (
    GattProfile(  # its own base: it ends in 9a34fb where the Bluetooth SIG's ends in 9b34fb
        service="0000ffe5-0000-1000-8000-00805f9a34fb",
        notify={DATA: "0000ffe4-0000-1000-8000-00805f9a34fb"},
        write="0000ffe9-0000-1000-8000-00805f9a34fb",
    ),
    GattProfile(  # older units that also speak classic Bluetooth
        service="49535343-fe7d-4ae5-8fa9-9fafd205e455",
        notify={DATA: "49535343-1e4d-4bd9-ba61-23c647249616"},
        write="49535343-8841-43f4-a8d4-ecbe34729bb3",
    ),
)
