from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.kernels_support import compiled_only
from tests.trainer.loop_support import (
    TINY,
    copied,
    corridor,
    differing,
    drive,
    poisoned,
    resumed,
    rows_without_time,
    tiny_loop,
    updates_reach,
)
from trainer.agent.agent import Agent
from trainer.agent.parts import BACKWARD, PARTS
from trainer.checkpoint import export_weights, open_checkpoint, read_header, save_checkpoint
from trainer.config import Config
from trainer.envs.testing import RIGHT
from trainer.errors import UserError
from trainer.evaluation.scores import Tick
from trainer.events import (
    EpisodeEnded,
    Evaluated,
    Finished,
    Metrics,
    OpenLoopVideo,
    Progress,
    Saved,
    Started,
    UpdateSkipped,
)
from trainer.loop import TrainingLoop
from trainer.nn import fused
from trainer.refusal import REFUSED_IN_A_ROW
from trainer.replay import Batch
from trainer.run import Run
from trainer.settle import settle


def test_a_run_tells_its_story_in_picklable_events(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run", total_steps=160, video_every=0.3, evaluate_every_updates=5)
    events = drive(loop)
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Started, Saved]
    assert kinds[-2:] == [Saved, Finished]
    assert {EpisodeEnded, Metrics, Progress, Evaluated, OpenLoopVideo} <= set(kinds)
    assert [type(again) for again in pickle.loads(pickle.dumps(events))] == kinds
    started, finished = events[0], events[-1]
    assert isinstance(started, Started) and isinstance(finished, Finished)
    assert (started.env_steps, started.updates, started.total_steps) == (0, 0, 160)
    assert (finished.reason, finished.env_steps) == ("complete", 160)
    assert open_checkpoint(Path(finished.checkpoint)).header.updates == finished.updates


def test_progress_comes_with_every_turn(tmp_path: Path) -> None:
    events = drive(tiny_loop(tmp_path / "run", total_steps=80))
    counters = [(event.env_steps, event.updates) for event in events if isinstance(event, Progress)]
    assert counters[-1][1] > 10
    for before, after in itertools.pairwise(counters):
        assert (after[0] - before[0], after[1] - before[1]) in ((TINY.num_envs, 0), (0, 1))


def test_updates_follow_the_train_ratio_exactly_and_over_resumes(tmp_path: Path) -> None:
    """An update costs 12 replayed steps and an environment step earns 2.3: the remainder must not get lost."""
    loop = tiny_loop(tmp_path / "run", train_ratio=2.3)
    first = next(e.env_steps for e in drive(loop, updates_reach(1)) if isinstance(e, Progress) and e.updates == 1)
    for end in (61, 95, 160):
        loop = resumed(tmp_path / "run", total_steps=end)
        drive(loop)
    assert loop.env_steps == 160
    assert loop.updates == 1 + int((160 - first) * 2.3 / 12)


