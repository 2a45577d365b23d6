"""A neuron whose dendrites compute before its cell body does, and so answer what no single artificial neuron can."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Bool, Float, Float64

from foldline.core.checks import axes, choice, number
from foldline.insight.neurons import SpikingNeuron, firing_rates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([False, True, True, False])
BRANCHES = ("sigmoid", "calcium")
STEEPNESS = 10.0  # of a sigmoid branch, so that one input turns it on or off to 1 %
DECAY = 0.3  # of a calcium spike's size over the drive


@dataclass(frozen=True, kw_only=True)
class DendriticNeuron:
    """Dendritic branches, each with a nonlinearity of its own, that send current to a cell body that spikes.

    branch j: v_j = w_j x, output g(v_j - threshold_j) from 0 to 1; cell body: I = branch_na sum_j g_j.

    Args:
        weights: (J, D) of the synapses on each branch; below 0 they inhibit.
        thresholds: (J,) of the branches.
        branch: "sigmoid", which saturates, g(v) = 1 / (1 + exp(-10 v)); or "calcium", a spike that is largest at the
            threshold and smaller for more, g(v) = exp(-v / 0.3) from 0 on, and 0 below.
        branch_na: current of a branch at its largest.
        soma: the cell body.
    Raises: ShapeError, SettingError for settings that do not go together.
    Convention: dendrites are in their steady state; time passes in the cell body alone.
    Source: Poirazi, Brannon, Mel (2003) for sigmoid branches, a net of two layers in one cell; Gidon et al. (2020) for
        spikes that are smaller for more drive, measured in human dendrites. Both in shape; the numbers are ours.
    """

    weights: Float64[np.ndarray, "j d"]
    thresholds: Float64[np.ndarray, " j"]
    branch: Literal["sigmoid", "calcium"]
    branch_na: float
    soma: SpikingNeuron = field(default_factory=SpikingNeuron)

    def __post_init__(self) -> None:
        n_branches, _ = axes(self.weights, "j d", name="weights", fix="Give a row of weights for each branch.")
        axes(self.thresholds, f"{n_branches}", name="thresholds", fix="Give one threshold for each branch.")
        choice(self.branch, BRANCHES, name="branch")
        number(self.branch_na, name="branch_na", low=0)

    @classmethod
    def two_branches(cls) -> "DendriticNeuron":
        """Give a neuron that computes XOR: each input excites one branch and inhibits the other."""
        return cls(
            weights=np.array([[1.0, -1.0], [-1.0, 1.0]]),
            thresholds=np.array([0.5, 0.5]),
            branch="sigmoid",
            branch_na=3.0,
        )

    @classmethod
    def calcium_spikes(cls) -> "DendriticNeuron":
        """Give a neuron that computes XOR with one branch: both inputs excite it, one is enough, two are too much."""
        return cls(weights=np.array([[1.0, 1.0]]), thresholds=np.array([0.9]), branch="calcium", branch_na=4.0)

    def branch_output(self, above_threshold: Float[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
        """Compute g(v): what a branch sends, from 0 to 1, for its drive above its threshold."""
        from scipy.special import expit

        above = np.asarray(above_threshold, np.float64)
        if self.branch == "sigmoid":
            return np.asarray(expit(STEEPNESS * above))
        return np.where(above >= 0, np.exp(-np.maximum(above, 0) / DECAY), 0.0)


@dataclass(frozen=True, kw_only=True)
class DendriticResponse:
    """What `dendritic_response` gives back.

    Args:
        neuron: that was asked.
        X: (N, D) inputs.
        branches: (N, J) output of each branch, from 0 to 1.
        currents_na: (N,) what reaches the cell body.
        rates_hz: (N,) at which it fires, by simulation.
    """

    neuron: DendriticNeuron
    X: Float64[np.ndarray, "n d"]
    branches: Float64[np.ndarray, "n j"]
    currents_na: Float64[np.ndarray, " n"]
    rates_hz: Float64[np.ndarray, " n"]

    @property
    def answers(self) -> Bool[np.ndarray, " n"]:
        """(N,) whether it fires."""
        return self.rates_hz > 0

    def picture(self) -> "Figure":
        """Draw the four inputs, the dendrites and the firing rates (see `dendrite_picture`)."""
        from foldline.insight.neuron_pictures import dendrite_picture

        return dendrite_picture(self)


def dendritic_response(
    neuron: DendriticNeuron | None = None, X: Float[np.ndarray, "n d"] = SQUARE
) -> DendriticResponse:
    """Ask a neuron with dendrites for its firing rate at each input.

    Args:
        neuron: None for `DendriticNeuron.two_branches()`.
        X: (N, D) inputs, usually 0 or 1; the four of XOR by default.
    Raises: ShapeError for inputs of another length than the weights take.
    Example:
        >>> dendritic_response().rates_hz.round().tolist()
        [0.0, 106.0, 106.0, 0.0]
    """
    neuron = DendriticNeuron.two_branches() if neuron is None else neuron
    axes(X, f"n {neuron.weights.shape[1]}", name="X", fix="Give one row an input, as long as the neuron's weights.")
    X = np.asarray(X, np.float64)
    branches = neuron.branch_output(X @ neuron.weights.T - neuron.thresholds)
    currents = neuron.branch_na * branches.sum(axis=1)
    return DendriticResponse(
        neuron=neuron, X=X, branches=branches, currents_na=currents, rates_hz=firing_rates(neuron.soma, currents)
    )
