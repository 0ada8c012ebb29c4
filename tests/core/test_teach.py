"""A last layer learns a hand from sums: its gradient is the true one, what is taught is read, and MNIST is kept."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core import __main__, teach
from core.credit import Features, credit, gradients
from core.hands import judged
from core.images import mnist
from core.model import forward
from core.model.networks import NETWORKS, untied
from core.model.operations import softmax
from core.pairs_file import lines, read_pairs
from core.runs import checkpoints, control, labels, results, store


def core(capsys, *arguments):
    """Exit code, stdout and stderr of a command."""
    code = __main__.main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.fixture(scope="module")
def shipped():
    run = store.read(store.locate("sum_posterior"))
    weights = checkpoints.load_weights(run)
    return run.network, weights, teach.remember(run.network, weights)


@pytest.fixture(scope="module")
def misread(shipped):
    """Pairs of one held-out writer's digits that the shipped network reads wrong, the clearest mistakes left out."""
    network, weights, _ = shipped
    images, labels_, writers = judged()
    own = np.concatenate([np.flatnonzero(writers == writer)[:160].reshape(-1, 2) for writer in np.unique(writers)])
    pairs = tuple(teach.Pair(images[a], images[b], int(labels_[a]) + int(labels_[b])) for a, b in own)
    features = teach.features_of(network, weights, pairs)
    wrong = teach.read(network, teach.last_layer(network, weights), features) != features.sums
    return [pair for pair, is_wrong in zip(pairs, wrong, strict=True) if is_wrong]


def test_credit_is_what_all_pairs_of_digits_give_when_they_are_tried_one_by_one():
    generator = np.random.default_rng(0)
    top, bottom = generator.normal(0, 3, (2, 19, 10))
    of_top, of_bottom = credit(top, bottom, np.arange(19))
    p, q = softmax(top), softmax(bottom)
    for s in range(19):
        of_pairs = {(d, e): p[s, d] * q[s, e] for d in range(10) for e in range(10) if d + e == s}
        for digit in range(10):
            r = sum(value for (d, _), value in of_pairs.items() if d == digit) / sum(of_pairs.values())
            assert of_top[s, digit] == pytest.approx(p[s, digit] - r)
            r = sum(value for (_, e), value in of_pairs.items() if e == digit) / sum(of_pairs.values())
            assert of_bottom[s, digit] == pytest.approx(q[s, digit] - r)


def test_credit_of_a_network_that_is_certain_of_a_wrong_sum_is_finite_and_moves_it():
    certain = 2000.0 * np.eye(10)[[4]]
    of_top, of_bottom = credit(certain, certain, np.array([13]))
    assert np.isfinite(of_top).all() and of_top[0, 4] > 0.4 and of_top[0, 9] < -0.4
    np.testing.assert_allclose(of_top, of_bottom)


HALVES = slice(0, 40), slice(40, None)  # pairs that are told, and pairs that judge


@pytest.mark.parametrize("name", ["sum_posterior", "sum", "sum_linear", "compact"])
def test_gradients_are_those_of_finite_differences(name):
    network, generator = NETWORKS[name], np.random.default_rng(1)
    width = 6
    classes = 10 if network.names_digits or not network.reads_pairs else 19
    inputs = width if classes == 10 else 2 * width
    layer = {"kernel": generator.normal(size=(inputs, classes)), "bias": generator.normal(size=classes)}
    pairs = Features(*generator.normal(size=(2, 5, width)), np.array([0, 3, 9, 12, 18]))

    def loss():
        logits = teach._answers(network, layer, pairs.top, pairs.bottom).logits(np.arange(5), np.arange(5))
        return -np.log(softmax(logits)[np.arange(5), pairs.sums]).mean()

    found = gradients(network, layer, pairs)
    for name, tensor in layer.items():
        for index in np.ndindex(tensor.shape):
            kept, losses = tensor[index], []
            for nudge in (1e-5, -1e-5):
                tensor[index] = kept + nudge
                losses.append(loss())
            tensor[index] = kept
            assert found[name][index] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-6)


def test_features_and_last_layer_answer_as_the_whole_network_does(shipped, misread):
    network, weights, memory = shipped
    features = teach.features_of(network, weights, tuple(misread[:3]))
    whole = [forward.predict(network, weights, pair.top, pair.bottom).sum for pair in misread[:3]]
    assert teach.read(network, teach.last_layer(network, weights), features).tolist() == whole
    # and on whitened features a layer says what it says on those as they are
    before = teach.last_layer(network, weights)
    back = teach._off_whitened(memory, teach._on_whitened(memory, before))
    for name, tensor in before.items():
        np.testing.assert_allclose(back[name], tensor, atol=2e-3)


