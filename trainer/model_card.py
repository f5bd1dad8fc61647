"""The model card of a checkpoint: how it was made, what it scores, how faithfully it dreams, and what it believes.

`python -m trainer.model_card CHECKPOINT REPORT` writes it beside the checkpoint, from the JSON of `main.py evaluate`.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.agent.agent import Agent
from trainer.checkpoint import load_agent, read_header
from trainer.checkpoint_header import Header
from trainer.config import Config, Difficulty, config_text
from trainer.config_files import game_config
from trainer.errors import UserError
from trainer.evaluation.scores import AgentPolicy, level_list, open_levels
from trainer.hardware import choose_device, choose_dtype
from trainer.process import prepare
from trainer.safe_writing import write_safely

PICTURE_LEVELS = 8
"""Levels in the picture: the first test levels, whatever they show."""
PICTURE_STEPS = (5, 20, 40)
"""Steps of each episode in the picture, counted from 0; an episode that ended before is shown at its last frame."""
_ENLARGED = 2
_GAP = 4
_BACKGROUND = 24


def write_model_card(checkpoint: Path, report_file: Path) -> Path:
    """Write `NAME.md` and `NAME.png` beside the checkpoint `NAME.safetensors`.

    Args:
        checkpoint: file. report_file: what `evaluate --json` wrote about this checkpoint, both splits.

    Returns:
        The card's path.

    Raises:
        UserError: a file that cannot be read or written, or a report on another checkpoint.
    """
    header = read_header(checkpoint)
    report = _read_report(report_file, checkpoint, header)
    device = choose_device("auto")
    agent = load_agent(checkpoint, device, choose_dtype("auto", device))
    picture = belief_picture(agent, header.config.game, header.config.difficulty)
    picture_file, card_file = checkpoint.with_suffix(".png"), checkpoint.with_suffix(".md")
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "PNG", optimize=True)
    size = checkpoint.stat().st_size
    text = card_text(checkpoint.stem, header, agent.parameter_count, size, report, picture_file.name)
    _write(picture_file, encoded.getvalue())
    _write(card_file, text.encode())
    return card_file


def _write(path: Path, data: bytes) -> None:
    def fill(temporary: Path) -> None:
        temporary.write_bytes(data)

    write_safely(path, fill)


def _read_report(path: Path, checkpoint: Path, header: Header) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: is no readable report ({error}); make one with evaluate --json.") from error
    if not isinstance(report, dict) or not {"train", "unseen", "random", "dream"} <= report.keys():
        raise UserError(f"{path}: is not a whole report; make one with evaluate --split both --json.")
    if (report.get("env_steps"), report.get("updates")) != (header.env_steps, header.updates):
        raise UserError(f"{path}: is about another checkpoint than {checkpoint}; evaluate this one.")
    return report


def belief_picture(agent: Agent, game: str, difficulty: Difficulty) -> NDArray[np.uint8]:
    """24 pairs of reality and belief under it: a level a column, one of the fixed steps a row.

    Returns:
        (height, width, 3) uint8.
    """
    seeds = level_list("test", PICTURE_LEVELS)
    env = open_levels(game, difficulty, seeds)
    try:
        policy = AgentPolicy(agent, env.num_envs, seed=0)
        shown = env.current()
        ended = np.zeros(env.num_envs, np.bool_)
        reality = np.zeros((len(PICTURE_STEPS), *shown.frame.shape), np.uint8)
        belief = np.zeros_like(reality)
        for step in range(max(PICTURE_STEPS) + 1):
            actions = policy.act(shown)
            beliefs = agent.decode(policy.latent)
            for row, wanted in enumerate(PICTURE_STEPS):
                if step <= wanted:
                    reality[row, ~ended] = shown.frame[~ended]
                    belief[row, ~ended] = beliefs[~ended]
            shown = env.step(actions)
            ended |= shown.is_first
    finally:
        env.close()
    return _grid(reality, belief)


def _grid(reality: NDArray[np.uint8], belief: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(rows, columns, h, w, 3) pairs as one picture, enlarged to whole pixels."""
    pairs = np.concatenate([reality, belief], axis=2).repeat(_ENLARGED, axis=2).repeat(_ENLARGED, axis=3)
    rows, columns, height, width, _ = pairs.shape
    picture = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), _BACKGROUND, np.uint8)
    for row in range(rows):
        for column in range(columns):
            top, left = _GAP + row * (height + _GAP), _GAP + column * (width + _GAP)
            picture[top : top + height, left : left + width] = pairs[row, column]
    return picture


