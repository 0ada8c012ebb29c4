"""TF_CONFIG is read as tf.distribute's tools write it, and refused in a line; a batch is shared out without a gap."""

import json
import socket
import threading
import time

import pytest

from core import __main__
from core.jobs.scale import tf_config
from core.recipe import Recipe
from core.runs import store

TWO = ["10.0.0.1:5000", "10.0.0.2:5000"]


def config(jobs, kind="worker", index=0):
    return json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}})


def read(monkeypatch, words):
    monkeypatch.setenv("TF_CONFIG", words)
    return tf_config.from_environment()


def test_workers_and_a_chief_are_one_list(monkeypatch):
    assert read(monkeypatch, config({"worker": TWO}, index=1)) == tf_config.Cluster(tuple(TWO), 1)
    jobs = {"chief": TWO[:1], "worker": TWO[1:]}
    assert read(monkeypatch, config(jobs, "chief")) == tf_config.Cluster(tuple(TWO), 0)
    assert read(monkeypatch, config(jobs, "worker")) == tf_config.Cluster(tuple(TWO), 1)
    found = tf_config.from_environment()
    assert not found.is_chief and found.name(1) == "worker 1 (10.0.0.2:5000)"
    assert found.name(0) == "the chief, worker 0 (10.0.0.1:5000)"


@pytest.mark.parametrize(
    "words", ["", "{}", config({}), config({"worker": TWO[:1]}), config({"chief": TWO[:1]}, "chief")]
)
def test_a_process_alone_is_no_cluster(monkeypatch, words):
    assert read(monkeypatch, words) is None


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("worker", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1]", '"cluster"'),
        ('{"cluster": ["a:1"]}', '"cluster"'),
        (config({"worker": TWO, "ps": TWO}), "'ps'"),
        (config({"worker": "10.0.0.1:5000"}), "lists"),
        (config({"worker": [*TWO, "10.0.0.3"]}), "'10.0.0.3'"),
        (config({"worker": [*TWO, "10.0.0.3:99999"]}), "'10.0.0.3:99999'"),
        (config({"worker": [*TWO, 7]}), "names 7"),
        (config({"worker": [*TWO, TWO[0]]}), "twice"),
        (config({"chief": TWO}, "chief"), "2 chiefs"),
        (config({"worker": TWO}, index=2), "'worker' 2"),
        (config({"worker": TWO}, index="1"), "'worker' '1'"),
        (config({"worker": TWO}, kind="chief"), "'chief' 0"),
        (json.dumps({"cluster": {"worker": TWO}}), "None None"),
    ],
)
def test_a_bad_cluster_is_one_line_and_exit_code_2(monkeypatch, capsys, words, fault):
    monkeypatch.setenv("TF_CONFIG", words)
    assert __main__.main(["train", "--network", "tiny"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: TF_CONFIG") and err.count("\n") == 1 and fault in err


@pytest.mark.parametrize("index", [0, 1])
def test_a_batch_too_small_for_the_workers_is_refused(monkeypatch, capsys, index):
    monkeypatch.setenv("TF_CONFIG", config({"worker": TWO}, index=index))
    assert __main__.main(["train", "--network", "sum", "--batch", "2"]) == 2
    assert capsys.readouterr().err == "error: batch is 2; allowed with 2 workers: a whole number from 3\n"


@pytest.mark.parametrize("words", [config({"worker": TWO}), "worker"])
@pytest.mark.parametrize("command", [["sweep", "--network", "tiny"], ["reproduce", "tiny"]])
def test_what_trains_each_run_in_one_process_refuses_a_cluster(monkeypatch, tmp_path, capsys, command, words):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setenv("TF_CONFIG", words)
    assert __main__.main(command) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: TF_CONFIG") and err.count("\n") == 1 and store.list_runs() == []


def test_a_table_alone_needs_no_cluster(monkeypatch, capsys):
    monkeypatch.setenv("TF_CONFIG", config({"worker": TWO}))
    assert __main__.main(["reproduce", "tiny", "--list"]) == 0 and "tiny" in capsys.readouterr().out


@pytest.mark.parametrize("workers", [2, 3, 4])
@pytest.mark.parametrize("batch", [7, 8, 50, 129])
@pytest.mark.parametrize(("network", "pairing"), [("deep", "all"), ("sum", "all"), ("sum", "fresh")])
def test_shares_are_the_batch_and_keep_the_two_of_a_tower_together(workers, batch, network, pairing):
    shares = tf_config.shares(Recipe(network=network, batch=batch, pairing=pairing), workers)
    digits = list(range(batch * (2 if pairing == "fresh" else 1)))
    assert [digit for share in shares for digit in digits[share]] == digits
    sizes = [share.stop - share.start for share in shares]
    assert min(sizes) > 0 and max(sizes) - min(sizes) <= (1 if network == "deep" else 2)
    assert network == "deep" or all(share.start % 2 == 0 for share in shares)


@pytest.mark.parametrize(("network", "pairing", "least"), [("deep", "all", 4), ("sum", "all", 7), ("sum", "fresh", 4)])
def test_the_smallest_batch_is_what_the_refusal_says(network, pairing, least):
    with pytest.raises(ValueError, match=f"a whole number from {least}$"):
        tf_config.shares(Recipe(network=network, batch=least - 1, pairing=pairing), 4)
    assert len(tf_config.shares(Recipe(network=network, batch=least, pairing=pairing), 4)) == 4


def test_who_comes_late_is_waited_for_and_who_does_not_come_is_named():
    with socket.create_server(("127.0.0.1", 0)) as here, socket.create_server(("127.0.0.1", 0)) as late:
        ports = [server.getsockname()[1] for server in (here, late)]
        late.close()
        own, never = (free_port() for _ in range(2))
        addresses = [f"127.0.0.1:{port}" for port in (own, *ports)]
        said, servers = [], []

        def come():
            time.sleep(0.5)
            servers.append(socket.create_server(("127.0.0.1", ports[1])))

        thread = threading.Thread(target=come)
        thread.start()
        tf_config.wait_for_all(tf_config.Cluster(tuple(addresses), 0), said.append, 60)
        thread.join()
        servers[0].close()
        assert said == [f"Waiting for worker 2 ({addresses[2]})."]
        lost = (*addresses[:2], f"127.0.0.1:{never}")
        with pytest.raises(TimeoutError, match=rf"^worker 2 \({lost[2]}\) did not come within 0\.5 s$"):
            tf_config.wait_for_all(tf_config.Cluster(lost, 0), said.append, 0.5)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_an_address_that_is_taken_is_an_error():
    with socket.create_server(("", 0)) as taken, pytest.raises(OSError):
        port = taken.getsockname()[1]
        tf_config.wait_for_all(tf_config.Cluster((f"127.0.0.1:{port}", "127.0.0.1:1"), 0), print, 0)
