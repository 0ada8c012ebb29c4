"""An image's way: Keras' own layers, receptive fields found by changing pixels, and a visitor who follows a map."""

import re
from dataclasses import replace

import numpy as np
import pytest

from core.images import mnist
from core.insight.layer_outputs import layer_outputs
from core.insight.receptive_field import Field, receptive_field, stride
from core.model import forward
from core.model.halves import Split
from core.model.layers import Convolution, Dense, Dropout, MaxPool, ReLU
from core.model.networks import NETWORKS, SIDE, untied
from core.runs import checkpoints, store
from tests.harness import inside, visits

TOP, BOTTOM = mnist.embedded().test_images[:2]


def weights_of(network, low=-0.1):
    generator = np.random.default_rng(1)
    return {
        name: generator.uniform(low, 0.1, shape).astype(np.float32) for name, shape in network.weight_shapes.items()
    }


@pytest.mark.parametrize(
    "network",
    [*(NETWORKS[name] for name in ("deep", "tiny", "sum")), untied(NETWORKS["sum"])],
    ids=lambda network: f"{network.name}{'' if network.tied else '-untied'}",
)
@pytest.mark.parametrize("half", ["top", "bottom"])
def test_layers_with_weights_put_out_what_keras_layers_do(network, half):
    import keras

    from core.training import keras_model

    weights = weights_of(network)
    model = keras_model.build(network)
    keras_model.set_weights(model, weights)
    digits = [TOP, BOTTOM] if network.reads_pairs else [TOP if half == "top" else BOTTOM]
    image = np.concatenate(digits)[None, ..., None].astype(np.float32) / 255
    stages = layer_outputs(network, weights, TOP, BOTTOM, half)
    compared = 0
    for stage in stages:
        if not stage.step.weights:
            continue
        names = [name.removesuffix(".kernel") for name in stage.step.weights if name.endswith(".kernel")]
        layer = names[-1 if half == "bottom" else 0]
        outputs = keras.Model(model.inputs, model.get_layer(layer).output)([image]).numpy()
        own = 1 if len(outputs) == 2 and half == "bottom" else 0
        np.testing.assert_allclose(stage.output, outputs[own], atol=1e-4)
        if stage.is_maps:
            np.testing.assert_array_equal(stage.filters, weights[f"{layer}.kernel"])
        compared += 1
    assert compared == sum(bool(step.weights) for step in network.steps)
    assert stages[-1].together == network.reads_pairs


def test_most_active_is_largest_mean_and_strongest_is_where_the_map_peaks():
    stage = layer_outputs(NETWORKS["tiny"], weights_of(NETWORKS["tiny"]), TOP, BOTTOM)[0]
    means = [np.abs(stage.output[..., channel]).mean() for channel in stage.most_active]
    assert means == sorted(means, reverse=True) and len(means) == 4
    row, column = stage.strongest(2)
    assert abs(stage.output[row, column, 2]) == np.abs(stage.output[..., 2]).max()


def test_the_filter_shown_is_on_the_input_map_that_it_weighs_most():
    network = NETWORKS["tiny"]
    weights = weights_of(network)
    weights["conv2.kernel"][..., 3, 1] = 5.0
    second = next(stage for stage in layer_outputs(network, weights, TOP, BOTTOM) if stage.step.label == "conv 3×3×4→5")
    shown, channel = second.filter_of(1)
    assert channel == 3 and (shown == 5).all()


@pytest.mark.parametrize("name", ["deep", "linear", "shallow", "compact", "tiny"])
def test_receptive_fields_are_the_pixels_whose_change_is_felt(name):
    """With positive weights nothing hides a change: no ReLU is closed, and a brighter pixel wins a pool."""
    network = NETWORKS[name]
    weights = weights_of(network, low=0.01)
    base = np.random.default_rng(3).uniform(0.1, 0.2, (SIDE, SIDE)).astype(np.float32)
    lit = np.repeat(base[None], 1 + 2 * SIDE, axis=0)
    for i in range(SIDE):  # a row or a column made much brighter at a time: those that are felt make the field
        lit[1 + i, i, :] += 50
        lit[1 + SIDE + i, :, i] += 50
    outputs = forward.activations(network, weights, lit)
    for i, output in enumerate(outputs):
        steps = network.steps[: i + 1]
        shape = steps[-1].shape_out
        places = [(0, 0), (shape[0] // 2, shape[0] // 3), (shape[0] - 1, 1)] if len(shape) == 3 else [(0, 0)]
        for row, column in places:
            values = output[:, row, column] if len(shape) == 3 else output
            # the same row of a matrix product may be rounded otherwise at another place: by far less than this
            felt = np.flatnonzero((np.abs(values[1:] - values[0]) > 1e-4 * np.abs(values[0])).any(axis=1))
            rows, columns = felt[felt < SIDE], felt[felt >= SIDE] - SIDE
            found = receptive_field(steps, row, column).within(SIDE, SIDE)
            assert found == Field(rows.min(), columns.min(), rows.max(), columns.max()), steps[-1].label
            assert len(rows) == found.height and len(columns) == found.width


def test_receptive_field_of_the_second_pooling_is_16_pixels_with_4_between_neighbours():
    steps = NETWORKS["deep"].steps[:6]
    assert [type(step.layer) for step in steps] == [Convolution, ReLU, MaxPool] * 2
    assert receptive_field(steps, 3, 0) == Field(6, -6, 21, 9)
    assert receptive_field(steps, 3, 1).left - receptive_field(steps, 3, 0).left == stride(steps) == 4
    assert receptive_field(NETWORKS["deep"].steps[:7], 0, 0).within(SIDE, SIDE) == Field(0, 0, SIDE - 1, SIDE - 1)


def test_a_network_of_one_fc_layer_sees_the_whole_picture():
    network = replace(NETWORKS["tiny"], layers=(Dense(10),))
    assert receptive_field(network.steps, 0, 0) == Field(0, 0, SIDE - 1, SIDE - 1)


def test_visitor_follows_a_map_to_what_it_sees():
    app = inside.page("The way through")
    network = store.read(store.locate("sum_posterior")).network
    body = visits.html(app)
    assert body.count("<li>") == sum(step.layer not in (Split(), Dropout()) for step in network.steps)
    inside.choice(app, "layer_of").set_value(5)
    app = visits.rerun(app)
    shown = inside.choice(app, "map_of")
    assert len(shown.options) == 16 and "sees <b>16×16</b> pixels" in visits.html(app)
    said = re.search(r"Map (\d+) is", visits.html(app))[1]
    assert int(said) - 1 == shown.value
    app.toggle(key="all_maps").set_value(True)
    app = visits.rerun(app)
    shown = inside.choice(app, "map_of")
    assert len(shown.options) == 64
    shown.set_value(7)
    app = visits.rerun(app)
    assert "Map 8 is" in visits.html(app)
    app.slider[0].set_value(1)
    app = visits.rerun(app)
    assert "at row 1, column" in visits.html(app) and "are inside the picture" in visits.html(app)


def test_visitor_looks_at_units_and_at_the_other_digit():
    app = inside.page("The way through")
    inside.choice(app, "layer_of").set_value(7)
    app = visits.rerun(app)
    run = store.read(store.locate("sum_posterior"))
    for half in ("top", "bottom"):
        inside.choice(app, "half").set_value(half)
        app = visits.rerun(app)
        active = (layer_outputs(run.network, checkpoints.load_weights(run), TOP, BOTTOM, half)[7].output > 0).sum()
        assert f"<b>{active}</b> of 1,024 units are above 0" in visits.html(app)
