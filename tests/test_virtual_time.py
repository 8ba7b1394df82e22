"""The virtual time of the tests itself: what hangs must fail them."""

from __future__ import annotations

import pytest

from bridge_helpers import VirtualClock, run_virtually


async def hangs(clock: VirtualClock) -> None:
    await clock.sleep(100)
    raise AssertionError("it was cancelled before")


def test_what_hangs_fails_its_test():
    with pytest.raises(TimeoutError):
        run_virtually(hangs, 10)


def test_what_never_ends_is_cancelled_where_the_test_says_so():
    run_virtually(hangs, 10, ends=False)
