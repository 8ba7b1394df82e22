"""Owner keys: the proof's vector, the lock of a sensor, the host's conversation, and the file that keeps the keys."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_helpers import START_S, NumberedStream
from own_sensor_helpers import KEY, Keys, Talk, ask, talk
from spinewatch_bridge.errors import BridgeError
from spinewatch_bridge.intake import Intake
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols.base import Haptic, Notice, Ready, Refused, Reply
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.protocols.spinewatch_owner import CLAIMED_BY_RADIO, proof
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.device_owner import OwnerLock
from spinewatch_monitor.event_news import EventNews
from spinewatch_monitor.storage.owner_keys import MAX_FILE_BYTES, MAX_PROVEN, OwnerKeyFile, OwnerKeysError
from spinewatch_signal.samples import SensorInfo

CHALLENGE = bytes(range(0xA0, 0xB0))


def locked(key: bytes = KEY) -> OwnerLock:
    lock = OwnerLock(lambda n: CHALLENGE[:n])
    lock.set_key(key)
    lock.link_ended()
    return lock


def refusal_of(pair: Talk) -> str:
    (refused,) = pair.of(Refused)
    return refused.reason


def test_the_proof_is_that_of_the_protocols_vector():
    assert proof(KEY, CHALLENGE, b"AB12").hex() == "1d466ba3308e87ad15bef29152c591eb"


@pytest.mark.parametrize("framed", [True, False])
def test_the_first_host_claims_and_comes_back(framed: bool):
    lock, keys = OwnerLock(), Keys()
    pair = talk(framed=framed, keys=keys, owner=lock)
    pair.run(2)
    assert len(pair.of(Ready)) == 1
    assert (lock.key_set, lock.authorised, keys.made) == (True, True, 1)
    pair.disconnect()
    assert not lock.authorised
    pair.connect()
    pair.run(2)
    assert len(pair.of(Ready)) == 2
    assert pair.device.commands.count(ctrl.Op.AUTH) == 1
    assert keys.made == 1


def test_on_a_cable_every_host_that_begins_shows_the_key_anew():
    lock = OwnerLock()
    pair = talk(owner=lock, keys=Keys())
    pair.run(2)
    pair.protocol = SpinewatchProtocol()  # another program takes over the plug, at once
    pair.connect()
    pair.run(2)
    assert refusal_of(pair).startswith("it belongs to another owner")


def test_a_host_without_keys_claims_nothing():
    lock = OwnerLock()
    pair = talk(owner=lock)
    pair.run(2)
    assert pair.of(Ready)
    assert not lock.key_set


def test_a_foreign_sensor_is_refused_with_what_to_do():
    for keys in (None, Keys(), Keys(OTHER=KEY)):
        pair = talk(owner=locked(), keys=keys)
        pair.run(2)
        assert refusal_of(pair).startswith("it belongs to another owner: hold its button for 10 s")
        assert not pair.of(Ready)


def test_a_wrong_key_is_refused_and_after_five_the_sensor_waits():
    lock = locked()
    for _ in range(5):
        pair = talk(owner=lock, keys=Keys(SIM1=bytes(32)))
        pair.run(2)
        assert "does not accept the key" in refusal_of(pair)
    right = talk(owner=lock, keys=Keys(SIM1=KEY))
    right.run(2)
    assert "half a minute" in refusal_of(right)
    right.now_s += 31
    right.events.clear()
    right.connect()
    right.run(2)
    assert right.of(Ready)


def test_a_challenge_holds_once_and_for_ten_seconds():
    device = VirtualDevice(NumberedStream(), framed=False, owner=locked())
    answer = proof(KEY, CHALLENGE, b"SIM1")
    assert ask(device, ctrl.Op.AUTH, answer)[0] == ctrl.Status.NOT_NOW
    assert ask(device, ctrl.Op.CHALLENGE) == (ctrl.Status.OK, CHALLENGE)
    assert ask(device, ctrl.Op.AUTH, answer, START_S + 11)[0] == ctrl.Status.NOT_AUTHORISED
    assert ask(device, ctrl.Op.AUTH, answer)[0] == ctrl.Status.NOT_NOW
    ask(device, ctrl.Op.CHALLENGE)
    assert ask(device, ctrl.Op.AUTH, answer)[0] == ctrl.Status.OK
    assert ask(device, ctrl.Op.AUTH, answer)[0] == ctrl.Status.OK  # a reply may have been lost


def test_what_a_stranger_may_ask_and_what_not():
    device = VirtualDevice(NumberedStream(), framed=False, owner=locked())
    for op in (ctrl.Op.START, ctrl.Op.STOP, ctrl.Op.HAPTIC, ctrl.Op.SET_UTC, ctrl.Op.LOG_LIST, ctrl.Op.SET_OWNER_KEY):
        assert ask(device, op, bytes(64))[0] == ctrl.Status.NOT_AUTHORISED
    for op in (ctrl.Op.INFO, ctrl.Op.TIME, ctrl.Op.IDENTIFY, ctrl.Op.CHALLENGE):
        assert ask(device, op, bytes(8))[0] == ctrl.Status.OK


def test_a_refused_command_is_told_in_words():
    lock = OwnerLock()
    pair = talk(owner=lock, keys=Keys())
    pair.run(2)
    lock.link_ended()  # as if the sensor had lost its mind
    token = pair.protocol.request(Haptic())
    pair.run(0.1)
    assert pair.of(Reply) == [Reply(token, "it belongs to another owner, or was not shown the key")]


def test_the_button_makes_it_nobodys():
    lock = locked()
    lock.button_held()
    pair = talk(owner=lock, keys=Keys())
    pair.run(2)
    assert pair.of(Ready)


def test_lost_answers_are_asked_for_again():
    lost = {ctrl.Op.SET_OWNER_KEY | 0x80, ctrl.Op.AUTH | 0x80, ctrl.Op.CHALLENGE | 0x80}
    lock = OwnerLock()
    pair = talk(framed=False, owner=lock, keys=Keys())

    def once(_channel: str, data: bytes) -> bytes | None:
        if data[0] not in lost:
            return data
        lost.discard(data[0])
        return None

    pair.garble = once
    pair.run(3)
    assert (len(pair.of(Ready)), lock.key_set) == (1, True)
    pair.disconnect()
    pair.connect()
    pair.run(4)
    assert len(pair.of(Ready)) == 2
    assert not lost


@pytest.mark.parametrize(("key", "is_ready"), [(KEY, True), (bytes(32), False)], ids=["right", "wrong"])
def test_a_challenge_that_came_late_costs_another_one_and_not_the_sensor(key: bytes, is_ready: bool):
    """Its answer came after it was asked again: the proof is for a challenge that no longer holds."""
    lock = OwnerLock()
    lock.set_key(KEY)
    lock.link_ended()
    pair = talk(framed=False, owner=lock, keys=Keys(SIM1=key))
    challenges: list[bytes] = []

    def first_one_late(_channel: str, data: bytes) -> bytes | None:
        if data[0] != ctrl.Op.CHALLENGE | 0x80:
            return data
        challenges.append(data)
        return {1: None, 2: challenges[0]}.get(len(challenges), data)

    pair.garble = first_one_late
    pair.run(4)
    assert bool(pair.of(Ready)) == is_ready
    assert len(pair.of(Refused)) == (not is_ready)
    assert pair.device.commands.count(ctrl.Op.AUTH) == 2


def test_an_impostor_that_has_no_key_does_not_cost_the_sensor(path: Path):
    """Something with the serial of our sensor is claimed anew; then the sensor itself is back, with the key it had."""
    ours = OwnerLock()
    for lock in (ours, OwnerLock(), OwnerLock(), ours):
        pair = talk(framed=False, owner=lock, keys=OwnerKeyFile(path))
        pair.run(3)
        assert pair.of(Ready)
        assert lock.authorised
        pair.disconnect()


@pytest.mark.parametrize("knows_what_to_say", [False, True], ids=["claimed", "claimed and met again"])
def test_many_impostors_do_not_cost_the_sensor_its_key(path: Path, knows_what_to_say: bool):
    """Each is claimed, as often as it likes; some even take the key that they were given when they come again."""
    ours, keys = OwnerLock(), OwnerKeyFile(path)

    def meet(lock: OwnerLock) -> Talk:
        pair = talk(framed=False, owner=lock, keys=keys)
        pair.run(3)
        pair.disconnect()
        return pair

    meet(ours)
    meet(ours)
    for _ in range(6):
        impostor = OwnerLock()
        meet(impostor)
    if knows_what_to_say:
        meet(impostor)
    assert meet(ours).of(Ready)
    assert meet(ours).device.commands.count(ctrl.Op.AUTH) == 1  # it is the present key again


@pytest.mark.parametrize("framed", [True, False], ids=["cable", "radio"])
def test_who_claims_by_radio_is_told_that_others_may_have_heard_it(framed: bool):
    lock = OwnerLock()
    pair = talk(framed=framed, owner=lock, keys=Keys())
    pair.run(2)
    pair.disconnect()
    pair.connect()
    pair.run(2)
    told = [n.data["text"] for n in pair.of(Notice) if n.kind == "owner_key"]
    assert len(pair.of(Ready)) == 2
    assert told == ([] if framed else [CLAIMED_BY_RADIO])
    assert CLAIMED_BY_RADIO.startswith("This sensor now belongs to this computer.")


def test_that_it_was_claimed_by_radio_is_one_sentence_for_its_owner():
    intake = Intake(SensorInfo("upper_back", ""), "spinewatch", FAMILIES["spinewatch"], simulated=False)
    (note,) = intake.notice(Notice("owner_key", {"text": CLAIMED_BY_RADIO}), START_S)
    assert EventNews().of(note) == CLAIMED_BY_RADIO


def test_no_more_former_keys_are_shown_than_a_sensor_bears():
    lock, keys = locked(), Keys(SIM1=bytes(32))
    keys.before = [bytes((n,)) * 32 for n in range(1, 5)]
    pair = talk(framed=False, owner=lock, keys=keys)
    pair.run(3)
    assert "does not accept the key" in refusal_of(pair)
    assert pair.device.commands.count(ctrl.Op.AUTH) == 3


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from([0x8C, 0x8D, 0x8E]), st.integers(0, 9), st.binary(max_size=40)), max_size=6))
def test_any_answers_while_the_owner_is_settled_are_welcome(answers: list[tuple[int, int, bytes]]):
    for lock in (OwnerLock(), locked()):
        pair = talk(framed=False, owner=lock, keys=Keys(SIM1=KEY))
        for op, status, body in answers:
            pair.run(0.03)
            pair.protocol.receive(bytes((op, 0, status)) + body, pair.now_s, "ctrl")
        assert len(pair.of(Refused)) <= 1


class Unreadable:
    def key(self, serial: str) -> bytes | None:
        raise BridgeError("the keys cannot be read.")

    new_key = former = accepted = key


class Unwritable(Keys):
    def accepted(self, serial: str, key: bytes) -> None:
        raise BridgeError("the disk is full.")


def test_a_sensor_that_obeys_is_used_also_where_that_cannot_be_written_down():
    pair = talk(owner=locked(), keys=Unwritable(SIM1=KEY))
    pair.run(2)
    assert [n.data["text"] for n in pair.of(Notice) if n.kind == "owner_key"] == ["the disk is full."]
    assert pair.of(Ready)


def test_keys_that_cannot_be_read_claim_nothing_and_are_said():
    pair = talk(owner=OwnerLock(), keys=Unreadable())
    pair.run(2)
    assert [n.data["text"] for n in pair.of(Notice) if n.kind == "owner_key"] == ["the keys cannot be read."]
    assert pair.of(Ready)
    owned = talk(owner=locked(), keys=Unreadable())
    owned.run(2)
    assert refusal_of(owned) == "the keys cannot be read"


def test_info_says_who_may_command():
    lock = locked()
    device = VirtualDevice(NumberedStream(), framed=False, owner=lock)
    assert ask(device, ctrl.Op.INFO)[1][17] == 2
    lock.authorised = True
    info = ctrl.unpack_info(ask(device, ctrl.Op.INFO)[1])
    assert (info.streaming, info.key_set, info.authorised) == (False, True, True)


# --- the file of keys -------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "owner_keys.json"


def test_a_key_is_on_the_disk_before_it_is_told(path: Path):
    key = OwnerKeyFile(path).new_key("AB12")
    assert len(key) == 32
    assert OwnerKeyFile(path).key("AB12") == key
    assert OwnerKeyFile(path).key("CD34") is None
    assert list(path.parent.iterdir()) == [path]
    if sys.platform != "win32":
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_keys_of_former_times_are_kept_beside(path: Path):
    file = OwnerKeyFile(path)
    keys = [file.new_key("AB12") for _ in range(6)]
    assert file.former("AB12") == keys[-2:-6:-1]
    kept = json.loads(path.read_text())["sensors"]["AB12"]
    assert kept["key"] == keys[-1].hex()
    assert kept["former"] == [key.hex() for key in keys[-2:-6:-1]]


def test_a_key_that_was_accepted_is_never_dropped_and_is_tried_before_others(path: Path):
    file = OwnerKeyFile(path)
    true = file.new_key("AB12")
    file.accepted("AB12", true)
    others = [file.new_key("AB12") for _ in range(8)]
    assert OwnerKeyFile(path).former("AB12") == [true, *others[-2:-6:-1]]
    file.accepted("AB12", true)
    assert OwnerKeyFile(path).key("AB12") == true
    file.accepted("AB12", bytes(32))  # of no sensor of ours
    assert OwnerKeyFile(path).key("AB12") == true


def test_a_sensor_that_had_too_many_keys_is_not_claimed_again(path: Path):
    file = OwnerKeyFile(path)
    keys: list[bytes] = []
    for _ in range(MAX_PROVEN):
        keys.append(file.new_key("AB12"))
        file.accepted("AB12", keys[-1])
    with pytest.raises(OwnerKeysError, match="was not claimed"):
        file.new_key("AB12")
    assert [file.key("AB12"), *file.former("AB12")] == keys[::-1]


def test_keys_of_a_file_that_does_not_say_which_were_accepted_are_all_kept(path: Path):
    path.parent.mkdir()
    old = {"key": "01" * 32, "former": ["02" * 32]}
    path.write_text(json.dumps({"format": 1, "sensors": {"AB12": old}}))
    file = OwnerKeyFile(path)
    for _ in range(8):
        file.new_key("AB12")
    assert file.former("AB12")[:2] == [b"\x01" * 32, b"\x02" * 32]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"format": 2, "sensors": {}}',
        '{"format": 1, "sensors": {"AB12": {"key": "00"}}}',
        '{"format": 1, "sensors": {"AB12": {"key": null}}}',
        '{"format": 1, "sensors": {"AB12": {"key": "%s", "proven": 3}}}' % ("00" * 32),
        "[" * 100_000,
        " " * (MAX_FILE_BYTES + 2),
    ],
)
def test_a_damaged_file_is_said_and_never_written_over(path: Path, damage: str):
    path.parent.mkdir()
    path.write_text(damage)
    file = OwnerKeyFile(path)
    for method in (file.key, file.new_key):
        with pytest.raises(OwnerKeysError, match=r"cannot be read .*It is left as it is") as raised:
            method("AB12")
        assert "\n" not in str(raised.value)
    assert path.read_text() == damage


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs rights")
def test_a_folder_that_cannot_be_written_claims_nothing(tmp_path: Path):
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(OwnerKeysError, match="was not claimed"):
        OwnerKeyFile(tmp_path / "shut" / "in" / "owner_keys.json").new_key("AB12")


def test_a_disk_that_refuses_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch):
    file = OwnerKeyFile(path)
    key = file.new_key("AB12")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OwnerKeysError, match="no space left"):
        file.new_key("CD34")
    monkeypatch.undo()
    assert OwnerKeyFile(path).key("AB12") == key
    assert OwnerKeyFile(path).key("CD34") is None


def test_a_sensor_without_a_serial_number_is_not_claimed(path: Path):
    for serial in ("", "x" * 41):
        with pytest.raises(OwnerKeysError):
            OwnerKeyFile(path).new_key(serial)
    assert not path.exists()
