"""The main figures of a recording in groups, from the object of `analyze --json`: pure texts.

Each group tells the time it stands on, or why it is blank; each figure what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.review_words import angle_text, duration_words

Group = Mapping[str, Any]
PROVISIONAL = "Provisional: the limits come from secondary literature and are to be confirmed in the standard itself."


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, its value as it is read (an en dash when blank), and what it means."""

    name: str
    value: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that stand on the same time.

    Args:
        title: what they are about.
        note: ``over 5 h 12 min``; empty when blank.
        reason: why they are blank; empty when they are not.
        figures: empty when blank.
    """

    title: str
    note: str
    reason: str
    figures: tuple[Figure, ...]


def sections(analysis: Group, start_s: float, utc_offset_s: float) -> tuple[Section, ...]:
    """All groups of a recording; none for one that was analysed before these figures were kept.

    Args:
        analysis: the object of `analyze --json`, or part of it.
        start_s: of the recording, UNIX seconds.
        utc_offset_s: of the local time where it was made.
    """
    if "exposure" not in analysis:
        return ()
    movement = {**_group(analysis, "movements"), "rhythm": _group(analysis, "rhythm"), "risky": analysis.get("risky")}
    found = [
        _in_short(analysis, start_s, utc_offset_s),
        _section("Trunk angle", _group(analysis, "trunk"), _angles),
        _section("Lumbar angle", _group(analysis, "lumbar"), _angles) if analysis.get("lumbar") else None,
        _section("Bent forward", _group(analysis, "exposure"), _exposure),
        _section("Sitting", {**_group(analysis, "sitting"), "standing_s": _spent(analysis, "standing")}, _sitting),
        _section("Walking", {**_group(analysis, "walking"), "walking_s": _spent(analysis, "walking")}, _walking),
        _section("Movements", movement, _movements),
        _section("Work design, provisional", _group(analysis, "exposure"), _standards),
        _section("Angular speed", _speed_group(analysis), _speed),
    ]
    return tuple(section for section in found if section is not None)


def _section(title: str, group: Group, figures: Callable[[Group], Sequence[Figure]]) -> Section:
    reason = group.get("reason")
    if reason is not None or "valid_s" not in group:
        return Section(title, "", str(reason or "not worked out"), ())
    note = f"over {duration_words(float(group['valid_s']))}"
    doubtful_s = float(group.get("doubtful_s") or 0.0)
    note += f", {duration_words(doubtful_s)} of it doubtful" if doubtful_s >= 1 else ""
    return Section(title, note, "", tuple(figures(group)))


def _in_short(analysis: Group, start_s: float, utc_offset_s: float) -> Section:
    slouch, span = _group(analysis, "slouch"), analysis.get("longest_still_span")
    sitting, walking, movements = (_group(analysis, name) for name in ("sitting", "walking", "movements"))
    trunk = _group(analysis, "trunk")
    when = "" if span is None else "".join(f"{clock_text(start_s + t_s, utc_offset_s)} to " for t_s in span)[:-4]
    flexion = trunk.get("flexion_deg") or {}
    figures = (
        Figure("Worn", _time(analysis.get("worn_s")), f"With a known angle: {_time(analysis.get('valid_s'))}."),
        Figure("Position changes", _number(analysis.get("posture_changes_per_h"), "{:.1f} an hour"), _CHANGES),
        Figure("Longest still stretch", _time(analysis.get("longest_still_s")), f"{when}." if when else ""),
        _main("Breaks from sitting", sitting, _number(_length(sitting.get("breaks")), "{}"), _BREAK),
        _main("Steps", walking, _number(walking.get("steps"), "{:,}"), "In all walks."),
        _main("Time away", slouch, _number(slouch.get("share_percent"), "{:.0f} %"), _AWAY),
        _main("Trunk, P90", trunk, _number(flexion.get("p90"), "{:.0f}°").replace("-", "−"), _P90),
        _main(
            "Bends beyond 60°",
            movements,
            _number(movements.get("bends_60"), "{}"),
            "However long each lasts.",
        ),
    )
    return Section("In short", "", "", figures)


_CHANGES = "To another level by more than 5°, a bend, a walk, or lying down; over the time not lying."
_BREAK = "A minute or more of standing or walking between two stretches of sitting."
_P90 = "Nine tenths of the time the trunk was less far forward; not while lying."
_AWAY = "Share of the still, upright time spent away from the reference."


def _main(name: str, group: Group, value: str, meaning: str) -> Figure:
    """One figure of a group, with the time it stands on, or why it is blank."""
    reason, valid_s = group.get("reason"), group.get("valid_s")
    if reason is not None:
        return Figure(name, "–", _sentence(reason))
    return Figure(name, value, meaning if valid_s is None else f"{meaning} Over {duration_words(float(valid_s))}.")


def _length(rows: Sequence[Any] | None) -> int | None:
    return None if rows is None else len(rows)


def _angles(group: Group) -> list[Figure]:
    found = group["flexion_deg"]
    half = "Half of the time the angle is below this; not while lying."
    return [
        Figure("Usually", f"{_deg(found['p10'])} to {_deg(found['p90'])}", "10th to 90th percentile; not while lying."),
        Figure("Middle", _deg(found["p50"]), half),
        Figure("5th, 95th percentile", f"{_deg(found['p5'])}, {_deg(found['p95'])}", "Of all angles but while lying."),
        Figure("99th percentile", _deg(found["p99"]), "One hundredth of the time lies beyond it."),
        Figure("Most", _deg(found["max"]), "The largest single angle."),
    ]


def _exposure(group: Group) -> list[Figure]:
    spent, longest, spells = group["over_s"], group["longest_spell_s"], group["spells"]
    valid_s = max(float(group["valid_s"]), 1.0)
    return [
        Figure(
            f"Beyond {limit[1:]}°",
            f"{_time(seconds)} · {_percent(100 * seconds / valid_s)}",
            f"{_count(spells[limit], 'spell')}, the longest {_time(longest[limit])}.",
        )
        for limit, seconds in spent.items()
    ]


def _sitting(group: Group) -> list[Figure]:
    bouts, breaks = group["bouts"], group["breaks"]
    long = ", ".join(f"{group['bouts_min'][limit]} of {limit[2:]} min" for limit in group["bouts_min"])
    unsure = "Upright and still, but neither sitting nor standing for sure."
    w50 = "Half of all sitting lies in stretches at least this long (W50)."
    return [
        Figure("Sitting", _time(group["total_s"]), "Recognised with a probability of at least 80 %."),
        Figure("Standing", _time(group["standing_s"]), "Recognised with a probability of at least 80 %."),
        Figure("Not known which", _time(group["undecided_s"]), unsure),
        Figure("Sitting stretches", str(len(bouts)), f"At least so long: {long}."),
        Figure("Half in stretches of", _time(group["w50_s"]), w50),
        Figure("Breaks", str(len(breaks)), _BREAK),
        Figure("Breaks an hour", _number(group["breaks_per_h"], "{:.1f}"), "Of sitting; blank without any."),
    ]


def _walking(group: Group) -> list[Figure]:
    bridged = int(group.get("steps_bridged") or 0)
    steps = f"{bridged:,} of them in short holes of the signal." if bridged else "All of them seen."
    cadence = "Median over all steps, in steps a minute."
    return [
        Figure("Steps", f"{group['steps']:,}", steps),
        Figure("Time", _time(group["walking_s"]), _count(len(group["bouts"]), "walk") + "."),
        Figure("Cadence", _number(group["cadence_per_min"], "{:.0f} a min"), cadence),
    ]


def _movements(group: Group) -> list[Figure]:
    rhythm, risky = group["rhythm"], group["risky"] or ()
    why = _sentence(rhythm.get("reason") or "Blank where too little was measured")
    fast = sum(row["kind"] == "fast_deep_bend" for row in risky)
    often = [row for row in risky if row["kind"] == "frequent_bends"]
    bends = f"Bends beyond 30° and 60°; beyond 30° in 15 minutes: {_number(group['bends_per_15min'], '{:.1f}')}."
    return [
        *_transitions(group),
        Figure("Bends 30°, 60°", f"{group['bends_30']}, {group['bends_60']}", bends),
        Figure("Fast, deep bends", str(fast), "None that was part of sitting down or getting up."),
        Figure("Times of frequent bends", str(len(often)), f"{sum(row['count'] for row in often)} bends in them."),
        _rate("Posture shifts in 15 min", rhythm.get("shifts_per_15min"), "To a new level by more than 5°.", why),
        _rate("Fidgets in 15 min", rhythm.get("fidgets_per_15min"), "Moves that come back to the old level.", why),
    ]


def _transitions(group: Group) -> list[Figure]:
    if not group["transitions_sought"]:
        return [Figure("Got up, sat down", "–", "Not looked for with these sensors.")]
    up = sum(row["kind"] == "sit_to_stand" for row in group["transitions"])
    words = "Changes between sitting and standing; triangles in the chart."
    return [Figure("Got up, sat down", f"{up}, {len(group['transitions']) - up}", words)]


def _rate(name: str, value: float | None, meaning: str, why: str) -> Figure:
    return Figure(name, _number(value, "{:.1f}"), why if value is None else f"{meaning} While upright and still.")


def _standards(group: Group) -> list[Figure]:
    return [*_holding(group.get("iso_11226")), *_zones(group.get("en_1005_4"))]


def _holding(found: Group | None) -> list[Figure]:
    if found is None:
        return []
    used = "Of the longest acceptable holding time, by the one spell that used most; beyond 100 % it was held longer."
    spells = f"{_count(found['spells'], 'spell')} of more than 4 s beyond 20°, hardly moving. {PROVISIONAL}"
    over = f"Beyond 60°, where holding is not recommended at all. {PROVISIONAL}"
    return [
        Figure("Held bent (ISO 11226)", _time(found["static_s"]), spells),
        Figure("Longest used", _percent(100 * found["largest"]), f"{used} {PROVISIONAL}"),
        Figure("Held beyond 60°", _time(found["beyond_s"]), over),
    ]


def _zones(found: Group | None) -> list[Figure]:
    if found is None:
        return []
    often = ", ".join(f"{name}°: {minutes}" for name, minutes in found["frequent_min"].items())
    figures = [
        Figure(f"{_zone_name(name)} (EN 1005-4)", _time(spent), PROVISIONAL)
        for name, spent in found["forward_s"].items()
    ]
    minutes = str(sum(found["frequent_min"].values()))
    words = f"Minutes with two or more movements into a zone ({often}). {PROVISIONAL}"
    return [*figures, Figure("Minutes of frequent moves", minutes, words)]


def _zone_name(name: str) -> str:
    return {"<": f"Below {name[1:]}°", ">": f"Beyond {name[1:]}°"}.get(name[0], f"{name.replace('-', ' to ')}°")


def _speed_group(analysis: Group) -> Group:
    return _group(_group(analysis, "exposure"), "angular_speed")


def _speed(group: Group) -> list[Figure]:
    names = (("Trunk, any direction", "generalised"), ("Flexion alone", "flexion"))
    figures = []
    for name, key in names:
        found = group[f"{key}_deg_s"]
        text = f"{found['p50']:.0f}, {found['p90']:.0f}, {found['p99']:.0f} °/s"
        figures.append(Figure(name, text, f"P50, P90, P99. {_sentence(group[f'{key}_definition'])}"))
    return figures


def _group(analysis: Group, name: str) -> Group:
    found = analysis.get(name)
    return found if isinstance(found, Mapping) else {}


def _spent(analysis: Group, name: str) -> float | None:
    value = _group(analysis, "activity").get(f"{name}_s")
    return None if value is None else float(value)


def _deg(value: float) -> str:
    return angle_text(value)


def _time(seconds: Any) -> str:
    return "–" if seconds is None else duration_words(float(seconds))


def _number(value: Any, form: str) -> str:
    return "–" if value is None else form.format(value)


def _percent(share: float) -> str:
    return f"{share:.0f} %" if share >= 1 or share == 0 else "< 1 %"


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
