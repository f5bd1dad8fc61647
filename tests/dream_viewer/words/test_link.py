"""Links: what is written is read back, and nothing else is taken for one."""

import pytest

from dream_viewer.words.link import Link, parse_link
from trainer.errors import UserError

LINK = Link("coinrun", "easy", "unseen", 10_007, 37, "00ff00ff00ff00ff")


def test_a_link_is_a_line_that_comes_back() -> None:
    assert LINK.text == "dream-agent://coinrun/easy/unseen/10007?step=37&checkpoint=00ff00ff00ff00ff"
    assert parse_link(f"  {LINK.text}\n") == LINK
    unsaved = Link("maze", "hard", "train", 0, 0, "")
    assert parse_link(unsaved.text) == unsaved


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.org",
        LINK.text.replace("coinrun", "doom"),
        LINK.text.replace("10007", "2147483647"),
        LINK.text.replace("10007", "-1"),
        LINK.text.replace("10007", "٣"),
        LINK.text.replace("easy", "../easy"),
        LINK.text.replace("37", "37000000"),
        LINK.text + "0",
        LINK.text * 2,
        "dream-agent:" * 100_000,
    ],
)
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UserError, match="no link to a moment") as refusal:
        parse_link(text)
    assert len(str(refusal.value)) < 200
