"""Work that tells how far it is also tells that it is over, however it ends."""

from collections.abc import Generator

import pytest

from dream_viewer.messages.news import News, Working
from dream_viewer.workers.telling import telling


def job(fails: bool = False) -> Generator[int | None, None, str]:
    yield None
    yield 4
    if fails:
        raise RuntimeError("broken")
    return "all"


def told(news: list[News]) -> list[Working]:
    return [record for piece in news for record in piece.records if isinstance(record, Working)]


@pytest.mark.parametrize("end", ["done", "failed", "given up"])
def test_it_is_over_however_it_ends(end: str) -> None:
    news: list[News] = []
    work = telling(job(end == "failed"), news.append, "export", "a.mp4", 8)
    next(work)
    assert news == []
    next(work)
    assert told(news) == [Working("export", "a.mp4", 4, 8)]
    if end == "given up":
        work.close()
    else:
        with pytest.raises(StopIteration if end == "done" else RuntimeError) as ended:
            next(work)
        assert end == "failed" or ended.value.value == "all"  # type: ignore[attr-defined]
    assert told(news)[1:] == [Working("export", "a.mp4", 8, 8)]
