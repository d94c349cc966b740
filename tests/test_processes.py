import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import Process, run

TELL = """
import json, os, signal, sys
print(json.dumps([sys.argv, os.getcwd(), dict(os.environ), sys.stdin.read(), os.getppid(), __name__,
    sys.path[0], sys.stdout.encoding, sys.stdout.errors, sys.stdout.line_buffering, sys.stdout.write_through,
    signal.getsignal(signal.SIGINT) is signal.default_int_handler, os.getsid(0) == os.getpid(),
    [number for number in range(3, 20) if os.path.exists(f"/proc/self/fd/{number}")]]))
print("words", file=sys.stderr)
sys.exit(7)
"""


@pytest.mark.parametrize("session", [False, True])
@pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": "/nowhere", "NAME": "ä"}])
def test_a_copy_is_what_python_would_have_started(
    tmp_path: Path, variables: dict[str, str], session: bool
) -> None:
    told = []
    for start in (Process, subprocess.Popen):
        process = start(
            [sys.executable, "-c", TELL, "a b", "--c"],
            env=os.environ | variables,
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=session,
        )
        output, errors = process.communicate("read", 240)
        told.append([*json.loads(output), errors, process.returncode])
    for copy, other in zip(*told, strict=True):
        assert copy == other


def test_how_it_ends() -> None:
    killed = Process([sys.executable, "-c", "import time; time.sleep(1000)"])
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(240) == -signal.SIGKILL
    failed = run([sys.executable, "-c", "raise ValueError('why')"], capture_output=True, text=True)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.endswith("ValueError: why\n")
    module = run([sys.executable, "-m", "this"], capture_output=True, text=True, check=True)
    assert module.stdout.startswith("The Zen of Python")