def command(config: Config, env_steps: int) -> str:
    """The command line of a run with these settings and this end: every one that differs from the game's own."""
    config = config.replace(total_steps=env_steps)
    usual = dataclasses.asdict(game_config(config.game))
    flags = [
        f"--{name} {value:g}" if isinstance(value, float) else f"--{name} {value}"
        for name, value in dataclasses.asdict(config).items()
        if name == "game" or value != usual[name]
    ]
    return " ".join(["python main.py train", *flags])


def card_text(
    name: str, header: Header, parameters: int, size_bytes: int, report: Mapping[str, Any], picture: str
) -> str:
    """The card in Markdown.

    Args:
        name: of the checkpoint. header: its own. parameters: trained ones. size_bytes: of the file.
        report: of `evaluate`. picture: file name of the pairs of reality and belief.
    """
    config = header.config
    facts = {
        "game": f"{config.game}, {config.difficulty}, levels 0 to {config.levels - 1}",
        "model": f"preset {config.preset}, {parameters:,} parameters, {size_bytes / 1e6:.1f} MB",
        "environment steps": f"{header.env_steps:,}",
        "updates": f"{header.updates:,} (batch {config.batch_size} x {config.batch_length}, {header.skipped} refused)",
        "training time": f"{timedelta(seconds=round(header.elapsed))} on the training loop's own clock",
        "made with": ", ".join(f"{what} {value}" for what, value in header.provenance.items()),
    }
    first = level_list("test", PICTURE_LEVELS)
    return "\n".join(
        [
            f"# {name}",
            "",
            f"![Reality and belief, 24 pairs]({picture})",
            "",
            f"Reality above, the agent's belief below it: the first {PICTURE_LEVELS} test levels (seeds {first[0]} to "
            f"{first[-1]}, a level a column) at steps {', '.join(map(str, PICTURE_STEPS))} of an episode with the "
            "sampled policy, unselected. An episode that ended before a step is shown at its last frame.",
            "",
            "## How it was made",
            "",
            *_table(["", ""], [[what, value] for what, value in facts.items()]),
            "",
            "```",
            command(config, header.env_steps),
            "```",
            "",
            "<details><summary>Every setting</summary>",
            "",
            "```yaml",
            config_text(config).rstrip(),
            "```",
            "",
            "</details>",
            "",
            "## Scores",
            "",
            f"One episode a level, every one counted, time-outs too, sampled policy; mean ± standard error over "
            f"{report['episodes']} episodes on train levels and as many on test levels (seeds from {first[0]} on), "
            "which nothing was chosen by. The random policy played the same levels.",
            "",
            *_scores(report),
            "",
            "## Faithfulness of its dreams",
            "",
            *_faithfulness(report["dream"]),
            "",
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]


def _scores(report: Mapping[str, Any]) -> list[str]:
    head = ["levels", "return", "random policy", "won", "lost", "time-out", "mean length"]
    rows = []
    for name in ("train", "unseen"):
        row = report[name]
        counts = [str(row[outcome]) for outcome in ("won", "lost", "timeout")]
        length = f"{row['mean_length']:.0f}"
        rows.append([name, _score(row), _score(report["random"][name]), *counts, length])
    return _table(head, rows)


def _score(row: Mapping[str, Any]) -> str:
    return _with_error(row["mean_return"], row["stderr"])


def _with_error(value: float, error: float | None) -> str:
    return f"{value:.2f}" if error is None else f"{value:.2f} ± {error:.2f}"


def _faithfulness(dream: Mapping[str, Any]) -> list[str]:
    if not dream["starts"]:
        return ["No test episode was long enough to measure it."]
    lines = [
        "PSNR in dB per frame on test levels, mean ± standard error (starts of one episode counted as dependent): from "
        f"each of {dream['starts']} starts one dream along reality's actions, beside the start's own frame kept "
        "(frozen) and the belief of a model that keeps looking.",
    ]
    for title, table in (("All starts", dream), ("Starts where reality moves", dream["moving"])):
        lines += ["", f"{title}: {table['starts']}", ""]
        names = ("psnr", "frozen_psnr", "minus_frozen", "belief_psnr")
        rows = [
            [str(ahead), *(_with_error(table[name][i], table[f"{name}_stderr"][i]) for name in names)]
            for i, ahead in enumerate(table["horizon"])
            if table["starts"]
        ]
        lines += _table(["frames ahead", "dream", "frozen", "dream - frozen", "belief"], rows)
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m trainer.model_card", description="Write a checkpoint's model card."
    )
    parser.add_argument("checkpoint", type=Path, help="a .safetensors checkpoint")
    parser.add_argument("report", type=Path, help="the JSON that evaluate wrote about it")
    arguments = parser.parse_args(argv)
    prepare()
    try:
        card = write_model_card(arguments.checkpoint, arguments.report)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{card}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
