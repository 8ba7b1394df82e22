"""The lock of a simulated sensor: ``PROTOCOL.md`` section 7, the device's side. True time is an argument."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from spinewatch_bridge.protocols.spinewatch_ctrl import Op, Status
from spinewatch_bridge.protocols.spinewatch_owner import CHALLENGE_BYTES, KEY_BYTES, proof

CHALLENGE_LASTS_S = 10.0
FAILURES = 5
WAIT_S = 30.0

PROTECTED = frozenset(
    (Op.START, Op.STOP, Op.HAPTIC, Op.SET_UTC, Op.LOG_LIST, Op.LOG_READ, Op.LOG_ERASE, Op.RULE, Op.SET_OWNER_KEY)
)

Answer = tuple[Status, bytes]


class OwnerLock:
    """Key, failures and waiting outlive connections and power-off; the right to command does not.

    Args:
        draw: random bytes, so many.
    """

    def __init__(self, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.authorised = False
        self._draw = draw
        self._key: bytes | None = None
        self._challenge: tuple[bytes, float] | None = None
        self._failures = 0
        self._wait_until_s = 0.0

    @property
    def key_set(self) -> bool:
        """Whether it has an owner."""
        return self._key is not None

    @property
    def open(self) -> bool:
        """Whether commands of an owner are obeyed."""
        return self._key is None or self.authorised

    def link_ended(self) -> None:
        """The host is gone, and its right with it."""
        self.authorised, self._challenge = False, None

    def button_held(self) -> None:
        """Held for 10 s at power-on: nobody's."""
        self._key, self._failures = None, 0
        self.link_ended()

    def answer(self, op: int, body: bytes, true_s: float, serial: bytes) -> Answer | None:
        """The answer to a command of the lock, or the refusal of one that only its owner may give; None for others."""
        if op == Op.CHALLENGE:
            return self.challenge(true_s)
        if op == Op.AUTH:
            return self.auth(body, true_s, serial)
        if op == Op.SET_OWNER_KEY:
            return self.set_key(body)
        return (Status.NOT_AUTHORISED, b"") if op in PROTECTED and not self.open else None

    def challenge(self, true_s: float) -> Answer:
        """CHALLENGE."""
        if true_s < self._wait_until_s:
            return Status.NOT_NOW, b""
        drawn = self._draw(CHALLENGE_BYTES)
        self._challenge = drawn, true_s + CHALLENGE_LASTS_S
        return Status.OK, drawn

    def auth(self, body: bytes, true_s: float, serial: bytes) -> Answer:
        """AUTH; asked again on an authorised connection it stays so, because a reply may be lost."""
        if self.open:
            return Status.OK, b""
        if true_s < self._wait_until_s or self._challenge is None:
            return Status.NOT_NOW, b""
        (challenge, until_s), self._challenge = self._challenge, None
        right = proof(self._key or b"", challenge, serial)
        if true_s < until_s and hmac.compare_digest(body, right):
            self.authorised, self._failures = True, 0
            return Status.OK, b""
        self._failures += 1
        if self._failures >= FAILURES:
            self._failures, self._wait_until_s = 0, true_s + WAIT_S
        return Status.NOT_AUTHORISED, b""

    def set_key(self, body: bytes) -> Answer:
        """SET_OWNER_KEY: whoever sets it has shown it."""
        if len(body) < KEY_BYTES:
            return Status.BAD_LENGTH, b""
        if not self.open:
            return Status.NOT_AUTHORISED, b""
        self._key, self.authorised = body[:KEY_BYTES], True
        return Status.OK, b""
