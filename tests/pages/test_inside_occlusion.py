"""Occlusion maps: patch by patch through the whole network, and a visitor who tries patches."""

import re

import numpy as np
import pytest

from core.images import mnist
from core.insight.occlusion import occlusion, patched
from core.model import forward
from core.model.networks import SIDE
from core.runs import checkpoints, store
from tests.harness import inside, visits

TOP, BOTTOM = mnist.embedded().test_images[:2]


@pytest.mark.parametrize("name", ["sum", "tiny-seed2"])
@pytest.mark.parametrize(("half", "grey"), [("top", 0), ("bottom", 255)])
def test_each_drop_is_that_of_the_network_itself(name, half, grey):
    run = store.read(store.locate(name))
    weights = checkpoints.load_weights(run)
    before = forward.predict(run.network, weights, TOP, BOTTOM)
    found = occlusion(run.network, weights, TOP, BOTTOM, half, 5, grey, stride=6)
    assert found.drop.shape == (len(found.positions),) * 2
    for i, row in enumerate(found.positions):
        for j, column in enumerate(found.positions):
            digit = (TOP if half == "top" else BOTTOM).copy()
            for y in range(row, row + 5):
                for x in range(column, column + 5):
                    if 0 <= y < SIDE and 0 <= x < SIDE:
                        digit[y, x] = grey
            pair = {"top": TOP, "bottom": BOTTOM} | {half: digit}
            after = forward.predict(run.network, weights, **pair)
            drop = before.sum_probabilities[before.sum] - after.sum_probabilities[before.sum]
            assert found.drop[i, j] == pytest.approx(drop, abs=1e-4) and found.sums[i, j] == after.sum
    row, column = found.worst
    assert found.drop.max() == found.drop[list(found.positions).index(row), list(found.positions).index(column)]


@pytest.mark.parametrize("size", range(3, 10))
@pytest.mark.parametrize("stride", [1, 2])
def test_patches_cover_every_pixel_and_none_misses_the_picture(size, stride):
    run = store.read(store.locate("tiny-seed2"))
    blank = np.zeros((SIDE, SIDE), np.uint8)
    found = occlusion(run.network, checkpoints.load_weights(run), blank, BOTTOM, "top", size, 0, stride)
    covered = sum(patched(blank, row, row, size, 255).astype(bool) for row in found.positions)
    assert covered.diagonal().all() and (np.add(found.positions, size) > 0).all() and (found.positions < SIDE).all()
    assert not found.drop.any(), "a blank patch on a blank half changes nothing"


def test_a_pixel_shows_the_mean_of_the_patches_over_it():
    run = store.read(store.locate("tiny-seed2"))
    found = occlusion(run.network, checkpoints.load_weights(run), TOP, BOTTOM, "top", 3, 255)
    y, x = 14, 9
    over = [
        found.drop[i, j]
        for i, row in enumerate(found.positions)
        for j, column in enumerate(found.positions)
        if row <= y < row + 3 and column <= x < column + 3
    ]
    assert found.pixels()[y, x] == pytest.approx(np.mean(over))


def test_visitor_finds_where_the_ink_must_be():
    app = inside.page("Where the ink must be")
    run = store.read(store.locate("sum_posterior"))
    weights = checkpoints.load_weights(run)
    for patch, grey in (("erase", 0), ("ink", 255)):
        inside.choice(app, "patch").set_value(patch)
        app.slider(key="patch_size").set_value(7)
        app = visits.rerun(app)
        said = re.findall(r"At <b>(\d+)</b> of (\d+) places", visits.html(app))
        for (changed, places), half in zip(said, ("top", "bottom"), strict=True):
            found = occlusion(run.network, weights, TOP, BOTTOM, half, 7, grey)
            assert int(places) == found.drop.size
            assert int(changed) == (found.sums != forward.predict(run.network, weights, TOP, BOTTOM).sum).sum()
