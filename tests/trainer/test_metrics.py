import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from trainer.config import Config
from trainer.errors import UserError
from trainer.events import (
    EpisodeEnded,
    Evaluated,
    Event,
    Finished,
    Metrics,
    OpenLoopVideo,
    Progress,
    Saved,
    Started,
    UpdateSkipped,
)
from trainer.metrics import ConsoleProgress, RunRecorder, progress_line, scores_line, video_frames
from trainer.run import Run
from trainer.tensorboard_log import gif


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", Config(preset="debug"))


def started(run_dir: object = "/runs/one", env_steps: int = 0, updates: int = 0) -> Started:
    return Started(str(run_dir), env_steps, updates, 1000, "coinrun easy, preset debug")


def progress(env_steps: int, elapsed: float, mean_return: float | None = 5.25) -> Progress:
    return Progress(env_steps, env_steps // 10, 0, elapsed, 0.314, 321.6, mean_return, 7265.0)


def video(observed: int = 2) -> OpenLoopVideo:
    truth = np.full((2, 5, 64, 64, 3), 100, np.uint8)
    return OpenLoopVideo(20, 2, truth, truth + np.uint8(50), observed)


def record(*events: Event) -> None:
    recorder = RunRecorder()
    for event in events:
        recorder.handle(event)
    recorder.close()


def rows(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.metrics_file.read_text().splitlines()]


def board(run: Run) -> EventAccumulator:
    return EventAccumulator(str(run.tensorboard_dir)).Reload()


def test_every_kind_of_row_has_its_counters(run: Run) -> None:
    record(
        started(run.path),
        EpisodeEnded(10, 42, 10.0, 7, "won"),
        progress(10, 1.0),
        EpisodeEnded(20, 43, 0.0, 9, "lost"),
        Metrics(20, 2, {"loss/image": 1.5}),
        Evaluated(20, 2, {"validation.mean_return": 4.0}),
    )
    assert rows(run) == [
        {
            "kind": "episode",
            "env_steps": 10,
            "updates": 0,
            "level_seed": 42,
            "return": 10.0,
            "length": 7,
            "outcome": "won",
        },
        {
            "kind": "episode",
            "env_steps": 20,
            "updates": 1,
            "level_seed": 43,
            "return": 0.0,
            "length": 9,
            "outcome": "lost",
        },
        {"kind": "metrics", "env_steps": 20, "updates": 2, "loss/image": 1.5},
        {"kind": "evaluation", "env_steps": 20, "updates": 2, "validation.mean_return": 4.0},
    ]


def test_rows_are_there_before_the_recorder_is_closed(run: Run) -> None:
    recorder = RunRecorder()
    recorder.handle(started(run.path))
    recorder.handle(Metrics(20, 2, {"loss/image": 1.5}))
    assert rows(run) == [{"kind": "metrics", "env_steps": 20, "updates": 2, "loss/image": 1.5}]
    recorder.close()


def test_numbers_that_are_not_finite_stay_json(run: Run) -> None:
    record(started(run.path), Metrics(20, 2, {"a": float("nan"), "b": float("inf")}))
    assert rows(run) == [{"kind": "metrics", "env_steps": 20, "updates": 2, "a": None, "b": None}]


def test_a_resumed_run_repeats_no_row(run: Run) -> None:
    before = [Metrics(10, 1, {"a": 1.0}), EpisodeEnded(10, 1, 0.0, 5, "lost"), Metrics(20, 2, {"a": 2.0})]
    record(started(run.path), *before, Metrics(20, 3, {"a": 3.0}), Metrics(30, 3, {"a": 4.0}))
    record(started(run.path, 20, 2), Metrics(30, 3, {"a": 5.0}))
    assert [(row["env_steps"], row.get("a")) for row in rows(run)] == [(10, 1.0), (10, None), (20, 2.0), (30, 5.0)]


@pytest.mark.parametrize("torn", [b'{"kind": "metrics", "env_st', b'{"env_steps": 15, "updates": 1}', b"\x00\xff\n"])
def test_a_row_that_broke_off_is_cut(run: Run, torn: bytes) -> None:
    record(started(run.path), Metrics(10, 1, {"a": 1.0}))
    with run.metrics_file.open("ab") as file:
        file.write(torn)
    record(started(run.path, 20, 2), Metrics(30, 3, {"a": 2.0}))
    assert [row["env_steps"] for row in rows(run)] == [10, 30]


@pytest.mark.parametrize("damage", [b"\x00" * 40, b"[" * 100_000, b'{"env_steps": "x", "updates": []}', b"{}", b"3"])
def test_a_damaged_row_costs_no_other_row(run: Run, damage: bytes) -> None:
    record(started(run.path), Metrics(10, 1), Metrics(15, 1))
    first, second = run.metrics_file.read_bytes().splitlines()
    run.metrics_file.write_bytes(b"\n".join([first, damage, second, damage, b""]))
    record(started(run.path, 20, 2), Metrics(30, 3))
    *before, last = run.metrics_file.read_bytes().splitlines()
    assert before == [first, damage, second] and json.loads(last)["env_steps"] == 30


def test_a_full_disk_is_one_sentence(run: Run) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    run.metrics_file.symlink_to("/dev/full")
    recorder = RunRecorder()
    recorder.handle(started(run.path))
    with pytest.raises(UserError, match=r"metrics\.jsonl: cannot be written \(No space left"):
        recorder.handle(Metrics(20, 2, {"a": 1.0}))
    recorder.close()  # with nothing left to write, which would be refused once more


def test_tensorboard_has_scalars_and_the_video(run: Run) -> None:
    flicker = np.arange(5, dtype=np.uint8).reshape(1, 5, 1, 1, 1).repeat(64, 2).repeat(64, 3).repeat(3, 4) * 40
    record(
        started(run.path),
        Metrics(20, 2, {"loss/image": 1.5}),
        Evaluated(20, 2, {"validation.mean_return": 4.0}),
        EpisodeEnded(20, 42, 10.0, 7, "won"),
        OpenLoopVideo(20, 2, flicker, flicker, 2),
    )
    log = board(run)
    assert [(event.step, event.value) for event in log.Scalars("loss/image")] == [(20, 1.5)]
    assert [event.value for event in log.Scalars("evaluation/validation.mean_return")] == [4.0]
    assert [event.value for event in log.Scalars("episode/return")] == [10.0]
    picture = log.Images("dream/open_loop")[0]
    with Image.open(io.BytesIO(picture.encoded_image_string)) as animation:
        assert (animation.format, animation.n_frames, animation.size) == ("GIF", 5, (picture.width, picture.height))


def test_tensorboard_forgets_what_a_resumed_run_repeats(run: Run) -> None:
    record(started(run.path), *(Metrics(step, step, {"a": 1.0}) for step in (10, 20, 30)))
    record(started(run.path, 20, 20), Metrics(30, 30, {"a": 2.0}))
    assert [(event.step, event.value) for event in board(run).Scalars("a")] == [(10, 1.0), (20, 1.0), (30, 2.0)]


def test_the_video_shows_truth_model_and_error_side_by_side() -> None:
    frames = video_frames(video(observed=2))
    steps, height, width, _ = frames.shape
    assert (steps, height % 2, width % 3) == (5, 0, 0)
    row, column = height // 4, width // 6
    for frame in frames:
        assert [int(frame[row, column * k, 0]) for k in (1, 3, 5)] == [100, 150, 128 + 25]


def test_the_video_turns_red_where_the_model_no_longer_sees() -> None:
    frames = video_frames(video(observed=2)).astype(int)
    edge = frames[:, 0, frames.shape[2] // 2]
    assert (edge[:2, 1] > edge[:2, 0]).all()
    assert (edge[2:, 0] > edge[2:, 1]).all()


def test_a_gif_plays_for_ever() -> None:
    frames = np.stack([np.full((8, 8, 3), shade, np.uint8) for shade in (0, 128, 255)])
    with Image.open(io.BytesIO(gif(frames))) as animation:
        assert (animation.n_frames, animation.info["loop"]) == (3, 0)


def test_the_progress_line_says_what_a_person_wants_to_know() -> None:
    line = progress_line(progress(120, 1.0), 1000)
    assert line == "120/1,000 steps, 0.31 updates/s, 322 frames/s, return 5.25, 2:01:05 left"


def test_the_progress_line_before_anything_is_known() -> None:
    line = progress_line(Progress(0, 0, 0, 0.0, 0.0, 0.0, None, None), 1000)
    assert line.endswith("no return yet, time left unknown")


def test_scores_carry_their_errors() -> None:
    scores = {"train.mean_return": 6.2, "train.stderr": 0.5, "random.mean_return": 3.0}
    assert scores_line(scores) == "train 6.20 ± 0.50, random 3.00"


def test_a_terminal_gets_one_line_that_renews_itself() -> None:
    stream = Terminal()
    console = ConsoleProgress(stream)
    for event in (started(), progress(10, 1.0), progress(500, 2.0)):
        console.handle(event)
    console.close()
    text = stream.getvalue()
    assert "500/1,000 steps" in text
    assert "\r" in text
    assert text.count("\n") == 3  # the run, its summary, and the end of the line


def test_a_file_gets_a_plain_line_every_half_minute() -> None:
    stream = io.StringIO()
    console = ConsoleProgress(stream)
    console.handle(started())
    for second in range(100):
        console.handle(progress(second, float(second)))
    console.close()
    lines = [line for line in stream.getvalue().splitlines() if "updates/s" in line]
    assert [line.split("/")[0] for line in lines] == ["0", "30", "60", "90"]


def test_rare_events_get_a_line_of_their_own() -> None:
    stream = Terminal()
    console = ConsoleProgress(stream)
    for event in (
        started(),
        progress(10, 1.0),
        UpdateSkipped(7, 2, "refused/update-7.npz"),
        Evaluated(500, 50, {"validation.mean_return": 4.0}),
        Saved("step-10.safetensors", 10, 1, False),
        Saved("step-500.safetensors", 500, 50, True),
        Finished("stopped", 500, 50, "step-500.safetensors"),
    ):
        console.handle(event)
    text = stream.getvalue()
    assert "refused/update-7.npz" in text
    assert "Evaluated at 500 steps: validation 4.00" in text
    assert "step-10.safetensors" not in text
    assert "Stopped and saved: 500 steps, 50 updates, step-500.safetensors\n" in text
