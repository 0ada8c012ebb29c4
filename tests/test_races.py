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

from core import jobs, runs
from core.recipe import Recipe
from tests.holding import Held
from tests.needs import wait_until
from tests.points import point
from tests.server import REPOSITORY

TINY = Recipe(network="tiny", steps=40, batch=32, examples=500)
RESULT = {"accuracy": 0.5, "standard_error": 0.1, "loss": 1.0, "data": "test set", "steps": 40}
RESUME = "hold(runs, 'lock')\nsys.exit(__main__.main(['train', '--resume', sys.argv[1]]))"


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "ROOT", tmp_path / "runs")
    monkeypatch.setattr(jobs, "advance", lambda: None)
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    return tmp_path / "runs"


def finish(run):
    """What a trainer does to a run that it ends."""
    with runs.lock(run):
        runs.append_metrics(run, point(40))
        runs.save_weights(run, {"a": np.zeros(1, np.float32)}, 40)
        runs.write_result(run, RESULT)


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_that_was_finished_while_its_resumption_waited_keeps_its_curve():
    run = jobs.create(TINY)
    with Held(RESUME, run.name) as resumption:
        resumption.wait_here()  # it has looked, and not locked
        finish(run)
        before = files_of(run.folder)
        code, _, complained = resumption.go_on()
    assert code == 2 and "has finished already" in complained.splitlines()[-1]
    assert files_of(run.folder) == before


def test_a_worker_leaves_a_run_that_was_finished_while_it_waited():
    run = jobs.create(TINY)
    jobs.start(run)
    with Held("hold(runs, 'lock')\njobs.work(lambda run: print('trained'))") as worker:
        worker.wait_here()
        finish(run)
        assert worker.go_on() == (0, "", "")
    assert jobs.queue() == [] and runs.status(run) == "finished" and not (run.folder / "queued").exists()


def test_a_run_that_was_deleted_while_its_resumption_waited_is_not_trained_in_the_trash_nor_made_anew(root):
    run = jobs.create(TINY)
    with Held(RESUME, run.name) as resumption:
        resumption.wait_here()
        place = runs.discard(run)
        before = files_of(place)
        code, _, complained = resumption.go_on()
    assert code == 2 and "was moved or deleted just now" in complained
    assert not run.folder.exists() and files_of(place) == before
    assert runs.restore(place) == run and runs.status(run) == "stopped"


def test_a_run_that_goes_between_its_lock_and_the_look_at_it_is_let_go(root, tmp_path):
    run = jobs.create(TINY)
    with Held(RESUME.replace("runs, 'lock'", "locks, 'refuse_replaced'"), run.name) as resumption:
        resumption.wait_here()  # it has the lock
        with pytest.raises(runs.RunError, match="is being trained. Stop it first"):
            runs.discard(run)
        run.folder.rename(tmp_path / "elsewhere")  # as somebody's mv does
        code, _, complained = resumption.go_on()
    assert code == 2 and "was moved or deleted just now" in complained and not run.folder.exists()
    assert set(files_of(tmp_path / "elsewhere")) == {"run.json", "lock"}


def test_a_resumption_during_a_deletion_is_refused(root):
    run = jobs.create(TINY)
    delete = "hold(Path, 'rename')\nrun = runs.read(Path(sys.argv[1]))\nprint(runs.discard(run))"
    with Held(delete, run.folder) as deletion:
        deletion.wait_here()  # it has decided
        with pytest.raises(runs.RunError, match="is being trained"):
            jobs.start(run)
        code, printed, _ = deletion.go_on()
    assert code == 0 and runs.discarded() == [root / printed.strip()] and not run.folder.exists()
    with pytest.raises(runs.RunError, match="was moved or deleted"):
        jobs.start(run)
    assert not run.folder.exists()


def test_of_four_who_make_the_same_run_one_does(root):
    make = "hold(runs, 'refuse_existing', after=True)\nseed = int(sys.argv[2])\n"
    make += "tried(runs.create, Path(sys.argv[1]), Recipe(seed=seed), '', '', '', {})"
    makers = [Held(make, root / "same", seed) for seed in range(4)]
    for maker in makers:
        maker.wait_here()  # nobody has it
    ends = [maker.go_on() for maker in makers]
    assert sorted(code for code, *_ in ends) == [0, 2, 2, 2]
    assert all("was made by somebody else just now" in words for code, _, words in ends if code)
    assert runs.read(root / "same").recipe.seed == [code for code, *_ in ends].index(0)


def test_of_two_who_take_the_last_place_one_gets_it(root, monkeypatch):
    monkeypatch.setenv("DIGIT_SUM_LAB_MOST_RUNS", "1")
    count = "hold(jobs, 'refuse_over_quota', after=True)\ntried(jobs.create, Recipe())"
    with Held(count) as first:
        first.wait_here()  # it has counted
        with Held("tried(jobs.create, Recipe())") as second:
            with pytest.raises(subprocess.TimeoutExpired):
                second.process.wait(1.5)  # it waits for the first
            assert first.go_on()[0] == 0
            code, _, complained = second.go_on()
    assert code == 2 and "no more are taken" in complained and len(runs.list_runs()) == 1


def test_a_run_comes_back_beside_one_that_takes_its_name_meanwhile(root):
    place = runs.discard(jobs.create(TINY, root / "mine"))
    with Held("hold(Path, 'rename')\nprint(runs.restore(Path(sys.argv[1])).name)", place) as restoring:
        restoring.wait_here()
        with pytest.raises(runs.RunError, match="is there already"):
            runs.create(root / "mine", Recipe(seed=7), "", "", "", {})
        code, printed, _ = restoring.go_on()
    assert code == 0 and printed == "mine\n" and runs.read(root / "mine").recipe == TINY


