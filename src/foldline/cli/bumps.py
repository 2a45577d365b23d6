"""`foldline bumps`: nets built by hand near a function, with proofs, beside trained ones."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@click.command(
    "bumps",
    epilog='\b\nExamples:\n  foldline bumps "sin(2*pi*x)" --eps 0.01\n'
    '  foldline bumps "exp(-x**2)*cos(3*x)" --from -3 --to 3 --units 20\n'
    "  foldline bumps --points curve.csv --eps 0.1\n"
    '  foldline bumps "sin(2*pi*x)*cos(2*pi*y)" --eps 0.05\n  foldline bumps -- "-abs(x)"',
)
@click.argument("formula", required=False)
@click.option("--from", "low", type=float, default=None, help="Where x begins. Default: 0, or the first point.")
@click.option("--to", "high", type=float, default=None, help="Where x ends. Default: 1, or the last point.")
@click.option("--eps", type=float, default=None, help="Largest error allowed. Default: 0.01; with y: 0.05.")
@click.option("--units", type=int, default=None, help="What can so many units do, instead; with y: cells a side.")
@click.option("--points", type=click.Path(dir_okay=False), default=None, help="CSV file of x,y, with lines between.")
@click.option(
    "--seeds",
    type=click.IntRange(0, 256),
    default=16,
    show_default=True,
    help="Nets trained for each number of units; 0: none.",
)
@click.option("--out", type=click.Path(file_okay=False), default=".", show_default=True, help="Folder of bumps.png.")
def bumps_command(
    formula: str | None,
    low: float | None,
    high: float | None,
    eps: float | None,
    units: int | None,
    points: str | None,
    seeds: int,
    out: str,
) -> None:
    """Build nets near a FORMULA in x, prove how near, and compare them with trained ones.

    A FORMULA has numbers, x, pi, e, + - * / **, and sin, cos, tan, exp, log, sqrt, atan, tanh, sigmoid, abs, relu, max,
    min. With y in it, towers of two hidden layers are built over the square from --from to --to.
    """
    from pathlib import Path

    from foldline.core.checks import integer
    from foldline.core.compiled import use_jax_cache
    from foldline.core.errors import SettingError
    from foldline.core.files import check_can_write
    from foldline.core.progress import showing_progress
    from foldline.core.text import plural
    from foldline.insight import approximate, error_curves, read_formula, towers
    from foldline.insight.certificates import rounded_up
    from foldline.insight.style import save_png
    from foldline.insight.towers import MOST_A_SIDE

    if (formula is None) == (points is None):
        what = "neither a formula nor --points is" if formula is None else "a formula and --points are both"
        raise SettingError(f'{what} given; expected one of them. Write for example foldline bumps "sin(2*pi*x)".')
    if eps is not None and units is not None:
        raise SettingError("eps and units are both given; expected one of them. Leave one out.")
    path = Path(out) / "bumps.png"
    check_can_write(path)
    use_jax_cache()
    figure: Figure
    if formula is not None and "y" in read_formula(formula, variables=("x", "y")).used:
        ends = (0.0 if low is None else low), (1.0 if high is None else high)
        a_side = None if units is None else integer(units, name="units", low=1, high=MOST_A_SIDE)
        on_plane = towers(formula, low=ends[0], high=ends[1], eps=eps, a_side=a_side)
        for one in (on_plane.pyramids, on_plane.towers):
            first, second = one.net.n_units
            click.echo(
                f"{one.name:9} {first:5} + {second:5} units   {one.at_least:.3g} <= largest error"
                f" <= {rounded_up(one.bound, digits=4)}"
            )
        click.echo("Proved for every point of the box; towers leave gaps, however many they are.")
        figure = on_plane.picture()
    else:
        f = formula if formula is not None else Path(str(points))
        with showing_progress():
            found = approximate(f, low=low, high=high, eps=eps, units=units)
            curves = error_curves(f, low=low, high=high, seeds=seeds) if seeds else None
        for built in found.all:
            bumps = "" if built.n_bumps is None else f"   {built.n_bumps} {plural('bump', built.n_bumps)}"
            units_of_it = f"{built.n_units:6} {plural('unit', built.n_units):5}"
            click.echo(f"{built.name:17} {units_of_it}   largest error <= {rounded_up(built.bound, digits=4)}{bumps}")
        click.echo(f"Proved for every x from {found.low:g} to {found.high:g}.")
        within = rounded_up(found.smallest.bound) if found.eps is None else f"{found.eps:g}"
        if found.needed:
            fewer = f"{found.needed} {plural('unit', found.needed)}"
            click.echo(f"No ReLU net of one hidden layer with fewer than {fewer} is within {within}: proved.")
        if found.bumps is not None:
            click.echo(
                f"Bumps side by side leave gaps: at x = {found.bumps.at:g} they are {found.bumps.at_least:.3g} off."
            )
        if curves is not None:
            click.echo(f"\nLargest errors with {', '.join(str(n) for n in curves.units)} units:")
            rows = {
                **curves.built,
                f"trained, best of {curves.seeds}": curves.trained_best,
                f"trained, median of {curves.seeds}": curves.trained_median,
                "nearest neighbour": curves.neighbours,
            }
            for name, errors in rows.items():
                click.echo(f"{name:22}" + "".join(f"{rounded_up(float(error)):>10}" for error in errors))
            click.echo("All are proved but the median, which is over the largest errors at 2,001 points.")
            click.echo(
                f"Flat on so much of the interval: bumps 90 %, the best trained net of {curves.units[-1]} units "
                f"{100 * curves.flat[-1]:.0f} %."
            )
        figure = found.picture(curves=curves)
    save_png(figure, path)
    click.echo(f"Wrote {path}")
