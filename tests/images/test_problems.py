import pytest
from hypothesis import given
from hypothesis import strategies as st

from foldline.core.errors import DataError, FoldlineError
from foldline.core.text import reason
from foldline.images.problems import Problem, UnreadableError, refuse_skips, summarise


def skipped(where, what="the file is empty"):
    return Problem(kind="skipped", where=where, what=what)


def test_equal_words_are_counted_on_one_line_and_the_most_frequent_stands_first():
    problems = [
        Problem(kind="changed", where="z.png", what="turned"),
        skipped("a.txt", "unknown suffix '.txt'"),
        skipped("b.txt", "unknown suffix '.txt'"),
        Problem(kind="warning", where="b.txt", what="unknown suffix '.txt'"),
    ]
    assert summarise(iter(problems)) == (
        "2 skipped: unknown suffix '.txt' (first: a.txt)",
        "1 changed: turned (z.png)",
        "1 warning: unknown suffix '.txt' (b.txt)",
    )


def test_no_problems_are_no_lines():
    assert summarise([]) == ()


@given(st.lists(st.builds(skipped, st.sampled_from("abc"), st.sampled_from(["empty", "damaged", "too large"]))))
def test_the_counts_of_all_lines_add_up_to_the_problems(problems):
    lines = summarise(problems)
    assert sum(int(line.split()[0]) for line in lines) == len(problems)
    assert len(lines) == len({problem.what for problem in problems})


@pytest.mark.parametrize("kind", ["changed", "duplicate", "warning"])
def test_only_skips_are_refused(kind):
    refuse_skips([Problem(kind=kind, where="a.png", what="something")])


def test_refused_skips_are_listed_to_the_fifth():
    with pytest.raises(DataError) as caught:
        refuse_skips([skipped(f"{i}.png") for i in range(6)])
    listed = "; ".join(f"{i}.png: the file is empty" for i in range(5))
    assert str(caught.value) == (
        f"6 of the files cannot be used ({listed}; and 1 more); expected none with strict. Mend or remove them, or "
        "load without strict to skip them."
    )


def test_five_refused_skips_are_all_there_is():
    with pytest.raises(DataError, match=r"^5 of .*4\.png: the file is empty\); expected"):
        refuse_skips([skipped(f"{i}.png") for i in range(5)])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("bad header\nand more"), "bad header"),
        (ValueError("could not be opened:\n- method gz"), "could not be opened"),
        (EOFError(), "EOFError"),
        (ValueError("\nlate"), "ValueError"),
        (ValueError("x" * 500), "x" * 120),
    ],
)
def test_a_reason_is_the_first_line_or_the_kind_of_an_error(error, expected):
    assert reason(error) == expected


def test_an_unreadable_image_is_an_error_of_ours_and_a_value_error():
    assert issubclass(UnreadableError, FoldlineError)
    assert issubclass(UnreadableError, ValueError)
