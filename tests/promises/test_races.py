"""What is read before a lock is read again under it: real processes, each held where it used to go wrong."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from core.jobs import queue
from core.recipe import Recipe
from core.runs import checkpoints, control, metrics, results, store, trash
from tests.harness.holding import Held
from tests.harness.needs import wait_until
from tests.harness.points import point
from tests.harness.server import REPOSITORY

TINY = Recipe(network="tiny", steps=40, batch=32, examples=500)
RESULT = {"accuracy": 0.5, "standard_error": 0.1, "loss": 1.0, "data": "test set", "steps": 40}
RESUME = "hold(control, 'lock')\nsys.exit(__main__.main(['train', '--resume', sys.argv[1]]))"


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    monkeypatch.setattr(queue, "advance", lambda: None)
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    return tmp_path / "runs"


def finish(run):
    """What a trainer does to a run that it ends."""
    with control.lock(run):
        metrics.append(run, point(40))
        checkpoints.save_weights(run, {"a": np.zeros(1, np.float32)}, 40)
        results.write(run, RESULT)


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_that_was_finished_while_its_resumption_waited_keeps_its_curve():
    run = queue.create(TINY)
    with Held(RESUME, run.name) as resumption:
        resumption.wait_here()  # it has looked, and not locked
        finish(run)
        before = files_of(run.folder)
        code, _, complained = resumption.go_on()
    assert code == 2 and "has finished already" in complained.splitlines()[-1]
    assert files_of(run.folder) == before


def test_a_worker_leaves_a_run_that_was_finished_while_it_waited():
    run = queue.create(TINY)
    queue.start(run)
    with Held("hold(control, 'lock')\nworker.work(lambda run: print('trained'))") as worker:
        worker.wait_here()
        finish(run)
        assert worker.go_on() == (0, "", "")
    assert queue.queue() == [] and control.status(run) == "finished" and not (run.folder / "queued").exists()


def test_a_run_that_was_deleted_while_its_resumption_waited_is_not_trained_in_the_trash_nor_made_anew(root):
    run = queue.create(TINY)
    with Held(RESUME, run.name) as resumption:
        resumption.wait_here()
        place = trash.discard(run)
        before = files_of(place)
        code, _, complained = resumption.go_on()
    assert code == 2 and "was moved or deleted just now" in complained
    assert not run.folder.exists() and files_of(place) == before
    assert trash.restore(place) == run and control.status(run) == "stopped"


def test_a_run_that_goes_between_its_lock_and_the_look_at_it_is_let_go(root, tmp_path):
    run = queue.create(TINY)
    with Held(RESUME.replace("control, 'lock'", "locks, 'refuse_replaced'"), run.name) as resumption:
        resumption.wait_here()  # it has the lock
        with pytest.raises(store.RunError, match="is being trained. Stop it first"):
            trash.discard(run)
        run.folder.rename(tmp_path / "elsewhere")  # as somebody's mv does
        code, _, complained = resumption.go_on()
    assert code == 2 and "was moved or deleted just now" in complained and not run.folder.exists()
    assert set(files_of(tmp_path / "elsewhere")) == {"run.json", "lock"}


def test_a_resumption_during_a_deletion_is_refused(root):
    run = queue.create(TINY)
    delete = "hold(Path, 'rename')\nrun = store.read(Path(sys.argv[1]))\nprint(trash.discard(run))"
    with Held(delete, run.folder) as deletion:
        deletion.wait_here()  # it has decided
        with pytest.raises(store.RunError, match="is being trained"):
            queue.start(run)
        code, printed, _ = deletion.go_on()
    assert code == 0 and trash.discarded() == [root / printed.strip()] and not run.folder.exists()
    with pytest.raises(store.RunError, match="was moved or deleted"):
        queue.start(run)
    assert not run.folder.exists()


def test_of_four_who_make_the_same_run_one_does(root):
    make = "hold(store, 'refuse_existing', after=True)\nseed = int(sys.argv[2])\n"
    make += "tried(store.create, Path(sys.argv[1]), Recipe(seed=seed), '', '', '', {})"
    makers = [Held(make, root / "same", seed) for seed in range(4)]
    for maker in makers:
        maker.wait_here()  # nobody has it
    ends = [maker.go_on() for maker in makers]
    assert sorted(code for code, *_ in ends) == [0, 2, 2, 2]
    assert all("was made by somebody else just now" in words for code, _, words in ends if code)
    assert store.read(root / "same").recipe.seed == [code for code, *_ in ends].index(0)


def test_of_two_who_take_the_last_place_one_gets_it(root, monkeypatch):
    monkeypatch.setenv("DIGIT_SUM_LAB_MOST_RUNS", "1")
    count = "hold(queue, 'refuse_over_quota', after=True)\ntried(queue.create, Recipe())"
    with Held(count) as first:
        first.wait_here()  # it has counted
        with Held("tried(queue.create, Recipe())") as second:
            with pytest.raises(subprocess.TimeoutExpired):
                second.process.wait(1.5)  # it waits for the first
            assert first.go_on()[0] == 0
            code, _, complained = second.go_on()
    assert code == 2 and "no more are taken" in complained and len(store.list_runs()) == 1


def test_a_run_comes_back_beside_one_that_takes_its_name_meanwhile(root):
    place = trash.discard(queue.create(TINY, root / "mine"))
    with Held("hold(Path, 'rename')\nprint(trash.restore(Path(sys.argv[1])).name)", place) as restoring:
        restoring.wait_here()
        with pytest.raises(store.RunError, match="is there already"):
            store.create(root / "mine", Recipe(seed=7), "", "", "", {})
        code, printed, _ = restoring.go_on()
    assert code == 0 and printed == "mine\n" and store.read(root / "mine").recipe == TINY


def test_of_two_who_ask_something_of_a_trainer_both_are_heard(root):
    run = queue.create(TINY)
    with Held(
        "hold(files, 'replace')\ncontrol.request(store.read(Path(sys.argv[1])), rate_factor=0.5)", run.folder
    ) as slow:
        slow.wait_here()
        control.request(run, stop=True)
        assert slow.go_on()[0] == 0
    assert control.requests(run) == control.Requests(stop=True, rate_factor=0.5)


WRITE = """
import numpy as np
run = store.read(Path(sys.argv[1]))
tensors = {"a": np.zeros(3, np.float32)}
writers = {
    "metrics": lambda: metrics.append(run, {"step": 1}),
    "rewind": lambda: metrics.rewind(run, 0),
    "snapshot": lambda: snapshots.save(run, tensors, 1),
    "weights": lambda: checkpoints.save_weights(run, tensors, 1),
    "resume": lambda: checkpoints.save_resume(run, tensors, 1),
    "answers": lambda: checkpoints.save_answers(run, tensors, "full"),
    "result": lambda: results.write(run, {}),
    "data": lambda: store.settle_data(run, "words", "full"),
}
with control.lock(run):
    print("here", flush=True)
    sys.stdin.readline()
    control.write_progress(run, "training", step=1, steps=2)
    control.note_failure(run, "x")
    control.note_warning(run, "x")
    for name, write in writers.items():
        try:
            write()
        except (OSError, store.RunError) as error:
            print(name, "refused" if "moved, deleted or replaced" in str(error) else error)
