"""The learning-rate range test: losses while the rate grows, the rate that they suggest, and their picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64
from sklearn.base import BaseEstimator

from foldline.core.checks import integer, number
from foldline.core.errors import SettingError
from foldline.estimators import losses_over_rates
from foldline.insight.style import COLORS, look
from foldline.training import CodedRows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMOOTHING = 0.9  # weight of what was before, a step
DIVERGED_FACTOR = 4.0  # Gugger (2018): stop where the loss is four times its least
# Of the rate with the least loss. Measured on digits (raw, HoG) and fashion-mini (raw), linear softmax and SVM, nets of
# 256 and 256-128 units, AdamW; 14 cases, three seeds. In validation accuracy a tenth lost 0.65 points to the best rate
# of a grid (at most 2.0), a quarter 0.63 (2.9), the steepest descent 3.2 (12.2), and `automatic_rate` 0.56 (3.2).
SHARE_OF_BEST = 0.1


@dataclass(frozen=True, kw_only=True)
class RateTest:
    """What `find_rate` gives back.

    Args:
        rates: learning rate of each step.
        batch_losses: mean loss of each batch before its step, a row a seed; not finite where a seed diverged.
        losses: smoothed mean over the seeds, as far as it did not diverge.
        diverged_at: the rate at which it diverged; None for not at all.
        suggested: a tenth of the rate with the least smoothed loss.
        automatic: the rate of lr="auto" (see `foldline.training.automatic_rate`).
    """

    rates: Float64[np.ndarray, " steps"]
    batch_losses: Float64[np.ndarray, "seeds steps"]
    losses: Float64[np.ndarray, " sound"]
    diverged_at: float | None
    suggested: float
    automatic: float

    def picture(self) -> "Figure":
        """Draw the losses over the rate, with the suggested and the automatic one."""
        return _picture(self)


def find_rate(
    model: BaseEstimator,
    X: Float[np.ndarray, "n d"] | CodedRows,
    y: np.ndarray,
    *,
    low: float = 1e-5,
    high: float = 10.0,
    n_steps: int = 200,
    seeds: Sequence[int] = (0, 1, 2),
    sample_weight: np.ndarray | None = None,
) -> RateTest:
    """Train for a few steps while the learning rate grows, and suggest a rate.

    The rate of step t is low * (high / low)^(t / (n_steps - 1)). All steps of all seeds are one compiled program.

    Args:
        model: an unfitted LinearClassifier, MLPClassifier, RandomlyWiredClassifier or AlexNetClassifier, trained by
            mini-batch descent; its lr, schedule, warmup, epochs and early_stopping do not count.
        X: (N, D) as in `fit`, but not in a file.
        y: (N,) as in `fit`.
        low: the first rate, above 0.
        high: the last rate, above low.
        n_steps: how many, from 20 to 10,000.
        seeds: a random_state for each run; their losses are averaged.
        sample_weight: as in `fit`.
    Returns: losses, where they diverged, and the rate suggested.
    Raises: SettingError for another classifier, settings outside their ranges, or rates between which the loss has no
        least value; and what `fit` raises but for DivergedError.
    Convention: losses l_t are smoothed to m_t / (1 - 0.9^(t + 1)) with m_t = 0.9 m_(t - 1) + 0.1 l_t and m_(-1) = 0.
    Convention: they have diverged where the smoothed loss is not finite or above four times its least so far.
    Source: Smith (2017), "Cyclical learning rates for training neural networks", section 3.3, for the test, with rates
        in equal ratios instead of equal steps; Kingma and Ba (2015), section 3, for the smoothing; Gugger (2018), "How
        do you find a good learning rate", for the end and for the tenth.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> from foldline.estimators import LinearClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> test = find_rate(LinearClassifier(), X / 16, y)
        >>> 0.001 < test.suggested < test.diverged_at
        True
    """
    number(low, name="low", low=0.0, above=True)
    number(high, name="high", low=low, above=True)
    integer(n_steps, name="n_steps", low=20, high=10_000)
    rates = np.geomspace(low, high, n_steps)
    batch_losses, automatic = losses_over_rates(model, X, y, rates=rates, seeds=seeds, sample_weight=sample_weight)
    losses = smoothed(batch_losses.mean(axis=0))
    n_sound = _sound_steps(losses)
    best = int(np.argmin(losses[:n_sound]))
    if best == 0 or best == n_steps - 1:
        what, end, mend = ("rises from", "low", "Lower") if best == 0 else ("still falls at", "high", "Raise")
        raise SettingError(
            f"the loss {what} {end}, a rate of {rates[best]:g}; expected it to fall and then to rise between low and "
            f"high. {mend} {end}."
        )
    return RateTest(
        rates=rates,
        batch_losses=batch_losses,
        losses=losses[:n_sound],
        diverged_at=float(rates[n_sound]) if n_sound < n_steps else None,
        suggested=float(SHARE_OF_BEST * rates[best]),
        automatic=automatic,
    )


def smoothed(losses: Float64[np.ndarray, " steps"]) -> Float64[np.ndarray, " steps"]:
    """Compute the exponential mean of what came before, corrected for its beginning at 0 (see `find_rate`).

    Example:
        >>> smoothed(np.array([1.0, 1.0, 2.0])).round(3)
        array([1.   , 1.   , 1.369])
    """
    means, mean = np.empty_like(losses), 0.0
    for step, loss in enumerate(losses):
        mean = SMOOTHING * mean + (1.0 - SMOOTHING) * loss
        means[step] = mean / (1.0 - SMOOTHING ** (step + 1))
    return means


def _sound_steps(losses: Float64[np.ndarray, " steps"]) -> int:
    """Count the steps before the loss diverges."""
    with np.errstate(invalid="ignore"):
        is_sound = np.isfinite(losses) & (losses <= DIVERGED_FACTOR * np.minimum.accumulate(losses))
    return len(losses) if is_sound.all() else int(np.argmin(is_sound))


def _picture(test: RateTest) -> "Figure":
    from matplotlib.figure import Figure

    n_sound = len(test.losses)
    with look():
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(
            test.rates[:n_sound],
            test.batch_losses.mean(axis=0)[:n_sound],
            color=COLORS["series-3"],
            linewidth=0.8,
            label="batches",
        )
        axes.plot(test.rates[:n_sound], test.losses, color=COLORS["series-1"], label="smoothed")
        for rate, name, color, style in (
            (test.suggested, "suggested", COLORS["series-2"], "--"),
            (test.automatic, "automatic", COLORS["series-5"], ":"),
        ):
            axes.axvline(rate, color=color, linestyle=style, linewidth=1.4, label=f"{name}: {rate:.2g}")
        axes.set_xscale("log")
        axes.set(xlabel="learning rate", ylabel="loss", ylim=(0, 1.1 * float(test.losses.max())))
        if test.diverged_at is not None:
            axes.set_title(
                f"diverged at {test.diverged_at:.2g}", fontsize=8.5, fontweight="normal", color=COLORS["muted"]
            )
        axes.legend(fontsize=8.5)
    return figure
