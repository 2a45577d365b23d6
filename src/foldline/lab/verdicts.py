"""What the landscape page says of a line or a map of the loss: whether it is convex, and where its minima are."""

import numpy as np
from jaxtyping import Float64

from foldline.estimators import LinearClassifier, MLPClassifier
from foldline.insight.convexity import convexity_by_structure, convexity_of_samples
from foldline.insight.minima import local_minima
from foldline.lab.state import LabState
from foldline.models import MLP

# How wrong values may be, as a share of the largest. Measured against float64 on 60 nets: 4e-7 at most.
ROUNDING = 2e-6


def structure_of(model: MLP, state: LabState) -> dict[str, object]:
    """Say what the form of a net proves about its objective."""
    hidden = tuple(len(layer.b) for layer in model.layers[:-1])
    loss = state.loss
    if hidden:
        found = convexity_by_structure(MLPClassifier(hidden=hidden, loss=loss))  # type: ignore[arg-type]  # checked in state.py
    else:
        found = convexity_by_structure(LinearClassifier(loss=loss, l1=state.l1, l2=state.l2))  # type: ignore[arg-type]
    return {"is_convex": found.is_convex, "steps": list(found.steps)}


def convexity_of(steps: Float64[np.ndarray, " p"], values: Float64[np.ndarray, " p"]) -> dict[str, object] | None:
    """Look for the chord that samples of a line lie above most; None without samples."""
    if not len(steps):
        return None
    found = convexity_of_samples(steps, values, rounding=ROUNDING)
    violation = found.violation
    told = violation and {
        "x1": violation.x1,
        "x2": violation.x2,
        "t": violation.t,
        "f1": violation.f1,
        "f2": violation.f2,
        "between": violation.f_between,
    }
    return {"n_samples": found.n_samples, "violation": told}


def minima_of(values: Float64[np.ndarray, "..."]) -> list[tuple[int, ...]]:
    """Find local minima that are deeper than rounding makes any, the lowest first."""
    return local_minima(values, depth=4 * ROUNDING * float(np.abs(values).max())) if values.size else []
