"""The gradient of a convolution, each way against the others and against TensorFlow, and the page that shows it."""

import importlib

import numpy as np
import pytest

from core.images import mnist
from core.model import forward
from core.model.networks import NETWORKS, Network, untied
from core.model.operations import convolve_back
from core.runs import store
from core.theory import backpropagation as theory
from core.theory import first_kernel, timing
from core.theory.timing import Timing
from tests.harness.visits import html, rerun, visit

GENERATOR = np.random.default_rng(0)
EVERY = [*NETWORKS.values(), untied(NETWORKS["sum"]), untied(NETWORKS["sum_posterior"])]


def signal_and_taps(n, m):
    return GENERATOR.standard_normal(n), GENERATOR.standard_normal(m)


SIZES = [(16, 4), (1, 1), (1, 5), (5, 5), (3, 8), (28, 9), (100, 37)]


@pytest.mark.parametrize("n, m", SIZES)
def test_the_toeplitz_matrix_convolves_and_lies_in_the_circulant(n, m):
    signal, taps = signal_and_taps(n, m)
    matrix, around = theory.toeplitz(signal, m), theory.circulant(signal, m)
    expected = np.convolve(signal, taps)
    np.testing.assert_allclose(matrix @ taps, expected, atol=1e-12)
    np.testing.assert_allclose(theory.convolve(signal, taps), expected, atol=1e-12)
    np.testing.assert_array_equal(around[:, :m], matrix)
    for x, i in np.ndindex(matrix.shape):
        assert matrix[x, i] == (signal[x - i] if 0 <= x - i < n else 0)


def test_without_padding_the_report_s_circulant_would_be_another_matrix():
    signal, _ = signal_and_taps(6, 3)
    unpadded = np.stack([np.roll(signal, i) for i in range(3)], axis=1)
    assert not np.allclose(unpadded[:2], theory.toeplitz(signal, 3)[:2])  # the end of the signal comes round


def test_the_fft_makes_the_circulant_diagonal():
    signal, _ = signal_and_taps(9, 4)
    matrix = theory.circulant(signal, 4)
    fourier = np.fft.fft(np.eye(len(matrix)))
    diagonal = fourier @ matrix @ np.linalg.inv(fourier)
    np.testing.assert_allclose(diagonal, np.diag(np.fft.fft(np.pad(signal, (0, 3)))), atol=1e-12)


@pytest.mark.parametrize("n, m", SIZES)
def test_five_ways_agree_to_ten_digits(n, m):
    signal, taps = signal_and_taps(n, m)
    target = GENERATOR.standard_normal(n + m - 1)
    ways = list(theory.all_gradients(signal, taps, target).values())
    assert len(ways) == 5
    assert all(way.shape == (m,) and np.abs(way - ways[0]).max() < 1e-10 for way in ways)


def test_tensorflow_has_the_same_gradient():
    import tensorflow as tf

    signal, taps = signal_and_taps(20, 5)
    target = GENERATOR.standard_normal(24)
    variable = tf.Variable(taps)
    with tf.GradientTape() as tape:
        padded = tf.constant(np.pad(signal, 4))[None, :, None]
        y = tf.nn.conv1d(padded, tf.reverse(variable, [0])[:, None, None], 1, "VALID")[0, :, 0]
        loss = 0.5 * tf.reduce_sum((y - target) ** 2)
    expected = tape.gradient(loss, variable).numpy()
    assert theory.loss(signal, taps, target) == pytest.approx(float(loss), rel=1e-12)
    np.testing.assert_allclose(theory.gradient_by_fft(signal, theory.convolve(signal, taps) - target), expected)