def test_a_taught_pair_is_read_right_and_mnist_keeps_its_accuracy(shipped, misread):
    network, weights, memory = shipped
    before, falls = memory.accuracy(network, teach.last_layer(network, weights)), []
    assert len(misread) >= 3
    for pair in misread[:8]:
        features = teach.features_of(network, weights, (pair,))
        layer = teach.learn(network, weights, memory, features)
        assert teach.read(network, layer, features) == [pair.sum]
        assert forward.predict(network, weights | layer, pair.top, pair.bottom).sum == pair.sum
        falls.append(before - memory.accuracy(network, layer))
    assert np.mean(falls) <= 0.001


def test_a_network_that_names_no_digits_unlearns_no_hand():
    """Its last layer adds: taught from single sums alone, it lost 3.6 points of pairs of six hands."""
    run = store.read(store.locate("sum"))
    network, weights = run.network, checkpoints.load_weights(run)
    memory, (images, labels_, writers) = teach.remember(network, weights), judged()
    features, before = teach.digit_features(network, weights, images), teach.last_layer(network, weights)
    changes = []
    for writer in np.unique(writers):
        top, bottom = np.random.default_rng(0).permutation(np.flatnonzero(writers == writer))[:160].reshape(2, -1)
        of_pairs = features[top], features[bottom], labels_[top] + labels_[bottom]
        told, held_out = (Features(*(each[part] for each in of_pairs)) for part in HALVES)
        wrong = teach.read(network, before, told) != told.sums
        mistakes = Features(told.top[wrong], told.bottom[wrong], told.sums[wrong])
        layer = teach.learn(network, weights, memory, mistakes)
        after, then = ((teach.read(network, each, held_out) == held_out.sums).mean() for each in (layer, before))
        changes.append(after - then)
        assert memory.accuracy(network, layer) >= memory.accuracy(network, before) - 0.001
    assert np.mean(changes) >= -0.005


