import pickle

import pytest

from foldline.core import errors

FAMILY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.FoldlineError)]


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_survives_pickling_out_of_a_worker(kind):
    back = pickle.loads(pickle.dumps(kind("what was wrong")))
    assert type(back) is kind
    assert str(back) == "what was wrong"


@pytest.mark.parametrize(
    ("kind", "guess"),
    [
        (errors.ShapeError, ValueError),
        (errors.DtypeError, TypeError),
        (errors.SettingError, ValueError),
        (errors.DataError, ValueError),
        (errors.MissingDataError, FileNotFoundError),
        (errors.ModelFileError, ValueError),
        (errors.DivergedError, FloatingPointError),
        (errors.MissingExtraError, ImportError),
        (errors.SaveError, OSError),
    ],
)
def test_an_error_is_the_builtin_a_caller_would_guess(kind, guess):
    assert issubclass(kind, guess)
