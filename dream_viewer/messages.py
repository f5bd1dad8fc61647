"""What goes between the session and its workers: frozen records of plain values and read-only arrays.

Nothing here knows Qt or torch, so a process can take a thread's place without a widget noticing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dream_viewer.questions import Question
from trainer.config import Config
from trainer.episode import Blind, Dream, DreamtStep, Episode, Fork, Moment, Outcome, Split


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """What an agent learnt from: a game, its difficulty, and the levels from seed 0 up to `levels` - 1."""

    game: str
    difficulty: str
    levels: int


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """The agent on show.

    Attributes:
        name: what to call it: the checkpoint's file name, or the run it is training in.
        generation: of its weights; every opened checkpoint and every hand-over gets a new one.
        game, difficulty: what it plays. trained_on: what it was trained on, mostly the same.
        preset: name of its size.
        env_steps, updates: how much it was trained.
        path: its checkpoint; None before a training run saved its first.
        discount: what a reward is worth one step earlier, by the horizon it was trained with.
        training: its weights come from the training that runs in this window.
        device: what it computes on, and in which numbers.
        fingerprint: of its file's content, see `trainer.checkpoint.fingerprint`; empty of weights in training.
        run: folder of the run whose newest checkpoint is followed, while somebody else trains it; None: no such run.
        handed_over: its weights took the place of older ones, and the episode goes on; else it was opened.
    """

    name: str
    generation: int
    game: str
    difficulty: str
    preset: str
    env_steps: int
    updates: int
    path: Path | None
    discount: float
    trained_on: TrainedOn
    training: bool = False
    fingerprint: str = ""
    device: str = ""
    run: Path | None = None
    handed_over: bool = False

    @property
    def source(self) -> Path | None:
        """What to open to have this agent again: a run's folder where one is followed, else its checkpoint."""
        return self.run or self.path


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a training as they were at a safe point: a copy, or what it saved.

    Attributes:
        config: of the run.
        tensors: names to tensors as `Agent.load_state_tensors` takes them; nobody else writes them any more.
        env_steps, updates: counters at that point.
        name: of the run. path: its newest checkpoint, if there is one.
        run: its folder, where somebody else trains it; None: it is trained in this window.
        fingerprint: of the checkpoint they were read from; empty where they come from no file.
    """

    config: Config
    tensors: Mapping[str, Any]
    env_steps: int
    updates: int
    name: str
    path: Path | None
    run: Path | None = None
    fingerprint: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The 512x512 human view of one Step, compressed.

    Attributes:
        number: of the episode. index: of the Step.
        packed: the pixels as `pictures.pack_picture` packs them.
        pixels: (512, 512, 3) uint8, read-only, the same for whoever shows it at once; None: it has to be unpacked.
    """

    number: int
    index: int
    packed: bytes
    pixels: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """Another agent plays from here on."""

    agent: AgentInfo


@dataclass(frozen=True, slots=True)
class Arrival:
    """Moments that were lived, in order, at the end of one episode.

    Attributes:
        number: running number of the episode; a new number opens a new episode.
        game, difficulty, split, level_seed: what is played.
        generation: of the weights that read these Moments.
        start: index of the first of these Moments in its episode.
        moments: the Moments.
        outcome: how the episode ended, once it has.
    """

    number: int
    game: str
    difficulty: str
    split: Split
    level_seed: int
    generation: int
    start: int
    moments: tuple[Moment, ...]
    outcome: Outcome | None


def arrival_of(number: int, generation: int, episode: Episode, moments: Sequence[Moment], start: int = 0) -> Arrival:
    """Moments of an episode as they are told.

    Args:
        number: of the episode. generation: of the weights that read them. episode: the same.
        moments: those to tell. start: index of the first.
    """
    return Arrival(
        number=number,
        game=episode.game,
        difficulty=episode.difficulty,
        split=episode.split,
        level_seed=episode.level_seed,
        generation=generation,
        start=start,
        moments=tuple(moments),
        outcome=episode.outcome,
    )


@dataclass(frozen=True, slots=True)
class Acted:
    """A person took an action in place of the agent's, at a Step that was told of before.

    Attributes:
        number: of the episode. index: of the Step. action: taken there.
    """

    number: int
    index: int
    action: int


@dataclass(frozen=True, slots=True)
class Reread:
    """The Moments 0 to len - 1 of an episode as another generation of weights reads them."""

    number: int
    generation: int
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Blinds:
    """The dream along reality anew, from index `start` on, after its re-grounding changed.

    Attributes:
        number: of the episode. generation: of the weights. ground_every: frames from look to look.
        start: index of the first. blinds: one a Step.
    """

    number: int
    generation: int
    ground_every: int
    start: int
    blinds: tuple[Blind, ...]


FutureKind = Literal["policy", "what if", "many", "played", "echo"]
"""Of futures: what the policy would do, what if another action came first, one of many dreams, what a person played."""


@dataclass(frozen=True, slots=True)
class FutureKey:
    """Which dream: the same key shows the same dream.

    Attributes:
        number: of the episode. index: of the Moment it starts from. generation: of the weights.
        horizon: steps.
        branch: of the policy's own futures 0, and one more for each time a person asks for another; of the others the
            action that it begins with, its place among many, or a running number.
        kind: what it was dreamt for; "echo": a second agent's dream of the actions in one of the policy's own.
    """

    number: int
    index: int
    generation: int
    horizon: int
    branch: int
    kind: FutureKind = "policy"


@dataclass(frozen=True, slots=True)
class Future:
    """What the agent would do from a Moment on, as the model imagines it."""

    key: FutureKey
    dream: Dream


