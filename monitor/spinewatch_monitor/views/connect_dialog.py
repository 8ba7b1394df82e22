"""Asks which serial port a sensor is at, and what it speaks: the plain form until sensors have a page of their own."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.transports.serial_port import port_names


class ConnectDialog(QDialog):
    """A port, a protocol, and perhaps a second port for the pelvis."""

    def __init__(self, ports: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Connect a sensor")
        self.upper_port, self.lower_port, self.protocol = QComboBox(), QComboBox(), QComboBox()
        for box in (self.upper_port, self.lower_port):
            box.setEditable(True)
            box.setMinimumWidth(280)
        self.upper_port.addItems(ports)
        self.lower_port.addItems(["", *ports])
        for name, family in FAMILIES.items():
            self.protocol.addItem(family.title, name)
        form = QFormLayout()
        form.addRow("Upper back", self.upper_port)
        form.addRow("Pelvis (second sensor)", self.lower_port)
        form.addRow("Kind", self.protocol)
        found = (
            "" if ports else "No serial port is there yet. Plug the sensor in and open this again, or type its name."
        )
        note = QLabel(found)
        note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(note)
        layout.addWidget(buttons)

    def sources(self) -> list[str]:
        """What was chosen, as source texts; empty when no port was named."""
        protocol = self.protocol.currentData()
        chosen = [("upper", self.upper_port.currentText().strip()), ("lower", self.lower_port.currentText().strip())]
        return [f"{role}=serial:{port}?protocol={protocol}" for role, port in chosen if port]


def ask_for_sensor(parent: QWidget) -> list[str]:
    """The sources that a person chose; empty when they did not want to."""
    dialog = ConnectDialog(list(port_names()), parent)
    return dialog.sources() if dialog.exec() == QDialog.DialogCode.Accepted else []
