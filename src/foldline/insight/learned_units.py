"""What training finds with as many units, and nearest neighbours with as many samples, beside nets built by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from jaxtyping import Array, Float, Float64, Int, Int64, Key

from foldline.core.checks import integer, is_list
from foldline.core.errors import SettingError
from foldline.core.progress import tracking
from foldline.insight.built_nets import Built, build, proved
from foldline.insight.bumps import Function, door
from foldline.insight.certificates import certify
from foldline.insight.fewest_units import best_net
from foldline.insight.free_knots import MOST_LINES
from foldline.insight.intervals import Interval
from foldline.insight.targets import Target
from foldline.insight.unit_sums import Lines, UnitSum, lines_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_SAMPLES = 1024  # evenly placed, all of which training may see
BATCH = 32
STEPS = 4000
# Of Adam, falling along a cosine; the best median with 12 units for sin(2 pi x), of 0.003, 0.01 and 0.03.
RATE = 0.03
Weights: TypeAlias = tuple[Array, Array, Array, Array]
State: TypeAlias = tuple[Weights, Any]  # with what the optimiser remembers
FLAT = 0.1  # of the mean slope that takes a function through its range


@dataclass(frozen=True, kw_only=True)
class ErrorCurves:
    """What `error_curves` gives back: largest errors between low and high, an entry for each number of units.

    Args:
        name: the function.
        units: numbers of hidden units; of nearest neighbours, of samples.
        built: proved bounds of nets that were built, by how.
        trained_best: proved bound of the best trained net.
        trained_median: median over the trained nets of the largest error at 2,001 points.
        neighbours: proved bound of the nearest neighbour among evenly placed samples.
        seeds: how many nets were trained for each number.
        best: the best trained net for each number.
        flat: share of the interval on which that net is flat, |slope| < (max f - min f) / (high - low) / 10; a net of
            bumps is flat on 0.9 of it.
    """

    name: str
    units: Int64[np.ndarray, " n"]
    built: dict[str, Float64[np.ndarray, " n"]]
    trained_best: Float64[np.ndarray, " n"]
    trained_median: Float64[np.ndarray, " n"]
    neighbours: Float64[np.ndarray, " n"]
    seeds: int
    best: tuple[Built, ...]
    flat: Float64[np.ndarray, " n"]

    def picture(self) -> "Figure":
        """Draw the errors over the numbers of units."""
        from foldline.insight.bump_pictures import curves_picture

        return curves_picture(self)


def error_curves(
    f: Function,
    *,
    low: float | None = None,
    high: float | None = None,
    units: Sequence[int] = (4, 8, 12, 24, 48),
    seeds: int = 16,
    max_slope: float | None = None,
    max_bend: float | None = None,
) -> ErrorCurves:
    """Compare nets built by hand with trained ones and with nearest neighbours, by their largest errors.

    Trained nets are ReLU nets with one hidden layer that see 1,024 evenly placed samples in batches of 32 for 4,000
    steps of Adam, with squared errors. All seeds and numbers of units are one compiled program. They fit the mean
    square, and are judged by the largest error, as the theorem is.

    Args:
        f: as in `approximate`.
        low: as in `approximate`.
        high: as in `approximate`.
        units: numbers of hidden units, each from 4 to 200.
        seeds: how many nets are trained for each number, from 1 to 256.
        max_slope: as in `approximate`.
        max_bend: as in `approximate`.
    Raises: as `approximate`.
    Convention: the lecture's bumps take four units each, so n units are n / 4 bumps, rounded down; a nearest neighbour
        among n samples at the middles of n equal parts stands beside n units.
    Example:
        >>> curves = error_curves("x**2", units=[4], seeds=2)
        >>> bool(curves.built["free knots"][0] < curves.trained_best[0])
        True
    """
    target, start, end = door(f, low=low, high=high, max_slope=max_slope, max_bend=max_bend)
    if not is_list(units) or not len(units):
        raise SettingError(f"units is {units!r}; expected one or more whole numbers, such as [4, 8, 16]. Change units.")
    counts = sorted({integer(n, name="a number in units", low=4, high=min(MOST_LINES - 1, 200)) for n in units})
    integer(seeds, name="seeds", low=1, high=256)
    built: dict[str, list[float]] = {"free knots": [], "hats": [], "overlapping bumps": [], "bumps": []}
    best, median, neighbours = [], [], []
    trained = _trained(target, start, end, counts, seeds)
    grid = np.linspace(start, end, 2001)
    values = target.sample(grid)
    with tracking("Building nets", total=len(counts)) as advance:
        for n, nets in zip(counts, trained, strict=True):
            free = best_net(target, low=start, high=end, n_units=n)
            built["free knots"].append(proved("free knots", target, free, low=start, high=end).bound)
            for name, parts in (("hats", n), ("overlapping bumps", n // 2 + 1), ("bumps", n // 4)):
                built[name].append(build(target, name, low=start, high=end, n=parts).bound)
            errors = [float(np.abs(net(grid) - values).max()) for net in nets]
            best.append(proved("trained", target, nets[int(np.argmin(errors))], low=start, high=end))
            median.append(float(np.median(errors)))
            neighbours.append(certify(target, nearest_neighbour(target, start, end, n), low=start, high=end).at_most)
            advance(1, "")
    return ErrorCurves(
        name=target.name,
        units=np.array(counts),
        built={name: np.array(bounds) for name, bounds in built.items()},
        trained_best=np.array([one.bound for one in best]),
        trained_median=np.array(median),
        neighbours=np.array(neighbours),
        seeds=seeds,
        best=tuple(best),
        flat=np.array([flat_share(one.net, low=start, high=end, steep=float(np.ptp(values))) for one in best]),
    )


def flat_share(net: UnitSum, *, low: float, high: float, steep: float) -> float:
    """Give the share of the interval on which a ReLU net has less than FLAT of the slope steep / (high - low)."""
    lines = lines_of(net, low=low, high=high)
    is_flat = lines.slope.size < FLAT * steep / (high - low)
    return float(np.diff(lines.x) @ is_flat / (high - low))


def nearest_neighbour(f: Target, low: float, high: float, n_samples: int) -> Lines:
    """Give the value of the nearest of samples at the middles of equal parts: a level for each part."""
    edges = np.linspace(low, high, n_samples + 1)
    level = Interval.exactly(f.sample((edges[:-1] + edges[1:]) / 2))
    return Lines(edges, level, Interval.exactly(np.zeros(n_samples)))


@dataclass(frozen=True, kw_only=True)
class Samples:
    """A function as training sees it: x from -1 to 1, y with mean 0 and standard deviation 1.

    Args:
        x: N_SAMPLES places, evenly.
        y: the function there.
        centre: of the interval.
        half: of its length.
        mean: of the function's samples.
        deviation: of the function's samples.
    """

    x: Float[Array, " n"]
    y: Float[Array, " n"]
    centre: float
    half: float
    mean: float
    deviation: float

    @classmethod
    def of(cls, f: Target, *, low: float, high: float) -> "Samples":
        """Take the samples."""
        import jax.numpy as jnp

        x = np.linspace(low, high, N_SAMPLES)
        y = f.sample(x)
        centre, half = (low + high) / 2, (high - low) / 2
        mean, deviation = float(y.mean()), float(y.std()) or 1.0
        return cls(
            x=jnp.asarray((x - centre) / half, jnp.float32),
            y=jnp.asarray((y - mean) / deviation, jnp.float32),
            centre=centre,
            half=half,
            mean=mean,
            deviation=deviation,
        )

    def net(self, weights: Weights, *, n_units: int) -> UnitSum:
        """Give the first units as a net of the user's own x and y: w z + b with z = (x - centre) / half."""
        w, b, u, p = (np.asarray(part, np.float64) for part in weights)
        return UnitSum(
            w[:n_units] / self.half,
            b[:n_units] - w[:n_units] * self.centre / self.half,
            u[:n_units] * self.deviation,
            float(p) * self.deviation + self.mean,
        )


