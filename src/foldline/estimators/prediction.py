"""Classes for image files: what a saved model is for."""

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from foldline.core.errors import ModelFileError
from foldline.estimators.image_pipeline import ImagePipeline
from foldline.estimators.saving import load
from foldline.images import Problem, load_files


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """One row a file.

    Args:
        files: (N) path of each image.
        classes: (N) name of the class that the model chose.
        class_names: (K) names of all classes, in the order of the columns of `proba`.
        proba: (N, K) probabilities; None if the model has none (an SVM's scores are margins).
        problems: files that were skipped, with the reason, and what was changed in others.
    """

    files: tuple[str, ...]
    classes: tuple[str, ...]
    class_names: tuple[str, ...]
    proba: Float[np.ndarray, "n k"] | None
    problems: tuple[Problem, ...]

    def to_csv(self) -> str:
        """Write a header and a row a file: file, class, probability (empty without probabilities)."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["file", "class", "probability"])
        for row, (file, name) in enumerate(zip(self.files, self.classes, strict=True)):
            writer.writerow([file, name, "" if self.proba is None else f"{self.proba[row].max():.6f}"])
        return text.getvalue()

    def to_jsonl(self) -> str:
        """Write a JSON object a line: file, class and, if there are any, the probabilities of all classes."""
        lines = []
        for row, (file, name) in enumerate(zip(self.files, self.classes, strict=True)):
            entry: dict[str, object] = {"file": file, "class": name}
            if self.proba is not None:
                shares = (round(float(share), 6) for share in self.proba[row])
                entry["probabilities"] = dict(zip(self.class_names, shares, strict=True))
            lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
        return "".join(lines)


def predict_files(
    model: ImagePipeline | str | os.PathLike[str], paths: Sequence[str | os.PathLike[str]], *, strict: bool = False
) -> Predictions:
    """Classify image files with a saved or fitted model.

    The files are brought to the size, shape and colours that the model was trained on, in the same way. Where all
    training images had one size, files of another are cropped to it, and each is listed.

    Args:
        model: a fitted pipeline, or the path of a saved one.
        paths: files, folders (with all below) and glob patterns.
        strict: whether an unreadable file is an error instead of a listed problem.
    Raises: ModelFileError if the model does not take images; DataError if no file is left; scikit-learn's
        NotFittedError for a pipeline before `fit`.
    """
    pipeline = load(model) if isinstance(model, str | os.PathLike) else model
    check_is_fitted(pipeline)
    if not isinstance(pipeline, ImagePipeline) or len(pipeline.image_shape_) != 3:
        raise ModelFileError(
            f"{model} is no model of images but a {type(pipeline).__name__} of other rows; expected an ImagePipeline. "
            f"Save the pipeline of features and classifier."
        )
    height, width, n_channels = pipeline.image_shape_
    images, files, problems = load_files(
        paths, image_shape=(height, width, n_channels), fit=pipeline.image_fit_, strict=strict
    )
    classifier, X = pipeline.classifier_, np.asarray(pipeline.features_.transform(images))
    proba = classifier.predict_proba(X) if hasattr(classifier, "predict_proba") else None
    columns = np.searchsorted(pipeline.classes_, classifier.predict(X)) if proba is None else proba.argmax(axis=1)
    classes = tuple(pipeline.class_names_[column] for column in columns)
    return Predictions(files=files, classes=classes, class_names=pipeline.class_names_, proba=proba, problems=problems)
