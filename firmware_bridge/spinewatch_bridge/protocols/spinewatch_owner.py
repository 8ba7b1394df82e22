"""The owner key of a sensor, host side: section 7 of ``PROTOCOL.md``. Told what came, says what to ask next. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from spinewatch_bridge.errors import BridgeError
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols.base import OwnerKeys, clean_text

KEY_BYTES = 32
CHALLENGE_BYTES = 16
PROOF_BYTES = 16
PROOF_CONTEXT = b"spinewatch-1"
MAX_KEYS_SHOWN = 3  # the present one and the newest before it; after five wrong ones a sensor listens to nobody
CLAIMED_BY_RADIO = "This sensor now belongs to this computer. Set up over the cable where strangers are near."
HOLD_THE_BUTTON = "hold its button for 10 s while switching it on; that removes the key and its log"


def proof(key: bytes, challenge: bytes, serial: bytes) -> bytes:
    """What AUTH sends: that its sender has the key, for this challenge and this sensor alone."""
    return hmac.digest(key, PROOF_CONTEXT + challenge + serial, "sha256")[:PROOF_BYTES]


@dataclass(frozen=True, slots=True)
class Ask:
    """A command to send next."""

    op: ctrl.Op
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Settled:
    """The conversation can go on; `remark` says in words what its owner should know, if anything."""

    remark: str = ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """The sensor will not obey us; `reason` says why and what to do."""

    reason: str


OwnerStep = Ask | Settled | Foreign


class OwnerTalk:
    """From INFO to the right to command.

    Args:
        info: what the sensor said of itself.
        keys: where our keys are kept; None claims nothing.
        by_radio: whether others may hear a key that is set; its owner is told.
    """

    def __init__(self, info: ctrl.Info, keys: OwnerKeys | None, *, by_radio: bool) -> None:
        self._info, self._keys, self._by_radio = info, keys, by_radio
        self._serial = clean_text(info.serial)
        self._key: bytes | None = None
        self._former: list[bytes] = []
        self._doubtful, self._doubted = False, False

    def begin(self) -> OwnerStep:
        """What INFO calls for."""
        if not self._info.capabilities & ctrl.Capability.OWNER_KEY or self._info.authorised:
            return Settled()
        try:
            return self._show() if self._info.key_set else self._claim()
        except BridgeError as error:  # the file of keys cannot be used
            return Foreign(str(error).rstrip(".")) if self._info.key_set else Settled(str(error))

    def answered(self, op: int, status: int, body: bytes, *, repeated: bool = False) -> OwnerStep:
        """What the answer to the last `Ask` calls for; `repeated` when that was put more than once.

        Of a challenge that was asked for again, a later one may have taken the place: a proof that is refused then says
        nothing about the key, and another challenge is asked for, once.
        """
        if op == ctrl.Op.CHALLENGE and status == ctrl.Status.OK and len(body) >= CHALLENGE_BYTES and self._key:
            self._doubtful = repeated
            return Ask(ctrl.Op.AUTH, proof(self._key, body[:CHALLENGE_BYTES], self._info.serial))
        if op == ctrl.Op.SET_OWNER_KEY:
            if status == ctrl.Status.OK:
                return Settled(CLAIMED_BY_RADIO if self._by_radio else "")
            return Settled(f"the owner key was not taken: {ctrl.status_words(status)}")
        if op == ctrl.Op.AUTH and status == ctrl.Status.OK:
            return self._accepted()
        if op == ctrl.Op.AUTH and self._doubtful and not self._doubted:
            self._doubted = True
            return Ask(ctrl.Op.CHALLENGE)
        if op == ctrl.Op.AUTH and status == ctrl.Status.NOT_AUTHORISED and self._former:
            self._key = self._former.pop(0)
            return Ask(ctrl.Op.CHALLENGE)
        if status == ctrl.Status.NOT_NOW:
            return Foreign("wrong keys were shown to it; it listens again in half a minute")
        return Foreign(f"it does not accept the key that this computer has for it: {HOLD_THE_BUTTON}")

    def _show(self) -> OwnerStep:
        self._key = None if self._keys is None else self._keys.key(self._serial)
        if self._key is None:
            return Foreign(f"it belongs to another owner: {HOLD_THE_BUTTON}")
        self._former = [] if self._keys is None else self._keys.former(self._serial)[: MAX_KEYS_SHOWN - 1]
        return Ask(ctrl.Op.CHALLENGE)

    def _accepted(self) -> OwnerStep:
        try:
            if self._keys is not None and self._key is not None:
                self._keys.accepted(self._serial, self._key)
        except BridgeError as error:  # it obeys us all the same
            return Settled(str(error))
        return Settled()

    def _claim(self) -> OwnerStep:
        if self._keys is None:
            return Settled()
        return Ask(ctrl.Op.SET_OWNER_KEY, self._keys.new_key(self._serial))
