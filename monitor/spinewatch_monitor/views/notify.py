"""Reminders outside the window: a desktop notification and a soft tone. Neither may ever disturb what runs."""

from __future__ import annotations

import logging
import math
import threading
from array import array
from collections.abc import Generator

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from spinewatch_monitor.views.meters import LOGO_PLATES

LOG = logging.getLogger(__name__)
SHOWN_MS = 8000
TRAY_SIZES_PX = (16, 22, 32, 44)
RATE_HZ = 44_100
TONES_HZ = ((523.25, 0.0), (659.25, 0.16))
"""Two soft notes, a third apart: heard, not startling."""
TONE_S, PEAK = 0.55, 0.16


class Notifier:
    """The tray icon and its messages; where the desktop has none, nothing happens."""

    def __init__(self, window: QWidget, colour: str = "#0B6B70") -> None:
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._tray = QSystemTrayIcon(tray_icon(colour), window)
            self._tray.setToolTip("Spinewatch")
            self._tray.activated.connect(self._raise)
            self._tray.messageClicked.connect(self._raise)
            self._tray.show()

    def notify(self, title: str, text: str) -> bool:
        """Show a message for some seconds; tells whether the desktop could."""
        if self._tray is None or not QSystemTrayIcon.supportsMessages():
            return False
        self._tray.showMessage(title, text, QSystemTrayIcon.MessageIcon.NoIcon, SHOWN_MS)
        return True

    def set_status(self, words: str) -> None:
        """The tooltip of the tray icon."""
        if self._tray is not None:
            self._tray.setToolTip(f"Spinewatch: {words}")

    def _raise(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()


def tray_icon(colour: str) -> QIcon:
    """The sign at the sizes trays use; three plates at 16 px, where more would blur."""
    result = QIcon()
    for size_px in TRAY_SIZES_PX:
        result.addPixmap(_sign(size_px, colour))
    return result


def _sign(size_px: int, colour: str) -> QPixmap:
    picture = QPixmap(size_px, size_px)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.scale(size_px / 26, size_px / 26)
    few = size_px <= 16
    for x, y, turn, width in LOGO_PLATES[1::2] if few else LOGO_PLATES:
        painter.save()
        painter.translate(x, y)
        painter.rotate(turn)
        half, height = width * (0.75 if few else 0.5), 4.6 if few else 3.0
        painter.drawRoundedRect(QRectF(-half, -height / 2, 2 * half, height), height / 2, height / 2)
        painter.restore()
    painter.end()
    return picture


def chime() -> array[int]:
    """The tone as 16-bit mono samples: each note rises in 20 ms and fades."""
    total = round(RATE_HZ * (TONES_HZ[-1][1] + TONE_S))
    samples = array("h", bytes(2 * total))
    for hertz, start_s in TONES_HZ:
        first = round(start_s * RATE_HZ)
        for i in range(round(TONE_S * RATE_HZ)):
            t_s = i / RATE_HZ
            shape = min(1.0, t_s / 0.02) * math.exp(-5.0 * t_s) * min(1.0, (TONE_S - t_s) / 0.05)
            samples[first + i] += round(32_767 * PEAK * shape * math.sin(2 * math.pi * hertz * t_s))
    return samples


def play_reminder() -> threading.Thread:
    """Play the tone in the background; a computer without sound stays silent, and says so only in the log."""
    thread = threading.Thread(target=_play, name="reminder-tone", daemon=True)
    thread.start()
    return thread


def _play() -> None:
    try:
        import miniaudio

        samples = chime()
        done = threading.Event()
        stream = _stream(samples, done)
        next(stream)
        with miniaudio.PlaybackDevice(
            output_format=miniaudio.SampleFormat.SIGNED16, nchannels=1, sample_rate=RATE_HZ, app_name="Spinewatch"
        ) as device:
            device.start(stream)
            done.wait(timeout=3.0)
    except Exception as error:
        LOG.info("The reminder tone could not be played: %s", error)


def _stream(samples: array[int], done: threading.Event) -> Generator[array[int], int, None]:
    """Hands out as many samples as the device asks for, then silence."""
    wanted = yield array("h")
    place = 0
    while place < len(samples):
        piece = samples[place : place + wanted]
        place += wanted
        wanted = yield piece
    done.set()
    while True:
        wanted = yield array("h", bytes(2 * wanted))
