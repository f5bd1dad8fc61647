"""Long work that tells how far it is."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from dream_viewer.messages.news import News, Working, WorkKind

T = TypeVar("T")


def telling(
    job: Generator[int | None, None, T], tell: Callable[[News], None], kind: WorkKind, name: str, total: int
) -> Generator[None, None, T]:
    """A job that tells how far it is, and that it is over when it ends, fails or is given up.

    Args:
        job: yields after every piece of work, None or how many frames are done. tell: takes each piece of news.
        kind, name: of the work, see `Working`. total: frames in all.
    """
    try:
        while True:
            try:
                done = next(job)
            except StopIteration as end:
                result: T = end.value
                return result
            if done is not None:
                tell(News((Working(kind, name, done, total),)))
            yield
    finally:
        job.close()
        tell(News((Working(kind, name, total, total),)))
