import dataclasses
from pathlib import Path

import pytest

from trainer.config import SIZES, Config, check, config_from, config_text, read_config
from trainer.errors import UserError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_gives_back_every_setting(tmp_path: Path) -> None:
    config = Config(game="maze", difficulty="hard", lr=3e-4, num_envs=7, preset="1m", save_every_updates=3)
    assert read_config(written(tmp_path, config_text(config))) == config


def test_the_text_names_every_setting() -> None:
    names = [line.split(":")[0] for line in config_text(Config()).splitlines()]
    assert names == [field.name for field in dataclasses.fields(Config)]


def test_numbers_in_every_notation_of_yaml(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, "lr: 4e-5\nentropy: 0.001\nlog_every: 5\ntotal_steps: 1_000\n"))
    assert (config.lr, config.entropy, config.log_every, config.total_steps) == (4e-5, 0.001, 5.0, 1000)
    assert isinstance(config.log_every, float)


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    base = Config(game="maze")
    assert read_config(written(tmp_path, "# nothing\n"), base) == base


def test_the_defaults_are_the_references_and_a_save_comes_every_five_minutes() -> None:
    ours = Config()
    assert (ours.lr, ours.warmup, ours.agc, ours.entropy, ours.lam) == (4e-5, 1000, 0.3, 3e-4, 0.95)
    assert (ours.imagination, ours.horizon, ours.batch_length, ours.free_nats) == (15, 333, 64, 1.0)
    assert (ours.difficulty, ours.levels, ours.save_every, ours.keep_checkpoints) == ("easy", 200, 300.0, 3)


def test_every_preset_has_the_published_proportions() -> None:
    for name, size in SIZES.items():
        if name not in ("debug", "1m", "4m"):
            assert (size.deter, size.units, size.classes) == (8 * size.hidden, size.hidden, size.depth)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gane: coinrun", "'gane' .did you mean 'game'"),
        ("game: coinrum", "coinrum.*did you mean 'coinrun'"),
        ("preset: 13m", "13m.*12m"),
        ("difficulty: medium", "medium.*easy, hard"),
        ("device: tpu", "tpu.*auto, cpu, cuda"),
        ("dtype: float16", "float16.*bfloat16"),
        ("num_envs: 0", "num_envs is 0.*from 1 to 1024"),
        ("num_envs: 20000", "num_envs is 20000.*from 1 to 1024"),
        ("levels: 201", "levels is 201.*from 1 to 200"),
        ("replay_gib: 1.0e+9", "replay_gib is 1000000000.0.*to 10000"),
        ("replay_gib: 0", "replay_gib is 0.*above 0"),
        ("total_steps: 0", "total_steps is 0.*from 1 to"),
        ("total_steps: 10000000000000", "total_steps is 10000000000000.*to 1e.12"),
        ("num_envs: many", "num_envs is 'many'.*whole number"),
        ("num_envs: 2.5", "num_envs is 2.5.*whole number"),
        ("num_envs: true", "num_envs is True"),
        ("lr: -1", "lr is -1"),
        ("lr: .nan", "lr is nan"),
        ("replay_gib: .inf", "replay_gib is inf"),
        ("lam: 1.5", "lam is 1.5"),
        ("game: 7", "game is 7.*text"),
        ("batch_length: 1", "batch_length is 1"),
        ("batch_size: -1", "batch_size is -1"),
        ("- a\n- b", "holds no settings"),
        ("game: [", "is not YAML"),
        ("game: !!python/object/apply:os.getcwd []", "holds a tag"),
    ],
)
def test_a_bad_setting_is_named_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError, match=message) as caught:
        read_config(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(UserError, match=r"settings\.yaml"):
        read_config(path)


def test_a_header_with_a_setting_of_later_versions_is_refused() -> None:
    with pytest.raises(UserError, match=r"run\.safetensors.*'world_size'"):
        config_from({"game": "maze", "world_size": 2}, "run.safetensors")


def test_checking_a_good_config_hands_it_back() -> None:
    config = Config(lam=1.0, train_ratio=0.0)
    assert check(config, "here") is config