@pytest.mark.parametrize("preset", theory.PRESETS)
def test_learning_never_raises_the_loss_and_finds_the_shift(preset):
    signal = theory.signal_of(preset, mnist.embedded().test_images[0])
    target, start = theory.shifted(signal, 4), np.full(4, 0.25)
    losses = [theory.loss(signal, theory.descended(signal, start, target, n), target) for n in range(0, 60, 5)]
    assert all(later <= sooner + 1e-15 for sooner, later in zip(losses[:-1], losses[1:], strict=True))
    assert losses[-1] < 0.25 * losses[0]


def test_a_signal_of_zeros_teaches_nothing():
    zeros, taps = np.zeros(8), np.ones(3)
    np.testing.assert_array_equal(theory.descended(zeros, taps, np.zeros(10), 9), taps)


def test_an_unknown_preset_is_refused_by_name():
    with pytest.raises(ValueError, match="preset is 'noise'; allowed: step"):
        theory.signal_of("noise", np.zeros((28, 28), np.uint8))


def weights_of(network: Network):
    scales = {name: (2 / np.prod(shape[:-1])) ** 0.5 for name, shape in network.weight_shapes.items()}
    return {
        name: (scales[name] * GENERATOR.standard_normal(shape) if len(shape) > 1 else np.full(shape, 0.1)).astype(
            np.float32
        )
        for name, shape in network.weight_shapes.items()
    }


def image_for(network: Network):
    images = mnist.embedded().test_images
    return np.concatenate(images[[3, 5]]) if network.reads_pairs else images[3]


@pytest.mark.parametrize("network", EVERY, ids=lambda network: f"{network.name}{'' if network.tied else '-untied'}")
def test_backwards_through_every_network_as_tensorflow_does_it(network):
    import tensorflow as tf

    from core.training import keras_model

    weights, image, label = weights_of(network), image_for(network), 7
    model = keras_model.build(network)
    keras_model.set_weights(model, weights)
    learnt = first_kernel.learning(network, weights, image, label)
    with tf.GradientTape() as tape:
        logits = model(image[None, ..., None].astype(np.float32) / 255, training=False)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits([label], logits)[0]
    expected = tape.gradient(loss, keras_model.named_variables(model)[learnt.name].value).numpy()
    assert learnt.loss == pytest.approx(float(loss), rel=1e-5)
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(learnt.gradient, expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("network", EVERY, ids=lambda network: f"{network.name}{'' if network.tied else '-untied'}")
def test_finite_differences_find_the_same_gradient(network):
    learnt = first_kernel.learning(network, weights_of(network), image_for(network), 7)
    filter_ = int(np.abs(learnt.gradient).max(axis=(0, 1, 2)).argmax())
    found, gradient = first_kernel.kernel_difference(learnt, filter_), learnt.gradient[..., filter_]
    np.testing.assert_allclose(found, gradient, atol=1e-5 * np.abs(gradient).max())


def test_an_even_kernel_is_turned_about_its_own_centre():
    import tensorflow as tf

    x, kernel = GENERATOR.standard_normal((1, 9, 7, 2)), GENERATOR.standard_normal((4, 4, 2, 3))
    g = GENERATOR.standard_normal((1, 9, 7, 3))
    variables = tf.Variable(x), tf.Variable(kernel)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.nn.conv2d(*variables, 1, "SAME") * g)
    of_x, of_kernel = (gradient.numpy() for gradient in tape.gradient(loss, variables))
    np.testing.assert_allclose(convolve_back(g, kernel), of_x, atol=1e-10)
    np.testing.assert_allclose(first_kernel.kernel_gradient(x, g, 4), of_kernel, atol=1e-10)


def test_float64_in_the_first_layer_carries_through_to_the_logits():
    network = NETWORKS["deep"]
    weights = weights_of(network)
    doubled = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    first = {name: doubled[name] for name in ("conv1.kernel", "conv1.bias")}
    image = image_for(network)[None]
    in_float64 = forward.logits(network, weights | first, image)
    assert in_float64.dtype == np.float64
    np.testing.assert_allclose(in_float64, forward.logits(network, doubled, image), rtol=1e-12)


