"""Numbers as a reader wants them: few digits, always with their unit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foldline.compare.rows import Tuning


def percent(share: float) -> str:
    """Write a share with one decimal.

    Example:
        >>> percent(0.9118)
        '91.2 %'
    """
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """Write a difference of two shares in percentage points, without sign.

    Example:
        >>> points(-0.0289), points(0.01)
        ('2.9 points', '1.0 point')
    """
    size = f"{abs(100 * difference):.1f}"
    return f"{size} point" if size == "1.0" else f"{size} points"


def seconds(elapsed_s: float) -> str:
    """Write a duration with about two digits.

    Example:
        >>> seconds(0.0032), seconds(4.26), seconds(72.4), seconds(3800)
        ('3 ms', '4.3 s', '72 s', '63 min')
    """
    if elapsed_s < 0.1:
        return f"{1e3 * elapsed_s:.0f} ms"
    if elapsed_s < 9.95:
        return f"{elapsed_s:.1f} s"
    return f"{elapsed_s:.0f} s" if elapsed_s < 600 else f"{elapsed_s / 60:.0f} min"


def microseconds(elapsed_us: float) -> str:
    """Write a duration given in microseconds.

    Example:
        >>> microseconds(3.21), microseconds(41.8), microseconds(1234.0)
        ('3.2 µs', '42 µs', '1,234 µs')
    """
    return f"{elapsed_us:.1f} µs" if elapsed_us < 9.95 else f"{elapsed_us:,.0f} µs"


def file_size(n_bytes: int) -> str:
    """Write a file's size in decimal units.

    Example:
        >>> file_size(812), file_size(31_400), file_size(1_680_000), file_size(172_000_000)
        ('812 B', '31 kB', '1.7 MB', '172 MB')
    """
    if n_bytes < 1000:
        return f"{n_bytes} B"
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1e3:.0f} kB"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes < 10_000_000 else f"{n_bytes / 1e6:,.0f} MB"


def listed(words: list[str], *, comma: str = ",") -> str:
    """Join words as a sentence does; words with commas in them want another comma between them.

    Example:
        >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a, b", "c, d"], comma=";")
        ('a', 'a, b and c', 'a, b; and c, d')
    """
    if len(words) == 1:
        return words[0]
    return f"{f'{comma} '.join(words[:-1])}{'' if comma == ',' else comma} and {words[-1]}"


def settings(values: Mapping[str, float | str | None]) -> str:
    """Write settings and their values.

    Example:
        >>> settings({"l2": 0.003, "lr": "auto", "dropout": 0.25})
        'l2 0.003, lr auto, dropout 0.25'
    """
    return ", ".join(
        f"{name} {f'{value:g}' if isinstance(value, float | int) else value}" for name, value in values.items()
    )


def choice_of_settings(tuning: "Tuning") -> str:
    """Write which settings were chosen, of how many, and what they gain on validation images.

    Example:
        >>> from foldline.compare.rows import Tuning
        >>> own, chosen = {"l2": 0.003}, {"l2": 0.1}
        >>> tuned = Tuning(n_tried=9, own=own, chosen=chosen, own_accuracy=0.8, accuracy=0.9, tune_s=4.2)
        >>> choice_of_settings(tuned)
        '9 settings tried in 4.2 s: l2 0.1 has 90.0 % of validation images right, its own, l2 0.003, 80.0 %.'
    """
    tried = f"{tuning.n_tried} {'setting' if tuning.n_tried == 1 else 'settings'} tried in {seconds(tuning.tune_s)}"
    if tuning.chosen == tuning.own:
        own = f"its own, {settings(tuning.own)}, with {percent(tuning.accuracy)} of validation images right"
        return f"{tried}: none did better than {own}."
    own = "could not be trained" if tuning.own_accuracy is None else percent(tuning.own_accuracy)
    gain = f"{settings(tuning.chosen)} has {percent(tuning.accuracy)} of validation images right"
    return f"{tried}: {gain}, its own, {settings(tuning.own)}, {own}."
