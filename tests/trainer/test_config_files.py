from pathlib import Path

import pytest

from trainer.config import GAMES, Config
from trainer.config_files import game_config, named_config, shipped_configs
from trainer.errors import UserError


def test_the_shipped_ones_are_there_and_can_all_be_read() -> None:
    assert {"coinrun", "starpilot", "debug"} <= set(shipped_configs())
    for name in shipped_configs():
        assert named_config(name).game in GAMES


def test_a_game_picks_its_own_config() -> None:
    assert game_config("starpilot") == named_config("starpilot")
    assert game_config("starpilot").game == "starpilot"


def test_a_game_without_one_has_the_defaults() -> None:
    assert "maze" not in shipped_configs()
    assert game_config("maze") == Config(game="maze")


def test_a_config_named_like_no_game_is_not_picked_by_one() -> None:
    with pytest.raises(UserError, match="debug"):
        game_config("debug")


def test_a_file_sets_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("game: maze\nlr: 1e-4\n")
    assert named_config(str(path)) == Config(game="maze", lr=1e-4)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UserError, match=r"'coinrum' .did you mean 'coinrun'"):
        named_config("coinrum")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing\.yaml"):
        named_config(str(tmp_path / "nothing.yaml"))
