"""When figures of a day are blank, and the reasons in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from spinewatch_signal.bouts import BoutParams
from spinewatch_signal.ergonomics import HoldingParams, ZoneParams
from spinewatch_signal.eva import EvaParams

NOT_CALIBRATED = "no calibration: angles have no meaning yet"
NOTHING_MEASURED = "no valid data"
TOO_SHORT_FOR_RATE = "less than 10 minutes measured"
NEVER_STILL = "never still for 3 seconds"
NO_BENDS_SEEN = "no turn-rate sensor: how far a movement went is not seen"
NEVER_KNOWN = "no turn-rate sensor, and never still: no angle is known"
NO_LOWER_SENSOR = "no moment with both sensors"
SITTING_UNDECIDED = "sitting and standing cannot be told apart for too much of the time"


@dataclass(frozen=True)
class SummaryParams:
    """When figures are blank, and how those are counted that no other step has parameters for.

    Args:
        min_rate_s: a rate per hour needs this much measured time: below it one change more or less decides.
        fresh_s: without data for longer, how long the wearer has been still is not known.
        min_worn_h: a day with less is left out where days are compared.
        undecided_percent: sitting bouts are blank where more of the still, upright time than this is neither sitting
            nor standing: one undecided fifth can double or halve a bout.
        holding, zones, eva, bouts: of the counter of that name.
    """

    min_rate_s: float = 600.0
    fresh_s: float = 5.0
    min_worn_h: float = 4.0
    undecided_percent: float = 20.0
    holding: HoldingParams = field(default_factory=HoldingParams)
    zones: ZoneParams = field(default_factory=ZoneParams)
    eva: EvaParams = field(default_factory=EvaParams)
    bouts: BoutParams = field(default_factory=BoutParams)
