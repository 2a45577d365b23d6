"""Formulas in x and y that a user typed: read without running them, and bounded with their derivatives."""

import ast
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from foldline.core.errors import SettingError
from foldline.core.text import printable, reason
from foldline.insight import intervals
from foldline.insight.intervals import Interval, Values

LONGEST = 500  # characters
DEEPEST = 50  # operations inside each other

_ONE, _TWO, _ZERO = Interval.exactly(1.0), Interval.exactly(2.0), Interval.exactly(0.0)


@dataclass(frozen=True)
class Jet:
    """A function's values, slopes and second derivatives along one line, each bounded.

    Where it has a kink, d holds the slopes of both sides and dd is without bound.
    """

    v: Interval
    d: Interval
    dd: Interval

    @classmethod
    def constant(cls, v: Interval) -> "Jet":
        """Make one that does not change."""
        return cls(v, _ZERO, _ZERO)

    def __neg__(self) -> "Jet":
        return Jet(-self.v, -self.d, -self.dd)

    def __add__(self, other: "Jet") -> "Jet":
        return Jet(self.v + other.v, self.d + other.d, self.dd + other.dd)

    def __sub__(self, other: "Jet") -> "Jet":
        return self + (-other)

    def __mul__(self, other: "Jet") -> "Jet":
        return Jet(
            self.v * other.v,
            self.d * other.v + self.v * other.d,
            self.dd * other.v + _TWO * (self.d * other.d) + self.v * other.dd,
        )

    def through(self, v: Interval, d: Interval, dd: Interval) -> "Jet":
        """Apply a function of one variable whose values and derivatives at self.v are given (the chain rule)."""
        return Jet(v, d * self.d, dd * intervals.square(self.d) + d * self.dd)


@dataclass(frozen=True)
class Formula:
    """A formula that was read (see `read_formula`)."""

    text: str
    variables: tuple[str, ...]
    tree: ast.expr

    @property
    def used(self) -> tuple[str, ...]:
        """The variables that are in it."""
        names = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        return tuple(name for name in self.variables if name in names)

    def jet(self, *boxes: Interval, along: tuple[float, ...] = (1.0,)) -> Jet:
        """Bound values and derivatives on boxes.

        Args:
            boxes: an interval for each variable, of one shape.
            along: the direction of the derivatives.
        """
        point = {
            name: Jet(box, Interval.exactly(float(step)), _ZERO)
            for name, box, step in zip(self.variables, boxes, along, strict=True)
        }
        jet = _evaluate(self.tree, point)
        shape = np.shape(boxes[0].lo)
        return Jet(*(_spread(bounds, shape) for bounds in (jet.v, jet.d, jet.dd)))

    def values(self, *points: Values) -> Interval:
        """Bound the values at points."""
        return self.jet(*(Interval.exactly(p) for p in points), along=(1.0,) * len(points)).v


