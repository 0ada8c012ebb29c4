"""Numbers as people type them: taken as they are meant, or not at all."""

import pytest

from core.recipe import Recipe, read_field
from core.typed import read_number


@pytest.mark.parametrize(
    ("text", "whole", "decimal"),
    [
        ("0.5", 0.5, 0.5),
        ("0,5", 0.5, 0.5),
        (" ,5 ", 0.5, 0.5),
        ("1e3", 1000, 1000.0),
        ("1,5e-3", 0.0015, 0.0015),
        ("1,500", 1500, None),  # as a decimal it could be 1.5 or 1500
        ("0,125", 0.125, 0.125),
        ("1.500", 1500, 1.5),
        ("20 000", 20_000, None),
        ("1,000,000", 1_000_000, None),
        ("1,000.5", None, None),
        ("−3", -3, -3.0),
        ("2.0", 2, 2.0),
        ("", None, None),
        ("ten", None, None),
        ("50%", None, None),
        (str(2**64), 2**64, float(2**64)),
    ],
)
def test_a_number_is_read_as_it_is_meant_or_not_at_all(text, whole, decimal):
    assert read_number(text, whole=True) == whole and read_number(text, whole=False) == decimal
    assert isinstance(read_number(text, whole=True), type(whole))


def test_a_field_is_read_from_text_or_refused_with_what_is_allowed():
    assert read_field("learning_rate", "0,001") == 0.001 and read_field("steps", "2e4") == 20_000
    assert read_field("examples", "all") is None and read_field("tied", "False") is False
    for text, written in (("", "empty"), ("  ", "empty"), ("x", "'x'"), ("2.5", "2.5"), ("5000", "5000")):
        with pytest.raises(ValueError, match=f"^batch is {written}; allowed: a whole number from 1 to 4,096$"):
            read_field("batch", text)
    for name, value in Recipe(network="sum", unmet="3+8").as_dict().items():
        assert read_field(name, str(value)) == value
