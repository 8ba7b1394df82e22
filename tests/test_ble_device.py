"""A simulated sensor behind a virtual radio: its table, what its queue loses, its battery, and when it speaks."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from bleak import BleakClient, BleakScanner

from bridge_helpers import VirtualClock, run_virtually
from spinewatch_bridge.protocols.gatt import (
    BATTERY,
    BATTERY_SERVICE,
    CTRL,
    DATA,
    DEVICE_INFORMATION_SERVICE,
    FEATURES,
    FIRMWARE,
    MODEL,
    STANDARD_READS,
    GattProfile,
    sig_uuid,
)
from spinewatch_bridge.simulator.ble_device import BleDevice, QueueLoss, gatt_table
from spinewatch_bridge.simulator.ble_peripheral import Characteristic
from spinewatch_bridge.simulator.device import Sent
from spinewatch_bridge.transports.ble_virtual import VirtualAir

SERVICE, COMMANDS, DATA_UUID = sig_uuid(0xFF00), sig_uuid(0xFF01), sig_uuid(0xFF02)
PERIOD_S = 0.1


class Beeper:
    """Sends ten samples, which are its number, ten times a second while somebody listens; its battery runs down."""

    gatt = GattProfile(SERVICE, {CTRL: COMMANDS, DATA: DATA_UUID}, COMMANDS, read={FEATURES: COMMANDS})
    advertised_name = "BEEP"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock, self._next_s, self.news = clock, float("inf"), list[str]()
        self.number = 0

    def reads(self) -> Mapping[str, bytes]:
        passed_s = self._clock.now_s() - self._clock.start_s
        return {FEATURES: b"\x0f", BATTERY: bytes((100 - int(passed_s / 15),)), MODEL: b"Beeper", FIRMWARE: b"1"}

    def connected(self, true_s: float, mtu: int | None = None) -> None:
        self.news.append(f"connected, MTU {mtu}")
        self._next_s = true_s + PERIOD_S

    def disconnected(self, true_s: float) -> None:
        del true_s
        self.news.append("disconnected")
        self._next_s = float("inf")

    def receive(self, data: bytes, true_s: float, channel: str = "") -> list[tuple[str, bytes]]:
        del true_s
        return [(CTRL, channel.encode() + b" " + data)]

    def next_due_s(self) -> float:
        return self._next_s

    def take(self, until_true_s: float) -> list[Sent]:
        sent = []
        while self._next_s <= until_true_s:
            sent.append(Sent(bytes((self.number % 256,)), self._next_s, 10, DATA))
            self.number += 1
            self._next_s += PERIOD_S
        return sent


def lived(seconds: float, loss: QueueLoss | None = None) -> tuple[BleDevice, Beeper, dict[str, list[bytes]]]:
    """A host connects, subscribes to everything, says hello, listens for so long and leaves."""
    came: dict[str, list[bytes]] = {COMMANDS: [], DATA_UUID: [], STANDARD_READS[BATTERY]: []}
    made: list[tuple[BleDevice, Beeper]] = []

    async def main(clock: VirtualClock) -> None:
        async with VirtualAir() as air:
            beeper = Beeper(clock)
            made.append((BleDevice(beeper, clock, "C0:00:00:00:00:07", loss=loss), beeper))
            await air.add(made[0][0])
            found = await BleakScanner.find_device_by_name("BEEP", backend=air.backend.scanner)
            assert found is not None
            async with BleakClient(found, backend=air.backend.client) as client:
                assert await client.read_gatt_char(COMMANDS) == b"\x0f"
                for uuid, kept in came.items():
                    await client.start_notify(uuid, lambda _row, data, kept=kept: kept.append(bytes(data)))
                await client.write_gatt_char(COMMANDS, b"hello", response=True)
                await clock.sleep(seconds)
            await clock.sleep(1.0)

    run_virtually(main, 300)
    return (*made[0], came)


def test_it_speaks_while_somebody_listens_and_knows_how_much_fits() -> None:
    sensor, beeper, came = lived(10.0)
    assert beeper.news == ["connected, MTU 247", "disconnected"]
    assert came[COMMANDS] == [b"ctrl hello"]
    assert came[DATA_UUID] == [bytes((n,)) for n in range(len(came[DATA_UUID]))]
    assert sensor.sent_samples == 10 * beeper.number
    assert sensor.lost_samples == 0
    assert len(came[DATA_UUID]) == pytest.approx(beeper.number, abs=1)


def test_its_battery_is_told_when_it_changes() -> None:
    _, _, came = lived(60.0)
    levels = [data[0] for data in came[STANDARD_READS[BATTERY]]]
    assert levels == sorted(set(levels), reverse=True)
    assert len(levels) >= 4


@pytest.mark.parametrize("loss", [QueueLoss(every=5), QueueLoss(share=0.2, seed=4)])
def test_what_its_queue_loses_was_sent_and_did_not_come(loss: QueueLoss) -> None:
    sensor, beeper, came = lived(60.0, loss)
    assert sensor.sent_samples == 10 * beeper.number
    assert sensor.sent_samples - sensor.lost_samples == pytest.approx(10 * len(came[DATA_UUID]), abs=10)
    assert sensor.lost_samples / sensor.sent_samples == pytest.approx(0.2, abs=0.05)


def test_the_table_of_a_family_with_and_without_values_of_its_own() -> None:
    full = gatt_table(Beeper.gatt, {FEATURES: b"", BATTERY: b"", MODEL: b""})
    assert full == {
        SERVICE: [
            Characteristic(COMMANDS, indicate=True, write=True, read=True),
            Characteristic(DATA_UUID, notify=True),
        ],
        BATTERY_SERVICE: [Characteristic(STANDARD_READS[BATTERY], notify=True, read=True)],
        DEVICE_INFORMATION_SERVICE: [Characteristic(STANDARD_READS[MODEL], read=True)],
    }
    bare = GattProfile(SERVICE, {DATA: DATA_UUID}, COMMANDS, write_with_response=False)
    assert gatt_table(bare, {}) == {
        SERVICE: [
            Characteristic(COMMANDS, write=True, write_without_response=True),
            Characteristic(DATA_UUID, notify=True),
        ]
    }
