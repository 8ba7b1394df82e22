"""Names, limits and texts of the recording format; `RECORDING.md` beside the package is the normative page.

A recording is an MCAP file with profile ``spinewatch``. Sensors speak in binary messages (`codec`), events and derived
posture in JSON, so that ordinary MCAP viewers can show them.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any

from spinewatch_bridge.blocks import Event, SensorChannel
from spinewatch_signal.samples import Role, SensorInfo, Site

FORMAT_VERSION = 1
PROFILE = "spinewatch"
FINAL_SUFFIX = ".mcap"
PART_SUFFIX = ".mcap.part"

SENSOR_TOPIC = "/imu/"
OVERVIEW_TOPIC = "/overview/"
EVENT_TOPIC = "/event"
POSTURE_TOPIC = "/posture"
POSTURE_OVERVIEW_TOPIC = "/posture_overview"

BLOCKS_ENCODING = "spinewatch.blocks"
TABLE_ENCODING = "spinewatch.table"

SESSION_METADATA = "spinewatch.session"
CHANNEL_METADATA = "spinewatch.channel"
RESULT_METADATA = "spinewatch.recording"

MAX_SAMPLES = 1 << 18
"""Samples in one message; the largest we write are 30 s, at 1 kHz 30,000."""
MAX_RECORD_BYTES = 32 << 20
"""One MCAP record, before its body is read; `MAX_SAMPLES` float64 samples need 15 MiB."""
MAX_CHUNK_BYTES = 32 << 20
"""One chunk once decompressed, whatever the file claims."""
MAX_SUMMARY_BYTES = 32 << 20
"""The index at the end; 8 h of two sensors need 0.1 MiB."""
MAX_JSON_BYTES = 1 << 20
"""One event or posture frame."""
MAX_EVENTS = 1 << 18
"""Events of one recording; a link that fails every second for a day makes a third of it."""
MAX_EVENTS_BYTES = 256 << 20
"""All events together: a small file can hold a thousand times its size."""
MAX_NAME_CHARS = 200
"""Sensor ids and the like: they come from devices and file names."""
MAX_CHANNELS = 256
"""Channels of one file; each sensor has one or two."""
LATEST_S = 1e10
"""UNIX seconds, either way: what lies beyond the year 2286 is damage, and MCAP's nanoseconds end soon after."""


class BadMessageError(ValueError):
    """Bytes that are not what the format says; callers turn it into a `RecordingError` or leave the message out."""