def test_the_same_pairs_teach_the_same_and_none_teaches_nothing(shipped, misread):
    network, weights, memory = shipped
    pairs = teach.add(teach.add((), misread[0]), misread[1])
    one, other = (teach.learn(network, weights, memory, teach.features_of(network, weights, pairs)) for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    nothing = Features(np.zeros((0, 1024)), np.zeros((0, 1024)), np.zeros(0, int))
    assert teach.learn(network, weights, memory, nothing) == teach.last_layer(network, weights)


def test_a_drawing_whose_sum_is_told_anew_takes_the_place_of_the_wrong_one(misread):
    wrong, other = replace(misread[0], sum=0), misread[1]
    pairs = teach.add(teach.add(teach.add((), wrong), other), misread[0])
    assert [pair.sum for pair in pairs] == [other.sum, misread[0].sum]
    with pytest.raises(ValueError, match="the sum is 19; allowed: 0 to 18"):
        replace(wrong, sum=19)


def test_networks_that_cannot_be_taught_say_why():
    assert [name for name, network in NETWORKS.items() if teach.refusal(network)] == ["shallow"]
    assert "6,272 values of a digit" in teach.refusal(NETWORKS["shallow"])
    assert "weights of its own" in teach.refusal(untied(NETWORKS["sum"]))


@pytest.fixture
def table(tmp_path, misread):
    """A table of three misread pairs in a folder with their pictures."""
    lines = ["top,bottom,sum"]
    for i, pair in enumerate(misread[:3]):
        for half in ("top", "bottom"):
            Image.fromarray(getattr(pair, half)).save(tmp_path / f"{i}{half}.png")
        lines.append(f"{i}top.png, {i}bottom.png, {pair.sum}")
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n\n")
    return tmp_path / "pairs.csv"


def test_the_command_makes_a_run_that_reads_what_it_was_taught_and_names_its_origin(table, capsys):
    folder = table.parent / "mine"
    code, out, _ = core(capsys, "teach", "sum_posterior", table, "--run", folder)
    assert code == 0 and "of 3 pairs it reads 3 right" in out and "on the 1,000 embedded test digits" in out
    run = store.read(folder)
    assert run.data == "all that sum_posterior was trained on, and then on 3 pairs drawn by one hand"
    assert run.data_name == store.TAUGHT and control.status(run) == "finished" and not run.is_by_recipe
    weights, before = checkpoints.load_weights(run), checkpoints.load_weights(store.read(store.locate("sum_posterior")))
    changed = [name for name in weights if not np.array_equal(weights[name], before[name])]
    assert changed == ["fc2.kernel", "fc2.bias"]
    assert results.read(run)["accuracy"] > 0.97 and labels.read(run).title == ""
    assert checkpoints.load_answers(run, "embedded")["top"].shape == (len(mnist.embedded().test_labels), 10)
    with pytest.raises(store.RunError, match="was taught: how to go on with it is not known|has finished already"):
        control.refuse_to_train(run)


@pytest.mark.parametrize("line", ["both.png,,{}", ",both.png,{}"])
def test_one_picture_of_both_digits_gives_the_pair_that_two_give(line, table, misread):
    pair = misread[0]
    Image.fromarray(np.concatenate([pair.top, pair.bottom])).resize((280, 560)).save(table.parent / "both.png")
    for half in ("top", "bottom"):
        Image.fromarray(getattr(pair, half)).resize((280, 280)).save(table.parent / f"{half}.png")
    table.write_text(line.format(pair.sum) + f"\ntop.png,bottom.png,{pair.sum}\n")
    (one, two), faults = read_pairs(table)
    assert not faults and one.sum == two.sum
    for half in ("top", "bottom"):
        assert np.abs(getattr(one, half).astype(int) - getattr(two, half)).mean() < 3


def test_semicolons_separate_where_the_first_line_has_no_comma(table):
    commas = table.read_text()
    expected, _ = read_pairs(table)
    without_heading = commas.split("\n", 1)[1]
    for written in (commas, without_heading):
        table.write_text(written.replace(",", ";").replace("\n", "\r\n"), encoding="utf-8-sig")  # as Excel does
        pairs, faults = read_pairs(table)
        assert not faults and len(pairs) == 3
        assert all(one.sum == other.sum and one.shows_as(other) for one, other in zip(pairs, expected, strict=True))
    (table.parent / "0top.png").rename(table.parent / "0,5.png")  # a name may have the other sign
    table.write_text("top;bottom;sum\n0,5.png;0bottom.png;3\n")
    assert len(read_pairs(table)[0]) == 1
    (table.parent / "0,5.png").rename(table.parent / "0;5.png")
    table.write_text("1top.png,0bottom.png,3\n0;5.png,0bottom.png,3\n")
    assert len(read_pairs(table)[0]) == 2
    table.write_text("both.png\n0top.png,0bottom.png\n")  # as a table that is predicted may begin
    assert [cells for _, cells in lines(table)] == [["both.png"], ["0top.png", "0bottom.png"]]


BAD = {
    "7.png,0bottom.png,3": "7.png is not there",
    "0top.png,0bottom.png,19": "the sum is 19; allowed: 0 to 18",
    "0top.png,0bottom.png,x": "'x' is no sum",
    f"0top.png,0bottom.png,{'9' * 5000}": "'99999999999999999999' is no sum",
    "0top.png,0bottom.png": "has 2 fields; wanted are 3, separated by commas",
    "0top.png 0bottom.png 3": "has 1 field;",
    "0top.png;0bottom.png;3": "has 1 field;",
    "/dev/zero,0bottom.png,3": "/dev/zero is no file",
    "pairs.csv,0bottom.png,3": "pairs.csv is not a picture that can be read",
    "0top.png,,3": "0top.png shows one digit only",
    ",,3": "names no picture",
}


def test_bad_lines_are_all_named_and_nothing_is_taught(table, capsys):
    table.write_text(table.read_text() + "\n".join(BAD))
    code, out, err = core(capsys, "teach", "sum_posterior", table, "--run", table.parent / "mine")
    assert code == 2 and not out and "nothing was taught" in err and not (table.parent / "mine").exists()
    for number, fault in enumerate(BAD.values(), 6):
        assert f"{table}, line {number}: {fault}" in err


def test_tables_and_runs_that_are_of_no_use_are_refused_in_a_line(table, capsys):
    (table.parent / "empty.csv").write_text("top,bottom,sum\n")
    (table.parent / "noise.csv").write_bytes(bytes(range(256)))
    for arguments, fault in (
        (("sum_posterior", table.parent / "nowhere.csv"), "nowhere.csv cannot be used (No such file or directory)"),
        (("sum_posterior", "/dev/zero"), "/dev/zero cannot be used (it is no file)"),  # which has no end
        (("sum_posterior", table.parent / "empty.csv"), "empty.csv has 0 pairs"),
        (("sum_posterior", table.parent / "noise.csv"), "noise.csv is no table of text"),
        (("sum_posterior", table, "--run", table.parent), "is there already"),
        (("shallow-seed1", table), "cannot be taught: its last layer reads 6,272 values"),
        (("nowhere", table), "No run at"),
    ):
        code, out, err = core(capsys, "teach", *arguments)
        assert code == 2 and not out and fault in err and err.count("\n") == 1
