"""Recordings: a whole episode comes back from a small text, and no file can do harm."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.player_support import SHORT_GAME, SHORT_LEVEL, result_of, small_agent
from trainer.envs.actions import NO_OP
from trainer.envs.replaying import ReplayDiffers
from trainer.envs.viewer import ViewerEnv, procgen_level
from trainer.episode import Episode
from trainer.errors import UserError
from trainer.player import Player
from trainer.recording import LARGEST_FILE, Recording, Restored, read_recording, recording_of, restoring, save_recording

PLAYED = (3, 4, 5, 7)
"""Lengths of the episode at which a person chooses what comes next."""


@pytest.fixture(scope="module")
def player() -> Player:
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    while not player.ended:
        player.advance(NO_OP if len(player.moments) in PLAYED else None)
    return player


@pytest.fixture(scope="module")
def recording(player: Player) -> Recording:
    return result_of(recording_of(player.episode))


def nothing(t: int, env: ViewerEnv) -> None:
    pass


def restored(recording: Recording) -> Restored:
    return result_of(restoring(recording, procgen_level, nothing))


def same_episode(a: Episode, b: Episode) -> bool:
    same = (a.game, a.difficulty, a.split, a.level_seed, a.outcome) == (
        b.game, b.difficulty, b.split, b.level_seed, b.outcome
    )  # fmt: skip
    steps = [replace(step, frame=np.zeros(0, np.uint8)) for step in a.steps]
    others = [replace(step, frame=np.zeros(0, np.uint8)) for step in b.steps]
    frames = all(np.array_equal(x.frame, y.frame) for x, y in zip(a.steps, b.steps, strict=True))
    return same and frames and [str(step) for step in steps] == [str(step) for step in others]


def test_an_episode_comes_back_from_a_small_file(player: Player, recording: Recording, tmp_path: Path) -> None:
    file = tmp_path / "lost.episode"
    save_recording(file, recording)
    assert file.stat().st_size < 60 * len(player.episode.steps) + 500
    again = read_recording(file)
    assert again == recording and again.outcome == "lost"
    back = restored(again)
    assert back.differs == "" and same_episode(back.episode, player.episode)


def test_an_episode_that_goes_on_comes_back_as_far_as_it_went(player: Player, tmp_path: Path) -> None:
    begun = replace(player.episode, steps=player.episode.steps[:5], outcome=None)
    file = tmp_path / "begun.episode"
    save_recording(file, result_of(recording_of(begun)))
    back = restored(read_recording(file))
    assert back.differs == "" and same_episode(back.episode, begun)


def test_what_comes_out_different_is_told_and_what_was_before_is_shown(recording: Recording) -> None:
    hashes = list(recording.hashes)
    hashes[6] = "0" * 16
    back = restored(replace(recording, hashes=tuple(hashes)))
    assert len(back.episode.steps) == 6 and back.episode.outcome is None
    assert "comes out different here from step 6 on" in back.differs
    rewards = (*recording.rewards[:-1], 3.0)
    back = restored(replace(recording, rewards=rewards))
    assert len(back.episode.steps) == len(recording.hashes) and "from step" in back.differs
    back = restored(replace(recording, outcome="won"))
    assert back.episode.outcome is None and back.differs
    with pytest.raises(ReplayDiffers, match="step 0 comes out different"):
        restored(replace(recording, level_seed=recording.level_seed + 1))


def test_a_player_reads_a_recording_and_forks_it_where_it_holds(recording: Recording) -> None:
    player = Player(small_agent(3, generation=5), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL + 1)
    back, moments = result_of(player.recall(-2, recording))
    assert [moment.step for moment in moments] == back.episode.steps
    assert moments[3].reading is not None and moments[3].reading.generation == 5
    assert moments[-1].step.is_last and moments[-1].reading is None
    fork = result_of(player.fork(-2, 4, back.episode, recording.actions[4:6]))
    assert fork is not None and np.array_equal(fork.frames[0], moments[5].step.frame)
    other = Player(small_agent(), "maze", "easy")
    other.new_level("unseen", 3)
    elsewhere = result_of(other.fork(-2, 4, result_of(other.recall(-2, recording))[0].episode, recording.actions[4:6]))
    assert elsewhere is not None and np.array_equal(elsewhere.frames, fork.frames), "a recording of another game"
    assert result_of(other.fork(0, 0, other.episode, [1])) is not None, "and back to the game being played"
    for who in (player, other):
        who.close()


def test_who_acted_comes_back_with_it_and_files_of_the_first_version_open(
    player: Player, recording: Recording, tmp_path: Path
) -> None:
    assert recording.played == ((2, 4), (6, 6))
    back = restored(recording).episode
    assert [t for t, step in enumerate(back.steps) if step.by_person] == [2, 3, 4, 6]
    until_then = replace(player.episode, steps=player.episode.steps[:4], outcome=None)
    assert result_of(recording_of(until_then)).played == ((2, 3),)
    file = tmp_path / "first.episode"
    save_recording(file, recording)
    fields = json.loads(file.read_text())
    del fields["played"]
    file.write_text(json.dumps({**fields, "dream_agent_recording": 1}))
    assert read_recording(file) == replace(recording, played=())


DAMAGE: dict[str, Any] = {
    "dream_agent_recording": ["1", 0, True, None],
    "game": ["doom", 3, None, ["coinrun"], {"a": 1}],
    "difficulty": ["extreme", None],
    "split": ["../train", 1],
    "level_seed": [-1, 2**31 - 1, 10**30, 1.5, "3", True],
    "actions": [None, [], "7", [15] * 8, [-1], [1.0]],
    "rewards": [None, [], {"0": 1}, [float("nan")], ["1"]],
    "hashes": [None, [], ["zz"]],
    "outcome": ["drawn", 1, ["won"]],
    "played": [None, "you", {"0": 1}, [3], [[3]], [[3, 4, 5]], [[True, 4]], [[3.0, 4]], [[-1, 4]], [[4, 3]]],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_file_damaged_in_any_field_is_refused_in_one_sentence(
    name: str, recording: Recording, tmp_path: Path
) -> None:
    file = tmp_path / "damaged.episode"
    save_recording(file, recording)
    whole = json.loads(file.read_text())
    for value in DAMAGE[name]:
        file.write_text(json.dumps({**whole, name: value}))
        with pytest.raises(UserError, match=r"damaged\.episode: ") as refusal:
            read_recording(file)
        assert "\n" not in str(refusal.value)
    del whole[name]
    if name != "outcome":
        file.write_text(json.dumps(whole))
        with pytest.raises(UserError):
            read_recording(file)


@pytest.mark.parametrize("stretches", [[(3, 4), (5, 6)], [(3, 4), (4, 6)], [(6, 7), (3, 4)], [(3, 10**30)]])
def test_what_a_person_played_comes_in_order_and_within_the_episode(
    stretches: list[tuple[int, int]], recording: Recording, tmp_path: Path
) -> None:
    file = tmp_path / "damaged.episode"
    save_recording(file, replace(recording, played=tuple(stretches)))
    with pytest.raises(UserError, match="what a person played makes no sense"):
        read_recording(file)


def test_one_wrong_entry_in_a_row_is_refused(recording: Recording, tmp_path: Path) -> None:
    file = tmp_path / "damaged.episode"
    for name, wrong in (("actions", 15), ("actions", True), ("rewards", 1e300), ("hashes", "A" * 16), ("hashes", 7)):
        save_recording(file, recording)
        fields = json.loads(file.read_text())
        fields[name][3] = wrong
        file.write_text(json.dumps(fields))
        with pytest.raises(UserError, match=f"its {name} makes no sense"):
            read_recording(file)


def test_hostile_and_foreign_files_are_refused(recording: Recording, tmp_path: Path) -> None:
    file = tmp_path / "hostile.episode"
    save_recording(file, recording)
    text = file.read_bytes()
    later = text.replace(b'"dream_agent_recording": 2', b'"dream_agent_recording": 3')
    for content, word in (
        (b"", "no recording"),
        (text[: len(text) // 2], "no recording"),
        (b"\x80\x04\x95" + bytes(40), "no recording"),
        (b"[" * 100_000, "no recording"),
        (b"[1, 2]", "is no recording"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no recording"),
        (b" " * (LARGEST_FILE + 1), "too large"),
        (b"{}", "not recorded by Dream Agent"),
        (later, "update Dream Agent"),
    ):
        file.write_bytes(content)
        with pytest.raises(UserError, match=word):
            read_recording(file)
    with pytest.raises(UserError, match="no such file"):
        read_recording(tmp_path / "missing.episode")
    with pytest.raises(UserError, match="is no file"):
        read_recording(tmp_path)
