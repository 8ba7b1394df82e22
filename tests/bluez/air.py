"""The guest's world: a Bluetooth adapter for its kernel, sensors in the same virtual air, and what happens to them.

Runs in the guest; tells its findings on standard output, one JSON object per line. A check is one function here.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from both_ends import OWN, POLAR, WIT, FailedError, Program, Sensor, kernel_adapter, tell, until
from ledger import Ledger, lost_together

from spinewatch_bridge.simulator.ble_air import AirController, AirLink

PLACES = ("upper_back", "pelvis")  # of the first and the second source, when nothing else is said
OFF_S = 3.0
MANY, SOME = 1000, 200


class Scene:
    """One sensor and the program that uses it.

    Args:
        sensor: it.
        place: where it is worn, by which the program knows it.
        program: of this sensor and maybe another.
    """

    def __init__(self, sensor: Sensor, place: str, program: Program) -> None:
        self.sensor, self.place, self.program, self.ledger = sensor, place, program, sensor.ledger
        self._ups = 0  # connections before the one that is waited for

    @classmethod
    async def begin(cls, *sensors: Sensor) -> list[Scene]:
        """Start the program for one sensor or two."""
        placed = dict(zip(PLACES, sensors, strict=False))
        for sensor in sensors:
            sensor.ledger.clear()
        sources = [f"ble:{sensor.name}?protocol={sensor.family.key}" for sensor in sensors]
        program = await Program.start(*sources, ledgers={place: sensor.ledger for place, sensor in placed.items()})
        return [cls(sensor, place, program) for place, sensor in placed.items()]

    def _times(self, kind: str) -> int:
        return len(self.program.news(self.place, kind))

    async def until(self, met: Callable[[], bool], words: str) -> None:
        """Wait until something is so, as long as the program lives."""
        await until(lambda: met() or self.program.ended, lambda: f"{words}; {self._counts()}")
        if not met():
            raise FailedError(f"the program ended; {self._counts()}")

    def _counts(self) -> str:
        return f"{len(self.ledger.sent)} samples were sent, {len(self.ledger.came)} came"

    async def connect(self) -> None:
        """Wait until the program has connected, again after a loss."""
        self.sensor.gate_open = True  # some are recognised by their samples
        await self.until(lambda: self._times("connected") > self._ups, "the program had not connected")

    async def stream(self, samples: int) -> None:
        """Let so many more samples come."""
        self.sensor.gate_open = True
        wanted = len(self.ledger.came) + samples
        await self.until(lambda: len(self.ledger.came) >= wanted, "no more samples came")

    async def settle(self) -> None:
        """Nothing leaves the sensor any more, and what left has come."""
        self.sensor.gate_open = False
        await self.until(lambda: self.ledger.all_came, "the last samples sent had not come")

    async def lose(self, how: Callable[[], Awaitable[None]]) -> str:
        """Let something cost the link; what the program says of it."""
        self._ups, downs = self._times("connected"), self._times("disconnected")
        await how()
        await self.until(lambda: self._times("disconnected") > downs, "the program had not noticed the loss")
        return str(self.program.news(self.place, "disconnected")[-1]["cause"])

    async def resume(self) -> None:
        """Wait for the next connection and for samples on it."""
        await self.connect()
        await self.stream(SOME)
        await self.settle()

    def exact(self, since: int = 0) -> str:
        """Everything that was sent came once and in order; in words.

        Raises:
            FailedError: when not.
        """
        faults, lost = self.ledger.faults(), self.ledger.not_came()
        if lost:
            faults.append(f"{len(lost)} of {len(self.ledger.sent)} samples sent did not come")
        if faults:
            raise FailedError(", ".join(faults))
        sent = len(self.ledger.sent) - since
        return f"{sent} of {sent} received in order"


class Checks:
    """Runs checks one after the other."""

    def __init__(self) -> None:
        self.failed = 0

    @asynccontextmanager
    async def check(self, name: str) -> AsyncIterator[list[str]]:
        """Tell how a check ended; its body appends what it found."""
        words: list[str] = []
        try:
            yield words
        except (FailedError, TimeoutError, OSError) as error:
            self.failed += 1
            tell(check=name, ok=False, words=str(error) or type(error).__name__)
        else:
            tell(check=name, ok=True, words="; ".join(words))


async def scan(sensors: list[Sensor], checks: Checks) -> None:
    """The program looks around."""
    async with checks.check("scan") as words:
        program = await Program.start("scan", ledgers={})
        await program.end()
        if {"state": "READY"} not in program.said:
            raise FailedError("Bluetooth was not said to be ready")
        seen = {str(what["seen"]): what for what in program.said if "seen" in what}
        for sensor in sensors:
            found = seen.get(sensor.name)
            if found is None or found["family"] != sensor.family.key:
                raise FailedError(f"{sensor.name} was not seen as {sensor.family.key}; seen: {sorted(seen)}")
            words.append(f"{sensor.name} ({found['family']}, {found['signal']})")


async def stream(scene: Scene, name: str, checks: Checks) -> None:
    """Connect and stream."""
    async with checks.check(f"{name}: connect and stream") as words:
        await scene.stream(MANY)
        await scene.settle()
        words.append(scene.exact())


async def loss(scene: Scene, name: str, checks: Checks, how: Callable[[], Awaitable[None]]) -> None:
    """The link is lost while nothing is in the air: not one sample may be missing."""
    async with checks.check(name) as words:
        await scene.stream(1)
        await scene.settle()
        since = len(scene.ledger.sent)
        cause = await scene.lose(how)
        await scene.resume()
        words += ["resumed", scene.exact(since), _told(scene.ledger.told_lost), f"said: {cause}"]


def _told(lost: list[int | None]) -> str:
    return "the gap was told" if lost[-1:] == [None] else f"{lost[-1]} not sent meanwhile were told"


async def loss_in_full_flow(scene: Scene, name: str, checks: Checks) -> None:
    """The link is lost at any moment: what was in the air is gone, and must have been told sample by sample."""
    async with checks.check(name) as words:
        await scene.stream(SOME)
        cause = await scene.lose(scene.sensor.leave)
        await scene.resume()
        lost = scene.ledger.not_came()
        faults = scene.ledger.faults()
        if faults or not lost_together(lost, scene.ledger.sent):
            raise FailedError(", ".join(faults) or "samples were lost at several places")
        words += ["resumed", f"{len(lost)} in the air were lost and told", "all others in order", f"said: {cause}"]
        scene.ledger.forget(lost)


async def request(scene: Scene, name: str, checks: Checks) -> None:
    """A command goes out while samples come in."""
    async with checks.check(name) as words:
        await scene.stream(1)
        scene.program.ask("identify")
        await scene.until(lambda: any("identified" in what for what in scene.program.said), "no answer")
        answer = next(what["identified"] for what in scene.program.said if "identified" in what)
        if answer is not True:
            raise FailedError(str(answer))
        words.append("answered")


async def crash(scene: Scene, name: str, checks: Checks) -> Scene:
    """The program is killed; Linux keeps its connection, and the next start must find the sensor all the same."""
    async with checks.check(name) as words:
        await scene.settle()
        await scene.program.kill()
        (scene,) = await Scene.begin(scene.sensor)
        await scene.connect()
        await scene.stream(SOME)
        await scene.settle()
        words += ["the next start found it", scene.exact()]
    return scene


async def leave(scene: Scene, name: str, checks: Checks) -> None:
    """The program ends."""
    async with checks.check(name) as words:
        code = await scene.program.end()
        await until(lambda: not scene.sensor.ble.peripheral.connected, lambda: "the sensor was still connected")
        if code:
            raise FailedError(f"the program ended with {code}")
        words.append("the sensor was let go")


async def visit(sensor: Sensor, checks: Checks) -> None:
    """All that happens to one sensor."""
    (scene,), name = await Scene.begin(sensor), sensor.family.key
    await stream(scene, name, checks)
    await loss(scene, f"{name}: link lost", checks, sensor.leave)
    if sensor.family is OWN:
        await loss_in_full_flow(scene, f"{name}: link lost in full flow", checks)
        await request(scene, f"{name}: command", checks)
        scene = await crash(scene, f"{name}: program killed", checks)
        await loss(scene, f"{name}: Bluetooth off and on", checks, off_and_on)
        await loss(scene, f"{name}: bluetoothd restarted", checks, restart_service)
    await leave(scene, f"{name}: end", checks)


async def together(sensors: Sequence[Sensor], checks: Checks) -> None:
    """Two sensors of one wearer: what happens to one leaves the other alone."""
    one, other = await Scene.begin(*sensors)
    async with checks.check("two at once: connect and stream") as words:
        for scene in (one, other):
            await scene.stream(SOME)
        words.append(" and ".join(scene.sensor.family.key for scene in (one, other)))
    await loss(one, "two at once: one lost", checks, one.sensor.leave)
    async with checks.check("two at once: the other meanwhile") as words:
        await other.settle()
        words.append(other.exact())
        if other.program.news(other.place, "disconnected"):
            raise FailedError("its link was lost, too")
    await leave(one, "two at once: end", checks)


async def off_and_on() -> None:
    """The person switches the computer's Bluetooth off, and on again a little later."""
    await _system("bluetoothctl", "power", "off")
    await asyncio.sleep(OFF_S)
    await _system("bluetoothctl", "power", "on")


async def restart_service() -> None:
    """The system's Bluetooth service is updated."""
    await _system("busybox", "killall", "bluetoothd")
    await asyncio.sleep(OFF_S)
    await asyncio.create_subprocess_exec(os.environ["BLUETOOTHD"], "-n", stdout=asyncio.subprocess.DEVNULL)


async def _system(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise FailedError(f"{' '.join(command)} failed")


async def main() -> int:
    """Everything, one after the other."""
    checks, link = Checks(), AirLink(interval_s=0)
    adapter = await kernel_adapter(link)
    kinds = [(OWN, "C0:00:00:00:00:01"), (WIT, "C0:00:00:00:00:02"), (POLAR, "C0:00:00:00:00:03")]
    sensors = [Sensor(family, address, Ledger()) for family, address in kinds]
    for sensor in sensors:
        await sensor.ble.start(AirController(sensor.name, link))
    await scan(sensors, checks)
    only = os.environ.get("ONLY", "")
    for sensor in sensors:
        if only in ("", sensor.family.key):
            await visit(sensor, checks)
    if only in ("", "two"):
        await together(sensors[:2], checks)
    await adapter.close()
    tell(done=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
