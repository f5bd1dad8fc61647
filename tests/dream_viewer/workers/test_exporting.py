"""Exports of a real episode by a real agent of the smallest size: films, pictures and tables."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dream_viewer.messages.agents import AgentInfo, TrainedOn
from dream_viewer.messages.lived import Arrival
from dream_viewer.messages.news import News, Record, Working, Written
from dream_viewer.messages.orders import ExportRequest
from dream_viewer.options import ExportOptions
from dream_viewer.workers.exporting import exporting
from dream_viewer.workers.file_desk import FileDesk
from dream_viewer.workers.headless_export import export
from tests.player_support import CONFIG, SHORT_GAME, SHORT_LEVEL, result_of, small_agent, small_checkpoint
from trainer.agent.agent import Agent
from trainer.envs.viewer import procgen_level
from trainer.episode import Step
from trainer.errors import UserError
from trainer.player import Player
from trainer.recording import recording_of, save_recording

INFO = AgentInfo(
    "small", 0, SHORT_GAME, "easy", "debug", 1000, 10, None, 1 - 1 / 333, TrainedOn(SHORT_GAME, "easy", 200)
)

OTHER = replace(INFO, name="other, later", generation=3, env_steps=2000)


@pytest.fixture(scope="module")
def lived() -> Player:
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    while not player.ended:
        player.advance()
    return player


def request(player: Player, path: Path, steps: int | None = None, horizon: int = 4) -> ExportRequest:
    moments = tuple(player.moments[:steps])
    outcome = player.episode.outcome if steps is None else None
    arrival = Arrival(0, SHORT_GAME, "easy", "unseen", SHORT_LEVEL, 0, 0, moments, outcome)
    return ExportRequest(path, arrival, 5, horizon, INFO)


def compared(wanted: ExportRequest) -> tuple[ExportRequest, Agent]:
    """The same with a second agent, and that agent."""
    return replace(wanted, other=OTHER), small_agent(seed=5, generation=OTHER.generation)


def made(player: Player, wanted: ExportRequest, other: Agent | None = None) -> list[int]:
    """The progress it told of."""
    return [done for done in exporting(wanted, player.agent, other, 0, procgen_level) if done is not None]


def test_a_film_has_every_moment(lived: Player, tmp_path: Path) -> None:
    file = tmp_path / "a.gif"
    assert made(lived, request(lived, file, steps=7)) == list(range(1, 8))
    with Image.open(file) as image:
        assert image.n_frames == 7
    assert list(tmp_path.iterdir()) == [file]


def test_an_ended_episode_can_be_pictured_at_its_end(lived: Player, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    last = len(lived.moments) - 1
    made(lived, replace(request(lived, file), index=last))
    made(lived, replace(request(lived, tmp_path / "b.png"), index=last - 1))
    with Image.open(file) as end, Image.open(tmp_path / "b.png") as before:
        assert end.size == before.size == (1280, 960)
        assert np.asarray(end)[300:320, 100:300].mean() < np.asarray(before)[300:320, 100:300].mean(), "dimmed"


def test_the_same_picture_twice_and_another_for_another_moment(lived: Player, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for file, index in zip(files, (5, 5, 6), strict=True):
        made(lived, replace(request(lived, file), index=index))
    a, b, c = (file.read_bytes() for file in files)
    assert a == b != c


def test_a_picture_shows_what_the_window_shows(lived: Player, tmp_path: Path) -> None:
    """The dream pane in its mode, the future from the Moment itself, the fan and the bookmarks."""
    pictures: dict[str, np.ndarray] = {}
    wanted = request(lived, tmp_path / "a.png")
    for name, asked in {
        "dream": wanted,
        "belief": replace(wanted, mode="belief"),
        "first": replace(wanted, mode="future"),
        "third": replace(wanted, mode="future", ahead=2),
        "no fan": replace(wanted, fan=False),
        "marked": replace(wanted, bookmarks=(3,)),
    }.items():
        made(lived, asked)
        with Image.open(wanted.path) as image:
            pictures[name] = np.asarray(image)

    def differs(one: str, other: str, top: int, bottom: int) -> bool:
        return not np.array_equal(pictures[one][top:bottom], pictures[other][top:bottom])

    panes, strip, times = (100, 500), (530, 740), (760, 960)
    assert differs("dream", "belief", *panes) and not differs("dream", "belief", *strip)
    assert differs("first", "third", *panes) and differs("dream", "first", *strip), "it looks at its own Moment"
    reading = lived.moments[5].reading
    assert reading is not None and np.array_equal(pictures["belief"][135:492:6, 451:832:6], reading.belief[4:])
    assert differs("dream", "no fan", *times) and not differs("dream", "no fan", *panes)
    assert differs("dream", "marked", *times)
    assert tuple(pictures["third"][300, 25]) == (130, 170, 245), "reality, too, under the dreamt actions"


def test_a_game_that_comes_out_different_is_drawn_from_what_the_agent_saw(lived: Player, tmp_path: Path) -> None:
    wanted = request(lived, tmp_path / "a.png", steps=8)
    moments = list(wanted.arrival.moments)
    step = moments[3].step
    odd = Step(255 - step.frame, step.reward, step.action, False, False, False, step.level_seed)
    moments[3] = replace(moments[3], step=odd)
    made(lived, replace(wanted, arrival=replace(wanted.arrival, moments=tuple(moments))))
    whole = tmp_path / "b.png"
    made(lived, replace(wanted, path=whole))
    assert (tmp_path / "a.png").read_bytes() != whole.read_bytes()


def test_curves_hold_what_was_read(lived: Player, tmp_path: Path) -> None:
    made(lived, request(lived, tmp_path / "a.csv"))
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(lived.moments) and rows[-1]["action"] == "-1" and rows[-1]["value"] == ""
    reading = lived.moments[3].reading
    assert reading is not None and float(rows[3]["value"]) == pytest.approx(reading.value, rel=1e-5)
    made(lived, replace(request(lived, tmp_path / "a.npz"), bookmarks=(2,)))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert len(arrays["surprise_nats"]) == len(rows) and str(arrays["outcome"]) == "lost"
        assert list(arrays["bookmark"][:4]) == [0, 0, 1, 0]


def test_curves_tell_who_acted_and_which_weights_read_them(lived: Player, tmp_path: Path) -> None:
    wanted, other = compared(request(lived, tmp_path / "a.csv"))
    moments = list(wanted.arrival.moments)
    moments[2] = replace(moments[2], step=replace(moments[2].step, by_person=True))
    wanted = replace(wanted, arrival=replace(wanted.arrival, moments=tuple(moments)))
    assert made(lived, wanted, other)[-1] == len(moments), "what the second agent reads is counted"
    with open(wanted.path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["acted_by"] for row in rows[:4]] == ["agent", "agent", "person", "agent"]
    assert rows[-1]["acted_by"] == "" and rows[-1]["other_value"] == ""
    assert {(row["agent"], row["other_agent"]) for row in rows} == {("small", "other, later")}
    reading = moments[3].reading
    assert reading is not None and float(rows[3]["value"]) == pytest.approx(reading.value, rel=1e-5)
    assert float(rows[3]["other_value"]) != pytest.approx(reading.value, rel=1e-5)
    again = replace(wanted, path=tmp_path / "a.npz")
    made(lived, again, other)
    with np.load(again.path, allow_pickle=False) as arrays:
        assert arrays["other_value"][3] == pytest.approx(float(rows[3]["other_value"]), rel=1e-6)
        assert list(arrays["acted_by"][:3]) == ["agent", "agent", "person"] and int(arrays["other_env_steps"]) == 2000


def test_a_film_of_two_agents_shows_both(lived: Player, tmp_path: Path) -> None:
    wanted, other = compared(request(lived, tmp_path / "a.png"))
    made(lived, wanted, other)
    with Image.open(wanted.path) as image:
        pixels = np.asarray(image)
    one, two = pixels[150:320, 350:530], pixels[150:320, 830:1010]
    assert one.std() > 1 and two.std() > 1 and not np.array_equal(one, two), "two dreams of one moment"
    film, _ = compared(request(lived, tmp_path / "a.mp4", steps=2))
    assert made(lived, film, other) == [2, 3, 4], "two frames read, two drawn"
    with pytest.raises(UserError, match="not compared any more"):
        made(lived, replace(wanted, path=tmp_path / "b.png"), small_agent(generation=8))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "a.png"]


def test_other_weights_cannot_draw_its_dreams(lived: Player, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Other weights"):
        list(exporting(request(lived, tmp_path / "a.mp4"), small_agent(generation=9), None, 0, procgen_level))
    assert list(tmp_path.iterdir()) == []


def test_the_desk_tells_how_far_it_is_and_a_cancelled_export_leaves_nothing(lived: Player, tmp_path: Path) -> None:
    records: list[Record] = []
    refusals: list[str] = []

    def tell(news: News) -> None:
        records.extend(news.records)

    desk = FileDesk(tell, refusals.append)
    file = tmp_path / "a.mp4"
    desk.export(lived, None, request(lived, file, steps=6), 0, procgen_level)
    desk.turn()
    assert records == [Working("export", "a.mp4", 0, 6)], "at once"
    while len(records) < 2:
        desk.turn()
    assert records[1] == Working("export", "a.mp4", 1, 6)
    desk.cancel_export()
    assert not desk.turn() and list(tmp_path.iterdir()) == [] and refusals == []
    desk.export(lived, None, request(lived, file, steps=3), 0, procgen_level)
    while desk.turn():
        pass
    assert records[-1] == Written(file) and file.stat().st_size > 1000


def test_without_a_window_a_checkpoint_plays_and_a_recording_is_read(lived: Player, tmp_path: Path) -> None:
    checkpoint = small_checkpoint(tmp_path / "small.safetensors")
    out = tmp_path / "a.csv"
    options = ExportOptions(checkpoint, None, out, level=SHORT_LEVEL, steps=5)
    export(options, checkpoint, None)
    assert len(out.read_text().splitlines()) == 6
    with pytest.raises(UserError, match="--at 5"):
        export(replace(options, at=5), checkpoint, None)
    recording = result_of(recording_of(lived.episode))
    save_recording(tmp_path / "a.episode", recording)
    export(replace(options, out=tmp_path / "b.csv"), checkpoint, recording)
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 1 + len(lived.moments)
    with pytest.raises(UserError, match="can be exported"):
        export(replace(options, out=tmp_path / "a.avi"), checkpoint, None)
    export(replace(options, out=tmp_path / "c.csv", compare=checkpoint), checkpoint, None)
    row = (tmp_path / "c.csv").read_text().splitlines()[3].split(",")
    head = (tmp_path / "c.csv").read_text().splitlines()[0].split(",")
    assert row[head.index("other_value")] == row[head.index("value")], "the same weights see the same"
    elsewhere = small_checkpoint(tmp_path / "maze.safetensors", config=replace(CONFIG, game="maze"))
    with pytest.raises(UserError, match="was trained on maze"):
        export(replace(options, out=tmp_path / "d.csv", compare=elsewhere), checkpoint, None)
