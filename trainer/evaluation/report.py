"""The report on one agent: scores on train and unseen levels beside a random policy's, and the dream's faithfulness."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from trainer.agent.agent import Agent
from trainer.checkpoint import load_agent, read_header
from trainer.config import Config, Difficulty
from trainer.envs.protocol import StepBatch
from trainer.errors import UserError
from trainer.evaluation.faithfulness import STARTS, Faithfulness, WindowSampler, measure
from trainer.evaluation.scores import (
    SLOTS,
    AgentPolicy,
    LevelSplit,
    Scores,
    Tick,
    level_list,
    open_levels,
    play,
    score_agent,
    score_random,
)
from trainer.hardware import choose_device, choose_dtype
from trainer.jsonfile import check_target, write_json

ReportSplit = Literal["train", "unseen", "both"]
"""What a report covers; unseen levels are the test levels, which nothing is ever chosen by."""

EXTRA_ROUNDS = 20
"""At most so many rounds of SLOTS further test levels are played where the scored episodes hold too few starts."""

Answer = TypeVar("Answer")


def training_scores(agent: Agent, config: Config) -> Generator[Tick, None, dict[str, float]]:
    """Scores for the curves and the choice of the best checkpoint: train and validation levels, never test levels.

    Draws only from streams of its own, so that a training run goes on to the bit as if nobody had looked.

    Returns:
        `train.mean_return`, `train.stderr`, the same for `validation` and, on the validation levels, for `random`;
        no `stderr` where there is a single episode.
    """
    splits: tuple[LevelSplit, ...] = ("train", "validation")
    scores: dict[str, Scores] = {}
    for split in splits:
        seeds = level_list(split, config.evaluate_episodes, config.levels)
        scores[split] = yield from score_agent(agent, config.game, config.difficulty, seeds, f"{split} levels")
    seeds = level_list("validation", config.evaluate_episodes, config.levels)
    scores["random"] = yield from score_random(config.game, config.difficulty, seeds, "random policy")
    values: dict[str, float] = {}
    for name, score in scores.items():
        values[f"{name}.mean_return"] = score.mean_return
        if len(score.results) > 1:
            values[f"{name}.stderr"] = score.stderr
    return values


def evaluate(
    agent: Agent,
    game: str,
    difficulty: Difficulty,
    episodes: int,
    split: ReportSplit = "both",
    levels: int = 200,
    seed: int = 0,
) -> Generator[Tick, None, dict[str, Any]]:
    """The whole report as plain values.

    Args:
        agent: to judge. game, difficulty: where. episodes: per list of levels. split: which lists.
        levels: train levels of the agent's run. seed: of the sampled actions.

    Returns:
        `train` and `unseen` (see :meth:`Scores.summary`), `random` (on both lists together, and on each under its
        name), and, with unseen levels, `dream` (see :meth:`Faithfulness.summary`), which holds no decibels where no
        episode was long enough for a start.
    """
    report: dict[str, Any] = {"game": game, "difficulty": difficulty, "episodes": episodes, "seed": seed}
    randoms: dict[str, Scores] = {}
    if split in ("train", "both"):
        seeds = level_list("train", episodes, levels)
        scores = yield from score_agent(agent, game, difficulty, seeds, "train levels", seed)
        report["train"] = scores.summary()
        randoms["train"] = yield from score_random(game, difficulty, seeds, "random policy", seed)
    if split in ("unseen", "both"):
        seeds = level_list("test", episodes, levels)
        scores, dream = yield from _unseen(agent, game, difficulty, episodes, seed)
        report["unseen"] = scores.summary()
        report["dream"] = {"starts": 0} if dream is None else dream.summary()
        randoms["unseen"] = yield from score_random(game, difficulty, seeds, "random policy", seed)
    together = Scores(tuple(result for scores in randoms.values() for result in scores.results))
    report["random"] = {**together.summary(), **{name: scores.summary() for name, scores in randoms.items()}}
    return report


def _unseen(
    agent: Agent, game: str, difficulty: Difficulty, episodes: int, seed: int
) -> Generator[Tick, None, tuple[Scores, Faithfulness | None]]:
    """Scores on the test levels and, from the same episodes, the dream's faithfulness.

    Where the scored episodes hold fewer than STARTS starts, whole episodes on the levels after them lend theirs.
    """
    sampler = WindowSampler(seed=seed)
    scored = yield from _watched(agent, game, difficulty, level_list("test", episodes), sampler, seed)
    for extra in range(EXTRA_ROUNDS):
        if sampler.offered >= STARTS:
            break
        seeds = level_list("test", SLOTS, skip=episodes + extra * SLOTS)
        yield from _watched(agent, game, difficulty, seeds, sampler, seed)
    if not sampler.offered:
        return scored, None
    dream = yield from measure(agent, sampler.windows(), seed)
    return scored, dream


def _watched(
    agent: Agent, game: str, difficulty: Difficulty, seeds: Sequence[int], sampler: WindowSampler, seed: int
) -> Generator[Tick, None, Scores]:
    env = open_levels(game, difficulty, seeds)
    policy = AgentPolicy(agent, env.num_envs, seed)
    sampler.follow(env.num_envs)

    def observe(shown: StepBatch, actions: NDArray[np.int32], counted: NDArray[np.bool_]) -> None:
        sampler.see(shown, actions, policy.latent, counted)

    try:
        return (yield from play(env, policy, seeds, "test levels", observe))
    finally:
        env.close()


def evaluate_checkpoint(
    checkpoint: Path,
    episodes: int = 100,
    split: ReportSplit = "both",
    json_file: Path | None = None,
    device: str = "auto",
    dtype: str = "auto",
    seed: int = 0,
    say: Callable[[str], None] = print,
    tick: Callable[[Tick], None] | None = None,
) -> dict[str, Any]:
    """`main.py evaluate`: judge a checkpoint on the game it was trained on, say the result and write it as JSON.

    Args:
        checkpoint: file. episodes: per list of levels. split: `train`, `unseen` or `both`. json_file: written if given.
        device, dtype: where and in what to compute. seed: of the sampled actions.
        say: takes lines for people. tick: hears how far the work is, after every vector step.

    Raises:
        UserError: a checkpoint that cannot be used, a file that cannot be written, fewer than one episode.
    """
    if episodes < 1:
        raise UserError(f"episodes is {episodes}, give a whole number of at least 1.")
    if json_file is not None:
        check_target(json_file)
    header = read_header(checkpoint)
    config = header.config
    place = choose_device(device)
    agent = load_agent(checkpoint, place, choose_dtype(dtype, place))
    for line in seed_lines(split, episodes, config.levels):
        say(line)
    report = drive(evaluate(agent, config.game, config.difficulty, episodes, split, config.levels, seed), tick)
    report = {"checkpoint": checkpoint.name, "env_steps": header.env_steps, "updates": header.updates, **report}
    for line in report_lines(report):
        say(line)
    if json_file is not None:
        write_json(json_file, report)
    return report


def drive(work: Generator[Tick, None, Answer], tick: Callable[[Tick], None] | None = None) -> Answer:
    """Run a measurement to its end and hand back what it returns; `tick` hears every Tick."""
    while True:
        try:
            now = next(work)
        except StopIteration as stop:
            answer: Answer = stop.value
            return answer
        if tick is not None:
            tick(now)


def seed_lines(split: ReportSplit, episodes: int, levels: int) -> list[str]:
    """What will be played, for people: the lists of level seeds."""
    lists: dict[str, LevelSplit] = {"train": "train", "unseen": "test"}
    lines = []
    for name, chosen in lists.items():
        if split in (name, "both"):
            seeds = level_list(chosen, episodes, levels)
            lines.append(f"{name} levels, one episode each: seeds {_runs(seeds)}")
    return lines


def _runs(seeds: Sequence[int]) -> str:
    """`0-99` for consecutive seeds; a list that starts again reads `0-199, 0-49`."""
    breaks = [0, *(i for i in range(1, len(seeds)) if seeds[i] != seeds[i - 1] + 1), len(seeds)]
    spans = [(seeds[a], seeds[b - 1]) for a, b in pairwise(breaks)]
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def report_lines(report: dict[str, Any]) -> list[str]:
    """The report for people: a line per list of levels, then a table of decibels."""
    lines = [f"{'':<14}{'return':>16}{'episodes':>10}{'won':>6}{'lost':>6}{'time-out':>10}{'length':>8}"]
    played = [name for name in ("train", "unseen") if name in report]
    rows = {name: report[name] for name in played} | {f"random, {name}": report["random"][name] for name in played}
    for name, row in rows.items():
        mean = f"{row['mean_return']:.2f}" + ("" if row["stderr"] is None else f" ± {row['stderr']:.2f}")
        counts = f"{row['episodes']:>10}{row['won']:>6}{row['lost']:>6}{row['timeout']:>10}"
        lines.append(f"{name:<14}{mean:>16}{counts}{row['mean_length']:>8.0f}")
    if "dream" in report:
        lines += faithfulness_lines(report["dream"], "all starts")
        if report["dream"]["starts"]:
            lines += faithfulness_lines(report["dream"]["moving"], "starts where reality moves")
    return lines


def faithfulness_lines(table: dict[str, Any], title: str) -> list[str]:
    """Decibels by horizon: dream, frozen frame, belief, and the dream's lead over the frozen frame."""
    lines = ["", f"dream against reality on test levels, dB, {title}: {table['starts']}"]
    if not table["starts"]:
        return lines
    lines.append(f"{'frames ahead':>12}{'dream':>16}{'frozen':>16}{'belief':>16}{'dream - frozen':>18}")
    for i, ahead in enumerate(table["horizon"]):
        cells = [_decibel(table, name, i) for name in ("psnr", "frozen_psnr", "belief_psnr", "minus_frozen")]
        lines.append(f"{ahead:>12}{cells[0]:>16}{cells[1]:>16}{cells[2]:>16}{cells[3]:>18}")
    return lines


def _decibel(table: dict[str, Any], name: str, index: int) -> str:
    error = table[f"{name}_stderr"][index]
    return f"{table[name][index]:.2f}" + ("" if error is None else f" ± {error:.2f}")
