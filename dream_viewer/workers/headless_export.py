"""`export`: an episode drawn without a window, of a checkpoint that plays or of a recording."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import torch
from tqdm import tqdm

from dream_viewer.messages.lived import Arrival
from dream_viewer.messages.orders import ExportRequest, LevelChoice
from dream_viewer.options import ExportOptions
from dream_viewer.pictures.film_files import check_export
from dream_viewer.workers.agent_source import AgentSource, Supply
from dream_viewer.workers.exporting import exporting, frames_of_work
from dream_viewer.workers.file_desk import FIRST_RECALLED
from dream_viewer.workers.level_dealer import LevelDealer
from trainer.envs.viewer import procgen_level
from trainer.episode import Episode, Moment
from trainer.errors import UserError
from trainer.player import Player
from trainer.recording import Recording

SEED = 0
"""Of every draw: the same command gives the same film."""

R = TypeVar("R")


def export(options: ExportOptions, agent: Path, recording: Recording | None) -> None:
    """Play or replay an episode, draw it, and write the file; a bar on stderr tells how far it is.

    Args:
        options: what to draw. agent: a checkpoint or a run's folder.
        recording: of the episode; None lets the agent play one.

    Raises:
        UserError: something cannot be opened or written, or there is no such step.
        KeyboardInterrupt: broken off; there is no file.
    """
    check_export(options.out)
    with torch.inference_mode():
        source = AgentSource("auto", "auto")
        supply = source.open(agent, options.difficulty, options.game)
        game = supply.info.game if recording is None else recording.game
        second = None if options.compare is None else _second(source, options.compare, game)
        number, episode, moments = _replayed(supply, recording) if recording is not None else _played(supply, options)
        request = ExportRequest(
            path=options.out,
            arrival=Arrival(
                number=number,
                game=episode.game,
                difficulty=episode.difficulty,
                split=episode.split,
                level_seed=episode.level_seed,
                generation=supply.agent.generation,
                start=0,
                moments=moments,
                outcome=episode.outcome,
            ),
            index=_index(options, len(moments)),
            horizon=options.horizon,
            agent=supply.info,
            other=None if second is None else second.info,
        )
        with _bar("Drawing", frames_of_work(request)) as bar:
            other = None if second is None else second.agent
            for done in exporting(request, supply.agent, other, SEED, procgen_level):
                bar.update(0 if done is None else done - bar.n)


def _second(source: AgentSource, path: Path, game: str) -> Supply:
    """The agent to compare with.

    Raises:
        UserError: it cannot be opened, or was trained on another game.
    """
    supply = source.open(path, None, None)
    if supply.info.trained_on.game != game:
        raise UserError(
            f"{path}: was trained on {supply.info.trained_on.game}; --compare wants a checkpoint of {game}."
        )
    return supply


def _bar(words: str, total: int | None) -> tqdm[Any]:
    return tqdm(desc=words, total=total, unit=" frames", dynamic_ncols=True, disable=not sys.stderr.isatty())


def _index(options: ExportOptions, steps: int) -> int:
    """The Moment of a picture: the one asked for, or the middle one."""
    if options.at is None:
        return steps // 2
    if options.at >= steps:
        raise UserError(f"--at {options.at}: the episode has {steps} steps, counted from 0; choose one of them.")
    return options.at


def _played(supply: Supply, options: ExportOptions) -> tuple[int, Episode, tuple[Moment, ...]]:
    info = supply.info
    dealer = LevelDealer(SEED)
    dealer.choice, dealer.train_levels = LevelChoice(options.split, options.level), supply.info.trained_on.levels
    player = Player(supply.agent, info.game, info.difficulty, seed=SEED)
    try:
        player.new_level(*dealer.deal())
        with _bar("Playing", options.steps) as bar:
            while not player.ended and (options.steps is None or len(player.moments) < options.steps):
                player.advance()
                bar.update()
    finally:
        player.close()
    return player.number, player.episode, tuple(player.moments)


def _replayed(supply: Supply, recording: Recording) -> tuple[int, Episode, tuple[Moment, ...]]:
    player = Player(supply.agent, recording.game, recording.difficulty, seed=SEED)
    try:
        restored, moments = _result(player.recall(FIRST_RECALLED, recording))
    finally:
        player.close()
    if restored.differs:
        sys.stderr.write(f"{restored.differs}\n")
    return FIRST_RECALLED, restored.episode, moments


def _result(job: Generator[int | None, None, R]) -> R:
    while True:
        try:
            next(job)
        except StopIteration as end:
            result: R = end.value
            return result
