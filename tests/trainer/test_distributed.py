"""Two processes that train together, as real processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainer.loop_support import TINY, resumed, rows_without_time
from tests.trainer.pair_support import ROOT, SIZE, UPDATES, N, Pair, run_pair, taught
from trainer import distributed
from trainer.agent.joint_metrics import over_all_ranks
from trainer.checkpoint import open_checkpoint
from trainer.distributed import ALONE, Ranks, joined
from trainer.errors import UserError
from trainer.randomness import seed_of_rank
from trainer.run import Run
from trainer.seat import Seat, torchrun_seat
from trainer.sharing import open_run, share


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return run_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def single() -> tuple[list[dict[str, float]], dict[str, torch.Tensor]]:
    """What one process makes of the whole batches."""
    return taught(ALONE)


def both(pair: Pair, scenario: str) -> Any:
    """What both saw alike."""
    first, second = (seen[scenario] for seen in pair.seen)
    assert first == second
    return first


def test_every_process_hears_what_each_one_says(pair: Pair) -> None:
    assert both(pair, "messages") == [[[0, None, 0.1], [1, None, 0.1]], ["", ""], [5000, 7]]


def test_two_processes_learn_from_a_batch_what_one_does(
    pair: Pair, single: tuple[list[dict[str, float]], dict[str, torch.Tensor]]
) -> None:
    metrics, tensors = single
    theirs = both(pair, "learner")
    assert len(theirs) == UPDATES
    for ours, joint in zip(metrics, theirs, strict=True):
        assert ours.keys() == joint.keys()
        assert joint == pytest.approx(ours, rel=1e-4, abs=1e-6)
    weights = [dict(np.load(pair.folder / f"learner-{rank}.npz")) for rank in range(SIZE)]
    assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[0])
    for name, tensor in tensors.items():
        if not name.startswith("mu/"):  # the step of a gradient that is all but zero has no sign to agree on
            np.testing.assert_allclose(weights[0][name], tensor.numpy(), rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_half_of_that_batch_alone_teaches_something_else(
    single: tuple[list[dict[str, float]], dict[str, torch.Tensor]],
) -> None:
    class Part(Ranks):
        size = SIZE

    half, _ = taught(Part())
    assert [name for name, value in half[-1].items() if value != pytest.approx(single[0][-1][name], rel=1e-2)]


def test_the_weights_stay_equal_and_each_process_has_games_of_its_own(pair: Pair) -> None:
    first, second = (seen["straight"] for seen in pair.seen)
    assert first["weights"] == second["weights"]
    assert first["replay"] != second["replay"]
    assert first["updates"] == 2 * N
    assert first["env_steps"] == second["env_steps"]
    assert first["recent"] == second["recent"]
    rows = rows_without_time(pair.folder / "straight")
    episodes = len([row for row in rows if row["kind"] == "episode"])
    assert episodes == len(first["recent"])
    last = [row for row in rows if row["kind"] == "metrics"][-1]
    assert last["env_steps"] <= last["replay.steps"] <= last["env_steps"] + episodes, "steps of both, and end steps"


def test_a_run_that_broke_off_goes_on_to_the_bit_in_every_process(pair: Pair) -> None:
    for seen in pair.seen:
        assert seen["resumed_after_a_break"] == seen["straight"]
    assert rows_without_time(pair.folder / "broken") == rows_without_time(pair.folder / "straight")


def test_an_update_that_one_process_must_refuse_is_refused_by_all(pair: Pair) -> None:
    first, second = (seen["refused"] for seen in pair.seen)
    assert first["weights"] == second["weights"]
    for seen, suffix in ((first, ""), (second, "-rank-1")):
        assert (seen["in_a_row"], seen["changed"], seen["same_replay"]) == (1, [], True)
        with np.load(pair.folder / "refused" / "refused" / seen["batch"]) as batch:
            assert bool(np.isnan(batch["reward"]).any()) == bool(suffix)
        assert seen["batch"] == f"update-000000003{suffix}.npz"


def test_a_stop_that_one_process_hears_stops_all_before_the_update_counts(pair: Pair) -> None:
    reason, updates, _, changed = both(pair, "stopped")
    assert (reason, updates, changed) == ("stopped", 3, [])
    assert open_checkpoint(Run.open(pair.folder / "stopped").latest_checkpoint()).header.updates == 3


def test_the_first_process_scores_for_all(pair: Pair) -> None:
    assert both(pair, "evaluated")[0] == {"validation.mean_return": 0.0}


def test_what_cannot_be_shared_is_refused_before_anything_is_written(pair: Pair) -> None:
    games, sequences, written = both(pair, "not_divisible")
    assert re.fullmatch(r"num_envs is 3, which 2 processes cannot share; give a multiple of 2\.", games)
    assert re.fullmatch(r"batch_size is 5, which 2 processes cannot share; give a multiple of 2\.", sequences)
    assert not written


def test_another_number_of_processes_cannot_go_on(pair: Pair) -> None:
    assert re.search(r"trained by 1 process, and here the number is 2;.*--from", both(pair, "another_number"))
    with pytest.raises(UserError, match=r"trained by 2 processes, and here the number is 1;.*torchrun.*--from"):
        resumed(pair.folder / "straight")


def test_every_rank_draws_for_itself_and_the_first_one_as_if_alone() -> None:
    class Last(Ranks):
        rank, size = 3, 4

    config = TINY.replace(num_envs=8, batch_size=4, seed=7)
    assert share(config, ALONE) == config
    part = share(config, Last())
    assert (part.num_envs, part.batch_size, part.replay_gib) == (2, 1, TINY.replay_gib / 4)
    seeds = [seed_of_rank(7, rank) for rank in range(100)]
    assert seeds[0] == 7 and seeds[3] == part.seed
    assert len(set(seeds)) == 100
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize("dim", [0, 1])
def test_the_noise_of_all_ranks_together_is_the_noise_of_one(dim: int) -> None:
    class Some(Ranks):
        size = 2

    def drawn(ranks: Ranks, *shape: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(5)
        return ranks.rand(*shape, dim=dim, generator=generator, device=torch.device("cpu"))

    parts = []
    for rank in range(2):
        ranks = Some()
        ranks.rank = rank
        parts.append(drawn(ranks, 4, 6, 3))
    whole = drawn(ALONE, *((8, 6, 3) if dim == 0 else (4, 12, 3)))
    assert torch.cat(parts, dim).equal(whole)


def test_metrics_of_parts_make_those_of_the_whole() -> None:
    values = torch.randn(2, 500, generator=torch.Generator().manual_seed(0)) + torch.tensor([[0.0], [3.0]])

    def of(part: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"adv": part.mean(), "adv_std": part.std(correction=0), "ret_min": part.min(), "ret_max": part.max()}

    class Two(Ranks):
        size = 2

        def concatenate(self, tensor: torch.Tensor) -> torch.Tensor:
            return torch.stack([torch.stack(list(of(part).values())) for part in values])

    together = over_all_ranks(of(values[0]), Two())
    assert {name: float(value) for name, value in together.items()} == pytest.approx(
        {name: float(value) for name, value in of(values).items()}, rel=1e-5
    )


def test_auto_is_the_processor_for_all_where_there_is_no_gpu_for_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Both(Ranks):
        size, device = 2, "cpu"

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(distributed, "_meet", lambda seat, backend: met.append(backend))
    monkeypatch.setattr(distributed, "JoinedRanks", lambda local_size, device: device)
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: None)
    met: list[str] = []
    seat = Seat(0, 2, 0, 2)
    with joined("auto", seat) as device:
        assert (device, met) == ("cpu", ["gloo"])
    with pytest.raises(UserError, match=r"2 processes were started for 1 GPUs; .*--device cpu"), joined("cuda", seat):
        pass
    opened = open_run(Both(), TINY.replace(device="auto"), tmp_path / "run", None, None, None)
    assert opened.folder.config.device == "cpu"
    opened.folder.unlock()


def test_a_process_that_torchrun_did_not_start_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    with joined("cpu", torchrun_seat()) as ranks:
        assert ranks is ALONE


@pytest.mark.parametrize(("name", "value"), [("WORLD_SIZE", "many"), ("RANK", "-1"), ("LOCAL_WORLD_SIZE", "0")])
def test_variables_that_torchrun_does_not_set_so_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for each, number in (("RANK", "0"), ("WORLD_SIZE", "2"), (name, value)):
        monkeypatch.setenv(each, number)
    with pytest.raises(UserError, match=f"environment's {name} is '{value}'"):
        torchrun_seat()


MORTAL = """
import os, signal, sys
import trainer.loop
from trainer import cli

