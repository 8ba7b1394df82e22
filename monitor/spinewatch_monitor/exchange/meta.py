"""`NAME_meta.json` of a CSV export: all that the tables cannot hold and an import needs for the same analysis."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema

from spinewatch_bridge.blocks import EVENT_KINDS, Event, SensorChannel
from spinewatch_monitor.exchange.imported import ImportedRecording, ImportedSensor, ImportRefusedError
from spinewatch_monitor.exchange.text_table import shown
from spinewatch_signal.samples import Role, SensorInfo, Site

FORMAT = "spinewatch-csv"
VERSION = 1
SAMPLES_SUFFIXES = ("_samples.csv", "_samples.csv.gz")
MAX_META_BYTES = 64 << 20  # events of a day with heavy loss stay far below


@dataclass(frozen=True, slots=True)
class Meta:
    """A meta file whose form was checked."""

    path: Path
    content: Mapping[str, Any]


def meta_beside(samples: Path) -> Meta | None:
    """The meta file that belongs to a samples table, checked; None when there is none.

    Raises:
        ImportRefusedError: when it is there but damaged, or of a later version.
    """
    suffix = next((s for s in SAMPLES_SUFFIXES if samples.name.endswith(s)), None)
    if suffix is None:
        return None
    path = samples.with_name(samples.name.removesuffix(suffix) + "_meta.json")
    if not path.is_file():
        return None
    if path.stat().st_size > MAX_META_BYTES:
        raise ImportRefusedError(path, f"larger than {MAX_META_BYTES >> 20} MB", "Export the recording again")
    try:
        meta = json.loads(path.read_text("utf-8"))
    except ValueError:
        raise ImportRefusedError(path, "this is no JSON text", "Export the recording again") from None
    _check(path, meta)
    return Meta(path, meta)


def channel_to_json(channel: SensorChannel) -> dict[str, Any]:
    """A sensor as the meta file holds it."""
    info = channel.sensor
    return {
        "id": info.id,
        "family": info.family,
        "site": info.site.value,
        "role": info.role.value,
        "nominal_rate_hz": info.nominal_rate_hz,
        "has_gyr": info.has_gyr,
        "simulated": channel.simulated,
        "details": dict(channel.details),
    }


def event_to_json(event: Event) -> dict[str, Any]:
    """An event as the meta file holds it."""
    return {"kind": event.kind, "t_s": event.t_s, "sensor": event.sensor, "data": dict(event.data)}


def restored(meta: Meta, sensors: Sequence[ImportedSensor], warnings: Sequence[str]) -> ImportedRecording:
    """The exported recording: samples from the table, all else from the meta file.

    Raises:
        ImportRefusedError: when the two do not belong together.
    """
    path, content = meta.path, meta.content
    rows = {sensor.channel.sensor.id: sensor for sensor in sensors}
    told = {entry["id"]: entry for entry in content["sensors"]}
    if set(rows) - set(told):
        what = f"the table has a sensor {shown(sorted(set(rows) - set(told))[0])} that this file does not know"
        raise ImportRefusedError(path, what, "Keep the files of one export together, or take this one away")
    whole = [_with_channel(path, rows[name], told[name]) for name in told if name in rows]
    events = [_event(path, entry) for entry in content["events"]]
    return ImportedRecording(dict(content["session"]), tuple(whole), tuple(events), tuple(warnings))


def _with_channel(path: Path, sensor: ImportedSensor, told: Mapping[str, Any]) -> ImportedSensor:
    channel = sensor.channel
    if channel.sensor.has_gyr != told["has_gyr"]:
        raise ImportRefusedError(path, f"the turn rates of {shown(told['id'])} do not fit the table", "Export it again")
    try:
        info = SensorInfo(
            told["id"],
            str(told["family"]),
            Site(told["site"]),
            Role(told["role"]),
            float(told["nominal_rate_hz"]),
            bool(told["has_gyr"]),
        )
    except ValueError as error:
        raise ImportRefusedError(path, f"a sensor that cannot be: {error}", "Export the recording again") from None
    details = {str(key): str(value) for key, value in told["details"].items()}
    whole = SensorChannel(
        info,
        channel.acc_m_s2_per_count,
        channel.gyr_rad_s_per_count,
        simulated=bool(told["simulated"]),
        details=details,
    )
    return replace(sensor, channel=whole)


def _event(path: Path, entry: Mapping[str, Any]) -> Event:
    if entry["kind"] not in EVENT_KINDS:
        raise ImportRefusedError(path, f"an event of the kind {shown(str(entry['kind']))}", "Update spinewatch")
    return Event(entry["kind"], float(entry["t_s"]), entry["sensor"], entry["data"])


def _check(path: Path, meta: object) -> None:
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise ImportRefusedError(path, "this is no meta file of a spinewatch export", "Take it away, or export again")
    version = meta.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise ImportRefusedError(path, f"version {shown(str(version))} is newer than this program", "Update spinewatch")
    try:
        jsonschema.validate(meta, _SCHEMA)
    except jsonschema.ValidationError as error:
        place = "/".join(map(str, error.absolute_path)) or "the top"
        raise ImportRefusedError(
            path, f"the entry at {place} is not as it must be", "Export the recording again"
        ) from None


_SENSOR_FIELDS = ["id", "family", "site", "role", "nominal_rate_hz", "has_gyr", "simulated", "details"]
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["session", "sensors", "events"],
    "properties": {
        "session": {"type": "object"},
        "sensors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": _SENSOR_FIELDS,
                "properties": {"id": {"type": "string"}, "details": {"type": "object"}, "has_gyr": {"type": "boolean"}},
            },
        },
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "t_s", "sensor", "data"],
                "properties": {
                    "t_s": {"type": "number"},
                    "sensor": {"type": ["string", "null"]},
                    "data": {"type": "object"},
                },
            },
        },
    },
}
