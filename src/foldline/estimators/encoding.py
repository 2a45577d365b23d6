"""Estimators as JSON and tensors, and back: the grammar of a model file.

A value is JSON's own finite number, string, boolean or null, or one of {"list": [...]}, {"tuple": [...]},
{"dict": [[key, value], ...]}, {"tensor": name}, {"strings": [...]} (an array of text), {"objects": [...]} (an array of
Python's own values, such as pandas makes), {"augment": {...}}, {"stem": {...}}, {"net": ...}, {"wired": ...},
{"wired_images": ...}, {"alexnet": ...}, {"estimator": ...} and {"frozen": ...} (an estimator not to be fitted again).
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator

from foldline.core.checks import integer
from foldline.core.errors import ModelFileError
from foldline.core.loaded import loaded_array
from foldline.estimators.image_rows import checked_image_shape
from foldline.estimators.randwire_classifier import MAX_STAGES, MAX_WIDTH
from foldline.estimators.registry import SAVEABLE
from foldline.models import (
    MLP,
    PLANS,
    AlexNet,
    Convolution,
    Linear,
    RandWire,
    RandWireOnImages,
    Stem,
    Wiring,
    each_activation,
)
from foldline.training import Augment

# Learning curves belong to the run, not to the model that is shipped.
NOT_SAVED = frozenset({"history_"})


class Encoder:
    """Turns estimators into JSON and gathers their arrays in `tensors`."""

    def __init__(self) -> None:
        self.tensors: dict[str, np.ndarray] = {}

    def estimator(self, estimator: BaseEstimator) -> dict[str, Any]:
        """Encode one estimator with its settings and fitted attributes.

        Raises: ModelFileError if it is not of the registry or holds what a model file cannot.
        """
        key = next((key for key, kind in SAVEABLE.items() if kind is type(estimator)), None)
        if key is None:
            raise ModelFileError(
                f"{type(estimator).__name__} is not one of foldline's estimators; expected one of "
                f"{', '.join(SAVEABLE)}. Only these can be saved."
            )
        fitted = {
            name: value for name, value in vars(estimator).items() if _is_fitted_name(name) and name not in NOT_SAVED
        }
        return {
            "key": key,
            "settings": {name: self.value(value) for name, value in estimator.get_params(deep=False).items()},
            "fitted": {name: self.value(value) for name, value in fitted.items()},
        }

    def value(self, value: Any) -> Any:
        """Encode one setting or fitted attribute."""
        match value:
            case None | bool() | int() | str():
                return value
            case float() if math.isfinite(value):
                return value
            case np.generic() if not isinstance(value.item(), np.generic):
                return self.value(value.item())
            case list():
                return {"list": [self.value(item) for item in value]}
            case Augment():
                return {"augment": self.value(value._asdict())}
            case Stem():
                return {"stem": self.value(value._asdict())}
            case tuple():
                return {"tuple": [self.value(item) for item in value]}
            case dict():
                return {"dict": [[self.value(key), self.value(item)] for key, item in value.items()]}
            case np.ndarray() if value.dtype.kind in "biuf" and value.dtype.itemsize <= 8:
                return {"tensor": self._tensor(value)}
            case np.ndarray() if value.ndim == 1 and value.dtype.kind in "UO":
                return {"strings" if value.dtype.kind == "U" else "objects": [self.value(item) for item in value]}
            case MLP():
                net = {"activation": self.value(value.activation), "layers": self._layers(value.layers)}
                of_stem = {"linear": list(value.linear), "n_fixed": value.n_fixed} if value.linear else {}
                return {"net": net | of_stem}
            case RandWire():
                graph = self._graph(value.wiring)
                return {"wired": {**graph, "layers": self._layers(value.learned), "raw": self._tensor(value.edges)}}
            case RandWireOnImages():
                graphs = [self._graph(stage.wiring) for stage in value.stages]
                shape = {"image_shape": list(value.image_shape), "width": len(value.stages[0].inlet.b)}
                arrays = [self._tensor(leaf) for leaf in jax.tree.leaves(value)]
                return {"wired_images": {**shape, "graphs": graphs, "arrays": arrays}}
            case AlexNet():
                plan = next(name for name, plan in PLANS.items() if plan == value.plan)
                layers = self._layers(value.learned)
                return {"alexnet": {"plan": plan, "image_shape": list(value.image_shape), "layers": layers}}
            case FrozenEstimator():
                return {"frozen": self.estimator(value.estimator)}
            case BaseEstimator():
                return {"estimator": self.estimator(value)}
        raise ModelFileError(
            f"{repr(value)[:60]} cannot be written to a model file; expected finite numbers, text, lists or arrays of "
            f"these. Change that setting before fitting; a random_state to a whole number or None."
        )

    def _layers(self, layers: Sequence[Linear | Convolution]) -> list[list[str]]:
        return [[self._tensor(layer.W), self._tensor(layer.b)] for layer in layers]

    def _graph(self, wiring: Wiring) -> dict[str, Any]:
        return {"n_nodes": wiring.n_nodes, "edges": list(map(list, wiring.edges))}

    def _tensor(self, array: Any) -> str:
        name = f"tensor_{len(self.tensors)}"
        self.tensors[name] = np.ascontiguousarray(array)
        return name


class Decoder:
    """Turns JSON and tensors back into estimators; builds nothing that is not in the registry."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self.tensors = tensors

    def estimator(self, node: dict[str, Any]) -> BaseEstimator:
        """Decode one estimator.

        Raises: ModelFileError if its key is unknown, or whatever its damaged parts make of themselves.
        """
        key = node["key"]
        if key not in SAVEABLE:
            raise ModelFileError(
                f"it needs {key!r}, which this foldline does not know; expected one of {', '.join(SAVEABLE)}. Install "
                f"a newer foldline."
            )
        estimator = SAVEABLE[key](**{name: self.value(value) for name, value in node["settings"].items()})
        for name, value in node["fitted"].items():
            if not _is_fitted_name(name):
                raise ModelFileError(f"{name!r} is not the name of a fitted attribute; expected one such as 'coef_'.")
            setattr(estimator, name, self.value(value))
        return estimator

    def value(self, node: Any) -> Any:
        """Decode one setting or fitted attribute."""
        match node:
            case None | bool() | int() | float() | str():
                return node
            case {"list": items}:
                return [self.value(item) for item in items]
            case {"tuple": items}:
                return tuple(self.value(item) for item in items)
            case {"augment": settings}:
                return Augment(**self.value(settings))
            case {"stem": settings}:
                return Stem(**self.value(settings))
            case {"dict": pairs}:
                return {self.value(key): self.value(item) for key, item in pairs}
            case {"tensor": name}:
                return self.tensors[name]
            case {"strings": items}:
                return np.array([str(item) for item in items])
            case {"objects": items}:
                return np.array([self.value(item) for item in items], dtype=object)
            case {"net": {"activation": activation, "layers": layers} as net}:
                linear, n_fixed = tuple(net.get("linear", ())), net.get("n_fixed", 0)
                for depth in (*linear, n_fixed):
                    integer(depth, name="the number of a layer", low=0, high=len(layers) - 1)
                activation = self.value(activation)
                each_activation(activation, len(layers) - 1)
                return MLP(tuple(self._layer(*names) for names in layers), activation, linear, n_fixed)
            case {"wired": {"n_nodes": n_nodes, "edges": edges, "layers": layers, "raw": raw}}:
                wiring = Wiring.checked(n_nodes, edges)
                inlet, *nodes, outlet = (self._layer(*names) for names in layers)
                loaded_array(self.tensors[raw], "e", np.float32, name="raw")
                return RandWire(inlet, tuple(nodes), jnp.asarray(self.tensors[raw]), outlet, wiring)
            case {"wired_images": {"image_shape": image_shape, "width": width, "graphs": graphs, "arrays": arrays}}:
                return self._wired_images(image_shape, width, graphs, [self.tensors[name] for name in arrays])
            case {"alexnet": {"plan": plan, "image_shape": image_shape, "layers": layers}} if plan in PLANS:
                stages = PLANS[plan].stages
                convolutions = [
                    Convolution(*self._arrays(*names, axes="u k k c"), stage.stride, stage.border, stage.groups)
                    for stage, names in zip(stages, layers, strict=False)
                ]
                connected = tuple(self._layer(*names) for names in layers[len(stages) :])
                return AlexNet(tuple(convolutions), connected, checked_image_shape(image_shape), PLANS[plan])
            case {"frozen": inner}:
                return FrozenEstimator(self.estimator(inner))
            case {"estimator": inner}:
                return self.estimator(inner)
        raise ModelFileError(f"{str(node)[:60]} is not part of a model file's grammar; expected a value as saved.")

    def _wired_images(
        self, image_shape: Any, width: Any, graphs: list[dict[str, Any]], arrays: list[np.ndarray]
    ) -> RandWireOnImages:
        wirings = [Wiring.checked(graph["n_nodes"], graph["edges"]) for graph in graphs]
        integer(len(wirings), name="stages", low=1, high=MAX_STAGES)
        n_out, *_ = loaded_array(arrays[-1], "k", np.float32, name="b")
        make = partial(
            RandWireOnImages.random,
            image_shape=checked_image_shape(image_shape),
            n_out=n_out,
            width=integer(width, name="width", low=1, high=MAX_WIDTH),
            wirings=wirings,
        )
        leaves, structure = jax.tree.flatten(jax.eval_shape(make, key=jax.random.key(0)))
        for array, leaf in zip(arrays, leaves, strict=True):
            loaded_array(array, " ".join(map(str, leaf.shape)), np.float32, name="an array of the net")
        net: RandWireOnImages = jax.tree.unflatten(structure, map(jnp.asarray, arrays))
        return net

    def _layer(self, weights: str, biases: str) -> Linear:
        return Linear(*self._arrays(weights, biases, axes="out in"))

    def _arrays(self, weights: str, biases: str, *, axes: str) -> tuple[Array, Array]:
        W, b = self.tensors[weights], self.tensors[biases]
        n_out, *_ = loaded_array(W, axes, np.float32, name="W")
        loaded_array(b, str(n_out), np.float32, name="b")
        return jnp.asarray(W), jnp.asarray(b)


def _is_fitted_name(name: str) -> bool:
    return name.isidentifier() and name.endswith("_") and not name.startswith("_") and not name.endswith("__")
