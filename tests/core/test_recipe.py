"""A recipe that makes no sense cannot be made."""

import math

import pytest

from core.recipe import Recipe, recipe_from_dict


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("network", "alexnet", "sum_posterior"),
        ("batch", 0, "from 1 to 4,096"),
        ("batch", -1, "from 1 to 4,096"),
        ("batch", 10**9, "from 1 to 4,096"),
        ("batch", 2.5, "a whole number"),
        ("batch", True, "a whole number"),
        ("steps", 10**9, "from 1 to 1,000,000"),
        ("examples", 9, "from 10 to 59,000"),
        ("learning_rate", math.nan, "from 1e-07 to 1.0"),
        ("learning_rate", 1e9, "from 1e-07 to 1.0"),
        ("learning_rate", "1", "a number"),
        ("keep_prob", 0, "from 0.05 to 1.0"),
        ("seed", 2**64, "from 0 to 4,294,967,295"),
        ("schedule", "two-cycle", "one-cycle, constant"),
        ("deterministic", 1, "True, False"),
        ("shift_pixels", -1.0, "from 0.0 to 8.0"),
        ("pen_share", 1.5, "from 0.0 to 1.0"),
    ],
)
def test_nonsense_is_refused_with_field_value_and_range(field, value, allowed):
    with pytest.raises(ValueError) as refused:
        Recipe(**{field: value})
    message = str(refused.value)
    assert message.startswith(f"{field} is {value!r}") and allowed in message


def test_a_batch_whose_pairs_fill_the_memory_is_refused():
    with pytest.raises(ValueError, match="batch is 2000; allowed with all pairs of a sum network"):
        Recipe(network="sum", batch=2000)
    assert Recipe(network="deep", batch=2000) and Recipe(network="sum", batch=2000, pairing="fresh")


def test_recipe_survives_writing():
    recipe = Recipe(network="deep", examples=250, batch=50, learning_rate=1e-4, schedule="constant", seed=7)
    assert recipe_from_dict(recipe.as_dict()) == recipe


def test_a_run_older_than_the_choice_of_resampling_is_what_it_was():
    moved, still = Recipe(turn_degrees=8.0, resampling="bilinear").as_dict(), Recipe().as_dict()
    del moved["resampling"], still["resampling"]
    assert recipe_from_dict(moved).resampling == "bilinear" and recipe_from_dict(still) == Recipe()


def test_a_run_older_than_the_pen_strokes_saw_none():
    older = Recipe(network="sum").as_dict()
    del older["pen_share"]
    assert recipe_from_dict(older).pen_share == 0.0


def test_unknown_field_is_refused():
    with pytest.raises(ValueError, match="unknown field 'momentum'"):
        recipe_from_dict({"momentum": 0.9})


def test_one_cycle_rises_to_its_peak_and_falls_to_nothing():
    recipe = Recipe(steps=100, learning_rate=0.01)
    rates = [recipe.rate_at(step) for step in range(100)]
    assert max(rates) == pytest.approx(0.01) and rates.index(max(rates)) in (19, 20)
    assert all(a < b for a, b in zip(rates[:19], rates[1:20], strict=True))
    assert all(a > b for a, b in zip(rates[20:], rates[21:], strict=False))
    assert rates[-1] < 1e-5


def test_constant_rate_stays():
    recipe = Recipe(steps=100, learning_rate=1e-4, schedule="constant")
    assert {recipe.rate_at(step) for step in range(100)} == {1e-4}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"unmet": "3-8"}, r"unmet is '3-8'; allowed: digit pairs such as 3\+8,4\+7"),
        ({"network": "deep", "unmet": "3+8"}, "unmet is '3.8'; allowed for deep"),
        ({"network": "deep", "tied": False}, "tied is False; allowed for deep"),
        ({"network": "sum", "labels": "digits"}, "labels is 'digits'; allowed for sum"),
        ({"unmet": ",".join(f"{a}+{b}" for a in range(10) for b in range(10))}, "names every pair"),
    ],
)
def test_what_only_sum_networks_can_do_is_refused_elsewhere(fields, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**fields)


def test_unmet_pairs_are_unmet_either_way_round():
    met = Recipe(unmet="3+8,4+4").met
    assert met[3, 8] == met[8, 3] == met[4, 4] == 0 and met.sum() == 97
