"""The registers of a simulated WitMotion sensor: what is written, saved, locked and read. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spinewatch_bridge.protocols import witmotion_registers as reg
from spinewatch_bridge.protocols.witmotion_registers import Reg

DEAF_S = 0.08  # a command that follows another sooner is lost


class WitRegisters:
    """The register file: what is written, saved, locked and read."""

    def __init__(self, settings: Mapping[int, int]) -> None:
        self._saved = {Reg.OUTPUT: reg.OUTPUT_DEFAULT, Reg.RATE: 0x06, Reg.BAUD: 0x06, Reg.BANDWIDTH: 4, **settings}
        self.values: dict[int, int] = dict(self._saved)
        self.ignored = 0
        self.commands: list[bytes] = []
        self.saved_s = self._heard_s = self._unlocked_s = -np.inf

    def restart(self) -> None:
        """Power off and on: only what was saved is left."""
        self.values = dict(self._saved)
        self._unlocked_s = -np.inf

    def hear(self, command: bytes, true_s: float) -> int | None:
        """Obey one command; the register to be read aloud, if that was it."""
        deaf = true_s - self._heard_s < DEAF_S
        self._heard_s = true_s
        if deaf or command[:2] != reg.COMMAND:
            self.ignored += 1
            return None
        self.commands = [*self.commands[-63:], command]
        register, value = command[2], int.from_bytes(command[3:5], "little")
        if register == Reg.READ:
            return value & 0xFF
        self._write(register, value, true_s)
        return None

    def _write(self, register: int, value: int, true_s: float) -> None:
        if register == Reg.KEY:
            self._unlocked_s = true_s if value == reg.UNLOCK_KEY else self._unlocked_s
        elif true_s - self._unlocked_s >= reg.UNLOCKED_S:
            self.ignored += 1
        elif register != Reg.SAVE:
            self.values[register] = value
        elif value == reg.SAVE_SETTINGS:
            self._saved, self.saved_s = dict(self.values), true_s
        elif value == reg.SAVE_RESTART:
            self.restart()
