"""Blocks that came together are handed to the pipeline together: a fast replay then costs a fraction.

The pipeline gives the same frames for any pieces, so joining changes nothing but the work, as long as the two sensors
keep step: a sensor that falls behind is treated as missing after a while, and joining would hide that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from spinewatch_bridge.blocks import Block, Item

LONGEST_S = 10.0
IN_STEP_S = 0.4
"""Less than what makes the pipeline go on without a sensor."""


def runs(items: Sequence[Item], longest_s: Callable[[], float]) -> Iterator[list[Item]]:
    """Split items into runs: several blocks that may be joined, or one item.

    Args:
        items: in the order in which they were seen.
        longest_s: asked before each run: how much time it may span; 0 keeps every block alone.
    """
    run: list[Item] = []
    newest: dict[str, float] = {}
    limit_s = min(longest_s(), LONGEST_S)
    start_s = 0.0
    for item in items:
        if run and not (isinstance(item, Block) and _fits(item, newest, start_s, limit_s)):
            yield run
            run, newest = [], {}
        if not run:
            limit_s = min(longest_s(), LONGEST_S)
            start_s = float(item.t_s[0]) if isinstance(item, Block) and len(item) else 0.0
        run.append(item)
        if isinstance(item, Block) and len(item):
            newest[item.sensor] = float(item.t_s[-1])
        else:
            yield run
            run, newest = [], {}
    if run:
        yield run


def _fits(block: Block, newest: dict[str, float], start_s: float, limit_s: float) -> bool:
    """Whether a block may join a run: short enough in all, and the sensors in step."""
    if not len(block) or float(block.t_s[-1]) - start_s > limit_s:
        return False
    others = [t_s for sensor, t_s in newest.items() if sensor != block.sensor]
    ahead_s = [float(block.t_s[0]) - t_s for t_s in others]
    return all(abs(seconds) < IN_STEP_S + _length_s(block) for seconds in ahead_s)


def _length_s(block: Block) -> float:
    return float(block.t_s[-1] - block.t_s[0])
