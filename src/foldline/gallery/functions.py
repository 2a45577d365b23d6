"""Exhibits of universal approximation: bent lines, bumps, and what training finds instead."""

import numpy as np

from foldline.gallery.exhibit import Drawn, Exhibit
from foldline.gallery.material import Material
from foldline.insight import PiecewiseNet, approximate, error_curves, relu_sum_picture, towers
from foldline.insight.certificates import rounded_up

# Three units: one opens to the right, one flipped and to the left, one steep and late.
THREE_UNITS = PiecewiseNet(
    weights=(np.array([[1.0], [-1.0], [2.0]]), np.array([[1.0, -0.5, 0.75]])),
    biases=(np.array([0.5, 0.25, -1.0]), np.array([0.1])),
    slopes=(0.0,),
)
WAVE, WAVES = "sin(2*pi*x)", "sin(2*pi*x)*cos(2*pi*y)"
EPS, EPS_PLANE = 0.01, 0.1
N_TRAINED = 8


def _bent_lines(material: Material) -> Drawn:
    return Drawn(figures=(relu_sum_picture(THREE_UNITS),))


def _bumps(material: Material) -> Drawn:
    found = approximate(WAVE, eps=EPS)
    curves = error_curves(WAVE, seeds=N_TRAINED)
    n_units = curves.units[-1]
    return Drawn(
        figures=(found.picture(curves=curves),),
        note=f"{WAVE} within {EPS}, proved over the whole interval: {found.smallest.n_units} units, and no net of this "
        f"kind does with fewer than {found.needed}. With {n_units} units the best of {N_TRAINED} trained nets is "
        f"{curves.trained_best[-1]:.2g} off, the smallest error that was built {curves.built['free knots'][-1]:.2g}.",
    )


def _towers(material: Material) -> Drawn:
    found = towers(WAVES, eps=EPS_PLANE)
    return Drawn(
        figures=(found.picture(),),
        note=f"Pyramids are nowhere more than {rounded_up(found.pyramids.bound)} off, which is proved; towers are "
        f"about {found.towers.at_least:.2g} off, in the gaps.",
    )


FUNCTIONS = (
    Exhibit(
        name="bent-lines",
        title="A net of one input is a sum of bent lines",
        slides="67-72",
        text="y = sum u_i max(0, w_i x + b_i) + p. Each unit bends at -b_i / w_i and changes the slope there; shifted, "
        "scaled and flipped, they add up to any chain of straight pieces.",
        functions=("bends", "relu_sum_picture"),
        draw=_bent_lines,
    ),
    Exhibit(
        name="bumps",
        title="Any function, by bumps and by less",
        slides="73-83",
        text="Four units make a bump; K bumps make a function, but for the gaps between them. Hats and overlapping "
        "bumps close the gaps, and lines with free knots need the fewest units. Trained nets find none of these: "
        "they learn something else, and a nearest neighbour is a universal approximator too.",
        functions=("approximate", "error_curves", "foldline bumps"),
        draw=_bumps,
    ),
    Exhibit(
        name="towers",
        title="Two inputs: towers and pyramids",
        slides="81",
        text="In two dimensions two bumps and a third unit make a tower. Towers leave gaps as bumps do; pyramids "
        "over a grid sum to one and leave none.",
        functions=("towers", 'foldline bumps "sin(2*pi*x)*cos(2*pi*y)"'),
        draw=_towers,
    ),
)