def test_slopes_and_crossings_of_times_that_are_known():
    lengths = tuple(2**k for k in range(5, 13))
    slow = Timing("slow", lengths, tuple(1e-9 * n**2 for n in lengths))
    quick = Timing("quick", lengths, tuple(1e-6 * n for n in lengths))
    assert slow.slope == pytest.approx(2) and quick.slope == pytest.approx(1)
    assert quick.predicted(10_000) == pytest.approx(0.01)
    assert timing.crossing(slow, quick) == pytest.approx(1000)
    assert timing.crossing(quick, Timing("slower", lengths, tuple(1.0 for _ in lengths))) is None
    assert timing.crossing(Timing("slower", lengths, tuple(1.0 for _ in lengths)), quick) == lengths[0]


def test_measured_ways_stop_where_they_get_slow_and_tell_how_far_they_are():
    heard = []
    timings = timing.measure(lambda done, words: heard.append(done))
    assert [each.algorithm for each in timings] == list(timing.ALGORITHMS)
    assert heard == sorted(heard) and heard[0] >= 0 and heard[-1] < 1
    for each in timings:
        assert len(each.lengths) == len(each.seconds) >= 4 and min(each.seconds) > 0
        assert all(seconds <= timing.SLOWEST_SECONDS for seconds in each.seconds[:-1])


# the page


@pytest.fixture(autouse=True)
def embedded_digits(monkeypatch):
    from pages.shared import subject

    monkeypatch.setattr(subject, "_random_indices", lambda: [3, 5])


def page(**query):
    app = visit("backpropagation")
    app.query_params.update(query)
    return rerun(app)


def words(app):
    return " ".join(element.value for kind in (app.markdown, app.caption, app.info, app.error) for element in kind)


def test_the_page_shows_the_slip_and_five_ways_that_agree():
    app = page()
    said = words(app)
    assert "it calls $T$ circulant" in said and "All five agree" in said and "19×19" in said
    assert html(app).count("<td>") >= 5 * 5


def test_a_filter_learns_and_its_link_brings_it_back():
    app = page(signal="wave", filter_length="6", learning_steps="40")
    assert app.slider(key="filter_length").value == 6
    assert "shall learn to move the signal by 3" in words(app) and "after 40 steps" in words(app)
    app.slider(key="learning_steps").set_value(0).run()
    assert "after 0 steps" in words(app) and "All five agree" in words(app)


def test_disagreement_would_be_said(monkeypatch):
    monkeypatch.setattr(theory, "gradient_by_fft", lambda signal, g: np.zeros(len(g) - len(signal) + 1))
    assert "They do not agree" in words(page())


def test_measure_shows_slopes_and_where_they_cross():
    app = page()
    assert "Press Measure" in words(app)
    next(button for button in app.button if button.label == "Measure").click().run()
    assert not app.exception
    assert "The FFT is quicker than the direct sum" in words(app) and "Press Measure" not in words(app)


@pytest.mark.parametrize("name", ["sum_posterior", "shallow-seed1"])
def test_a_real_network_follows_the_same_rule(name):
    app = page()
    app.selectbox(key="run").set_value(name).run()
    said = words(app)
    assert "pictures show the same numbers" in said
    filters = first_kernel.first_filters(store.read(store.locate(name)).network)
    assert html(app).count("alt='Gradient of filter") == filters
    app.selectbox(key="filter").select(str(filters)).run()
    assert f"filter {filters} of `conv1.kernel`" in words(app)
    app.selectbox(key="told").select("0").run()
    assert "Told that it is **0**" in words(app)


def test_no_checkpoint_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    assert "No checkpoint yet. Train a network on the Train page" in words(page())


def test_the_page_brings_no_tensorflow():
    for name in ("layer", "speed", "toeplitz"):
        module = importlib.import_module(f"pages.theory.backpropagation.{name}")
        assert not any("tensorflow" in str(value) for value in vars(module).values())