def test_end_steps_enter_replay_with_the_last_frame_and_the_reward_of_the_end(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run", train_ratio=0.1)
    events = loop.run()
    next(events)
    loop.agent.choose = lambda latent, generator: torch.full((2,), RIGHT)  # type: ignore[method-assign]
    ended: list[EpisodeEnded] = []
    while len(ended) < 12:
        event = next(events)
        ended += [event] if isinstance(event, EpisodeEnded) else []
    assert {(end.outcome, end.total_reward) for end in ended} == {("won", 1.0)}
    batch = loop.replay.sample(100, np.random.default_rng(0))
    ends = batch.is_last[:, 1:]
    assert ends.any()
    assert np.array_equal(batch.frame[:, :-1][ends], batch.frame[:, 1:][ends])
    assert not batch.reward[:, 1:][batch.is_first[:, 1:]].any()
    assert batch.is_terminal[batch.is_last].all()
    assert np.array_equal(batch.reward, batch.is_last.astype(np.float32))
    events.close()


@pytest.mark.parametrize("last", [*BACKWARD, "optimise"])
def test_a_stop_in_the_middle_of_an_update_leaves_no_trace(tmp_path: Path, last: str) -> None:
    loop = tiny_loop(tmp_path / "run")
    events = loop.run()
    while next(events) and loop.updates < 5:
        pass
    before = copied(loop.learner.state_tensors())
    step_count = loop.learner.optimiser.step_count
    update = loop.learner.update
    parts: list[str] = []

    def watched(batch: Batch, generator: torch.Generator, poll: Any) -> Any:
        def stop_late(part: str) -> bool:
            parts.append(part)
            if part == last:
                thread = threading.Thread(target=loop.stop)
                thread.start()
                thread.join()
            return bool(poll(part))

        return update(batch, generator, stop_late)

    loop.learner.update = watched  # type: ignore[method-assign]
    kinds, digest = [], ""
    for event in events:
        kinds.append(type(event))
        digest = loop.replay.digest() if not isinstance(event, Finished) else digest
    assert parts == list(PARTS[: PARTS.index(last) + 1])
    assert kinds[-2:] == [Saved, Finished]
    assert differing(before, loop.learner.state_tensors()) == []
    assert (loop.updates, loop.learner.optimiser.step_count) == (5, step_count)

    undisturbed = tiny_loop(tmp_path / "other")
    drive(undisturbed, updates_reach(9))
    again = resumed(tmp_path / "run")
    replays: list[str] = []
    for event in again.run():
        if isinstance(event, Started):
            replays.append(again.replay.digest())
        if again.updates >= 9:
            again.stop()
    assert replays == [digest]
    assert differing(undisturbed.learner.state_tensors(), again.learner.state_tensors()) == []


def test_a_run_in_bfloat16_goes_on_to_the_bit(tmp_path: Path) -> None:
    straight = tiny_loop(tmp_path / "straight", dtype="bfloat16")
    drive(straight, updates_reach(8))
    drive(tiny_loop(tmp_path / "run", dtype="bfloat16"), updates_reach(3))
    again = resumed(tmp_path / "run")
    drive(again, updates_reach(8))
    assert again.agent.dtype == torch.bfloat16
    assert differing(straight.learner.state_tensors(), again.learner.state_tensors()) == []


def test_a_refused_update_leaves_no_trace_is_counted_and_its_batch_kept(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run")
    events = loop.run()
    while next(events) and loop.updates < 3:
        pass
    poisoned(loop, 1)
    before = copied(loop.learner.state_tensors())
    skipped = None
    while skipped is None:
        digest = loop.replay.digest()
        event = next(events)
        skipped = event if isinstance(event, UpdateSkipped) else None
    assert differing(before, loop.learner.state_tensors()) == []
    assert loop.replay.digest() == digest
    assert (skipped.updates, skipped.in_a_row) == (3, 1)
    with np.load(skipped.batch_file) as batch:
        assert np.isnan(batch["reward"][0, 3])
        assert batch["frame"].shape == (2, 7, 64, 64, 3)
    while loop.updates < 6:
        event = next(events)
    assert isinstance(event, Progress) and event.skipped == 1
    loop.stop()
    finished = list(events)[-1]
    assert isinstance(finished, Finished)
    assert open_checkpoint(Path(finished.checkpoint)).header.skipped == 1


def test_after_ten_refused_updates_in_a_row_training_gives_up_and_the_last_checkpoint_stays(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run", save_every_updates=3)
    events = loop.run()
    while next(events) and loop.updates < 4:
        pass
    poisoned(loop, REFUSED_IN_A_ROW - 1)
    skipped = list(itertools.takewhile(lambda e: loop.updates < 5, events))
    assert [e.in_a_row for e in skipped if isinstance(e, UpdateSkipped)] == list(range(1, REFUSED_IN_A_ROW))
    poisoned(loop, 1000)
    last = loop.folder.latest_checkpoint()
    content = last.read_bytes()
    with pytest.raises(UserError, match=r"10 updates in a row.*not finite.*--from.*lower --lr"):
        list(events)
    assert loop.folder.latest_checkpoint() == last
    assert last.read_bytes() == content
    assert not loop.folder.broke_off()
    drive(resumed(tmp_path / "run"), updates_reach(8))


def test_weights_are_handed_over_as_numbered_copies(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run")
    events = loop.run()
    while next(events) and loop.updates < 2:
        pass
    first = loop.hand_over()
    weights = copied(first.tensors)
    while loop.updates < 4:
        next(events)
    second = loop.hand_over()
    assert (first.generation, second.generation, first.updates, second.updates) == (1, 2, 2, 4)
    assert differing(weights, first.tensors) == []
    assert differing(first.tensors, second.tensors) != []
    Agent(TINY.size).load_state_tensors(second.tensors)
    update = loop.learner.update
    refused: list[str] = []

    def early(*arguments: Any) -> Any:
        with pytest.raises(RuntimeError, match="between two events"):
            loop.hand_over()
        refused.append("early")
        return update(*arguments)

    loop.learner.update = early  # type: ignore[method-assign]
    while not refused:
        next(events)
    events.close()


def scores(values: list[float]) -> Any:
    given = iter(values)

    def score(agent: Agent, config: Config) -> Generator[Tick, None, dict[str, float]]:
        yield Tick("levels", 1, 1)
        return {"validation.mean_return": next(given)}

    return score


def test_the_newest_few_checkpoints_and_the_best_are_kept(tmp_path: Path) -> None:
    config = TINY.replace(save_every_updates=2, evaluate_every_updates=4, keep_checkpoints=2, train_ratio=6)
    loop = TrainingLoop(config, tmp_path / "run", make_env=corridor, score=scores([1.0, 3.0, 2.0, 3.0]))
    events = drive(loop, updates_reach(18))
    saved = [event for event in events if isinstance(event, Saved)]
    assert [event.updates for event in saved if event.best] == [4, 8]
    best = next(event for event in saved if event.updates == 8)
    assert loop.folder.checkpoints() == [Path(best.path), *(Path(event.path) for event in saved[-2:])]
    assert loop.folder.best_checkpoint() == Path(best.path)


def test_a_stopped_evaluation_is_made_again_after_the_resume(tmp_path: Path) -> None:
    config = TINY.replace(evaluate_every_updates=3)

    def endless(agent: Agent, config: Config) -> Generator[Tick, None, dict[str, float]]:
        loop.stop()
        yield Tick("levels", 1, 2)
        raise AssertionError("a stopped evaluation goes no further")

    loop = TrainingLoop(config, tmp_path / "run", make_env=corridor, score=endless)
    assert not [event for event in drive(loop) if isinstance(event, Evaluated)]
    again = TrainingLoop(resume=tmp_path / "run", make_env=corridor, score=scores([1.0]))
    evaluated = next(event for event in again.run() if isinstance(event, Evaluated))
    assert evaluated.updates == 3


def test_resuming_an_older_checkpoint_branches_and_leaves_the_old_run_whole(tmp_path: Path) -> None:
    drive(tiny_loop(tmp_path / "run", save_every_updates=4), updates_reach(13), record=True)
    older = resumed(tmp_path / "run").folder.checkpoints()[-2]
    updates = open_checkpoint(older).header.updates
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    straight = tiny_loop(tmp_path / "straight", save_every_updates=4)
    drive(straight, updates_reach(updates + 6))
    branched = resumed(older, run_dir=tmp_path / "branch")
    events = drive(branched, updates_reach(updates + 6), record=True)
    assert isinstance(events[0], Started) and events[0].updates == updates
    assert {path: path.read_bytes() for path in before} == before
    assert branched.folder.path == tmp_path / "branch"
    assert differing(straight.learner.state_tensors(), branched.learner.state_tensors()) == []


def test_a_checkpoint_that_was_renamed_branches_too(tmp_path: Path) -> None:
    old = tiny_loop(tmp_path / "run", save_every_updates=2)
    drive(old, updates_reach(5))
    kept = old.folder.checkpoints()[-2]
    mine = kept.rename(kept.with_name("mine.safetensors"))
    branched = resumed(mine)
    assert branched.folder.latest_checkpoint().name == kept.name
    events = drive(branched, updates_reach(5))
    assert isinstance(events[0], Started) and 0 < events[0].updates < 5
    assert mine.exists()


def test_an_old_best_checkpoint_whose_replay_is_gone_goes_on_with_a_fresh_one(tmp_path: Path) -> None:
    config = TINY.replace(save_every_updates=2, evaluate_every_updates=2, keep_checkpoints=1)
    loop = TrainingLoop(config, tmp_path / "run", make_env=corridor, score=scores([5.0] + [0.0] * 20))
    drive(loop, updates_reach(9))
    best = loop.folder.best_checkpoint()
    assert best != loop.folder.latest_checkpoint()
    again = resumed(best)
    events = drive(again, updates_reach(4))
    started = events[0]
    assert isinstance(started, Started) and "replay fills anew" in started.summary
    assert started.updates == 2
    assert again.folder.path == tmp_path / "run-branch"
    assert drive(resumed(tmp_path / "run-branch"), updates_reach(5))


def test_from_starts_a_new_run_with_a_checkpoints_weights_alone(tmp_path: Path) -> None:
    old = tiny_loop(tmp_path / "old")
    drive(old, updates_reach(5))
    exported = tmp_path / "weights.safetensors"
    export_weights(old.folder.latest_checkpoint(), exported, torch.float32)
    for source in (old.folder.latest_checkpoint(), exported):
        new = TrainingLoop(
            TINY, tmp_path / f"new-{source.stem}", from_checkpoint=source, make_env=corridor, score=scores([])
        )
        events = new.run()
        started = next(events)
        assert isinstance(started, Started) and (started.env_steps, started.updates) == (0, 0)
        assert differing(old.hand_over().tensors, new.hand_over().tensors) == []
        state = new.learner.state_tensors()
        assert not any(state[name].any() for name in state if name.startswith(("nu/", "mu/")))
        assert state["slowval/head/logits/kernel"].equal(state["val/head/logits/kernel"])
        next(events)
        before = read_header(new.folder.latest_checkpoint()).provenance["from"]
        assert (before["updates"], before["env_steps"]) == (old.updates, old.env_steps)
        assert 0 < before["elapsed"] <= old.elapsed
        events.close()


def test_the_clock_runs_only_while_the_loop_works_and_goes_on_after_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("trainer.pace.time.monotonic", lambda: now[0])
    loop = tiny_loop(tmp_path / "run")
    for event in loop.run():
        now[0] += 1000.0  # the driver's own time
        if not isinstance(event, Started) and loop.updates >= 2:
            loop.stop()
    assert loop.elapsed == 0.0
    step = loop.collector.step

    again = resumed(tmp_path / "run")
    events = again.run()
    next(events)
    step = again.collector.step

    def slow() -> list[EpisodeEnded]:
        now[0] += 1.0
        return step()

    again.collector.step = slow  # type: ignore[method-assign]
    before = again.collector.vector_steps
    while again.updates < 6:
        next(events)
    assert again.elapsed == again.collector.vector_steps - before > 0
    again.stop()
    list(events)
    elapsed = again.elapsed
    third = resumed(tmp_path / "run")
    events = third.run()
    next(events)
    assert third.elapsed == elapsed
    events.close()


def test_auto_settings_are_decided_and_written_down(tmp_path: Path) -> None:
    loop = TrainingLoop(TINY.replace(device="auto", dtype="auto", threads=0, train_ratio=0), tmp_path / "run")
    settled = loop.folder.config
    assert settled.device in ("cpu", "cuda") and settled.dtype in ("float32", "bfloat16")
    assert settled.threads >= 1 and settled.train_ratio > 0
    assert settle(settled) == settled


def test_what_is_left_open_follows_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.settle.memory_bytes", lambda device: 5 * 2**30)
    free = TINY.replace(preset="auto", batch_size=0, train_ratio=0)
    settled = settle(free)
    assert (settled.preset, settled.batch_size, settled.train_ratio) == ("4m", 16, 8)
    assert settle(free.replace(preset="1m", train_ratio=2)) == settled.replace(preset="1m", train_ratio=2)


def test_a_run_that_is_being_trained_is_not_trained_twice(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run")
    events = loop.run()
    next(events), next(events)
    with pytest.raises(UserError, match="is being trained already"):
        resumed(tmp_path / "run")
    loop.stop()
    list(events)
    resumed(tmp_path / "run")


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for CUDA where there is none")
def test_cuda_where_there_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cuda"):
        tiny_loop(tmp_path / "run", device="cuda")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("settings", [{"game": "pong"}, {"preset": "13m"}, {"levels": 10_000}, {"batch_length": 1}])
def test_settings_that_cannot_be_used_are_refused_before_anything_is_written(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    with pytest.raises(UserError):
        tiny_loop(tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_of_another_size_is_refused(tmp_path: Path) -> None:
    drive(tiny_loop(tmp_path / "old"), updates_reach(1))
    checkpoint = tiny_latest(tmp_path / "old")
    with pytest.raises(UserError, match=r"preset debug, not 1m.*--preset debug"):
        TrainingLoop(TINY.replace(preset="1m"), tmp_path / "new", from_checkpoint=checkpoint)
    assert not (tmp_path / "new").exists()


def tiny_latest(folder: Path) -> Path:
    return resumed(folder).folder.latest_checkpoint()


def test_weights_alone_cannot_be_resumed(tmp_path: Path) -> None:
    drive(tiny_loop(tmp_path / "run"), updates_reach(1))
    latest = tiny_latest(tmp_path / "run")
    export_weights(latest, latest)
    with pytest.raises(UserError, match=r"weights only.*--from"):
        resumed(tmp_path / "run")


def test_games_that_another_user_wrote_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drive(tiny_loop(tmp_path / "run"), updates_reach(1))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "somebody"))
    loop = resumed(tmp_path / "run")
    with pytest.raises(UserError, match=r"another machine.*--from"):
        list(loop.run())


DAMAGED: tuple[tuple[str, Any], ...] = (
    ("ratio", "1e999999999"),
    ("ratio", "1/0"),
    ("ratio", "-3"),
    ("in_a_row", "none"),
    ("tally.sums", {"loss/image": "1"}),
    ("tally.updates", 0),
    ("tally.episodes", [[1.0, 10**400]]),
    ("schedule.log", [float("nan"), 1]),
    ("schedule.saving", [0.0]),
    ("best", {"env_steps": [], "updates": 1, "score": 1.0}),
    ("saves", []),
    ("saves", [[10**6, 10**6]]),
    ("saves", [[8, 2], [6, 1]]),
    ("collector.env_steps", 10**9),
    ("collector.vector_steps", 1.5),
    ("collector.returns", [0.0]),
    ("collector.lengths", [1, float("inf")]),
    ("collector.recent", ["1"]),
)


def test_a_damaged_training_state_is_refused(tmp_path: Path) -> None:
    drive(tiny_loop(tmp_path / "run"), updates_reach(1))
    file = open_checkpoint(tiny_latest(tmp_path / "run"))
    tensors = {name: tensor.clone() for name, tensor in file.tensors().items()}
    missing = [{name: v for name, v in file.header.state.items() if name != part} for part in file.header.state]
    damaged = []
    for place, value in DAMAGED:
        state: dict[str, Any] = copy.deepcopy(file.header.state)
        *outer, last = place.split(".")
        parent = state
        for name in outer:
            parent = parent[name]
        assert last in parent
        parent[last] = value
        damaged.append(state)
    for state in [*(state for state in missing if "ranks" in state), *damaged]:
        save_checkpoint(file.path, dataclasses.replace(file.header, state=state), tensors)
        with pytest.raises(UserError, match=r"damaged; start|does not belong"):
            list(resumed(tmp_path / "run").run())
    save_checkpoint(file.path, file.header, tensors)
    assert drive(resumed(tmp_path / "run"), updates_reach(2))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dyn/dynin0/kernel", float("nan")),
        ("mu/dyn/dynin0/kernel", float("inf")),
        ("nu/dyn/dynin0/kernel", -1.0),
        ("carry/deter", float("nan")),
        ("carry/stoch", 4),
        ("carry/action", -1),
        ("carry/action", 15),
    ],
)
def test_numbers_that_no_training_makes_are_refused(tmp_path: Path, name: str, value: float) -> None:
    drive(tiny_loop(tmp_path / "run"), lambda loop: loop.env_steps > 0)
    file = open_checkpoint(tiny_latest(tmp_path / "run"))
    tensors = {name: tensor.clone() for name, tensor in file.tensors().items()}
    tensors[name].view(-1)[-1] = value
    save_checkpoint(file.path, file.header, tensors)
    with pytest.raises(UserError, match=rf"{file.path.name}: .*(make no sense|does not fit)"):
        list(resumed(tmp_path / "run").run())


def test_a_full_disk_ends_training_with_one_line_and_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = tiny_loop(tmp_path / "run", save_every_updates=3)
    events = loop.run()
    while next(events) and loop.updates < 4:
        pass
    last = loop.folder.latest_checkpoint()
    content = last.read_bytes()

    def full(*arguments: Any, **named: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("safetensors.torch.save_file", full)
        with pytest.raises(UserError, match=r"No space left on device.*free some space"):
            list(events)
    assert loop.folder.latest_checkpoint() == last
    assert last.read_bytes() == content
    assert [path.name for path in loop.folder.checkpoints_dir.iterdir() if path.suffix == ".tmp"] == []
    again = resumed(tmp_path / "run")
    drive(again, updates_reach(6))
    straight = tiny_loop(tmp_path / "straight", save_every_updates=3)
    drive(straight, updates_reach(6))
    assert differing(straight.learner.state_tensors(), again.learner.state_tensors()) == []


def test_what_was_due_at_a_stop_is_done_after_the_resume(tmp_path: Path) -> None:
    settings = {"log_every_updates": 5, "evaluate_every_updates": 5}
    drive(tiny_loop(tmp_path / "straight", **settings), updates_reach(11), record=True)
    drive(tiny_loop(tmp_path / "run", **settings), updates_reach(5), record=True)
    drive(resumed(tmp_path / "run"), updates_reach(11), record=True)

    def rows(folder: Path) -> list[dict[str, Any]]:
        return [row for row in rows_without_time(folder) if row["kind"] in ("metrics", "evaluation")]

    assert [row["updates"] for row in rows(tmp_path / "straight")] == [5, 5, 10, 10]
    assert rows(tmp_path / "run") == rows(tmp_path / "straight")


def test_a_damaged_newest_checkpoint_leaves_the_older_ones_usable(tmp_path: Path) -> None:
    drive(tiny_loop(tmp_path / "run", save_every_updates=4), updates_reach(13))
    *_, older, newest = resumed(tmp_path / "run").folder.checkpoints()
    newest.write_bytes(newest.read_bytes()[:1000])
    with pytest.raises(UserError, match=f"{newest.name}.*delete it and resume again"):
        resumed(tmp_path / "run")
    branched = resumed(older, run_dir=tmp_path / "branch")
    before = open_checkpoint(older).header.updates
    events = drive(branched, updates_reach(before + 2))
    assert isinstance(events[0], Started) and events[0].updates == before
    assert "replay fills anew" not in events[0].summary
    newest.unlink()
    again = resumed(tmp_path / "run")
    drive(again, updates_reach(before + 2))
    assert differing(again.learner.state_tensors(), branched.learner.state_tensors()) == []


def test_settings_edited_between_are_told(tmp_path: Path) -> None:
    drive(tiny_loop(tmp_path / "run"), updates_reach(1))
    settings = tmp_path / "run" / "config.yaml"
    settings.write_text(settings.read_text().replace("lr: 0.001", "lr: 0.0001"))
    started = drive(resumed(tmp_path / "run"), updates_reach(2))[0]
    assert isinstance(started, Started)
    assert "changed since its checkpoint: lr from 0.001 to 0.0001" in started.summary


@compiled_only
def test_a_run_goes_on_with_the_kernels_it_began_with(tmp_path: Path) -> None:
    """Those of an older version, which names none, were torch's; whoever wants others now says so in its settings."""
    for kernels in ("torch", "compiled"):
        folder = tmp_path / kernels
        started = drive(tiny_loop(folder, kernels=kernels), updates_reach(1))[0]
        assert isinstance(started, Started) and f"{kernels} kernels" in started.summary
        assert fused.takes_compiled(torch.zeros(1, 8)) == (kernels == "compiled")
    drive(resumed(tmp_path / "torch"), updates_reach(2))
    assert not fused.takes_compiled(torch.zeros(1, 8))
    settings = tmp_path / "torch" / "config.yaml"
    settings.write_text(settings.read_text().replace("kernels: torch\n", ""))
    started = drive(resumed(tmp_path / "torch"), updates_reach(3))[0]
    assert isinstance(started, Started) and "torch kernels" in started.summary and "changed" not in started.summary
    settings.write_text(settings.read_text() + "kernels: compiled\n")
    started = drive(resumed(tmp_path / "torch"), updates_reach(4))[0]
    assert isinstance(started, Started)
    assert "changed since its checkpoint: kernels from torch to compiled" in started.summary


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train_ratio: 0", "train_ratio is 0.* here it is 8"),
        ("device: cuda", "no CUDA GPU.*keeps its settings"),
    ],
)
def test_a_run_whose_settings_do_not_fit_here_is_refused(tmp_path: Path, setting: str, message: str) -> None:
    if setting == "device: cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    drive(tiny_loop(tmp_path / "run"), updates_reach(1))
    settings = tmp_path / "run" / "config.yaml"
    name = setting.partition(":")[0]
    lines = [setting if line.startswith(f"{name}:") else line for line in settings.read_text().splitlines()]
    settings.write_text("\n".join(lines))
    with pytest.raises(UserError, match=message):
        resumed(tmp_path / "run")


def test_a_refused_resume_leaves_a_broken_off_run_to_be_offered_again(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run")
    drive(loop, updates_reach(2))
    run = loop.folder
    run.note(None)
    frames = run.path / "replay" / "frames.bin"
    frames.rename(tmp_path / "frames.bin")
    with pytest.raises(UserError, match="files are missing"):
        drive(resumed(run.path, total_steps=20_000))
    assert run.broke_off()
    assert Run.open(run.path).config == run.config
    (tmp_path / "frames.bin").rename(frames)
    drive(resumed(run.path, total_steps=20_000), updates_reach(3))
    assert Run.open(run.path).config.total_steps == 20_000
