"""Charts at the left, cards of a fixed width at the right; all of full width where the page is narrow."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from spinewatch_monitor.views.page import Columns
from spinewatch_monitor.views.tokens import GUTTER_PX

ICON_BUTTON_PX = 46
"""Width of a button that is only an icon."""
_WIDEST_PX = 16_777_215  # Qt's "no limit"


class SideColumns(Columns):
    """Two columns of which the right one keeps its width.

    Args:
        side: holds the cards at the right.
        side_px: its width.
        stack_below_px: a narrower page has the cards below the charts.
        spacing: between the columns, px.
    """

    def __init__(self, side: QWidget, side_px: int, stack_below_px: int, spacing: int = GUTTER_PX) -> None:
        super().__init__(stack_below_px, spacing)
        self._side, self._side_px = side, side_px
        self.stacked_changed(stacked=False)

    def stacked_changed(self, stacked: bool) -> None:
        """Free the width of the cards, or fix it."""
        self._side.setMinimumWidth(0 if stacked else self._side_px)
        self._side.setMaximumWidth(_WIDEST_PX if stacked else self._side_px)
