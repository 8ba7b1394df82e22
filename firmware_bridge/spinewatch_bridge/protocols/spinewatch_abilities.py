"""What a sensor of our own can do, what it says of itself, and how it is asked. Pure."""

from __future__ import annotations

from dataclasses import replace

from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_bridge.protocols.base import (
    Capabilities,
    EraseLog,
    Haptic,
    Identify,
    ListLog,
    ReadLog,
    Request,
    SetUtc,
    clean_text,
)

CAPABILITIES = Capabilities(
    (25.0, 50.0, 100.0, 200.0), counter=True, clock=True, haptic=True, identify=True, log=True, owner_key=True
)
"""The most that one can do; INFO tells what this one lacks."""


def encode_request(request: Request) -> tuple[ctrl.Capability, ctrl.Op, bytes]:
    """(capability that it needs, command, body)."""
    able = ctrl.Capability
    match request:
        case Haptic():
            return able.HAPTIC, ctrl.Op.HAPTIC, ctrl.pack_haptic(request)
        case Identify():
            return able.NONE, ctrl.Op.IDENTIFY, bytes((min(max(request.seconds, 0), 255),))
        case SetUtc():
            return able.NONE, ctrl.Op.SET_UTC, ctrl.pack_utc(round(request.utc_s * 1e6), request.offset_min)
        case ListLog():
            return able.LOG, ctrl.Op.LOG_LIST, log.pack_list_log(request)
        case ReadLog():
            return able.LOG, ctrl.Op.LOG_READ, log.pack_read_log(request)
        case EraseLog():
            return able.LOG, ctrl.Op.LOG_ERASE, log.pack_erase_log(request)


def details_of(info: ctrl.Info) -> dict[str, str]:
    """What INFO says, for people."""
    serial = clean_text(info.serial)
    return {
        "name": f"SW-{serial[-4:]}",
        "serial": serial,
        "firmware": ".".join(str(part) for part in info.firmware),
        "hardware": str(info.hardware),
    }


def capabilities_of(info: ctrl.Info) -> Capabilities:
    """What INFO says it can do."""
    has, able = info.capabilities, ctrl.Capability
    return replace(
        CAPABILITIES,
        gyro=not has & able.NO_GYR,
        haptic=bool(has & able.HAPTIC),
        identify=bool(has & (able.LIGHT | able.HAPTIC)),
        log=bool(has & able.LOG),
        owner_key=bool(has & able.OWNER_KEY),
    )
