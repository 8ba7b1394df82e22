"""What a link needs of a transport: bytes with their time of arrival, and plain errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from spinewatch_bridge.causes import Cause


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes as they came, the host time at which they came (UNIX seconds), and where from (`protocols.gatt`)."""

    data: bytes
    arrival_s: float
    channel: str = ""


class Transport(Protocol):
    """One way to a sensor. After `close`, `open` may be called again."""

    name: str

    async def open(self) -> None:
        """Open it.

        Raises:
            BridgeError: with the reason in one line.
        """

    async def read(self, timeout_s: float) -> list[Chunk]:
        """What came since the last call, waiting at most `timeout_s` of the link's clock for the first; may be empty.

        Raises:
            LinkLostError: when the other end is gone; all that came before was returned first.
        """

    async def write(self, data: bytes) -> None:
        """Send.

        Raises:
            LinkLostError: when the other end is gone.
        """

    def open_otherwise(self) -> bool:
        """Nobody was understood: whether `open` will now try something it has not tried yet, like another speed."""

    def use_speed(self, baud: int) -> None:
        """From the next `open` on, run at this line speed; ignored where a way has none."""

    def facts(self) -> Mapping[str, object]:
        """What is known of the way, for people: ``signal_dbm``, ``port``, ``baud``, ``address``; often empty."""

    def why_lost(self) -> Cause | None:
        """What the way itself knows of why it was lost; None when it does not know."""

    async def close(self) -> None:
        """Let go of the port; never raises, may be called twice."""


class EndedError(Exception):
    """There is nothing more to come, and that is as it should be: a simulated day is over."""
