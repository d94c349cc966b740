"""The nursery: a process with the libraries of others loaded, whose copies become processes of Python.

Run as a script by `tests/processes.py`, with the number of a socket. What is ours is loaded by each copy
itself, but for the module that loads numba.
"""

import gc
import importlib
import importlib.machinery
import io
import json
import os
import runpy
import signal
import socket
import sys
import types
from typing import Any, Final

LIBRARIES: Final = (
    *("streams.runtime.compiled", "scipy.spatial", "shapely", "msgspec"),
    *("redis.asyncio", "aiokafka", "aiohttp", "httpx", "fastapi", "uvicorn", "faust", "faust.cli.faust"),
    *("structlog", "stamina", "prometheus_client", "tomllib", "xml.etree.ElementTree"),
)
"""Without those that open files (pyproj), or look at the environment or the terminal as they are loaded."""
LOOKED_AT: Final = ("PYTHON", "NUMBA", "LC_", "LANG", "TZ", "LD_", "FAUST", "PROMETHEUS", "SSL", "OPENSSL")
"""Beginnings of the variables that count when Python or one of the libraries starts. A process that wants
another value of one is started from nothing."""


def main() -> None:
    """Load the libraries; copy this process for each one asked for; return in the copy, which becomes it."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the tests and what they run
    sys.path[0] = ""  # and not the folder of this file, whose folders are named as those that they test
    for name in LIBRARIES:
        importlib.import_module(name)
    sys.modules["faust"].__spec__ = importlib.machinery.PathFinder.find_spec("faust")  # it puts itself there
    importlib.import_module("streams.runtime.compiled").prepare()
    gc.collect()
    gc.freeze()
    while True:
        told, streams, _, _ = socket.recv_fds(asked, 1 << 20, 3)
        if not told:
            os._exit(0)  # the tests have ended
        # a copy of a copy: as the one between has ended, the tests become the parent of the other
        if between := os.fork():
            os.waitpid(between, 0)
            asked.send(b"its parent is another now")
            for stream in streams:
                os.close(stream)
        elif pid := os.fork():
            asked.send(str(pid).encode())
            os._exit(0)
        else:
            asked.close()
            _become(json.loads(told), streams)
            return


def _become(told: dict[str, Any], streams: list[int]) -> None:
    """Take over the environment, the folder and the standard streams of a process, and run its code."""
    arguments, environment = told["arguments"], told["environment"]
    if told["session"]:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(told["folder"])
    if _looked_at(environment) != _looked_at(dict(os.environ)):
        os.execve(sys.executable, [sys.executable, *arguments], environment)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        setattr(sys, name, _like(getattr(sys, name), number))
        setattr(sys, f"__{name}__", getattr(sys, name))
    how, what, *rest = arguments
    if how == "-m":
        sys.path[0] = told["folder"]
        sys.argv = ["-m", *rest]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    sys.path[0] = ""
    sys.argv = ["-c", *rest]
    sys.modules["__main__"] = module = types.ModuleType("__main__")
    exec(compile(what, "<string>", "exec"), module.__dict__)  # noqa: S102 - it is what the tests wrote


def _looked_at(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(LOOKED_AT)}


def _like(stream: io.TextIOWrapper, number: int) -> io.TextIOWrapper:
    """A standard stream, as Python makes it when it starts."""
    if number == 0:
        return io.TextIOWrapper(open(0, "rb", closefd=False), stream.encoding, stream.errors)
    at_once = stream.write_through  # PYTHONUNBUFFERED
    raw = open(number, "wb", 0 if at_once else -1, closefd=False)  # noqa: SIM115
    lines = number == 2 or raw.isatty()
    return io.TextIOWrapper(raw, stream.encoding, stream.errors, "\n", lines, at_once)


if __name__ == "__main__":
    main()
