"""Which recipe is best, why, and which one to ship: sentences computed from the rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from foldline.compare.rows import DataSummary, Row
from foldline.compare.wording import file_size, listed, microseconds, percent, points
from foldline.insight import paired_difference

CLEARLY_FASTER = 0.8  # share of the best recipe's time; smaller leads come and go from one timing to the next


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of a comparison.

    Args:
        best: key of the recipe with the highest mean test accuracy.
        tied: keys of those that chance alone could put behind it.
        ship: key of the best recipe, or of one tied with it that is clearly faster to predict; of those whose model is
            kept, and None if there is none.
        headline: the best recipe and its accuracy.
        reasons: sentences on what it gains over which other recipe, and what to ship.
    """

    best: str
    tied: tuple[str, ...]
    ship: str | None
    headline: str
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        """Headline and reasons as one paragraph."""
        return " ".join([f"{self.headline}.", *self.reasons])


def judge(rows: Sequence[Row], data: DataSummary, *, n_settings: int = 0) -> Verdict:
    """Draw the conclusions.

    Args:
        rows: at least one, best first.
        data: what they were measured on.
        n_settings: how many settings of each recipe were tried; 0 if none were.
    Returns: the best recipe, those that tie with it, the one to ship, and why.
    Convention: a tied recipe is clearly faster if a prediction takes less than 0.8 of the best recipe's time.
    Convention: two recipes tie when the 95 % interval of their paired difference on the same test images holds 0.
    """
    best, *others = rows
    tied = [row for row in others if paired_difference(best.right, row.right).is_tie]
    ship = _choose(best, tied, others)
    reasons = [
        _interval(best, data),
        _choice_of_many(len(rows)),
        _choice_of_settings(rows, n_settings),
        _tie(tied),
        *_gains(best, others),
        *_shipping(best, ship, tied=tied, is_alone=not others),
    ]
    return Verdict(
        best=best.recipe,
        tied=tuple(row.recipe for row in tied),
        ship=None if ship is None else ship.recipe,
        headline=f"{best.title}: {percent(best.test_accuracy.mean)} of test images right",
        reasons=tuple(reason for reason in reasons if reason),
    )


def _choose(best: Row, tied: list[Row], others: list[Row]) -> Row | None:
    kept = [row for row in (best, *tied) if row.model is not None]
    if not kept:
        return next((row for row in others if row.model is not None), None)
    fastest = min(kept, key=lambda row: row.predict_us)
    return fastest if fastest.predict_us < CLEARLY_FASTER * kept[0].predict_us else kept[0]


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


def _choice_of_many(n_recipes: int) -> str:
    if n_recipes == 1:
        return ""
    return f"It is the first of {n_recipes} on these test images; expect slightly less on new ones."


def _choice_of_settings(rows: Sequence[Row], n_settings: int) -> str:
    tuned = [row.tuning for row in rows if row.tuning is not None]
    if not tuned:
        return ""
    whose = "all recipes" if len(tuned) == len(rows) else f"{len(tuned)} of {len(rows)} recipes"
    most = "" if all(tuning.n_tried == n_settings for tuning in tuned) else "at most "
    tries = f"{n_settings} {'try' if n_settings == 1 else 'tries'}"
    return f"Settings of {whose} were tuned on validation images, with {most}{tries} each."


def _tie(tied: list[Row]) -> str:
    if not tied:
        return ""
    names = listed([row.title for row in tied], comma=";")  # titles hold commas
    return f"{names} {'ties' if len(tied) == 1 else 'tie'} with it: the difference is within what chance does."


def _gains(best: Row, others: list[Row]) -> list[str]:
    """Say what its features buy with the same classifier, and what its classifier buys on the same features."""
    # The plainest rival; where the best is the plainest itself, the strongest.
    same_classifier = [row for row in others if row.classifier_key == best.classifier_key]
    same_features = [row for row in others if row.feature_key == best.feature_key]
    gains = []
    for row in sorted(same_classifier, key=lambda row: row.feature_key != "raw")[:1]:
        same = f"the same classifier, {best.classifier}"
        gains.append(_gain(best, row, who=best.features, over=row.features, same=same))
    for row in sorted(same_features, key=lambda row: row.classifier_key != "softmax")[:1]:
        same = f"the same features, {best.features}"
        gains.append(_gain(best, row, who=best.classifier, over=row.classifier, same=same))
    return gains


def _gain(best: Row, other: Row, *, who: str, over: str, same: str) -> str:
    difference = paired_difference(best.right, other.right)
    if difference.is_tie:
        return f"With {same}, {who} and {over} tie ({points(difference.mean)} apart)."
    return f"With {same}, {who} gains {points(difference.mean)} over {over}."


def _shipping(best: Row, ship: Row | None, *, tied: list[Row], is_alone: bool) -> list[str]:
    not_kept = f"{best.title} keeps all its training rows ({file_size(best.model_bytes)})"
    if ship is None:
        others = "" if is_alone else ", and so does every other recipe"
        return [f"No model is saved, and saving removes an older model.safetensors: {not_kept}{others}."]
    cost = f"{microseconds(ship.predict_us)} an image, {file_size(ship.model_bytes)}"
    if is_alone:
        return [f"A prediction takes {microseconds(ship.predict_us)}, the model {file_size(ship.model_bytes)}."]
    if ship is best:
        why = "the best, and nothing that ties is clearly faster to predict" if tied else "nothing else is as good"
        return [f"Ship {ship.title}: {why} ({cost})."]
    if best.model is None:
        why = "as good within chance" if ship in tied else "the best of those that are saved"
        return [f"{not_kept} and is not saved.", f"Ship {ship.title}: {why} ({cost})."]
    instead = f"{microseconds(best.predict_us)} and {file_size(best.model_bytes)}"
    return [f"Ship {ship.title}: as good within chance, and faster to predict ({cost}, instead of {instead})."]