def to_json(value: Any) -> bytes:
    """JSON bytes in which NaN and infinity are null and numpy numbers are numbers.

    Raises:
        BadMessageError: when the text is longer than `MAX_JSON_BYTES` or holds what JSON cannot say.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        text = json.dumps(_plain(value), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_JSON_BYTES:
        raise BadMessageError(f"a text of {len(data)} bytes is too long to record; at most {MAX_JSON_BYTES}")
    return data


def from_json(data: bytes | memoryview) -> Any:
    """What `to_json` wrote.

    Raises:
        BadMessageError: when it is no JSON.
    """
    try:
        return json.loads(str(data, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadMessageError("a text in the file is not JSON") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def seal(value: Any) -> dict[str, str]:
    """Metadata that carries its own checksum: MCAP checks chunks, but not what stands between them."""
    text = to_json(value).decode()
    return {"json": text, "crc32": f"{zlib.crc32(text.encode()):08x}"}


def unseal(metadata: Mapping[str, str]) -> Any:
    """What `seal` was given.

    Raises:
        BadMessageError: when text and checksum do not agree.
    """
    text = metadata.get("json", "").encode()
    if f"{zlib.crc32(text):08x}" != metadata.get("crc32"):
        raise BadMessageError("metadata do not fit their checksum")
    return from_json(text)


def event_to_json(event: Event) -> bytes:
    """One event as its message.

    Raises:
        BadMessageError: when its time is none, or it is too long.
    """
    if not abs(event.t_s) <= LATEST_S:  # NaN neither
        raise BadMessageError(f"an event of kind '{event.kind[:40]}' has no time")
    return to_json({"kind": event.kind, "t_s": event.t_s, "sensor": event.sensor, "data": dict(event.data)})


def event_from_json(data: bytes | memoryview) -> Event:
    """The event of a message.

    Raises:
        BadMessageError: when a field is missing or of a wrong type.
    """
    fields = from_json(data)
    try:
        sensor = fields.get("sensor")
        content = fields.get("data") or {}
        t_s = float(fields["t_s"])
        if not isinstance(content, dict) or not abs(t_s) <= LATEST_S:
            raise TypeError
        return Event(str(fields["kind"]), t_s, None if sensor is None else str(sensor), content)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise BadMessageError("an event in the file has no kind or time") from error


def channel_to_metadata(channel: SensorChannel, order: int) -> dict[str, str]:
    """A sensor as the metadata of its MCAP channel; floats keep every bit."""
    sensor = channel.sensor
    if len(sensor.id) > MAX_NAME_CHARS or len(sensor.family) > MAX_NAME_CHARS:
        raise BadMessageError(
            f"the name of sensor '{sensor.id[:40]}…' is too long; at most {MAX_NAME_CHARS} characters"
        )
    gyr = channel.gyr_rad_s_per_count
    fields = {
        "sensor": sensor.id,
        "family": sensor.family,
        "site": sensor.site.value,
        "role": sensor.role.value,
        "nominal_rate_hz": repr(float(sensor.nominal_rate_hz)),
        "acc_m_s2_per_count": repr(float(channel.acc_m_s2_per_count)),
        "gyr_rad_s_per_count": "" if gyr is None else repr(float(gyr)),
        "axes": "acc_x acc_y acc_z" + ("" if gyr is None else " gyr_x gyr_y gyr_z"),
        "frame": "sensor axes as printed on the device",
        "simulated": "true" if channel.simulated else "false",
        "order": str(order),
    }
    return fields | {f"detail.{key}": str(text) for key, text in channel.details.items()}


def channel_from_metadata(metadata: Mapping[str, str]) -> tuple[SensorChannel, int]:
    """The sensor of a channel and the order number of its first appearance.

    Raises:
        BadMessageError: when a field is missing or makes no sense.
    """
    try:
        gyr_text = metadata["gyr_rad_s_per_count"]
        gyr = float(gyr_text) if gyr_text else None
        sensor = SensorInfo(
            metadata["sensor"],
            metadata["family"],
            Site(metadata["site"]),
            Role(metadata["role"]),
            float(metadata["nominal_rate_hz"]),
            has_gyr=gyr is not None,
        )
        details = {k.removeprefix("detail."): v for k, v in metadata.items() if k.startswith("detail.")}
        acc = float(metadata["acc_m_s2_per_count"])
        if not math.isfinite(acc) or not math.isfinite(gyr or 0.0):
            raise ValueError("scale")
        channel = SensorChannel(sensor, acc, gyr, metadata.get("simulated") == "true", details)
        return channel, int(metadata["order"])
    except (KeyError, ValueError) as error:
        raise BadMessageError(f"a sensor of the file is not described as it should be ({error})") from error


def to_ns(t_s: float) -> int:
    """UNIX seconds as MCAP counts time; 0 before 1970."""
    return max(0, round(t_s * 1e9))


BLOCKS_SCHEMA = b"""Spinewatch sample blocks, version 1. Little-endian.
header  : char[4] "SWB1", u8 value type (0 int16, 1 float32, 2 float64), u8 columns (3 or 6), u16 0,
          u32 samples, u32 blocks
blocks  : per block u32 samples, u32 order, u32 known (1 counter, 2 device_ticks, 4 arrival_s, 8 explicit times), u32 0,
          i64 counter, i64 device_ticks, f64 arrival_s, f64 t0_s, f64 step_s
times   : i64 per sample of blocks with explicit times: differences of the bit patterns of f64 t_s,
          running over the message
values  : planar, acc x y z then gyr x y z; times the factors in the channel metadata they are m/s2 and rad/s
flags   : u8 per sample: 1 saturated, 2 motor on, 4 samples missing before, 8 clock stepped before
"""

TABLE_SCHEMA = b"""Spinewatch per-second overview, version 1. Little-endian.
u32 rows, u32 columns, f64 t_s[rows], then f32 planar columns; their names stand in the channel metadata.
"""

EVENT_SCHEMA = to_json(
    {
        "title": "spinewatch.event",
        "type": "object",
        "properties": {
            "kind": {"type": "string"},
            "t_s": {"type": "number"},
            "sensor": {"type": ["string", "null"]},
            "data": {"type": "object"},
        },
        "required": ["kind", "t_s"],
    }
)

POSTURE_SCHEMA = to_json(
    {
        "title": "spinewatch.posture",
        "type": "object",
        "properties": {
            "t_s": {"type": "number"},
            "flexion_deg": {"type": ["number", "null"]},
            "lateral_deg": {"type": ["number", "null"]},
            "inclination_deg": {"type": ["number", "null"]},
            "lumbar_deg": {"type": ["number", "null"]},
            "body_uncertainty_deg": {"type": ["number", "null"]},
            "activity": {"type": "integer"},
            "away": {"type": "integer"},
            "blank": {"type": "integer"},
        },
        "required": ["t_s"],
    }
)
