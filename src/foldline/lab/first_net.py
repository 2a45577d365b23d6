"""A net that the lab was given, which training begins with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from foldline.lab.state import LabState, differ, state_from_json, state_to_json

# What, when it changes, asks for another net.
OF_NET = ("data", "classes", "seed", "inputs", "hidden", "activation", "columns")


@dataclass(frozen=True, kw_only=True)
class FirstNet:
    """Weights to begin with.

    Args:
        state: the settings that they are for: they hold while none of OF_NET is another.
        layers: W (out, in) and b (out,) of each layer.
    """

    state: LabState
    layers: tuple[tuple[Float32[np.ndarray, "_ _"], Float32[np.ndarray, " _"]], ...]

    def suits(self, state: LabState, *, n_classes: int) -> bool:
        """Say whether training begins with it."""
        return not differ(self.state, state, OF_NET) and len(self.layers[-1][1]) == n_classes

    def to_json(self) -> dict[str, object]:
        """Give everything as JSON."""
        return {"state": state_to_json(self.state), "layers": [[W.tolist(), b.tolist()] for W, b in self.layers]}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "FirstNet":
        """Take what `to_json` gave."""
        layers = tuple((np.array(W, np.float32), np.array(b, np.float32)) for W, b in found["layers"])
        return cls(state=state_from_json(found["state"]), layers=layers)
