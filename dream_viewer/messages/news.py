"""Everything that a worker has to tell, and how it is put together while the window is busy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.companion import CompanionRecord
from dream_viewer.messages.futures import Dreamt, Fan, Forked, Future
from dream_viewer.messages.lived import Acted, Arrival, Blinds, DuelBegun, Picture, Recalled, Reread, RivalPlayed
from dream_viewer.messages.questions import Question


@dataclass(frozen=True, slots=True)
class Written:
    """A file a person asked for is there."""

    path: Path


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
