"""What a classifier of raw pixels looks for: its weights, drawn as images."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8

from foldline.core.checks import axes, integer
from foldline.core.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Weights in the shape of images.

    Args:
        weights: (T, H, W, C) weights of one unit each on standardised pixels: above 0 speaks for it, below against.
        captions: what each unit is.
        is_of_classes: whether the units are the classes themselves, not hidden ones.
        is_everywhere: whether the templates are laid over every place of an image, as those of convolutions are, and
            not over all of it.
    """

    weights: Float32[np.ndarray, "t h w c"]
    captions: tuple[str, ...]
    is_of_classes: bool
    is_everywhere: bool = False


def linear_templates(
    coef: Float[np.ndarray, "k d"], *, image_shape: tuple[int, ...], class_names: tuple[str, ...]
) -> Templates:
    """Take the template of each class from a linear classifier of raw pixels.

    Args:
        coef: (K, D) weights of the classifier, D = H*W*C.
        image_shape: (H, W, C).
        class_names: name of each class.
    Raises: ShapeError if the weights are not those of pixels of such images, or not one row for each name.
    Convention: weights on standardised pixels, as trained: a pixel that never changes has little weight, while
        weights on raw grey levels would be divided by a deviation near 0 there.
    """
    axes(coef, f"{len(class_names)} d", name="coef", fix="Name every class.")
    return Templates(weights=_as_images(coef, image_shape), captions=tuple(class_names), is_of_classes=True)


def first_layer_templates(
    W_first: Float[np.ndarray, "u d"],
    W_next: Float[np.ndarray, "m u"],
    *,
    image_shape: tuple[int, ...],
    n_units: int = 32,
    is_sorted: bool = True,
) -> Templates:
    """Take the templates of a net's first layer, the most influential units first.

    Args:
        W_first: (U, D) weights of the first layer, D = H*W*C.
        W_next: (M, U) weights of the layer after it.
        image_shape: (H, W, C).
        n_units: how many units to take at most.
        is_sorted: whether the most influential ones come first, or the first ones.
    Raises: ShapeError if the weights are not those of pixels of such images, or of two layers in a row; SettingError
        for less than one unit.
    Convention: the influence of unit u is the length of its row in W_first times that of its column in W_next; for
        ReLU units it does not change when one is scaled up and the other down.
    """
    n_found, _ = axes(W_first, "u d", name="W_first", fix="Give one row a unit.")
    axes(W_next, f"m {n_found}", name="W_next", fix="Give the weights of the layer after W_first.")
    integer(n_units, name="n_units", low=1)
    influence = np.linalg.norm(W_first, axis=1) * np.linalg.norm(W_next, axis=0)
    chosen = (np.argsort(-influence, kind="stable") if is_sorted else np.arange(n_found))[:n_units]
    captions = tuple(f"unit {unit + 1}" for unit in chosen)
    return Templates(weights=_as_images(W_first[chosen], image_shape), captions=captions, is_of_classes=False)


def filter_templates(W: Float[np.ndarray, "u h w c"]) -> Templates:
    """Take the templates of a convolution, all of them in their order.

    Args:
        W: (U, k, k, C) weights, C of 1 or 3.
    Raises: ShapeError for other weights.
    Source: Krizhevsky, Sutskever, Hinton (2012), figure 3.
    """
    axes(W, "u h w c", name="W", fix="Give the weights of a convolution.")
    captions = tuple(f"filter {unit + 1}" for unit in range(len(W)))
    return Templates(weights=np.asarray(W, np.float32), captions=captions, is_of_classes=False, is_everywhere=True)


def shaded(weights: Float32[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "h w c"]:
    """Draw one template: weight 0 is middle grey, a positive weight brighter, a negative one darker.

    In a colour image each channel is drawn by itself, as in the photograph it is multiplied with.

    Convention: the 99.5th percentile of the absolute weights is full white or black, so that single noisy weights
        do not make the rest grey.
    """
    span = max(float(np.percentile(np.abs(weights), 99.5)), 1e-12)
    return np.clip(128.0 + 127.0 * weights / span, 0, 255).round().astype(np.uint8)


def _as_images(W: Float[np.ndarray, "t d"], image_shape: tuple[int, ...]) -> Float32[np.ndarray, "t h w c"]:
    _, n_weights = axes(W, "t d", name="W", fix="Give one row a unit.")
    if n_weights != int(np.prod(image_shape)):
        raise ShapeError(
            f"W has {n_weights} weights a row; expected {int(np.prod(image_shape))} for images of shape {image_shape}. "
            f"Templates exist for raw pixels only."
        )
    return np.asarray(W, np.float32).reshape(len(W), *image_shape)