def read_formula(text: str, *, variables: tuple[str, ...] = ("x",)) -> Formula:
    """Read a formula, and run nothing of it.

    Args:
        text: numbers, the variables, pi and e, + - * / **, parentheses, and functions of FUNCTIONS.
        variables: names that stand for numbers.
    Raises: SettingError if it is anything else, longer than 500 characters or deeper than 50.
    Convention: a number is the float64 that is nearest to what was typed; pi and e are exact.
    Convention: bounds hold wherever the formula has a value; roots of numbers below 0 have none.
    Example:
        >>> formula = read_formula("sin(2*pi*x)")
        >>> round(float(formula.values(np.array([0.25])).middle[0]), 9)
        1.0
    """
    mend = f"Write one of {', '.join(variables)}, numbers, pi, e, + - * / **, and {', '.join(FUNCTIONS)}."
    shown = printable(text if len(text) <= 60 else text[:57] + "...")
    if not text.strip():
        raise SettingError(f"the formula is empty; expected one such as sin(2*pi*x). {mend}")
    if len(text) > LONGEST:
        raise SettingError(
            f"the formula has {len(text)} characters; expected at most {LONGEST}. Shorten it, or give points or a "
            "Python function."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python, about numbers that run into names
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SettingError(
            f"the formula {shown!r} cannot be read: {reason(error)}. Expected a formula. {mend}"
        ) from error
    problem = _problem(tree, variables, DEEPEST)
    if problem:
        raise SettingError(f"the formula {shown!r} has {problem}. {mend}")
    return Formula(text.strip(), variables, tree)


def _problem(node: ast.AST, variables: tuple[str, ...], depth: int) -> str | None:
    """Say what is wrong with a formula, if anything is."""
    if depth == 0:
        return f"too much inside each other; expected at most {DEEPEST} operations deep"
    parts: list[ast.expr] = []
    match node:
        case ast.Constant(value=value):
            if isinstance(value, bool) or not isinstance(value, int | float):
                return f"{value!r:.40}; expected numbers alone"
            if abs(value) > 1e300:
                return "a number that is too large; expected at most 1e300"
        case ast.Name(id=name):
            if name in FUNCTIONS:
                return f"{name} without its parentheses; expected {name}(...)"
            if name not in variables and name not in _CONSTANTS:
                return f"the name {name!r:.40}; expected {', '.join((*variables, *_CONSTANTS))} or a function"
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            parts = [operand]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow(), right=right):
            parts = [left, right]
        case ast.BinOp(op=ast.BitXor()):
            return "^; expected ** for a power"
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            if name not in FUNCTIONS:
                return f"the function {name!r:.40}; expected one that is on the list"
            n_args = 2 if name in ("max", "min") else 1
            if len(args) != n_args:
                return f"{name} of {len(args)} arguments; expected {n_args}"
            parts = args
        case _:
            return f"something that is no formula ({type(node).__name__}); expected arithmetic and functions alone"
    return next((found for part in parts if (found := _problem(part, variables, depth - 1))), None)


def _evaluate(node: ast.expr, point: Mapping[str, Jet]) -> Jet:
    match node:
        case ast.Constant(value=int() | float() as value):
            return Jet.constant(Interval.exactly(float(value)))
        case ast.Name(id=name):
            return point[name] if name in point else Jet.constant(Interval.around(_CONSTANTS[name]))
        case ast.UnaryOp(op=op, operand=operand):
            jet = _evaluate(operand, point)
            return -jet if isinstance(op, ast.USub) else jet
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_evaluate(left, point), _evaluate(right, point))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _evaluate(left, point), _evaluate(right, point)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return _square(a) if ast.dump(left) == ast.dump(right) else a * b
                case _:
                    return a * _inverse(b)
        case ast.Call(func=ast.Name(id=name), args=args):
            return FUNCTIONS[name](*(_evaluate(arg, point) for arg in args))
    raise AssertionError(ast.dump(node))  # read_formula lets nothing else through


def _square(u: Jet) -> Jet:
    return u.through(intervals.square(u.v), _TWO * u.v, _TWO)


def _inverse(u: Jet) -> Jet:
    v = intervals.inverse(u.v)
    return u.through(v, -intervals.square(v), _TWO * intervals.power(v, 3))


def _power(base: Jet, exponent: Jet) -> Jet:
    lo, hi = exponent.v.lo, exponent.v.hi
    is_fixed = np.ndim(lo) == 0  # the variables are arrays
    if not is_fixed or lo != hi or not float(lo).is_integer() or abs(float(lo)) > 1000:
        power = _root_power(base, exponent.v) if is_fixed and float(lo) > 0 else _exp(exponent * _log(base))
        # Where the exponent may be a whole number, a base below 0 has powers that logarithms know nothing of.
        is_unknown = np.less(base.v.lo, 0.0) & (np.floor(hi) >= np.ceil(lo))
        return Jet(*(intervals.choose(is_unknown, intervals.everything(v), v) for v in (power.v, power.d, power.dd)))
    n = int(lo)
    if n < 0:
        return _inverse(_power(base, -exponent))
    if n == 0:
        return Jet.constant(_ONE)
    if n == 1:
        return base
    slope = _times(n, intervals.power(base.v, n - 1))
    bend = _times(n * (n - 1), intervals.power(base.v, n - 2) if n > 2 else _ONE)
    return base.through(intervals.power(base.v, n), slope, bend)


