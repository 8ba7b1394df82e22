"""Random and mutated bytes into every family's protocol for as long as one likes: ``make fuzz``, ``fuzz.py SECONDS``.

Checks that nothing raises, nothing grows, a sensor is found again after it, and no more false frames come out of noise
than the format's checksum lets through. A failure names the form and the round, which is the seed: it can be repeated
with ``fuzz.py --form "witmotion ble" --round 17``.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzzing import MAX_HELD_BYTES, Form, Talk, forms, held_bytes, mutations, noise

DEFAULT_S = 600.0
NOISE_BYTES, MUTATED_BYTES = 200_000, 50_000  # in a round
PIECE_S = 0.001

# False frames that random bytes should give, per byte. By cable: a zero ends a frame (1/256), and its CRC-16 fits by
# chance; or a header, 12 known types and an 8-bit sum fit. By radio nothing arrives wrong (its CRC has 24 bits), and
# what is read without a sum of its own must be kept out by gates: no sample at all.
FRAMES_PER_BYTE: Mapping[str, float] = {
    "spinewatch serial": 1 / 256 / 65536,
    "witmotion serial": 12 / 256**3,
}
GATED = ("spinewatch ble", "witmotion ble", "polar ble")


@dataclass
class Tried:
    """What one form went through."""

    form: Form
    rounds: int = 0
    noise_bytes: int = 0
    judged_bytes: int = 0  # of the noise, those whose frames were counted
    mutated_bytes: int = 0
    false_frames: int = 0
    false_samples: int = 0
    held: int = 0
    return_s: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def predicted(self) -> float | None:
        per_byte = FRAMES_PER_BYTE.get(str(self.form))
        return None if per_byte is None else per_byte * self.judged_bytes


def play(tried: Tried, seed: int) -> None:
    """One round: a talk, noise, the talk again, wrong frames, the talk again."""
    form, rng = tried.form, np.random.default_rng(seed)
    talk = Talk(form)
    talk.until_samples(int(rng.integers(10, 200)))
    good, samples = talk.protocol.counters.good_packets, talk.samples
    for channel, data in noise(form, NOISE_BYTES, rng):
        talk.now_s += PIECE_S
        talk.tell(channel, data)
    if not talk.refusals:  # else it was opened anew, and its counters with it
        tried.false_frames += talk.protocol.counters.good_packets - good
        tried.judged_bytes += NOISE_BYTES
    tried.false_samples += talk.samples - samples
    tried.noise_bytes += NOISE_BYTES
    returned_s = [talk.until_samples(50)]
    for channel, data in mutations(talk.heard, MUTATED_BYTES, rng):
        talk.now_s += PIECE_S
        talk.tell(channel, data)
        if rng.random() < 0.1:
            talk.step()
    tried.mutated_bytes += MUTATED_BYTES
    returned_s.append(talk.until_samples(50))
    tried.rounds += 1
    tried.held = max(tried.held, held_bytes(talk.protocol))
    tried.return_s = max(tried.return_s, *returned_s)


def judged(tried: Tried) -> list[str]:
    """What is wrong with the figures of all rounds."""
    wrong = list(tried.failures)
    if tried.held > MAX_HELD_BYTES:
        wrong.append(f"{tried.form}: holds {tried.held} bytes")
    predicted = tried.predicted
    if predicted is not None and tried.false_frames > predicted + 5 * math.sqrt(predicted) + 5:
        wrong.append(f"{tried.form}: {tried.false_frames} false frames, {predicted:.1f} were to be expected")
    if str(tried.form) in GATED and tried.false_samples:
        wrong.append(f"{tried.form}: {tried.false_samples} samples of noise came past the gates")
    return wrong


def table(all_tried: list[Tried]) -> str:
    """The figures, one line a form."""
    head = f"{'form':18} {'rounds':>6} {'noise MB':>9} {'wrong MB':>9} {'false frames':>12} {'predicted':>9} "
    lines = [head + f"{'false samples':>13} {'held kB':>8} {'back after s':>12}"]
    for t in all_tried:
        predicted = "–" if t.predicted is None else f"{t.predicted:.1f}"
        lines.append(
            f"{t.form!s:18} {t.rounds:6d} {t.noise_bytes / 1e6:9.1f} {t.mutated_bytes / 1e6:9.1f} {t.false_frames:12d} "
            f"{predicted:>9} {t.false_samples:13d} {t.held / 1024:8.1f} {t.return_s:12.2f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Entry; 1 when something failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", type=float, nargs="?", default=DEFAULT_S)
    parser.add_argument("--form", help='only this one, like "witmotion ble"')
    parser.add_argument("--round", type=int, help="only this one round")
    options = parser.parse_args()
    all_tried = [Tried(form) for form in forms() if options.form in (None, str(form))]
    until_s, seed = time.monotonic() + options.seconds, options.round or 0
    while time.monotonic() < until_s:
        for tried in all_tried:
            try:
                play(tried, seed)
            except Exception:
                tried.failures.append(f"{tried.form}, round {seed}:\n{traceback.format_exc()}")
        seed += 1
        if options.round is not None or any(len(t.failures) > 2 for t in all_tried):
            break
    sys.stdout.write(table(all_tried) + "\n")
    wrong = [words for tried in all_tried for words in judged(tried)]
    sys.stdout.write("\n".join(wrong) + ("\n" if wrong else ""))
    return 1 if wrong or not all_tried else 0


if __name__ == "__main__":
    sys.exit(main())
