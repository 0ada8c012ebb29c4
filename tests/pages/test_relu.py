"""ReLU: gradients against finite differences, dead units against a second count, a visitor's way through the page."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from core.images import mnist
from core.model import forward
from core.model.networks import NETWORKS, untied
from core.runs import checkpoints, store
from core.theory import relu
from core.theory.relu import Activation, Neuron
from pages.theory.relu import neuron as section
from pages.theory.relu import plane
from pages.theory.relu.loss_curve import loss_curve
from tests.harness.server import REPOSITORY
from tests.harness.visits import click, html, rerun, said, visit

CHECKPOINTS = REPOSITORY / "checkpoints"
RELU, LEAKY, ELU = Activation("ReLU"), Activation("leaky ReLU", 0.1), Activation("ELU")
EVERY = [RELU, Activation("leaky ReLU", 0.01), LEAKY, Activation("leaky ReLU", 0.3), ELU]
POINTS = relu.two_classes(0)
START = Neuron((0.8, -0.6), 0.2)
DIGITS = mnist.embedded().test_images[:40]


def descended(neuron, activation, steps, rate=0.3):
    for _ in range(steps):
        neuron = relu.descend(neuron, activation, POINTS, rate)
    return neuron


@pytest.mark.parametrize("activation", EVERY)
@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_that_of_finite_differences(activation, seed):
    neuron = Neuron(tuple(np.random.default_rng(seed).normal(size=2)), seed - 2.0)
    by_rule = relu.gradient(neuron, activation, POINTS)
    assert np.allclose(by_rule, relu.numerical_gradient(neuron, activation, POINTS), atol=1e-9)


@pytest.mark.parametrize("activation", EVERY)
def test_values_and_derivatives_fit_each_other(activation):
    z = np.array([-800.0, -3, -0.1, 0.1, 3, 800])
    slopes = (activation.value(z + 1e-6) - activation.value(z - 1e-6)) / 2e-6
    assert np.allclose(activation.derivative(z), slopes, atol=1e-6)
    assert activation.value(np.zeros(1)) == 0
    assert np.array_equal(RELU.value(z), np.maximum(z, 0))


def test_an_activation_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="'swish'; it is one of ReLU, leaky ReLU, ELU"):
        Activation("swish")


@pytest.mark.parametrize("seed", range(5))
def test_a_neuron_pushed_dead_gets_no_gradient_and_never_changes(seed):
    points = relu.two_classes(seed)
    dead = relu.push_dead(START, points)
    assert dead.preactivations(points.x).max() == pytest.approx(-0.5)
    assert relu.gradient(dead, RELU, points) == (0.0, 0.0, 0.0) == relu.numerical_gradient(dead, RELU, points)
    assert "-" not in "".join(map(str, relu.gradient(dead, RELU, points)))
    moved = dead
    for _ in range(1000):
        moved = relu.descend(moved, RELU, points, rate=1.0)
    assert moved == dead


@pytest.mark.parametrize("activation", EVERY[1:])
def test_what_leaks_brings_a_dead_neuron_back(activation):
    dead = relu.push_dead(START, POINTS)
    assert np.abs(relu.gradient(dead, activation, POINTS)).max() > 1e-3
    back = descended(dead, activation, 2000)
    assert (back.preactivations(POINTS.x) > 0).any()
    assert relu.loss(back, activation, POINTS) < 0.03 < 0.25 <= relu.loss(dead, activation, POINTS)


@pytest.mark.parametrize("activation", EVERY)
def test_descent_finds_the_least_squares_fit_of_the_points_it_hears(activation):
    trained = descended(START, activation, 3000)
    assert relu.loss(trained, activation, POINTS) < relu.loss(START, activation, POINTS) / 4
    assert np.abs(relu.gradient(trained, activation, POINTS)).max() < 1e-6
    if activation is RELU:
        heard = trained.preactivations(POINTS.x) > 0
        columns = np.column_stack([POINTS.x, np.ones(len(POINTS.x))])[heard]
        fit = np.linalg.lstsq(columns, POINTS.targets[heard], rcond=None)[0]
        assert np.allclose([*trained.w, trained.b], fit, atol=1e-5)


def test_points_are_two_classes_on_the_plane_that_is_drawn():
    for seed in range(20):
        points = relu.two_classes(seed)
        assert points.x.shape == (80, 2) and points.targets.sum() == 40 and np.abs(points.x).max() < plane.REACH


@pytest.mark.parametrize("b", [-9, -1.5, 0, 0.7, 9])
def test_the_shaded_side_is_where_the_neuron_is_positive(b):
    neuron = Neuron((0.8, -0.6), b)
    corners = np.array(plane._clip(plane.SQUARE, np.array(neuron.w), neuron.b)).reshape(-1, 2)
    x, y = corners[:, 0], corners[:, 1]
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2  # the shoelace formula
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 801) * plane.REACH] * 2), axis=-1)
    share = np.mean(neuron.preactivations(grid) > 0)
    assert area / (2 * plane.REACH) ** 2 == pytest.approx(share, abs=0.003)
    drawn = plane.neuron(neuron, RELU, POINTS)
    z = neuron.preactivations(POINTS.x)
    assert drawn.count("unheard") == np.count_nonzero(z <= 0)
    assert ('class="answers"' in drawn) == (share > 0)


@pytest.mark.parametrize("losses", [[0.5], [0.0, 0.0], np.geomspace(2, 0.01, 5000).tolist()])
def test_the_loss_curve_stays_in_its_frame(losses):
    drawn = loss_curve(losses)
    assert f"Loss over {len(losses):,} steps: at most {losses[0]:.4f}, now {losses[-1]:.4f}" in drawn
    corners = re.findall(r"(-?[\d.]+)% (-?[\d.]+)%", drawn)
    assert 4 <= len(corners) < 1000
    assert all(0 <= float(x) <= 100 and 0 <= float(y) <= 102 for x, y in corners)


@pytest.mark.parametrize("name", ["shallow-seed1", "deep-seed1", "sum_posterior", "tiny-seed2"])
def test_how_often_units_answer_is_counted_digit_by_digit(name):
    few = DIGITS[:12]
    run = store.read(CHECKPOINTS / name)
    weights = checkpoints.load_weights(run)
    layers = relu.activity(run.network, weights, few)
    places = [i for i, step in enumerate(run.network.steps) if step.layer == relu.ReLU()]
    assert len(layers) == len(places)
    for place, layer in zip(places, layers, strict=True):
        counts, answers = 0, 0
        for digit in few:
            image = np.concatenate([digit, digit]) if run.network.reads_pairs else digit
            outputs = forward.activations(run.network, weights, image[None])[place][0]
            rows = outputs.reshape(-1, outputs.shape[-1])
            counts, answers = counts + (rows > 0).sum(axis=0), answers + len(rows)
        # another chunk is another order of adding up, which may tip a unit that is at 0 to the last bit
        assert np.abs(layer.shares - counts / answers).max() <= 1 / len(few)
        assert np.mean(layer.shares == counts / answers) > 0.95
        assert layer.kind == ("filters" if outputs.ndim == 3 else "units")


def random_weights(network):
    generator = np.random.default_rng(0)
    return {name: generator.normal(0, 0.1, shape).astype(np.float32) for name, shape in network.weight_shapes.items()}


def test_units_that_cannot_answer_are_found_dead_and_cut_out_unnoticed():
    network = NETWORKS["tiny"]
    weights = random_weights(network)
    weights["conv2.bias"][[1, 3]] = -1000
    first, second, third = layers = relu.activity(network, weights, DIGITS)
    assert second.dead.tolist() == [1, 3] and not set(first.dead)
    cut = relu.cut_out(weights, layers)
    assert relu.into_dead(weights, layers) == 2 * (3 * 3 * 4 + 1) + len(third.dead) * (3 * 3 * 5 + 1)
    assert weights["conv2.bias"][1] == -1000 and cut["conv2.bias"][1] == 0
    assert np.array_equal(forward.logits(network, weights, DIGITS), forward.logits(network, cut, DIGITS))


def test_the_dead_units_of_a_shipped_network_are_cut_out_unnoticed():
    run = store.read(CHECKPOINTS / "sum_posterior")
    weights = checkpoints.load_weights(run)
    layers = relu.activity(run.network, weights, DIGITS)
    cut = relu.cut_out(weights, layers)
    assert relu.into_dead(weights, layers) >= 3137 * len(layers[-1].dead) > 0
    inputs = relu.as_inputs(run.network, DIGITS)
    assert np.array_equal(forward.logits(run.network, weights, inputs), forward.logits(run.network, cut, inputs))


def test_untied_halves_are_counted_apart_and_on_every_digit():
    tied = NETWORKS["sum"]
    network = untied(tied)
    weights = random_weights(network)
    weights["bottom.conv1.bias"][:] = -1000
    layers = relu.activity(network, weights, DIGITS)
    assert [layer.label.split(", ")[-1] for layer in layers[:2]] == ["top", "bottom"]
    assert len(layers[0].dead) == 0 and len(layers[1].dead) == 32
    alone = {name.removeprefix("top."): weight for name, weight in weights.items() if not name.startswith("bottom.")}
    expected = relu.activity(tied, alone, DIGITS)
    for top, same in zip(layers[0::2], expected, strict=True):
        assert np.abs(top.shares - same.shares).max() <= 1 / len(DIGITS)
    assert layers[1].kernel == "bottom.conv1.kernel"


def test_a_network_without_relu_has_nothing_that_could_die():
    linear = NETWORKS["linear"]
    assert relu.activity(linear, random_weights(linear), DIGITS[:2]) == []


def test_an_odd_number_of_digits_is_refused():
    with pytest.raises(ValueError, match="3 is odd"):
        relu.as_inputs(NETWORKS["sum"], DIGITS[:3])


# the page


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(section, "FRAME_SECONDS", 0)


def page(**query):
    app = visit("relu")
    app.query_params.update(query)
    return rerun(app)


def gradients(app):
    """The two rows of the table: by the chain rule, by differences."""
    cells = [float(cell.replace("−", "-")) for cell in re.findall(r"<td>([^<]*)</td>", html(app))]
    return cells[:3], cells[3:]


def loss(app):
    return float(re.search(r"Loss ([\d.]+)\.", html(app)).group(1))


def test_a_neuron_trains_dies_and_is_revived():
    app = page()
    assert "only these teach it" in html(app) and "Train it" in said(app)
    by_rule, by_differences = gradients(app)
    assert any(by_rule) and by_rule == pytest.approx(by_differences, abs=1e-3)
    before = loss(app)
    click(app, "20 steps")
    click(app, "500 steps")
    assert loss(app) < before / 3 and len(app.session_state["course"].losses) == 520

    click(app, "Push it dead")
    assert "Dead." in html(app) and gradients(app) == ([0, 0, 0], [0, 0, 0])
    died = app.session_state["course"].neuron
    click(app, "500 steps")
    assert "The last 500 steps moved w and b by at most 0." in html(app) and "Dead." in html(app)
    assert app.session_state["course"].neuron == died

    app.segmented_control(key="activation").set_value("leaky ReLU")
    assert "Silent, not dead." in html(rerun(app)) and any(gradients(app)[0])
    click(app, "500 steps")
    assert "Alive." in html(app) and loss(app) < before / 3


def test_the_bias_kills_by_hand_and_follows_the_training():
    app = page()
    app.slider(key="bias").set_value(-6.0)
    assert "Dead." in html(rerun(app))
    app.slider(key="bias").set_value(0.5)
    assert "Alive." in html(rerun(app))
    click(app, "1 step")
    course = app.session_state["course"]
    expected = relu.descend(replace(section.START, b=0.5), RELU, POINTS, 0.3)
    assert course.neuron == expected and app.slider(key="bias").value == round(expected.b, 2)
    click(app, "Start again")
    assert app.session_state["course"].neuron == section.START


def test_other_points_and_elu_by_link():
    app = page(activation="ELU")
    click(app, "Push it dead")
    assert "yet ELU lets a gradient through" in html(app)
    before = html(app)
    click(app, "Other points")
    assert app.session_state["course"].seed == 1 and html(app) != before


def test_a_neuron_that_leaves_the_slider_still_shows():
    app = page()
    app.session_state["course"].neuron = Neuron((40.0, -60.0), -70.0)
    assert app.session_state["course"].neuron.b < section.BIASES[0]
    rerun(app)
    assert app.slider(key="bias").value == section.BIASES[0]


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    return tmp_path


DEAD_UNITS = {"relu_section": "Dead units of a network"}


def test_dead_units_are_counted_and_cut_out_on_the_page(root):
    shutil.copytree(CHECKPOINTS / "reduced-seed1", root / "reduced")
    app = page(**DEAD_UNITS)
    run = store.read(root / "reduced")
    weights = checkpoints.load_weights(run)
    images = mnist.embedded().test_images
    features = np.concatenate([forward.activations(run.network, weights, images[i : i + 50])[-3] for i in (0, 500)])
    shown = [int(number) for number in re.findall(r"<b>(\d+)</b> of [\d,]+ \w+ dead", html(app))]
    assert len(shown) == 3
    assert 0 < shown[2] <= np.count_nonzero(~features.any(axis=0))  # 100 of the digits wake no more than all do
    click(app, "Set them to 0 and read the 1,000 digits again")
    assert "max |difference| of 10,000 logits = <b>0</b>" in html(app)


def test_nothing_dead_no_relu_and_damage_are_said(root):
    assert "No checkpoint yet" in page(**DEAD_UNITS).info[0].value
    shutil.copytree(CHECKPOINTS / "tiny-seed2", root / "tiny")
    assert "Nothing is dead here" in said(page(**DEAD_UNITS))
    (root / "tiny" / "weights.safetensors").write_bytes(b"")
    assert "cannot be loaded" in page(**DEAD_UNITS).error[0].value
    shutil.rmtree(root / "tiny")
    shutil.copytree(CHECKPOINTS / "linear-seed1", root / "linear")
    assert "has no ReLU" in page(**DEAD_UNITS).info[0].value
