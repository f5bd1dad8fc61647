"""Numbers as colours."""

import numpy as np

from dream_viewer.pictures.heat import likely_picture, signed_picture

GROUND, FULL, MORE, LESS = (10, 20, 30), (210, 220, 230), (255, 0, 0), (0, 0, 255)


def test_what_is_likelier_is_further_from_the_ground_and_one_in_a_hundred_is_seen() -> None:
    picture = likely_picture(np.array([[0.0, 0.01, 0.25, 1.0]], np.float32), GROUND, FULL)
    assert picture.dtype == np.uint8 and not picture.flags.writeable
    assert picture[0].tolist() == [[10, 20, 30], [30, 40, 50], [110, 120, 130], [210, 220, 230]]


def test_the_two_signs_have_two_colours_and_beyond_full_it_is_full() -> None:
    picture = signed_picture(np.array([[-3.0, 0.0, 0.5, 2.0]], np.float32), 2.0, GROUND, MORE, LESS)
    assert picture[0].tolist() == [[0, 0, 255], [10, 20, 30], [132, 10, 15], [255, 0, 0]]
