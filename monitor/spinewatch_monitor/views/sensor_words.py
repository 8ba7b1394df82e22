"""What the sensors page says of each sensor and of all: state, figures, causes, what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_monitor.sensor_watch import LATE_AFTER_S, RATE_WINDOW_S
from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate
from spinewatch_monitor.views.right_now import age_words, site_words

FACTS = ("Battery", "Rate", "Lost", "Newest data")
NO_RATE = {Link.CONNECTING: "no data yet", Link.NONE: "no data yet", Link.PAUSED: "paused"}

EMPTY = "No sensor yet", "Connect one by cable, or look round with a simulated office day."
STARTING = "Connecting", "Waiting for the sensor to say who it is."
BLUETOOTH = "Bluetooth comes with the next version. Until then, sensors connect by cable."
NOT_FOUND = (
    "Charge the sensor, switch it on and plug it in, then look again. Some sensors sleep until they are moved. "
    "A cable that only charges carries no data."
)
PLACES = (
    "One sensor sits on the upper back, between the shoulder blades: it shows how far the trunk leans. "
    "A second one on the lower back, over the sacrum, also shows how far the lower back bends."
)
STOP_NOTE = "Stop ends the session. The recording is finished and kept, so nothing is asked."
GETTING_READY = "Getting ready", STOP_NOTE
REPLAY_NOTE = "A recording plays; nothing new is recorded. Stop ends it."

LINKS = {
    Link.NONE: ("wait", "not connected", "gap"),
    Link.CONNECTING: ("wait", "connecting", "accent"),
    Link.STREAMING: ("flow", "sending", "near"),
    Link.LATE: ("wait", "data late", "gap"),
    Link.LOST: ("lost", "no data", "away"),
    Link.PAUSED: ("pause", "private pause", "gap"),
}
ADVICE = (
    ("unplugged", "Plug it in again."),
    ("no data came", "Check cable and charge, and move the sensor: some sleep until they are moved."),
    ("does not take", "Switch the sensor off and on."),
    ("does not answer", "Switch the sensor off and on."),
)
"""What to do about causes that do not say it themselves."""


@dataclass(frozen=True, slots=True)
class LinkWords:
    """A link's state: a shape of `StatusDot`, a word, the tone of its tag."""

    shape: str
    words: str
    tone: str


def link_words(sensor: SensorStatus, *, replay: bool) -> LinkWords:
    """The state of a sensor's link; in a replay the one it had."""
    if replay and sensor.link is Link.STREAMING:
        return LinkWords("replay", "in the recording", "moving")
    return LinkWords(*LINKS[sensor.link])


def family_words(sensor: SensorStatus) -> str:
    """The sensor's family, its id where that is not just its place, and whether it is simulated."""
    family = FAMILIES.get(sensor.family)
    title = family.title if family is not None else sensor.family or "Kind not known yet"
    parts = [title, sensor.id if sensor.id != sensor.site else "", "simulated" if sensor.simulated else ""]
    return " · ".join(part for part in parts if part)


def facts(sensor: SensorStatus) -> tuple[tuple[str, str], ...]:
    """Value and note for each of `FACTS`; a dash and the reason where it is not known."""
    hours, percent = sensor.battery_hours, sensor.battery_percent
    share = "" if percent is None else f"{percent:.0f} %"
    battery = (f"{hours:.1f} h", share) if hours is not None else (share or "–", "charged" if share else "not told")
    lost = ("–", "no data yet") if sensor.data_age_s is None else (f"{sensor.loss_percent:.1f} %", "so far")
    return battery, _rate(sensor), lost, _age(sensor.data_age_s)


def _rate(sensor: SensorStatus) -> tuple[str, str]:
    """What was measured before data stopped is no rate now."""
    if sensor.link is not Link.STREAMING:
        return "–", NO_RATE.get(sensor.link, "no data now")
    if sensor.rate_hz is None:
        return "–", "no data yet"
    return f"{sensor.rate_hz:.1f} Hz", f"over {RATE_WINDOW_S:g} s"


def _age(age_s: float | None) -> tuple[str, str]:
    if age_s is None:
        return "–", "none yet"
    return ("now", f"under {LATE_AFTER_S:g} s") if age_s < LATE_AFTER_S else (age_words(age_s), "old")


def trouble(sensor: SensorStatus) -> str:
    """Why no data come, and what to do; empty while all is well."""
    if sensor.link is Link.LATE:
        return f"No new data for {age_words(sensor.data_age_s)}. Check that cable and plug sit well."
    if sensor.link is not Link.LOST:
        return ""
    cause = sensor.cause.strip().rstrip(".") or "The link was lost"
    advice = next((text for part, text in ADVICE if part in cause), "")
    if not advice and ". " not in cause:
        advice = "Check cable and charge."
    return " ".join(filter(None, (f"{cause[0].upper()}{cause[1:]}.", advice, "Trying again by itself.")))


def headline(update: SessionUpdate) -> tuple[str, str]:
    """Is all well, and will it last: the headline and the line below it."""
    sensors = update.sensors
    if update.replay is not None:
        return "A recording plays", "Battery, rate and loss are those of the day it was made."
    lost = [s for s in sensors if s.link is Link.LOST]
    if lost:
        who = "Both sensors send" if len(lost) > 1 else f"The {site_words(lost[0].site)} sensor sends"
        began = any(s.data_age_s is not None for s in sensors)
        return f"{who} no data", f"{'Recording goes on with a gap. ' if began else ''}What to do stands below."
    late = [s for s in sensors if s.link is Link.LATE]
    if late:
        return "Data are late", f"The newest of the {site_words(late[0].site)} are {age_words(late[0].data_age_s)} old."
    return _calm_headline(sensors)


def _calm_headline(sensors: tuple[SensorStatus, ...]) -> tuple[str, str]:
    if not sensors:
        return STARTING
    links, name = {s.link for s in sensors}, "Both sensors are" if len(sensors) > 1 else "The sensor is"
    if Link.PAUSED in links:
        return "Private pause", "Nothing is recorded until you go on."
    if links & {Link.CONNECTING, Link.NONE}:
        return f"{name} connecting", "This takes some seconds. Keep still for the first two once data flow."
    hours = [s.battery_hours for s in sensors if s.battery_hours is not None]
    lasts = f"{min(hours):.1f} hours of battery left. " if hours else ""
    return f"{name} sending", f"{lasts}Nothing leaves this computer."


def recording_words(update: SessionUpdate) -> tuple[str, str]:
    """Name of the file being written, and what Stop does."""
    if update.replay is not None:
        return "Nothing is recorded", REPLAY_NOTE
    if update.recording_path is None:
        return "Nothing is recorded", "Stop ends the session."
    return PurePath(update.recording_path).name.removesuffix(".part"), STOP_NOTE
