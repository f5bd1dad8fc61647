"""What a few typed letters find, and in which order."""

from dream_viewer.words.matching import best, match

ROWS = [
    ("One frame back", "One frame back"),
    ("Open run", "Open a run's newest checkpoint"),
    ("Imagine another future", "Imagine another future from here"),
    ("Bookmark", "Set or clear a bookmark here"),
    ("Future", "What it imagines it would do next"),
]


def test_nothing_typed_finds_everything_in_its_order() -> None:
    assert best("", ROWS) == [0, 1, 2, 3, 4]


def test_a_name_that_begins_so_comes_first_and_hints_come_after_names() -> None:
    assert best("future", ROWS) == [4, 2]
    assert best("IMAGINE", ROWS) == [2, 4], "the second by its hint"


def test_words_come_in_any_order_and_letters_may_be_left_out() -> None:
    assert best("back frame", ROWS) == [0]
    assert best("opr", ROWS) == [1]
    assert best("bkm", ROWS) == [3]


def test_what_is_not_there_is_not_found() -> None:
    assert match("xyz", "One frame back", "One frame back") is None
    assert best("futuresque", ROWS) == []