class Mortal(trainer.loop.TrainingLoop):
    def run(self):
        for event in super().run():
            if self._ranks.rank == 1 and self.updates == int(os.environ["DIES_AT"]):
                os.kill(os.getpid(), signal.SIGKILL)
            yield event

trainer.loop.TrainingLoop = Mortal
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.CompletedProcess[str]]]:
    """A run on real Procgen under torchrun whose second process is killed after the seventh update."""
    folder = tmp_path_factory.mktemp("torn")
    (folder / "mortal.py").write_text(MORTAL)
    flags = ["--config", "debug", "--game", "bossfight", "--run_dir", folder / "run", "--save_every_updates", "5"]
    yield folder / "run", torchrun(folder / "mortal.py", ["train", *map(str, flags)], DIES_AT="7")


def torchrun(script: Path, arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(SIZE)]
    return subprocess.run(
        [*command, str(script), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | environment,
        timeout=240,
    )


def test_a_process_that_dies_ends_the_job_and_the_last_checkpoint_stays(
    torn: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, job = torn
    assert job.returncode != 0
    last = Run.open(folder).latest_checkpoint()
    told = [line for line in job.stderr.splitlines() if "Another of the 2 processes" in line]
    assert len(told) == 1, job.stderr
    assert str(last) in told[0] and f"--resume {folder}" in told[0]
    header = open_checkpoint(last).header
    assert header.updates == 5
    assert len(header.state["ranks"]) == 1


def test_torchrun_goes_on_with_what_it_left(torn: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = torn
    before = open_checkpoint(Run.open(folder).latest_checkpoint()).header
    end = before.env_steps + 24
    job = torchrun(ROOT / "main.py", ["train", "--resume", str(folder), "--total_steps", str(end)])
    assert job.returncode == 0, job.stderr
    assert job.stderr.count("Training is complete") == 1, "the first process alone talks"
    after = open_checkpoint(Run.open(folder).latest_checkpoint()).header
    assert after.env_steps == end
    assert after.updates > before.updates
