"""vqf's causal 6-axis filter, made copyable, and taught that a slouch which creeps in is no gyro offset."""

from __future__ import annotations

from typing import Any

import numpy as np
from vqf import VQF

from spinewatch_signal.gyro_bias import BiasParams
from spinewatch_signal.samples import Floats

VqfState = dict[str, Any]

UNSETTLED_ROWS = 512
"""Until the offset is known samples are taken in pieces of this, so that going back costs little."""


class CausalFilter:
    """The filter of one segment; `copy.deepcopy` saves it half way, for its whole memory is in `VQF.state`.

    Until its gyro offset is known it trusts rest as vqf does, and learns the offset in seconds. From then on it trusts
    rest less (`BiasParams.rest_sigma_deg_s`), or it would take slow turning for an offset.

    Args:
        period_s: of the samples.
        bias_sigma_deg_s: SD of the offset that is left in the data at the start.
        params: when the offset is known, and how far rest is trusted then.
    """

    def __init__(self, period_s: float, bias_sigma_deg_s: float, params: BiasParams) -> None:
        self._period_s = period_s
        self._bias_sigma_deg_s = bias_sigma_deg_s
        self._params = params
        self._is_settled = False
        self._vqf = self._first_vqf()

    def __getstate__(self) -> tuple[float, float, BiasParams, bool, VqfState]:
        return self._period_s, self._bias_sigma_deg_s, self._params, self._is_settled, self._vqf.state

    def __setstate__(self, saved: tuple[float, float, BiasParams, bool, VqfState]) -> None:
        self._period_s, self._bias_sigma_deg_s, self._params, self._is_settled, state = saved
        self._vqf = self._settled_vqf() if self._is_settled else self._first_vqf()
        self._vqf.state = state

    def update(self, gyr: Floats, acc: Floats) -> dict[str, Floats]:
        """`quat6D`, `bias` and `biasSigma` for each row of contiguous (n, 3) rates and specific forces."""
        parts, done = [], 0
        while not self._is_settled and done < len(gyr):
            part = slice(done, done + UNSETTLED_ROWS)
            parts.append(self._until_settled(gyr[part], acc[part]))
            done += len(parts[-1]["biasSigma"])
        if not parts:
            return _run(self._vqf, gyr, acc)
        parts.append(_run(self._vqf, gyr[done:], acc[done:]))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _until_settled(self, gyr: Floats, acc: Floats) -> dict[str, Floats]:
        """Go on to the sample at which the offset is known, if there is one among these."""
        before = self._vqf.state
        result = _run(self._vqf, gyr, acc)
        known = result["biasSigma"] <= np.radians(self._params.known_sigma_deg_s)
        if not known.any():
            return result
        # The sample at which the offset is known decides, not the batch that it lies in.
        n = int(np.argmax(known)) + 1
        self._vqf.state = before
        first = _run(self._vqf, gyr[:n], acc[:n])
        self._settle()
        return first

    @property
    def bias_rad_s(self) -> Floats:
        """(3,) the filter's own bias estimate."""
        return np.array(self._vqf.state["bias"])

    def shift_bias(self, shift_rad_s: Floats) -> None:
        """Move the estimate when the caller begins to take away that much more before the filter."""
        state = self._vqf.state
        state["bias"] = (np.array(state["bias"]) - shift_rad_s).tolist()
        self._vqf.state = state

    def _settle(self) -> None:
        state = self._vqf.state
        self._is_settled = True
        self._vqf = self._settled_vqf()
        self._vqf.state = state

    def _first_vqf(self) -> VQF:
        # The start SD is also vqf's ceiling for what it says of its offset, so a copy needs the same.
        return VQF(self._period_s, biasSigmaInit=self._bias_sigma_deg_s)

    def _settled_vqf(self) -> VQF:
        return VQF(self._period_s, biasSigmaRest=self._params.rest_sigma_deg_s)


def _run(vqf: VQF, gyr: Floats, acc: Floats) -> dict[str, Floats]:
    if len(gyr) == 0:
        return {"quat6D": np.empty((0, 4)), "bias": np.empty((0, 3)), "biasSigma": np.empty(0)}
    found: dict[str, Floats] = vqf.updateBatch(gyr, acc)
    return {name: found[name] for name in ("quat6D", "bias", "biasSigma")}
