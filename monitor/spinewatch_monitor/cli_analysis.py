"""The figures of one recording as a compact table for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from spinewatch_monitor.cli_text import clock, plain

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
    yield "Activity", _activity(result["activity"])
    yield "Away from reference", _slouch(result["slouch"])
    still = result["longest_still_s"]
    yield "Longest still", "never still" if still is None else clock(still)
    changes = result["posture_changes_per_h"]
    yield "Posture changes", "too short to tell" if changes is None else f"{changes:.0f} per hour"
    yield "Bent forward", _exposure(result["exposure"], result["movements"])
    if result["gaps"]:
        longest = max(gap["end_s"] - gap["start_s"] for gap in result["gaps"])
        yield "Gaps", f"{len(result['gaps'])}, longest {longest:.1f} s"
    for warning in result["warnings"]:
        yield "Note", warning


def _reference(calibration: dict[str, Any] | None) -> str:
    if calibration is None:
        return "none; calibrate to get angles"
    how = {"guided": "calibrated", "found": "found in the recording"}[calibration["method"]]
    limit = f"{calibration['threshold_on_deg']:.0f}° of {calibration['measure']} flexion"
    return f"{how}, grade {calibration['grade']}; away means beyond {limit}"


def _angles(name: str, group: dict[str, Any]) -> tuple[str, str]:
    angles = group["flexion_deg"]
    if angles is None:
        return name, f"blank: {group['reason']}"
    text = (
        f"usually {angles['p10']:.0f}° to {angles['p90']:.0f}°, middle {angles['p50']:.0f}°, most {angles['max']:.0f}°"
    )
    return f"{name} flexion", text.replace("-", "−")


def _activity(group: dict[str, Any]) -> str:
    if group["reason"] is not None:
        return f"blank: {group['reason']}"
    return ", ".join(f"{name} {clock(group[f'{name}_s'])}" for name in _ACTIVITIES if round(group[f"{name}_s"]))


def _slouch(group: dict[str, Any]) -> str:
    if group["reason"] is not None:
        return f"blank: {group['reason']}"
    episodes = _count(len(group["episodes"]), "episode")
    return f"{clock(group['total_s'])} ({group['share_percent']:.0f} % of still time), {episodes}"


def _exposure(exposure: dict[str, Any], movements: dict[str, Any]) -> str:
    if exposure["reason"] is not None:
        return f"blank: {exposure['reason']}"
    over = [f"{clock(spent)} beyond {limit[1:]}°" for limit, spent in exposure["over_s"].items() if round(spent)]
    return f"{', '.join(over) or 'hardly beyond 20°'}; {_bends(movements)}"


def _bends(movements: dict[str, Any]) -> str:
    if movements["reason"] is not None:
        return f"bends blank: {movements['reason']}"
    return ", ".join(f"{_count(movements[f'bends_{limit}'], 'bend')} beyond {limit}°" for limit in (30, 60))


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'s' * (number != 1)}"
