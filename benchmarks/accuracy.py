"""Accuracy on whole data sets, settings chosen on validation images.

usage: python benchmarks/accuracy.py --fashion-mnist FOLDER --cifar10 FOLDER [--seeds 3]

For every column of the table a few settings are tried on nine tenths of the training images and judged on the last
tenth. The best is then trained on all training images, once a seed, and asked about the test images; these decide
nothing. Writes benchmarks/results/accuracy.json and prints the table of docs/accuracy.md. About 40 minutes on 2 cores.
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np
from common import print_table, write_result
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import train_test_split

import foldline as fl
from foldline.core.compiled import use_jax_cache

GOALS = {  # in the order of `columns`
    "Fashion-MNIST": (84.5, 84.3, 90.0, 90.0, 92.5),
    "CIFAR-10": (40.0, 38.5, 58.0, 61.5, 67.0),
}

Features = list[BaseEstimator]


def columns(image_shape: tuple[int, int, int]) -> Iterator[tuple[str, Features, list[BaseEstimator]]]:
    """Give the columns of the table: name, features, and the settings to choose from."""
    raw: Features = [fl.Pixels()]
    handmade: Features = [fl.HOG.for_images(image_shape)]
    if image_shape[2] == 3:
        handmade.append(fl.ColorHistogram.for_images(image_shape))
    yield "raw + softmax", raw, [fl.LinearClassifier(l2=l2, epochs=40) for l2 in (1e-3, 1e-2, 3e-2)]
    yield "raw + SVM", raw, [fl.LinearClassifier(loss="svm", l2=l2, epochs=20) for l2 in (3e-3, 1e-2, 3e-2)]
    wide = {"hidden": (512,), "lr": 0.025, "epochs": 40}
    yield (
        "raw + MLP",
        raw,
        [fl.MLPClassifier(**wide, dropout=dropout, l2=l2) for dropout, l2 in ((0.2, 2e-3), (0.3, 1e-3), (0.4, 3e-4))],
    )
    yield "HoG + softmax", handmade, [fl.LinearClassifier(l2=l2, epochs=30) for l2 in (3e-4, 1e-3, 3e-3)]
    yield (
        "HoG + MLP",
        handmade,
        [
            fl.MLPClassifier(hidden=(512,), lr=0.02, dropout=0.5, l2=1e-3, epochs=30),
            fl.MLPClassifier(hidden=(256,), dropout=0.3, l2=1e-3, epochs=20),
        ],
    )


def best_on_validation(
    candidates: list[BaseEstimator], features: fl.Concat, train: fl.ImageSet
) -> tuple[BaseEstimator, float]:
    """Train each on nine tenths of the training images and give the one that is right most often on the last tenth."""
    fit, val = train_test_split(np.arange(len(train)), test_size=0.1, stratify=train.labels, random_state=0)
    X_fit, X_val = features.fit_transform(train.images[fit]), features.transform(train.images[val])
    y_fit, y_val = train.labels[fit], train.labels[val]
    accuracies = [clone(candidate).fit(X_fit, y_fit).score(X_val, y_val) for candidate in candidates]
    for candidate, accuracy in zip(candidates, accuracies, strict=True):
        print(f"    {accuracy:.4f} on validation images: {' '.join(repr(candidate).split())}", flush=True)
    return candidates[int(np.argmax(accuracies))], max(accuracies)


def accuracy_of(train: fl.ImageSet, test: fl.ImageSet, seeds: int) -> Iterator[dict[str, object]]:
    """Give a row for each column of the table, as it is known."""
    for name, features, candidates in columns(train.images.shape[1:]):
        print(f"  {name}", flush=True)
        concat = fl.Concat(features=features)
        chosen, val_accuracy = best_on_validation(candidates, clone(concat), train)
        X, X_test = concat.fit_transform(train.images), concat.transform(test.images)
        accuracies, seconds = [], []
        for seed in range(seeds):
            started = time.perf_counter()
            model = clone(chosen).set_params(random_state=seed).fit(X, train.labels)
            seconds.append(time.perf_counter() - started)
            accuracies.append(100 * float(model.score(X_test, test.labels)))
        yield {
            "column": name,
            "mean": float(np.mean(accuracies)),
            "std": float(np.std(accuracies, ddof=1)) if seeds > 1 else 0.0,
            "validation": 100 * float(val_accuracy),
            "train_s": float(np.median(seconds)),
            "settings": " ".join(repr(chosen).split()),
            "features": ", ".join(" ".join(repr(feature).split()) for feature in features),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fashion-mnist", dest="Fashion-MNIST", metavar="FOLDER")
    parser.add_argument("--cifar10", dest="CIFAR-10", metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=3)
    chosen = vars(parser.parse_args())
    use_jax_cache()
    rows = []
    for data, goals in GOALS.items():
        if chosen[data] is None:
            continue
        print(data, flush=True)
        train, test = fl.load_images(chosen[data]).split()
        for row, goal in zip(accuracy_of(train, test, chosen["seeds"]), goals, strict=True):
            rows.append({"data": data, **row, "goal": goal})
            print(f"    {row['mean']:.2f} % ± {row['std']:.2f} on test images, goal {goal}", flush=True)
    print_table([{key: row[key] for key in ("data", "column", "mean", "std", "goal", "train_s")} for row in rows])
    write_result("accuracy", {"seeds": chosen["seeds"], "rows": rows})


if __name__ == "__main__":
    main()