def test_of_two_who_ask_something_of_a_trainer_both_are_heard(root):
    run = jobs.create(TINY)
    with Held("hold(files, 'replace')\nruns.wish(runs.read(Path(sys.argv[1])), rate_factor=0.5)", run.folder) as slow:
        slow.wait_here()
        runs.wish(run, stop=True)
        assert slow.go_on()[0] == 0
    assert runs.wishes(run) == runs.Wishes(stop=True, rate_factor=0.5)


WRITE = """
import numpy as np
run = runs.read(Path(sys.argv[1]))
tensors = {"a": np.zeros(3, np.float32)}
writers = {
    "metrics": lambda: runs.append_metrics(run, {"step": 1}),
    "rewind": lambda: runs.rewind_metrics(run, 0),
    "snapshot": lambda: runs.save_snapshot(run, tensors, 1),
    "weights": lambda: runs.save_weights(run, tensors, 1),
    "resume": lambda: runs.save_resume(run, tensors, 1),
    "answers": lambda: runs.save_answers(run, tensors, "full"),
    "result": lambda: runs.write_result(run, {}),
    "data": lambda: runs.settle_data(run, "words", "full"),
}
with runs.lock(run):
    print("here", flush=True)
    sys.stdin.readline()
    runs.write_progress(run, "training", step=1, steps=2)
    runs.note_failure(run, "x")
    runs.note_warning(run, "x")
    for name, write in writers.items():
        try:
            write()
        except (OSError, runs.RunError) as error:
            print(name, "refused" if "moved, deleted or replaced" in str(error) else error)
"""


def test_a_trainer_writes_nothing_into_a_run_that_took_the_place_of_its_own(root):
    run = jobs.create(TINY, root / "same")
    with Held(WRITE, run.folder) as trainer:
        trainer.wait_here()
        shutil.rmtree(run.folder)
        new = jobs.create(Recipe(network="tiny", seed=7), root / "same")
        (new.folder / "snapshots").mkdir()
        runs.save_weights(new, {"a": np.ones(3, np.float32)}, 1)
        with runs.lock(new):  # its own trainer's: a lock follows the file, a write the path
            before = files_of(new.folder)
            code, printed, complained = trainer.go_on()
            assert files_of(new.folder) | {"metrics.jsonl": b""} == before | {"metrics.jsonl": b""}
    assert code == 0, complained
    refused = dict(line.split(" ", 1) for line in printed.splitlines())
    assert set(refused.values()) == {"refused"} and len(refused) == 8, printed


def test_a_real_trainer_whose_run_was_replaced_ends_and_says_why(root):
    """It is stopped in the middle of its steps, so that all of this happens to it between two of them."""
    run = jobs.create(Recipe(network="tiny", steps=1_000_000, batch=32, examples=500), root / "same")
    command = [sys.executable, "-m", "core", "train", "--resume", "same"]
    trainer = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    wait_until(lambda: runs.read_metrics(run), [trainer])
    os.kill(trainer.pid, signal.SIGSTOP)
    shutil.rmtree(run.folder)
    new = jobs.create(Recipe(network="tiny", seed=7), root / "same")
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
print(runs.status(runs.read(Path(sys.argv[1]))))
"""


def test_who_looks_is_not_taken_for_a_trainer_and_keeps_none_out(root):
    run = jobs.create(TINY)
    with Held(LOOK, run.folder) as onlooker:
        (run.folder / "lock").touch()
        onlooker.wait_here()  # in the middle of its look
        assert runs.status(run) == "stopped"
        with Held("run, held = runs.begin(runs.read(Path(sys.argv[1])))\nprint('trains')", run.folder) as trainer:
            with pytest.raises(subprocess.TimeoutExpired):
                trainer.process.wait(2.5)  # longer than it waits for another trainer
            code, printed, _ = onlooker.go_on()
            assert (code, printed) == (0, "stopped\n")
            assert trainer.go_on()[:2] == (0, "trains\n")


def test_no_look_at_a_finished_run_asks_for_its_lock(root):
    run = jobs.create(TINY)
    finish(run)
    with Held(
        "with runs.lock(runs.read(Path(sys.argv[1]))):\n    print('here', flush=True)\n    sys.stdin.read()", run.folder
    ) as busy:
        busy.wait_here()  # it is being packed, say
        assert runs.status(run) == "finished"
        with pytest.raises(runs.RunError, match="is being trained"):
            runs.discard(run)


LOOK_AGAIN = """
import time
until, counts = time.monotonic() + 1, {}
while time.monotonic() < until:
    for run in runs.list_runs():
        if run.name != sys.argv[1]:
            status = runs.status(run)
            counts[status] = counts.get(status, 0) + 1
import json; print(json.dumps(counts))
"""


def test_onlookers_do_not_see_each_other(root):
    taken_and_let_go, *others = (jobs.create(TINY) for _ in range(3))
    for run in others:
        (run.folder / "lock").touch()  # as every run has that was ever trained
    onlookers = [Held(LOOK_AGAIN, taken_and_let_go.name) for _ in range(4)]
    taken, until = 0, time.monotonic() + 1
    while time.monotonic() < until:
        with runs.lock(taken_and_let_go):
            taken += 1
    seen = [json.loads(onlooker.go_on()[1]) for onlooker in onlookers]
    assert taken > 10 and sum(counts["stopped"] for counts in seen) > 100
    assert set().union(*seen) == {"stopped"}