@dataclass(frozen=True, slots=True)
class Forked:
    """What really happens under the actions of a future.

    Attributes:
        key: of the future. fork: the real rollout; None where the game does not come out as it did.
    """

    key: FutureKey
    fork: Fork | None


@dataclass(frozen=True, slots=True)
class Dreamt:
    """Another frame of the dream that a person plays.

    Attributes:
        key: of the dream. ahead: 0-based place in it. step: what was done and imagined.
    """

    key: FutureKey
    ahead: int
    step: DreamtStep


@dataclass(frozen=True, slots=True)
class DuelBegun:
    """The episode being lived is now one that a person plays on from a past Moment; its Moments follow.

    Attributes:
        number: of that episode. rival: the number that the agent's own will have.
    """

    number: int
    rival: int


@dataclass(frozen=True, slots=True)
class RivalPlayed:
    """How the agent played on from the Moment of a duel: the whole episode."""

    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Fan:
    """Many futures of one Moment, without pictures.

    Attributes:
        key: where they start and how far they go; its branch is 0. dream: the futures, one a branch.
    """

    key: FutureKey
    dream: Dream


@dataclass(frozen=True, slots=True)
class Recalled:
    """An episode opened from a recording.

    Attributes:
        path: the file. arrival: the whole episode, as far as it comes out here as recorded.
        differs: one sentence where it does not; empty where it all does.
    """

    path: Path
    arrival: Arrival
    differs: str


@dataclass(frozen=True, slots=True)
class Written:
    """A file a person asked for is there."""

    path: Path


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A picture, film or table that a person asked for.

    Attributes:
        path: its ending says what. arrival: the whole episode with its Readings, as far as it went.
        index: of the Moment, for a picture. horizon: frames from look to look, and of each future.
        agent: whose Readings they are.
    """

    path: Path
    arrival: Arrival
    index: int
    horizon: int
    agent: AgentInfo


WorkKind = Literal["export", "recording", "reading"]
"""Long work: an export, a recording that is opened, an episode that is read anew."""


@dataclass(frozen=True, slots=True)
class Working:
    """How far long work is.

    Attributes:
        kind: of work. name: of the file, empty where there is none.
        done, total: frames; when all are done, the work is over, whatever came of it.
    """

    kind: WorkKind
    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question.

    Attributes:
        question: that was asked. answer: a frozen record; its class follows from the question's.
    """

    question: Question
    answer: Any


@dataclass(frozen=True, slots=True)
class CompanionOpened:
    """Another agent reads along, to be compared with the one that plays."""

    agent: AgentInfo


@dataclass(frozen=True, slots=True)
class CompanionRefused:
    """A checkpoint to compare with could not be opened, for this reason; what was compared before stays."""

    reason: str


@dataclass(frozen=True, slots=True)
class CompanionRead:
    """Some Moments of an episode as the companion reads them.

    Attributes:
        number: of the episode. generation: of the companion's weights. start: index of the first Moment.
        ground_every: frames from look to look of its dream along reality; None: it is not made.
        moments: in order.
    """

    number: int
    generation: int
    ground_every: int | None
    start: int
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class CompanionDreamt:
    """A future that the companion imagines; its key names the companion's weights."""

    future: Future


CompanionRecord = CompanionOpened | CompanionRefused | CompanionRead | CompanionDreamt
"""What comes of a comparison."""

Record = (
    CompanionRecord
    | Opened
    | Arrival
    | Acted
    | Reread
    | Blinds
    | Picture
    | Forked
    | Dreamt
    | DuelBegun
    | RivalPlayed
    | Fan
    | Answered
    | Recalled
    | Written
    | Working
)
"""What must reach the session in order and complete."""


@dataclass(frozen=True, slots=True)
class News:
    """Everything the player has to tell since the mailbox was last emptied.

    Attributes:
        records: in the order they happened.
        future: the newest dream.
        frames_per_second: what the live lane reaches now; None where it is at rest.
        model_ms: what the agent takes for a frame in the live lane, in milliseconds; None where it saw none lately.
    """

    records: tuple[Record, ...] = ()
    future: Future | None = None
    frames_per_second: float | None = None
    model_ms: float | None = None


def _joined(old: Arrival, new: Arrival) -> Arrival | None:
    if (old.number, old.generation) != (new.number, new.generation) or old.start + len(old.moments) != new.start:
        return None
    return replace(new, start=old.start, moments=old.moments + new.moments)


def merge_news(old: News, new: News) -> News:
    """One piece of news of two: records in order, arrivals of one episode joined, the latest dream.

    Of several pictures only the newest keeps its pixels: a reader that is long away must not find gigabytes.
    """
    records = list(old.records)
    if any(isinstance(record, Picture) for record in new.records):
        records = [replace(record, pixels=None) if isinstance(record, Picture) else record for record in records]
    for record in new.records:
        last = records[-1] if records else None
        joined = _joined(last, record) if isinstance(last, Arrival) and isinstance(record, Arrival) else None
        if joined is not None:
            records[-1] = joined
        else:
            records.append(record)
    return News(tuple(records), new.future or old.future, new.frames_per_second, new.model_ms)


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """Which levels to play.

    Attributes:
        split: train or unseen levels.
        level_seed: this level again and again, whatever the split; None for another level of the split each time.
        first: this level once, before the others.
    """

    split: Split = "unseen"
    level_seed: int | None = None
    first: int | None = None


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train.

    Attributes:
        config: settings of the run; of a resumed run only as the form shows them: the run's own hold.
        source: a checkpoint whose weights to start from; None starts from zero.
        resume: a run's folder to go on with, exactly; excludes source.
        run_dir: where to put a new run; None for the person's data folder.
    """

    config: Config
    source: Path | None = None
    resume: Path | None = None
    run_dir: Path | None = None