def _root_power(base: Jet, exponent: Interval) -> Jet:
    """Raise to a fixed power that is no whole number."""
    ends = [intervals.root_power(base.v, float(end)) for end in (exponent.lo, exponent.hi)]
    v = intervals.hull(*ends)
    over = intervals.inverse(intervals.not_negative(base.v))
    d = exponent * (v * over)
    return base.through(v, d, (exponent - _ONE) * (d * over))


def _times(factor: int, x: Interval) -> Interval:
    return Interval.exactly(float(factor)) * x


def _sin(u: Jet) -> Jet:
    v = intervals.sin(u.v)
    return u.through(v, intervals.cos(u.v), -v)


def _cos(u: Jet) -> Jet:
    v = intervals.cos(u.v)
    return u.through(v, -intervals.sin(u.v), -v)


def _tan(u: Jet) -> Jet:
    return _sin(u) * _inverse(_cos(u))


def _exp(u: Jet) -> Jet:
    v = intervals.exp(u.v)
    return u.through(v, v, v)


def _log(u: Jet) -> Jet:
    over = intervals.inverse(intervals.not_negative(u.v))
    return u.through(intervals.log(u.v), over, -intervals.square(over))


def _sqrt(u: Jet) -> Jet:
    v = intervals.sqrt(u.v)
    over = intervals.inverse(v)
    half = Interval.exactly(0.5)
    return u.through(v, half * over, -(Interval.exactly(0.25) * intervals.power(over, 3)))


def _atan(u: Jet) -> Jet:
    over = intervals.inverse(_ONE + intervals.square(u.v))
    return u.through(intervals.atan(u.v), over, -(_TWO * u.v * intervals.square(over)))


def _tanh(u: Jet) -> Jet:
    v = intervals.tanh(u.v)
    d = _ONE - intervals.square(v)
    d = Interval(np.maximum(d.lo, 0.0), d.hi)
    return u.through(v, d, -(_TWO * v * d))


def _sigmoid(u: Jet) -> Jet:
    v = intervals.sigmoid(u.v)
    d = v * (_ONE - v)
    d = Interval(np.maximum(d.lo, 0.0), np.minimum(d.hi, 0.25))
    return u.through(v, d, d * (_ONE - _TWO * v))


def _abs(u: Jet) -> Jet:
    sides = _max(u, -u)
    return Jet(intervals.absolute(u.v), sides.d, sides.dd)


def _max(a: Jet, b: Jet) -> Jet:
    """Take the larger of two; where it cannot be said which, slopes of both, and any bend."""
    is_a, is_b = a.v.lo > b.v.hi, b.v.lo > a.v.hi

    def pick(of_a: Interval, of_b: Interval, either: Interval) -> Interval:
        return intervals.choose(is_a, of_a, intervals.choose(is_b, of_b, either))

    v = intervals.largest(a.v, b.v)
    shaped = Interval(v.lo + 0.0 * a.v.lo, v.hi + 0.0 * b.v.hi)
    return Jet(v, pick(a.d, b.d, intervals.hull(a.d, b.d)), pick(a.dd, b.dd, intervals.everything(shaped)))


def _min(a: Jet, b: Jet) -> Jet:
    return -_max(-a, -b)


def _relu(u: Jet) -> Jet:
    return _max(u, Jet.constant(_ZERO))


_CONSTANTS = {"pi": np.pi, "e": np.e}

FUNCTIONS: dict[str, Callable[..., Jet]] = {
    "sin": _sin,
    "cos": _cos,
    "tan": _tan,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "atan": _atan,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "abs": _abs,
    "relu": _relu,
    "max": _max,
    "min": _min,
}


def _spread(bounds: Interval, shape: tuple[int, ...]) -> Interval:
    return Interval(np.broadcast_to(bounds.lo, shape), np.broadcast_to(bounds.hi, shape))