"""


def test_a_trainer_writes_nothing_into_a_run_that_took_the_place_of_its_own(root):
    run = queue.create(TINY, root / "same")
    with Held(WRITE, run.folder) as trainer:
        trainer.wait_here()
        shutil.rmtree(run.folder)
        new = queue.create(Recipe(network="tiny", seed=7), root / "same")
        (new.folder / "snapshots").mkdir()
        checkpoints.save_weights(new, {"a": np.ones(3, np.float32)}, 1)
        with control.lock(new):  # its own trainer's: a lock follows the file, a write the path
            before = files_of(new.folder)
            code, printed, complained = trainer.go_on()
            assert files_of(new.folder) | {"metrics.jsonl": b""} == before | {"metrics.jsonl": b""}
    assert code == 0, complained
    refused = dict(line.split(" ", 1) for line in printed.splitlines())
    assert set(refused.values()) == {"refused"} and len(refused) == 8, printed


def test_a_real_trainer_whose_run_was_replaced_ends_and_says_why(root):
    """It is stopped in the middle of its steps, so that all of this happens to it between two of them."""
    run = queue.create(Recipe(network="tiny", steps=1_000_000, batch=32, examples=500), root / "same")
    command = [sys.executable, "-m", "core", "train", "--resume", "same"]
    trainer = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    wait_until(lambda: metrics.read(run), [trainer])
    os.kill(trainer.pid, signal.SIGSTOP)
    shutil.rmtree(run.folder)
    new = queue.create(Recipe(network="tiny", seed=7), root / "same")
    before = files_of(new.folder)
    os.kill(trainer.pid, signal.SIGCONT)
    _, complained = trainer.communicate(timeout=600)
    assert trainer.returncode == 1 and "it was moved, deleted or replaced meanwhile" in complained.splitlines()[-1]
    assert files_of(new.folder) | {"metrics.jsonl": b""} == before | {"metrics.jsonl": b""}


LOOK = """
import fcntl
real = fcntl.flock
def flock(*arguments):
    real(*arguments)
    print("here", flush=True)
    sys.stdin.readline()
