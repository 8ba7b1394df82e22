"""What the page Sensors says of each sensor and of all: state, figures, causes, what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from spinewatch_bridge.causes import CauseKey
from spinewatch_bridge.nearby import FAIR_DBM, STRONG_DBM, signal_words
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate
from spinewatch_monitor.views.cause_words import is_away, whole_words
from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.right_now import age_words, site_words

FACTS = ("Battery", "Signal", "Rate", "Lost")
NO_RATE = {Link.CONNECTING: "no data yet", Link.NONE: "no data yet", Link.PAUSED: "paused"}

EMPTY = "No sensor yet", "Connect one, or look round with a simulated office day. Nothing leaves this computer."
STARTING = "Connecting", "Waiting for the sensor to say who it is."
NO_GYRO = "No turn-rate sensor: angles only while still."
STOP_NOTE = "Stop ends the session. The recording is finished and kept, so nothing is asked."
GETTING_READY = "Getting ready", STOP_NOTE
REPLAY_NOTE = "A recording plays; nothing new is recorded. Stop ends it."

LOW_HOURS, LOW_PERCENT = 1.0, 15.0
"""From here on a battery is worth a word."""
BARS = 4
_BAR_DBM = (STRONG_DBM, -72.0, FAIR_DBM)
"""What four, three and two bars need; less is one."""

LINKS = {
    Link.NONE: ("wait", "not connected", "gap"),
    Link.CONNECTING: ("wait", "connecting", "accent"),
    Link.STREAMING: ("flow", "streaming", "near"),
    Link.LATE: ("wait", "data late", "gap"),
    Link.LOST: ("lost", "no data", "away"),
    Link.PAUSED: ("pause", "private pause", "gap"),
}


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
    if sensor.link is Link.LOST and is_away(sensor.cause_key):
        return LinkWords("lost", "out of range", "away")
    return LinkWords(*LINKS[sensor.link])


def place_words(sensor: SensorStatus) -> str:
    """Where it is worn, as a title."""
    return site_words(sensor.site).capitalize()


def family_title(family: str) -> str:
    """A family's name for people."""
    known = FAMILIES.get(family)
    return known.title if known is not None else family or "Kind not known yet"


def family_words(sensor: SensorStatus) -> str:
    """Its name where it has one, its family, and whether it is simulated."""
    name = sensor.name or (sensor.id if sensor.id != sensor.site else "")
    parts = [name, family_title(sensor.family), "simulated" if sensor.simulated else ""]
    return " · ".join(part for part in parts if part)


def rates_hz(sensor: SensorStatus) -> tuple[float, ...]:
    """Rates that may be asked of it; empty where there is nothing to choose."""
    family = FAMILIES.get(sensor.family)
    rates = family.capabilities.rates_hz if family is not None else ()
    return rates if len(rates) > 1 else ()


def has_gyro(sensor: SensorStatus) -> bool:
    """Whether it measures turn rates, as far as it or its family has said."""
    family = FAMILIES.get(sensor.family)
    if sensor.can:
        return "gyro" in sensor.can
    return family is None or family.capabilities.gyro


def facts(sensor: SensorStatus, *, replay: bool = False) -> tuple[tuple[str, str], ...]:
    """Value and note for each of `FACTS`; a dash and the reason where it is not known."""
    return _battery(sensor), _signal(sensor, replay=replay), _rate(sensor), _lost(sensor)


def _battery(sensor: SensorStatus) -> tuple[str, str]:
    hours, percent = sensor.battery_hours, sensor.battery_percent
    share = "" if percent is None else f"{percent:.0f} %"
    if hours is not None:
        return hours_words(hours, "h", "min"), share or "left"
    return share or "–", "charged" if share else "not told"


def hours_words(hours: float, hour: str, minute: str) -> str:
    """How long a battery lasts, with the units given: tenths of hours, minutes below one hour."""
    if hours < 0.95:
        return f"{60 * hours:.0f} {minute}"
    return f"{hours:.1f} {hour}" if hours < 20 else f"{hours:.0f} {hour}"


def battery_low(sensor: SensorStatus) -> bool:
    """Whether its charge ends soon."""
    if sensor.battery_hours is not None:
        return sensor.battery_hours < LOW_HOURS
    return sensor.battery_percent is not None and sensor.battery_percent < LOW_PERCENT


def signal_bars(sensor: SensorStatus) -> int | None:
    """How many of `BARS` bars its radio signal fills; None without one."""
    if sensor.signal_dbm is None or sensor.link is Link.LOST:
        return None
    return 1 + sum(sensor.signal_dbm >= need for need in _BAR_DBM)


def _signal(sensor: SensorStatus, *, replay: bool) -> tuple[str, str]:
    if sensor.signal_dbm is not None:
        heard = f"{sensor.signal_dbm:.0f} dBm".replace("-", "−")
        return ("–", f"last {heard}") if sensor.link is Link.LOST else (heard, signal_words(sensor.signal_dbm))
    if sensor.cable:
        return "Cable", "no radio"
    if replay:
        return "–", "not recorded"
    if sensor.simulated:
        return "–", "simulated"
    return "–", "not known yet" if sensor.data_age_s is None else "not told"


