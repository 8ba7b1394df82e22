"""The figures of one recording as a compact table for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from spinewatch_monitor.cli_text import clock, plain

_HEALTH_UNITS = {
    "slipped": "degrees",
    "crept": "degrees",
    "gyro_offset": "°/s",
    "rate_changed": "Hz",
    "clipping": "%",
    "acc_scale": "%",
}
_ACTIVITIES = ("upright", "sitting", "standing", "walking", "moving", "stooped", "lying", "unknown")


def analysis_table(result: dict[str, Any]) -> Table:
    """Two columns, a line per figure; what is blank says why."""
    simulated = " (simulated)" if result["simulated"] else ""
    title = f"{result['file']}{simulated}: {clock(result['duration_s'])} from {result['start_utc']}"
    table = Table(title=escape(plain(title)), title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, text in _lines(result):
        table.add_row(name, escape(plain(text)))
    return table


def _lines(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for sensor in result["sensors"]:
        who = f"{sensor['id']} ({sensor['family']}, {sensor['role']}, {sensor['site']})"
        yield "Sensor", f"{who}: {sensor['rate_hz']:.1f} Hz, {sensor['loss_percent']:g} % lost"
    yield "Worn", f"{clock(result['worn_s'])}, angle known for {clock(result['valid_s'])}"
    yield "Reference", _reference(result["calibration"])
    yield _angles("Trunk" if result["trunk"]["site"] != "pelvis" else "Pelvis", result["trunk"])
    if result["lumbar"] is not None:
        yield _angles("Lumbar", result["lumbar"])
        share = result["lumbar"]["bend_share"]
        if share is not None and share["bends"]:
            bends = _count(share["bends"], "bend")
            yield "Lumbar share", f"{share['median_percent']:.0f} % of a bend, median of {bends}"
    yield "Activity", _activity(result["activity"])
    yield "Away from reference", _slouch(result["slouch"])
    blank, still, changes = result["trunk"]["reason"], result["longest_still_s"], result["posture_changes_per_h"]
    yield "Longest still", _or_blank(blank, "never still" if still is None else clock(still))
    yield "Posture changes", _or_blank(blank, "too short to tell" if changes is None else f"{changes:.0f} per hour")
    yield "Walking", _walking(result["walking"])
    yield "Sitting", _sitting(result["sitting"])
    yield "Small changes", _rhythm(result["rhythm"])
    yield "Bent forward", _exposure(result["exposure"], result["movements"])
    if result["exposure"]["iso_11226"] is not None:
        yield "Held bent", _holding(result["exposure"]["iso_11226"])
    yield "Speed of turning", _speed(result["exposure"]["angular_speed"])
    if result["risky"]:
        yield "Fast or frequent", _risky(result["risky"])
    for mark in result["health"]:
        yield "Sensor doubt", _health(mark)
    if result["doubtful_s"]:
        yield "Doubtful", f"{clock(result['doubtful_s'])} of the above: see the sensor doubts; counted all the same"
    if result["gaps"]:
        longest = max(gap["end_s"] - gap["start_s"] for gap in result["gaps"])
        yield "Gaps", f"{len(result['gaps'])}, longest {longest:.1f} s"
    for warning in result["warnings"]:
        yield "Note", warning


def _reference(calibration: dict[str, Any] | None) -> str:
    if calibration is None:
        return "none; calibrate to get angles"
    words = {"guided": "calibrated", "found": "found in the recording", "rezero": "calibrated earlier and re-zeroed"}
    how = words[calibration["method"]]
    limit = f"{calibration['threshold_on_deg']:.0f}° of {calibration['measure']} flexion"
    return f"{how}, grade {calibration['grade']}; away means beyond {limit}"


def _angles(name: str, group: dict[str, Any]) -> tuple[str, str]:
    angles = group["flexion_deg"]
    if angles is None:
        return name, f"blank: {group['reason']}"
    low, high, middle, most = (f"{round(angles[key])}°" for key in ("p10", "p90", "p50", "max"))
    text = f"usually {low} to {high}, middle {middle}, most {most}"
    return f"{name} flexion", text.replace("-", "−")


def _or_blank(reason: str | None, text: str) -> str:
    """What stands on the angles is told only where there are any."""
    return text if reason is None else f"blank: {reason}"


def _activity(group: dict[str, Any]) -> str:
    if group["reason"] is not None:
        return f"blank: {group['reason']}"
    return ", ".join(f"{name} {clock(group[f'{name}_s'])}" for name in _ACTIVITIES if round(group[f"{name}_s"]))


def _slouch(group: dict[str, Any]) -> str:
    if group["reason"] is not None:
        return f"blank: {group['reason']}"
    episodes = _count(len(group["episodes"]), "episode")
    return f"{clock(group['total_s'])} ({group['share_percent']:.0f} % of still time), {episodes}"


def _walking(group: dict[str, Any]) -> str:
    if group["reason"] is not None:
        return f"blank: {group['reason']}"
    if not group["bouts"]:
        return "none"
    bridged = f", {group['steps_bridged']} of them in short holes of the signal" if group["steps_bridged"] else ""
    cadence = "" if group["cadence_per_min"] is None else f", usually {group['cadence_per_min']:.0f} a minute"
    return f"{_count(len(group['bouts']), 'time')}, {_count(group['steps'], 'step')}{bridged}{cadence}"


def _sitting(group: dict[str, Any]) -> str:
    if group["reason"] is not None:
        return f"blank: {group['reason']}"
    if not group["bouts"]:
        return "none recognised"
    long = f"{group['bouts_min']['>=30']} of 30 minutes or more"
    half = f"half of the time in stretches of {clock(group['w50_s'])} or more"
    stretches, breaks = _count(len(group["bouts"]), "stretch", "stretches"), _count(len(group["breaks"]), "break")
    return f"{stretches}, {long}, {half}; {breaks} of a minute or more (definitions provisional)"


def _rhythm(group: dict[str, Any]) -> str:
    shifts, fidgets = group["shifts_per_15min"], group["fidgets_per_15min"]
    if shifts is None or fidgets is None:
        return f"blank: {group['reason'] or 'too short to tell'}"
    return f"{shifts:.1f} posture shifts and {fidgets:.1f} fidgets in 15 minutes"


def _holding(found: dict[str, Any]) -> str:
    if not found["spells"]:
        return "never held for more than 4 s beyond 20°"
    longest = f"the longest used {100 * found['largest']:.0f} % of its holding time"
    return f"{_count(found['spells'], 'time')}, {clock(found['static_s'])}; {longest} (ISO 11226, provisional)"


def _speed(group: dict[str, Any] | None) -> str:
    if group is None or group["generalised_deg_s"] is None:
        return f"blank: {'' if group is None else group['reason']}"
    found = group["generalised_deg_s"]
    return f"middle {found['p50']:.0f} °/s, 90 % below {found['p90']:.0f} °/s ({group['generalised_definition']})"


def _risky(movements: list[dict[str, Any]]) -> str:
    fast = [m for m in movements if m["kind"] == "fast_deep_bend"]
    often = [m for m in movements if m["kind"] == "frequent_bends"]
    parts = [_count(len(fast), "fast, deep bend")] if fast else []
    if often:
        bends = sum(m["count"] for m in often)
        parts.append(f"{bends} bends in {_count(len(often), 'time')} of frequent bending")
    return f"{', '.join(parts)} (limits provisional)"


def _health(mark: dict[str, Any]) -> str:
    what = mark["kind"].replace("_", " ")
    end = "" if mark["end_s"] is None else f" to {clock(mark['end_s'])}"
    size = "" if mark["size"] is None else f", {mark['size']:g} {_HEALTH_UNITS.get(mark['kind'], '')}".rstrip()
    return f"{mark['sensor']}: {what} from {clock(mark['start_s'])}{end}{size}"


def _exposure(exposure: dict[str, Any], movements: dict[str, Any]) -> str:
    if exposure["reason"] is not None:
        return f"blank: {exposure['reason']}"
    over = [f"{clock(spent)} beyond {limit[1:]}°" for limit, spent in exposure["over_s"].items() if round(spent)]
    return f"{', '.join(over) or 'hardly beyond 20°'}; {_bends(movements)}"


def _bends(movements: dict[str, Any]) -> str:
    if movements["reason"] is not None:
        return f"bends blank: {movements['reason']}"
    counts = ", ".join(f"{_count(movements[f'bends_{limit}'], 'bend')} beyond {limit}°" for limit in (30, 60))
    transitions = movements["transitions"]
    up = sum(t["kind"] == "sit_to_stand" for t in transitions)
    return f"{counts}; got up {_count(up, 'time')}" if movements["transitions_sought"] else counts


def _count(number: int, word: str, words: str = "") -> str:
    return f"{number or 'no'} {word if number == 1 else words or f'{word}s'}"
