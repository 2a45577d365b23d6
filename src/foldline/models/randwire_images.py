"""Randomly wired networks of images: stages of random graphs whose nodes are convolutions."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from foldline.core.errors import SettingError
from foldline.models.convolution import Convolution
from foldline.models.linear import Linear
from foldline.models.net import some_at_a_time
from foldline.models.pooling import WINDOW, max_pool
from foldline.models.randwire import by_node, flow, thinned
from foldline.models.separable import SeparableConvolution
from foldline.models.wiring import Wiring

SIDE = 3  # of an inlet's templates


class Stage(eqx.Module):
    """A convolution, overlapping pooling, then a graph whose nodes are separable convolutions of one width."""

    inlet: Convolution
    nodes: tuple[SeparableConvolution, ...]
    edges: Float[Array, " e"]
    wiring: Wiring = eqx.field(static=True)

    @classmethod
    def random(cls, *, n_in: int, width: int, wiring: Wiring, key: PRNGKeyArray) -> "Stage":
        """Make a stage with random weights; edges start at 1/2."""
        inlet_key, *keys = jax.random.split(key, 1 + wiring.n_nodes)
        return cls(
            Convolution.random(n_in=n_in, n_out=width, side=SIDE, border=SIDE // 2, key=inlet_key),
            tuple(SeparableConvolution.random(n_in=width, n_out=width, key=one) for one in keys),
            jnp.zeros(wiring.n_weighted, jnp.float32),
            wiring,
        )

    @property
    def edge_weights(self) -> list[Float[Array, " _"]]:
        """The weights in (0, 1) of the edges into each node, in the order of `wiring.sources`."""
        return by_node(jax.nn.sigmoid(self.edges), self.wiring)

    def __call__(self, x: Float[Array, "n h w c"]) -> Float[Array, "n i j u"]:
        """Give the mean of what the outlets give."""
        first = max_pool(self.inlet.without_bias(x)) + self.inlet.b
        return flow(first, self.nodes, self.edge_weights, self.wiring)


class RandWireOnImages(eqx.Module):
    """A network of stages, one after the other; the scores are a layer on the means over the places of the last one.

    Source: Xie, Kirillov, Girshick, He (2019), section 3.2 and table 1. There a node that the input feeds moves two
        pixels at a time; here a stage begins with a convolution and pooling, and all its nodes are alike. Normalised
        is over channels and places of one image, not over a batch.
    """

    stages: tuple[Stage, ...]
    outlet: Linear
    image_shape: tuple[int, int, int] = eqx.field(static=True)

    @classmethod
    def random(
        cls,
        *,
        image_shape: tuple[int, int, int],
        n_out: int,
        width: int,
        wirings: Sequence[Wiring],
        key: PRNGKeyArray,
    ) -> "RandWireOnImages":
        """Make a net with random weights.

        Args:
            image_shape: (H, W, C) of the images.
            n_out: number K of classes.
            width: units of the nodes of the first stage; those of every later one have twice as many.
            wirings: the graph of each stage.
            key: PRNG key.
        Raises: SettingError if the images are too small.
        """
        check_large_enough(image_shape, n_stages=len(wirings))
        outlet_key, *keys = jax.random.split(key, 1 + len(wirings))
        stages, n_in = [], image_shape[-1]
        for depth, (wiring, stage_key) in enumerate(zip(wirings, keys, strict=True)):
            stages.append(Stage.random(n_in=n_in, width=width * 2**depth, wiring=wiring, key=stage_key))
            n_in = width * 2**depth
        outlet = Linear.random(n_in=n_in, n_out=n_out, activation="identity", key=outlet_key)
        return cls(tuple(stages), outlet, image_shape)

    @property
    def learned(self) -> tuple[Convolution | SeparableConvolution | Linear, ...]:
        """All layers: stage by stage its first convolution and its nodes, then that of the classes."""
        layers: list[Convolution | SeparableConvolution | Linear] = []
        for stage in self.stages:
            layers += [stage.inlet, *stage.nodes]
        return (*layers, self.outlet)

    def hidden(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> list[Float[Array, "n _"]]:
        """Give what the only hidden layer hands on: the means over the places of the last stage.

        Args:
            X: (N, H*W*C) pixels of images, row by row, channels last.
            dropout: share of the means that are switched off, in [0, 1).
            key: PRNG key for dropout; None switches none off.
        """
        x = X.reshape(len(X), *self.image_shape)
        for stage in self.stages:
            x = stage(x)
        return [thinned(jax.nn.relu(x).mean(axis=(1, 2)), dropout, key)]

    def __call__(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "n k"]:
        """Give class scores, a row per input row; with a key, means over places are switched off (see `hidden`)."""
        return self._scores(X, dropout=dropout, key=key) if key is not None else some_at_a_time(self._scores, X)

    def _scores(self, X: Array, *, dropout: float | Array = 0.0, key: PRNGKeyArray | None = None) -> Array:
        return self.outlet(self.hidden(X, dropout=dropout, key=key)[-1])


def check_large_enough(image_shape: tuple[int, int, int], *, n_stages: int) -> None:
    """Check that every stage has a whole window to pool. Raises: SettingError if images are too small."""
    smallest = WINDOW * 2 ** (n_stages - 1)
    if min(image_shape[:2]) < smallest:
        raise SettingError(
            f"image_shape is {image_shape} for {n_stages} stages; expected at least {smallest}x{smallest} pixels, as "
            f"every stage halves the sides and pools windows of {WINDOW}x{WINDOW}. Load larger images, for example "
            f"with size={smallest}, or take fewer stages."
        )
