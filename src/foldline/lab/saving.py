"""The playground's net as a model file: a classifier of points, in their own units, that `foldline.load` gives back."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from foldline.lab.points import LabPoints
from foldline.lab.state import LabState
from foldline.models import MLP, Linear

FILE = "foldline-net.safetensors"


def model_file(model: MLP, state: LabState, points: LabPoints) -> bytes:
    """Give a net as the file that `foldline.save` writes.

    Args:
        model: the net.
        state: what it was trained with.
        points: what it was trained on; their class names, middle and unit go along.
    Returns: the file of an ImagePipeline of `PlaneInputs` and an `MLPClassifier`, which takes (N, 2) points.
    Raises: DataError if two classes are called alike.
    Convention: classes are in the order of their names, as in every classifier of foldline, and so are their scores.
    """
    # Imported here: an engine that saves nothing need not wait for it (see `foldline.lab.engine`).
    from foldline.estimators import ImagePipeline, MLPClassifier
    from foldline.estimators.saving import save
    from foldline.features import PlaneInputs

    order = np.array(sorted(range(points.n_classes), key=points.class_names.__getitem__))
    *hidden, last = model.layers
    classifier = MLPClassifier(
        hidden=state.hidden,
        activation=model.activations,
        dropout=state.dropout,
        loss=state.loss,  # type: ignore[arg-type]  # checked in state.py
        l1=state.l1,
        l2=state.l2,
        optimizer=state.optimizer,  # type: ignore[arg-type]
        lr=state.lr,
        momentum=state.momentum,
        schedule="constant",
        batch_size=state.batch,
        random_state=state.seed,
    )
    classifier.classes_ = np.array(points.class_names)[order]
    classifier.n_features_in_ = len(state.inputs)
    classifier.model_ = MLP((*hidden, Linear(last.W[order], last.b[order])), model.activation)
    classifier.lr_ = state.lr
    features = PlaneInputs(inputs=state.inputs, middle=points.middle, unit=points.unit).fit(np.zeros((1, 2)))
    pipeline = ImagePipeline.from_fitted(features, classifier, class_names=None, image_shape=(2,))
    with TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        save(pipeline, path)
        return path.read_bytes()
