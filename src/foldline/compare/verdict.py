"""Which recipe is best, why, and which one to ship: sentences computed from the rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from foldline.compare.rows import DataSummary, Row
from foldline.compare.wording import file_size, listed, microseconds, percent, points
from foldline.insight import paired_difference


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of a comparison.

    Args:
        best: key of the recipe with the highest mean test accuracy.
        tied: keys of those that chance alone could put behind it.
        ship: key of the fastest to predict of best and tied.
        headline: the best recipe and its accuracy.
        reasons: sentences on what it gains over which other recipe, and what to ship.
    """

    best: str
    tied: tuple[str, ...]
    ship: str
    headline: str
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        """Headline and reasons as one paragraph."""
        return " ".join([f"{self.headline}.", *self.reasons])


def judge(rows: Sequence[Row], data: DataSummary) -> Verdict:
    """Draw the conclusions.

    Args:
        rows: at least one, best first.
        data: what they were measured on.
    Convention: two recipes tie when the 95 % interval of their paired difference on the same test images holds 0.
    """
    best, *others = rows
    tied = [row for row in others if paired_difference(best.right, row.right).is_tie]
    # What is too large to be kept cannot be shipped either.
    ship = min([best, *(row for row in tied if row.model is not None)], key=lambda row: row.predict_us)
    reasons = [_interval(best, data), _tie(tied), *_gains(best, others), _shipping(best, ship, has_ties=bool(tied))]
    return Verdict(
        best=best.recipe,
        tied=tuple(row.recipe for row in tied),
        ship=ship.recipe,
        headline=f"{best.title}: {percent(best.test_accuracy.mean)} of test images right",
        reasons=tuple(reason for reason in reasons if reason),
    )


def _interval(best: Row, data: DataSummary) -> str:
    accuracy, n_test = best.test_accuracy, int(data.n_test.sum())
    said = f"With {n_test:,} test images the 95 % interval is {percent(accuracy.low)} to {percent(accuracy.high)}."
    largest = int(data.n_test.argmax())
    guessing = float(data.n_test[largest] / n_test)
    if accuracy.low <= guessing:
        said += (
            f" Always answering {data.class_names[largest]!r} would be right on {percent(guessing)}: no recipe is "
            f"clearly better than that."
        )
    return said


def _tie(tied: list[Row]) -> str:
    if not tied:
        return ""
    names = listed([row.title for row in tied])
    return f"{names} {'ties' if len(tied) == 1 else 'tie'} with it: the difference is within what chance does."


def _gains(best: Row, others: list[Row]) -> list[str]:
    """Say what its features buy with the same classifier, and what its classifier buys on the same features."""
    features, _, classifier = best.recipe.partition("/")
    same_classifier = [row for row in others if row.recipe.endswith(f"/{classifier}")]
    same_features = [row for row in others if row.recipe.startswith(f"{features}/")]
    gains = []
    if (row := _reference(same_classifier, f"raw/{classifier}")) is not None:
        gains.append(
            _gain(best, row, who=best.features, over=row.features, same=f"the same classifier, {best.classifier}")
        )
    if (row := _reference(same_features, f"{features}/softmax")) is not None:
        gains.append(
            _gain(best, row, who=best.classifier, over=row.classifier, same=f"the same features, {best.features}")
        )
    return gains


def _reference(rows: list[Row], key: str) -> Row | None:
    """Take the plainest recipe to compare with, or if the best is itself the plainest, the strongest rival."""
    plainest = next((row for row in rows if row.recipe == key), None)
    return plainest or (rows[0] if rows else None)


def _gain(best: Row, other: Row, *, who: str, over: str, same: str) -> str:
    difference = paired_difference(best.right, other.right)
    if difference.is_tie:
        return f"With {same}, {who} and {over} tie ({points(difference.mean)} apart)."
    return f"With {same}, {who} gains {points(difference.mean)} over {over}."


def _shipping(best: Row, ship: Row, *, has_ties: bool) -> str:
    cost = f"{microseconds(ship.predict_us)} an image, {file_size(ship.model_bytes)}"
    if ship is not best:
        instead = f"{microseconds(best.predict_us)} and {file_size(best.model_bytes)}"
        return f"Ship {ship.title}: as good within chance, and the fastest to predict ({cost}, instead of {instead})."
    why = "the best, and the fastest to predict of those that tie" if has_ties else "nothing else is as good"
    return f"Ship {ship.title}: {why} ({cost})."