fcntl.flock = flock
print(control.status(store.read(Path(sys.argv[1]))))
"""


def test_who_looks_is_not_taken_for_a_trainer_and_keeps_none_out(root):
    run = queue.create(TINY)
    with Held(LOOK, run.folder) as onlooker:
        (run.folder / "lock").touch()
        onlooker.wait_here()  # in the middle of its look
        assert control.status(run) == "stopped"
        with Held("run, held = control.begin(store.read(Path(sys.argv[1])))\nprint('trains')", run.folder) as trainer:
            with pytest.raises(subprocess.TimeoutExpired):
                trainer.process.wait(2.5)  # longer than it waits for another trainer
            code, printed, _ = onlooker.go_on()
            assert (code, printed) == (0, "stopped\n")
            assert trainer.go_on()[:2] == (0, "trains\n")


def test_no_look_at_a_finished_run_asks_for_its_lock(root):
    run = queue.create(TINY)
    finish(run)
    with Held(
        "with control.lock(store.read(Path(sys.argv[1]))):\n    print('here', flush=True)\n    sys.stdin.read()",
        run.folder,
    ) as busy:
        busy.wait_here()  # it is being packed, say
        assert control.status(run) == "finished"
        with pytest.raises(store.RunError, match="is being trained"):
            trash.discard(run)


LOOK_AGAIN = """
import time
until, counts = time.monotonic() + 1, {}
while time.monotonic() < until:
    for run in store.list_runs():
        if run.name != sys.argv[1]:
            status = control.status(run)
            counts[status] = counts.get(status, 0) + 1
import json; print(json.dumps(counts))
"""


def test_onlookers_do_not_see_each_other(root):
    taken_and_let_go, *others = (queue.create(TINY) for _ in range(3))
    for run in others:
        (run.folder / "lock").touch()  # as every run has that was ever trained
    onlookers = [Held(LOOK_AGAIN, taken_and_let_go.name) for _ in range(4)]
    taken, until = 0, time.monotonic() + 1
    while time.monotonic() < until:
        with control.lock(taken_and_let_go):
            taken += 1
    seen = [json.loads(onlooker.go_on()[1]) for onlooker in onlookers]
    assert taken > 10 and sum(counts["stopped"] for counts in seen) > 100
    assert set().union(*seen) == {"stopped"}
