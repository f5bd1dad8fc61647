"""All of the benchmark in its order: the start of a training, a training, what it trains for, growth, peers."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from trainer.benchmark.growth import growth
from trainer.benchmark.peers import install_peers, time_peers
from trainer.benchmark.playing import adding_rate, imagination, inference, simulator_rate
from trainer.benchmark.plot import check_plot, write_plot
from trainer.benchmark.startup import first_update_seconds
from trainer.benchmark.updates import HASHED_UPDATES, OVERHEAD, Timings, drive, fingerprint, training_parts
from trainer.benchmark.words import report_lines
from trainer.config import MOST_STEPS, Config
from trainer.errors import UserError
from trainer.evaluation.scores import Tick
from trainer.events import Event
from trainer.flops import update_bytes, update_flops
from trainer.jsonfile import check_target, write_json
from trainer.loop import TrainingLoop
from trainer.machine import BUSY_CORES, LoadMeter, copy_rate, matrix_rate, peak_memory_bytes, processor_name
from trainer.metrics import ConsoleProgress, EventConsumer, RunRecorder
from trainer.process import cores
from trainer.randomness import numpy_generator
from trainer.settle import settle


def run_benchmark(
    config: Config,
    updates: int = 5,
    json_file: Path | None = None,
    plot_file: Path | None = None,
    with_growth: bool = False,
    with_peers: bool = False,
    say: Callable[[str], None] = print,
    tick: Callable[[Tick], None] = lambda now: None,
) -> dict[str, Any]:
    """Measure this machine.

    Args:
        config: of the training run to time; preset, batch, game, device, dtype and threads matter.
        updates: timed ones, after the first five. json_file, plot_file: written if given.
        with_growth: time other batches, lengths, horizons and sizes too. with_peers: time other people's code too.
        say: takes lines for people. tick: hears how far it is.

    Returns:
        Nested plain values, of the median update and the median vector step:
        `settings`: the whole config, settled;
        `machine`: processor, device, dtype, cores, threads, torch, matrix_gflops_per_second, memory_gb_per_second,
        foreign_cores, busy (the last two None where the system does not tell);
        `start`: first_update_seconds from the start of `train`'s process;
        `train`: parameters, seconds_per_update (and fastest_update, slowest_update, updates_timed), frames_per_second
        (replayed), peak_memory_gb (10^9 bytes), update_gflop, floor_seconds, floor_ratio, the same of memory's traffic
        (update_gb, traffic_seconds, traffic_ratio), parts (seconds per update by name), shares (of their sum),
        overhead_share (of collection, sampling, write-back and logging), hash_after_5_updates;
        `env`: steps_per_second of the games alone, play_steps_per_second with the policy and the entry into replay;
        `replay`: added_per_second, sampled_per_second, written_back_per_second, in steps;
        `inference`: frame_ms, frame_ms_one_thread; `imagination`: ms, branches, horizon;
        `growth`, `peers`: if asked for; see :func:`trainer.benchmark.growth.growth`,
        :func:`trainer.benchmark.peers.time_peers`.

    Raises:
        UserError: settings that cannot be used, a file that cannot be written, fewer than one update, a peer that
            cannot be installed.
    """
    if updates < 1:
        raise UserError(f"updates is {updates}, give a whole number of at least 1.")
    if json_file is not None:
        check_target(json_file)
    if plot_file is not None:
        check_plot(plot_file)
    undisturbed = config.replace(total_steps=MOST_STEPS, save_every=0.0, evaluate_every=0.0, video_every=0.0).replace(
        save_every_updates=0, evaluate_every_updates=0
    )
    settled = settle(undisturbed)
    pythons = install_peers(say) if with_peers else {}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        tick(Tick("start of a training", 0, 1))
        start = {"first_update_seconds": first_update_seconds(undisturbed, Path(folder))}
        with contextlib.ExitStack() as opened:
            loop = TrainingLoop(settled, Path(folder) / "timed")
            events = opened.enter_context(contextlib.closing(loop.run()))
            report = {"start": start, **_measure(loop, events, updates, opened, tick)}
    if with_growth:
        report["growth"] = growth(settled, 1e9 * report["machine"]["matrix_gflops_per_second"], tick)
    if with_peers:
        report["peers"] = time_peers(pythons, settled, updates, tick)
    for line in report_lines(report):
        say(line)
    if json_file is not None:
        write_json(json_file, report)
    if plot_file is not None:
        write_plot(plot_file, report)
    return report


def _measure(
    loop: TrainingLoop,
    events: Iterator[Event],
    updates: int,
    opened: contextlib.ExitStack,
    tick: Callable[[Tick], None],
) -> dict[str, Any]:
    config = loop.config
    device = torch.device(config.device)
    consumers: list[EventConsumer] = [RunRecorder(), ConsoleProgress(io.StringIO())]
    for consumer in consumers:
        opened.callback(consumer.close)
    started = next(events)  # the loop is built
    for consumer in consumers:
        consumer.handle(started)
    rates = [matrix_rate(device, loop.agent.dtype)]
    total = HASHED_UPDATES + updates

    def made(done: int) -> None:
        tick(Tick("updates", done, total))

    drive(loop, events, HASHED_UPDATES, consumers, made)
    hashed = fingerprint(loop)
    meter = LoadMeter()
    timings = drive(loop, events, total, consumers, made)
    foreign = meter.foreign_cores()
    peak = peak_memory_bytes(device)
    rates.append(matrix_rate(device, loop.agent.dtype))
    memory_rate = copy_rate(device)
    parts = training_parts(loop, timings)
    frames = config.batch_size * config.batch_length
    frame = loop.replay.sample(1, numpy_generator(0, "benchmark")).frame[0, 0]
    return {
        "preset": config.preset,
        "game": config.game,
        "seed": config.seed,
        "batch_size": config.batch_size,
        "batch_length": config.batch_length,
        "num_envs": config.num_envs,
        "settings": dataclasses.asdict(config),
        "machine": {
            "processor": torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name(),
            "device": config.device,
            "dtype": config.dtype,
            "cores": cores(),
            "threads": config.threads,
            "torch": torch.__version__,
            "matrix_gflops_per_second": max(rates) / 1e9,
            "memory_gb_per_second": memory_rate / 1e9,
            "foreign_cores": foreign,
            "busy": None if foreign is None else foreign > BUSY_CORES,
        },
        "train": {
            **_update_figures(loop, timings, max(rates), memory_rate),
            "peak_memory_gb": None if peak is None else peak / 1e9,
            "parts": parts,
            "shares": {name: seconds / sum(parts.values()) for name, seconds in parts.items()},
            "overhead_share": sum(parts[name] for name in OVERHEAD) / sum(parts.values()),
            "hash_after_5_updates": hashed,
        },
        "env": {
            "steps_per_second": simulator_rate(config),
            "play_steps_per_second": config.num_envs / statistics.median(timings.steps),
        },
        "inference": inference(loop.agent, frame),
        "imagination": imagination(loop.agent),
        "replay": {
            "sampled_per_second": frames / parts["sample"],
            "written_back_per_second": frames / parts["write_back"],
            "added_per_second": adding_rate(loop.replay, loop.agent),
        },
    }


def _update_figures(loop: TrainingLoop, timings: Timings, matrix: float, memory: float) -> dict[str, Any]:
    """The median update, and how far it is from what arithmetic and memory allow at these rates a second."""
    config, agent = loop.config, loop.agent
    work = (config.size, config.batch_size, config.batch_length, config.imagination)
    flops = update_flops(*work, agent.num_actions).total
    moved = update_bytes(*work, agent.parameter_count, agent.dtype.itemsize, agent.num_actions).total
    seconds = statistics.median(timings.updates)
    return {
        "parameters": agent.parameter_count,
        "seconds_per_update": seconds,
        "fastest_update": min(timings.updates),
        "slowest_update": max(timings.updates),
        "updates_timed": len(timings.updates),
        "frames_per_second": config.batch_size * config.batch_length / seconds,
        "update_gflop": flops / 1e9,
        "floor_seconds": flops / matrix,
        "floor_ratio": seconds * matrix / flops,
        "update_gb": moved / 1e9,
        "traffic_seconds": moved / memory,
        "traffic_ratio": seconds * memory / moved,
    }
