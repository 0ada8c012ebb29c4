"""How long a training will take here: by the last run of the same network, trained on this machine."""

import pytest

from core.recipe import Recipe
from core.runs import metrics, pace, store
from tests.harness.points import point


def trained(folder, seconds_per_step, created, **fields):
    """A run whose first step took 9 seconds more than the others, as the first one does."""
    run = store.create(folder, Recipe(**{"network": "tiny", "steps": 100} | fields), "", "embedded", created, {})
    for step in (1, 2, 5, 100):
        metrics.append(run, point(step) | {"seconds": 9 + seconds_per_step * step})
    return run


def test_a_recipe_takes_as_long_a_digit_as_the_newest_run_of_its_network(tmp_path):
    trained(tmp_path / "old", 0.5, "2025", batch=50)
    trained(tmp_path / "new", 0.02, "2026", batch=50)
    trained(tmp_path / "other", 7.0, "2027", network="deep")
    shipped = trained(tmp_path / "elsewhere", 3.0, "2028", batch=50)
    (shipped.folder / "shipped").touch()
    seconds, like = pace.expected_seconds(Recipe(network="tiny", batch=100, steps=1000), store.list_runs(tmp_path))
    assert seconds == pytest.approx(0.02 * 2 * 1000) and like.name == "new"
    assert pace.expected_seconds(Recipe(network="linear"), store.list_runs(tmp_path)) is None


def test_a_run_that_moves_its_images_is_compared_with_one_that_does(tmp_path):
    trained(tmp_path / "moved", 0.9, "2025", turn_degrees=9.0, batch=128)
    trained(tmp_path / "still", 0.1, "2026", batch=128)
    for turn, name in ((9.0, "moved"), (0.0, "still")):
        recipe = Recipe(network="tiny", turn_degrees=turn)
        assert pace.expected_seconds(recipe, store.list_runs(tmp_path))[1].name == name


def test_a_run_of_two_points_tells_no_pace():
    assert pace.step_seconds([{"step": 1, "seconds": 4.0}, {"step": 2, "seconds": 4.1}]) is None
    assert pace.step_seconds([{"step": step} for step in (1, 2, 3, 4)]) is None


@pytest.mark.parametrize(
    ("seconds", "exact", "rough"),
    [
        (4, "4 s", "some seconds"),
        (42, "42 s", "40 s"),
        (75, "1 min 15 s", "80 s"),
        (7199, "119 min 59 s", "120 min"),
        (7200, "2 h 0 min", "2.0 h"),
        (9075, "2 h 31 min", "2.5 h"),
        (600, "10 min 0 s", "10 min"),
    ],
)
def test_a_duration_in_words(seconds, exact, rough):
    assert pace.duration(seconds) == exact
    assert pace.about(seconds) == rough
