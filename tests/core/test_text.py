import pytest
from hypothesis import given
from hypothesis import strategies as st

from foldline.core.text import printable, reason


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_ordinary_text_in_any_script_stays(text):
    assert printable(text) == text


@given(st.text(st.characters()))
def test_what_comes_out_is_one_line_of_utf8(text):
    out = printable(text)
    out.encode("utf-8")
    assert len(out.splitlines()) <= 1
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("one\ntwo"), "one"),
        (KeyError(), "KeyError"),
        (OSError("a:"), "a"),
        (ValueError("\x1b[2J\udcff"), "\\x1b[2J\\udcff"),
    ],
)
def test_the_reason_is_an_errors_first_line_made_printable(error, said):
    assert reason(error) == said
