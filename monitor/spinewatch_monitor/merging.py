"""Blocks that came together are handed to the pipeline together: a fast replay then costs a fraction.

The pipeline gives the same frames for any pieces, so joining changes nothing but the work, as long as the sensors keep
step: once one is behind by the pipeline's patience, frames go on without it, and joining would move that moment. So
blocks that run ahead of another sensor, or come out of order, are handed over one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from spinewatch_bridge.blocks import Block, Item

LONGEST_S = 10.0
IN_STEP_S = 0.4
"""Less than the pipeline's patience of half a second with a sensor that is behind."""


class Joiner:
    """Splits what comes into runs of blocks that may be joined; remembers how far each sensor has come."""

    def __init__(self) -> None:
        self._newest_s: dict[str, float] = {}

    def expect(self, sensor: str) -> None:
        """A sensor was announced: from now on the others wait for its data."""
        self._newest_s.setdefault(sensor, float("-inf"))

    def runs(self, items: Sequence[Item], longest_s: Callable[[], float]) -> Iterator[list[Item]]:
        """Split items into runs: several blocks that may be joined, or one item.

        Args:
            items: in the order in which they were seen.
            longest_s: asked before each run: how much time it may span; 0 keeps every block alone.
        """
        run: list[Item] = []
        end_s = float("-inf")
        for item in items:
            is_block = isinstance(item, Block) and len(item) > 0
            if run and not (isinstance(item, Block) and is_block and self._fits(item, end_s)):
                yield run
                run = []
            if not run and isinstance(item, Block) and is_block:
                alone = not (self._in_step(item) and self._follows(item))
                end_s = float("-inf") if alone else float(item.t_s[0]) + min(longest_s(), LONGEST_S)
            run.append(item)
            if isinstance(item, Block) and is_block:
                self._newest_s[item.sensor] = max(float(item.t_s[-1]), self._newest_s.get(item.sensor, float("-inf")))
            else:
                yield run
                run = []
        if run:
            yield run

    def _fits(self, block: Block, end_s: float) -> bool:
        return float(block.t_s[-1]) <= end_s and self._in_step(block) and self._follows(block)

    def _follows(self, block: Block) -> bool:
        """Whether it comes after all that its sensor sent before."""
        return float(block.t_s[0]) > self._newest_s.get(block.sensor, float("-inf"))

    def _in_step(self, block: Block) -> bool:
        """Whether no other sensor is so far behind that frames might go on without it."""
        others = (newest for sensor, newest in self._newest_s.items() if sensor != block.sensor)
        return all(float(block.t_s[0]) - newest < IN_STEP_S for newest in others)
