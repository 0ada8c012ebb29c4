"""A folder where locks do not work is noticed before a trainer starts.

No such disk can be asked for in a test, so the kernel is told to answer a real process' flock, and that of all it
starts, as such a disk does: by a seccomp filter, which is the process' own and ends with it.
"""

import errno
import platform
import subprocess
import sys

import pytest

from core.recipe import Recipe
from core.runs import locks, store
from tests.harness.server import REPOSITORY

FLOCK = {"x86_64": 73, "aarch64": 32}  # the number of the system call
GRANTED = 0  # to everybody: nothing is locked

WITHOUT_LOCKS = """
import ctypes, runpy, sys
number, answer, *command = sys.argv[1:]

class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]

class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(Instruction))]

instructions = (Instruction * 4)(
    (0x20, 0, 0, 0),  # load the number of the system call
    (0x15, 0, 1, int(number)),  # if it is flock
    (0x06, 0, 0, 0x00050000 | int(answer)),  # return this error, of which 0 is none
    (0x06, 0, 0, 0x7FFF0000),  # else let it be done
)
kernel = ctypes.CDLL(None, use_errno=True)
assert kernel.prctl(38, 1, 0, 0, 0) == 0  # no new privileges
assert kernel.prctl(22, 2, ctypes.byref(Program(4, instructions))) == 0, ctypes.get_errno()
sys.argv = ["core", *command]
runpy.run_module("core", run_name="__main__", alter_sys=True) if command else exec(sys.stdin.read())
"""
PRESS = """
from core.jobs import queue
from core.recipe import Recipe
from core.runs import store
for press in (lambda: queue.submit(Recipe(network="tiny")), lambda: queue.start(store.list_runs()[0])):
    try:
        press()
    except store.RunError as error:
        print(error)
queue.advance()
print(len(queue._workers), len(queue.queue()), len(store.list_runs()))
"""

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in FLOCK, reason="knows Linux' seccomp alone"
)


@pytest.fixture(params=[errno.ENOLCK, errno.ENOSYS, GRANTED], ids=["no locks", "not implemented", "granted to all"])
def without_locks(request, tmp_path, monkeypatch):
    """Run a command, or else a script, where flock is answered so; the ended process."""
    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(tmp_path / "runs"))

    def run(*command, script=""):
        started = [sys.executable, "-c", WITHOUT_LOCKS, str(FLOCK[platform.machine()]), str(request.param), *command]
        return subprocess.run(started, input=script, cwd=REPOSITORY, capture_output=True, text=True)

    return run


def test_a_folder_with_locks_has_no_fault_and_keeps_nothing_of_the_look(tmp_path):
    assert locks.fault(tmp_path) == "" and list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_blamed_on_its_locks(tmp_path):
    assert locks.fault(tmp_path / "nowhere") == ""


@on_linux
def test_training_from_the_command_line_is_refused_in_one_line(without_locks):
    store.ROOT.mkdir()
    ended = without_locks("train", "--network", "tiny", "--steps", "5", "--run", "first")
    assert ended.returncode == 2 and ended.stdout == ""
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"error: Locks do not work in {store.ROOT} (")
    assert list(store.ROOT.iterdir()) == []


@on_linux
def test_resuming_is_refused_and_the_run_stays_as_it_is(without_locks):
    run = store.create(store.ROOT / "first", Recipe(network="tiny"), "", "", "2020", {})
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    ended = without_locks("train", "--resume", "first")
    assert ended.returncode == 2 and "Locks do not work" in ended.stderr.splitlines()[-1]
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


@on_linux
def test_start_and_resume_in_the_app_are_refused_and_no_trainer_is_started(without_locks):
    store.create(store.ROOT / "first", Recipe(network="tiny"), "", "", "2020", {})
    ended = without_locks(script=PRESS)
    refused, also_refused, counts = ended.stdout.splitlines()
    assert "Locks do not work" in refused and "Locks do not work" in also_refused
    assert counts == "0 0 1", ended.stderr
