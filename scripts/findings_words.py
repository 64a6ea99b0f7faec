"""Say numbers and lists in words."""

from collections.abc import Iterable, Sequence

from training.compare.results.statistics import Difference

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
EQUAL_TIME = 0.05
"""The largest part by which two times differ that are called equal."""


def in_words(number: int) -> str:
    """Return a number in words up to twelve, and in digits above."""
    return _WORDS[number] if number < len(_WORDS) else f"{number:,}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `three comparisons`."""
    return f"{in_words(number)} {noun}{'' if number == 1 else 's'}"


def between(values: Iterable[float], digits: int, joint: str = " to ") -> str:
    """Return the smallest and the largest of some values, or one number if they look the same."""
    ordered = sorted(values)
    low, high = (f"{value:.{digits}f}" for value in (ordered[0], ordered[-1]))
    return low if low == high else f"{low}{joint}{high}"


def with_interval(difference: Difference, digits: int) -> str:
    """Return a difference and its interval if there is one, bold if it does not contain zero."""
    text = f"{difference.mean:+.{digits}f}"
    if difference.low is not None:
        text += f" ({difference.low:+.{digits}f} to {difference.high:+.{digits}f})"
    return f"**{text}**" if difference.significant else text


def duration(ratios: Sequence[float], what: str, reference: str) -> str:
    """Say how long something takes compared with the reference, from the ratios of their times."""
    low, high = min(ratios), max(ratios)
    if low >= 1 - EQUAL_TIME and high <= 1 + EQUAL_TIME:
        return f"{what} takes as long as with {reference}"
    both_sides = low < 1 < high
    text = between(ratios, 2, " and " if both_sides else " to ")
    return f"{what} takes {'between ' if both_sides else ''}{text} times as long as with {reference}"


def sentence(text: str) -> str:
    """Return a text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."