def first_weights(keys: Key[Array, " 3"], count: Int[Array, ""], *, width: int) -> Weights:
    """Draw a net of `count` units, and others up to `width` that stay off (see `mean_square`)."""
    import jax
    import jax.numpy as jnp

    of_w, of_b, of_u = keys
    # He et al. (2015) for the scale; biases that spread the folds over the interval.
    return (
        jnp.sqrt(2.0) * jax.random.normal(of_w, (width,)),
        jnp.sqrt(2.0) * jax.random.uniform(of_b, (width,), minval=-1.0, maxval=1.0),
        jnp.sqrt(2.0 / count) * jax.random.normal(of_u, (width,)),
        jnp.zeros(()),
    )


def mean_square(
    weights: Weights, count: Int[Array, ""], x: Float[Array, " n"], y: Float[Array, " n"]
) -> Float[Array, ""]:
    """Give the mean squared error of a net's first `count` units."""
    import jax
    import jax.numpy as jnp

    w, b, u, p = weights
    h = jax.nn.relu(x[:, None] * w + b) * (jnp.arange(len(w)) < count)
    return jnp.mean((h @ u + p - y) ** 2)


def _trained(f: Target, low: float, high: float, counts: list[int], seeds: int) -> list[list[UnitSum]]:
    """Train nets of each number of units with each seed, all at once; the narrower ones have units that stay off."""
    import jax
    import jax.numpy as jnp

    samples = Samples.of(f, low=low, high=high)
    keys = jax.random.split(jax.random.key(0), len(counts) * seeds)
    with tracking("Training nets", total=1) as advance:
        weights = _fit_all(samples.x, samples.y, jnp.repeat(jnp.asarray(counts), seeds), keys, width=max(counts))
        w, b, u, p = weights
        p.block_until_ready()
        advance(1, "")

    def net(row: int, n_units: int) -> UnitSum:
        return samples.net((w[row], b[row], u[row], p[row]), n_units=n_units)

    return [[net(i * seeds + j, n) for j in range(seeds)] for i, n in enumerate(counts)]


def _fit_all(
    x: Float[Array, " n"],
    y: Float[Array, " n"],
    counts: Int[Array, " nets"],
    keys: Key[Array, " nets"],
    *,
    width: int,
) -> Weights:
    import jax
    import optax

    optimizer = optax.adam(optax.cosine_decay_schedule(RATE, STEPS))

    def fit(count: Array, key: Array) -> Weights:
        keys = jax.random.split(key, 4)
        first, of_rows = first_weights(keys[:3], count, width=width), keys[3]

        def step(state: State, key: Array) -> tuple[State, None]:
            weights, memory = state
            rows = jax.random.randint(key, (BATCH,), 0, len(x))
            updates, memory = optimizer.update(jax.grad(mean_square)(weights, count, x[rows], y[rows]), memory)
            moved: Weights = optax.apply_updates(weights, updates)
            return (moved, memory), None

        (weights, _), _ = jax.lax.scan(step, (first, optimizer.init(first)), jax.random.split(of_rows, STEPS))
        return weights

    trained: Weights = jax.jit(jax.vmap(fit))(counts, keys)
    return trained
