"""Accuracy of fully-connected nets at their best on the raw pixels of CIFAR-10.

usage: python benchmarks/mlp_accuracy.py --cifar10 FOLDER [--recipes mlp-best mlp-augmented] [--seeds 3]

Trains the recipes of `foldline compare` once a seed on nine tenths of the training images; the last tenth, another one
with each seed, chooses the epoch, and the test images are asked once. Writes what it has to
benchmarks/results/mlp_accuracy.json after each training and prints it. Minutes a training.
"""

import argparse
import json

import numpy as np
from common import RESULTS, print_table, write_result

import foldline as fl
from foldline.core.compiled import use_jax_cache

GOALS = {"mlp-best": 65.0, "mlp-augmented": 75.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cifar10", metavar="FOLDER", required=True)
    parser.add_argument("--recipes", nargs="*", default=list(GOALS), help=f"of {', '.join(GOALS)}")
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    use_jax_cache()
    images = fl.load_images(chosen.cifar10)
    file = RESULTS / "mlp_accuracy.json"
    rows = {row["recipe"]: row for row in json.loads(file.read_text())["rows"]} if file.exists() else {}
    for recipe in chosen.recipes:
        trained = []
        for seed in range(chosen.seeds):
            trained.append(fl.compare(images, recipes=[recipe], seeds=1, seed=seed).best)
            accuracies = [100 * row.test_accuracy.mean for row in trained]
            rows[recipe] = {
                "recipe": recipe,
                "mean": float(np.mean(accuracies)),
                "std": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else 0.0,
                "goal": GOALS.get(recipe),
                "seeds": accuracies,
                "validation": [100 * row.val_accuracy for row in trained],
                "train_s": [row.train_s for row in trained],
                "predict_us": trained[0].predict_us,
                "model_bytes": trained[0].model_bytes,
                "settings": " ".join(repr(trained[0].model.classifier_).split()),
            }
            print(f"    {recipe}, seed {seed}: {accuracies[-1]:.2f} %, {trained[-1].train_s:.0f} s", flush=True)
            write_result("mlp_accuracy", {"rows": list(rows.values())})
    print_table([{k: row[k] for k in ("recipe", "mean", "std", "goal")} for row in rows.values()])


if __name__ == "__main__":
    main()
