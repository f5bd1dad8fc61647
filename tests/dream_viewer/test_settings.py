"""Settings come back as they were saved, and damage costs comfort only."""

import json
from pathlib import Path

import pytest

from dream_viewer.settings import Settings, SettingsFile


def test_saved_and_loaded(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "new" / "viewer.json")
    chosen = Settings(
        speed=2.0, loop=True, dream_mode="future", training={"game": "maze", "num_envs": 8}, dismissed=["/a"]
    )
    file.save(chosen)
    assert file.load() == chosen
    assert [path.name for path in file.path.parent.iterdir()] == ["viewer.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        '"x"',
        pytest.param("[" * 100_000, id="deep"),
        b"\xff\xfe".decode("latin1"),
        pytest.param('{"loop": true}'.rjust(2**21), id="huge"),
    ],
)
def test_a_damaged_file_gives_defaults_and_is_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "viewer.json"
    path.write_text(text, encoding="utf-8")
    assert SettingsFile(path).load() == Settings()
    assert [(left.name, left.read_text(encoding="utf-8")) for left in tmp_path.iterdir()] == [
        ("viewer.json.damaged", text)
    ]


def test_what_makes_no_sense_takes_its_default_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    values = {"speed": 4, "loop": "yes", "dream_mode": "nightmare", "ground_every": True, "unknown": 1, "folder": "/x"}
    path.write_text(json.dumps(values), encoding="utf-8")
    assert SettingsFile(path).load() == Settings(speed=4.0, folder="/x")


@pytest.mark.parametrize(
    "wild",
    [
        {"ground_every": 10**12},
        {"ground_every": -1},
        {"speed": 10**400},
        {"speed": float("nan")},
        {"geometry": "\ud800"},
        {"dismissed": [1]},
    ],
)
def test_what_is_out_of_range_takes_its_default(tmp_path: Path, wild: dict[str, object]) -> None:
    path = tmp_path / "viewer.json"
    path.write_text(json.dumps({**wild, "folder": "/x"}), encoding="utf-8")
    assert SettingsFile(path).load() == Settings(folder="/x")


def test_no_file_is_no_trouble(tmp_path: Path) -> None:
    assert SettingsFile(tmp_path / "none.json").load() == Settings()


def test_its_place_is_the_persons_configuration_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert SettingsFile().path.is_relative_to(tmp_path)
