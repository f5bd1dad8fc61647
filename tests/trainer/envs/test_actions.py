"""Names, keys and effects of the actions, held against the simulator."""

from __future__ import annotations

import pytest
from procgen import ProcgenGym3Env

from trainer.config import GAMES
from trainer.envs.actions import ACTIONS, NO_OP, action_classes, action_for_keys, distinct_actions
from trainer.errors import UserError

SOME_PROBES = 32

JUMPS = ((1, 0), (2,), (4, 3, 9, 10, 11, 12, 13, 14), (5,), (7, 6), (8,))
"""Down does nothing, letters do nothing."""
FOUR_WAYS = ((1, 0, 2), (3,), (4, 9, 10, 11, 12, 13, 14), (5,), (7, 6, 8))
"""Left and right go before up and down."""
SIDEWAYS_AND_FIRE = ((1, 0, 2), (4, 3, 5, 10, 11, 12, 13, 14), (7, 6, 8), (9,))
EIGHT_WAYS = ((0,), (1,), (2,), (3,), (4, 9, 10, 11, 12, 13, 14), (5,), (6,), (7,), (8,))
EIGHT_WAYS_AND_FIRE = ((0,), (1,), (2,), (3,), (4, 10, 11, 12, 13, 14), (5,), (6,), (7,), (8,), (9,))

GROUPS = {
    "bigfish": EIGHT_WAYS,
    "bossfight": EIGHT_WAYS_AND_FIRE,
    "caveflyer": EIGHT_WAYS_AND_FIRE,
    "chaser": EIGHT_WAYS,
    "climber": JUMPS,
    "dodgeball": EIGHT_WAYS_AND_FIRE,
    "fruitbot": SIDEWAYS_AND_FIRE,
    "heist": EIGHT_WAYS,
    "jumper": JUMPS,
    "leaper": FOUR_WAYS,
    "maze": FOUR_WAYS,
    "miner": FOUR_WAYS,
    "ninja": ((1, 0), (2,), (4, 3), (5,), (7, 6), (8,), (9, 13, 14), (10,), (11,), (12,)),
    "plunder": SIDEWAYS_AND_FIRE,
    "starpilot": ((0,), (1,), (2,), (3,), (4,), (5,), (6,), (7,), (8,), (9, 11, 12, 13, 14), (10,)),
}
"""What Procgen's rules say (coinrun apart, where rare places matter)."""


def test_keys_are_procgens_own() -> None:
    env = ProcgenGym3Env(num=1, env_name="maze", num_threads=0, distribution_mode="easy")
    assert [action.keys for action in ACTIONS] == [frozenset(keys) for keys in env.get_combos()]
    env.close()
    assert [action.index for action in ACTIONS] == list(range(15))
    assert len({action.name for action in ACTIONS}) == 15
    assert not ACTIONS[NO_OP].keys


@pytest.mark.parametrize(
    ("pressed", "action"),
    [((), 4), (("RIGHT",), 7), (("UP", "RIGHT"), 8), (("RIGHT", "D"), 7), (("E",), 14), (("LEFT", "RIGHT"), 1)],
)
def test_pressed_keys_give_the_fullest_combination(pressed: tuple[str, ...], action: int) -> None:
    assert action_for_keys(pressed) == action
    assert action_for_keys((*pressed, "F5")) == action


@pytest.mark.parametrize("game", sorted(GROUPS))
def test_actions_are_grouped_as_the_games_rules_say(game: str) -> None:
    assert action_classes(game, "easy", SOME_PROBES) == GROUPS[game]


def test_rare_effects_are_found() -> None:
    """In coinrun, down differs from no key on top of a crate only."""
    assert distinct_actions("coinrun", "easy") == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert set(GROUPS) | {"coinrun"} == set(GAMES)


def test_an_unknown_game_is_refused() -> None:
    with pytest.raises(UserError, match="no game 'pong'"):
        distinct_actions("pong")
