"""Numbers as the window writes them. No Qt here."""

from __future__ import annotations

MINUS = "\u2212"


def count(number: int) -> str:
    """A count with thin spaces between thousands: 10 042."""
    return f"{number:,}".replace(",", "\u2009")


def counted(number: int, word: str) -> str:
    """So many of something: 1 frame, 7 frames."""
    return f"{count(number)} {word}" if number == 1 else f"{count(number)} {word}s"


def short_count(number: int) -> str:
    """A count in three digits: 950, 12.3 k, 1.2 M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            scaled = number / size
            return f"{scaled:.0f} {unit}" if scaled >= 100 else f"{scaled:.1f} {unit}"
    return str(number)


def duration(seconds: float) -> str:
    """A duration in its two largest units: 45 s, 3 min 20 s, 2 h 05 min, 3 d 4 h."""
    whole = max(0, round(seconds))
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    if minutes:
        return f"{minutes} min {secs:02d} s"
    return f"{secs} s"


def signed(number: float) -> str:
    """A reward or return without needless digits, with a true minus sign: +10, -0.5, 0."""
    text = f"{number:+.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else text.replace("-", MINUS)


def decimal(number: float) -> str:
    """A number with two digits behind the point and a true minus sign."""
    text = f"{number:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", MINUS)