def _rate(sensor: SensorStatus) -> tuple[str, str]:
    """What was measured before data stopped is no rate now."""
    if sensor.link is not Link.STREAMING:
        return "–", NO_RATE.get(sensor.link, "no data now")
    if sensor.rate_hz is None:
        return "–", "no data yet"
    asked = sensor.rate_asked_hz
    return f"{sensor.rate_hz:.1f} Hz", "measured" if asked is None else f"of {asked:g} asked for"


def _lost(sensor: SensorStatus) -> tuple[str, str]:
    if sensor.data_age_s is None:
        return "–", "no data yet"
    lost = sensor.lost_samples
    if sensor.loss_percent and not lost:
        note = "so far"
    else:
        note = "no sample" if not lost else "1 sample" if lost == 1 else f"{lost:,} samples"
    return f"{sensor.loss_percent:.1f} %", note


def trouble(sensor: SensorStatus) -> str:
    """Why no data come, or soon none will, and the one thing to do; empty while all is well."""
    if sensor.link is Link.LATE:
        return f"No new data for {age_words(sensor.data_age_s)}. Keep the sensor near; check the cable, if it has one."
    if sensor.link is Link.LOST:
        return f"{whole_words(sensor.cause, sensor.cause_key)} Trying again by itself."
    if battery_low(sensor) and sensor.link is Link.STREAMING:
        return "The battery ends soon. Plug it in at the next break; what is recorded so far is safe."
    return ""


def headline(update: SessionUpdate, day_end_s: float | None = None, utc_offset_s: float = 0.0) -> tuple[str, str]:
    """Is all well, and will it last: the headline and the line below it.

    Args:
        update: what the session says.
        day_end_s: when the wearer's day usually ends, UNIX seconds; None where that is not known.
        utc_offset_s: offset of the local time from UTC, s.
    """
    sensors = update.sensors
    if update.replay is not None:
        return "A recording plays", "Battery, signal and loss are those of the day it was made."
    lost = [s for s in sensors if s.link is Link.LOST]
    if lost:
        began = any(s.data_age_s is not None for s in sensors)
        return _lost_headline(lost), f"{'Recording goes on with a gap. ' if began else ''}What to do stands below."
    late = [s for s in sensors if s.link is Link.LATE]
    if late:
        return "Data are late", f"The newest of the {site_words(late[0].site)} are {age_words(late[0].data_age_s)} old."
    return _waiting_headline(sensors) or _lasting_headline(update, day_end_s, utc_offset_s)


def _lost_headline(lost: list[SensorStatus]) -> str:
    away = all(is_away(s.cause_key) for s in lost)
    seems = ", it seems" if any(s.cause_key is CauseKey.OUT_OF_RANGE_OR_OFF for s in lost) else ""
    if len(lost) > 1:
        return f"Both sensors are out of range{seems}" if away else "Both sensors send no data"
    return f"The {site_words(lost[0].site)} sensor {f'is out of range{seems}' if away else 'sends no data'}"


def _who(sensors: tuple[SensorStatus, ...]) -> str:
    return "Both sensors" if len(sensors) > 1 else "The sensor"


def _waiting_headline(sensors: tuple[SensorStatus, ...]) -> tuple[str, str] | None:
    if not sensors:
        return STARTING
    links = {s.link for s in sensors}
    if Link.PAUSED in links:
        return "Private pause", "Nothing is recorded until you go on."
    if links & {Link.CONNECTING, Link.NONE}:
        verb = "are" if len(sensors) > 1 else "is"
        return f"{_who(sensors)} {verb} connecting", "This takes some seconds. Keep still for the first two."
    return None


def _lasting_headline(update: SessionUpdate, day_end_s: float | None, utc_offset_s: float) -> tuple[str, str]:
    """All send: whether the charge reaches to the end of the day, where both are known."""
    sensors = update.sensors
    known = [(s.battery_hours, s) for s in sensors if s.battery_hours is not None]
    sending = f"{_who(sensors)} {'are' if len(sensors) > 1 else 'is'} streaming"
    if not known:
        return sending, "How long the battery lasts is not known yet. Nothing leaves this computer."
    hours, first = min(known, key=lambda pair: pair[0])
    left = f"{hours_words(hours, 'hours', 'minutes')} of battery left"
    if day_end_s is None or day_end_s <= update.now_s:
        return sending, f"{left}. Nothing leaves this computer."
    ends = f"your day usually ends at {clock_text(day_end_s, utc_offset_s)}"
    if update.now_s + 3600 * hours >= day_end_s and len(known) == len(sensors):
        return f"{_who(sensors)} will last until you finish", f"{left}; {ends}. Nothing leaves this computer."
    if update.now_s + 3600 * hours >= day_end_s:
        return sending, f"{left} where it is known; {ends}."
    until = clock_text(update.now_s + 3600 * hours, utc_offset_s)
    return (
        f"The {site_words(first.site)} sensor will stop at about {until}",
        f"{ends[0].upper()}{ends[1:]}. Plug it in at the next break.",
    )


def recording_words(update: SessionUpdate) -> tuple[str, str]:
    """Name of the file being written, and what Stop does."""
    if update.replay is not None:
        return "Nothing is recorded", REPLAY_NOTE
    if update.recording_path is None:
        return "Nothing is recorded", "Stop ends the session."
    return PurePath(update.recording_path).name.removesuffix(".part"), STOP_NOTE
