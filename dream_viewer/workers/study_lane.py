"""Work that may wait: generators that are advanced piece by piece, whenever the live lane leaves time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

Job = Generator[Any, None, Any]
"""Yields after every piece of work, None or a part of the result; returns the result."""


@dataclass(slots=True)
class _Task:
    job: Job
    part: Callable[[Any], None] | None
    done: Callable[[Any], None] | None


class StudyLane:
    """One job of each kind at a time, all kinds in turn.

    A request of a kind supersedes the job of that kind, or waits for it; of those that wait only the newest stays.
    """

    def __init__(self) -> None:
        self._running: OrderedDict[str, _Task] = OrderedDict()
        self._waiting: dict[str, _Task] = {}

    @property
    def busy(self) -> bool:
        """There is work."""
        return bool(self._running)

    def has(self, kind: str) -> bool:
        """A job of this kind is in the making."""
        return kind in self._running

    def submit(
        self,
        kind: str,
        job: Job,
        *,
        done: Callable[[Any], None] | None = None,
        part: Callable[[Any], None] | None = None,
        supersede: bool = True,
    ) -> None:
        """Ask for a job.

        Args:
            kind: jobs of one kind follow each other. job: the work.
            done: called with what the job returns. part: called with what it yields, unless that is None.
            supersede: give up the running job of this kind, rather than let it finish first.
        """
        task = _Task(job, part, done)
        if kind in self._running and not supersede:
            replaced = self._waiting.pop(kind, None)
            self._waiting[kind] = task
        else:
            replaced = self._running.pop(kind, None)
            waiting = self._waiting.pop(kind, None)
            if waiting is not None:
                waiting.job.close()
            self._running[kind] = task
        if replaced is not None:
            replaced.job.close()

    def cancel(self, *kinds: str) -> None:
        """Give up the jobs of these kinds; without any, all."""
        for kind in kinds or {*self._running, *self._waiting}:
            for task in (self._running.pop(kind, None), self._waiting.pop(kind, None)):
                if task is not None:
                    task.job.close()

    def turn(self) -> bool:
        """Advance the job whose turn it is by one piece; False where there is nothing to do.

        Raises:
            Exception: what the job raised; the job is gone, the others stay.
        """
        if not self._running:
            return False
        kind, task = next(iter(self._running.items()))
        self._running.move_to_end(kind)
        try:
            part = next(task.job)
        except StopIteration as end:
            self._finish(kind)
            if task.done is not None:
                task.done(end.value)
        except BaseException:
            self._finish(kind)
            raise
        else:
            if part is not None and task.part is not None:
                task.part(part)
        return True

    def _finish(self, kind: str) -> None:
        del self._running[kind]
        waiting = self._waiting.pop(kind, None)
        if waiting is not None:
            self._running[kind] = waiting
