"""Compiled: loops over bytes and columns as machine code, made by numba when one of them is first called.

The code is kept for later runs beside the module, or else in the user's cache folder. Where neither can be
written to, or what is kept there can't be read, it is made anew in each run, and one sentence says so.
NUMBA_CACHE_DIR names another folder.

What is kept counts as long as the modules of a loop, and of the compiled functions that it calls, have the
same text, and the constants that they name the same values, wherever these come from.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from hashlib import sha256
from pathlib import Path
from pickle import PickleError
from types import CodeType, ModuleType
from typing import Any, Final, ParamSpec, TypeVar, cast

import numpy as np


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """Let no module load these, as if they were not installed."""
    kept = {name: sys.modules.get(name) for name in names}
    sys.modules.update({name: module for name, module in kept.items() if module is None})  # type: ignore[misc]
    try:
        yield
    finally:
        for name in [name for name, module in kept.items() if module is None]:
            del sys.modules[name]


with _without("cffi", "scipy", "yaml"):  # no loop needs them, and they would be a fifth of a small replay
    import numba
    import numba.core.typing.cffi_utils
    import numba.np.arraymath
    from numba.core.caching import FunctionCache
    from numba.core.dispatcher import Dispatcher
    from numba.core.event import Event, Listener, TimingListener, register
    from numba.core.extending import _Intrinsic
    from numba.core.registry import cpu_target
    from numba.core.runtime.nrt import rtsys

intrinsic: Final = numba.extending.intrinsic
"""numba's own; modules get it here, so that numba is loaded without what no loop needs."""
types: Final = numba.core.types

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

LOOPS: Final[list[Callable[..., object]]] = []
"""All compiled functions of the modules that are imported."""
NOTICE: Final = "Compiling the loops that read AIS; this takes 10 to 60 seconds, once."
NO_FOLDER: Final = (
    "Compiling the loops that read AIS, which takes some ten seconds in every run: no folder to keep them in "
    "can be written to; name one with NUMBA_CACHE_DIR."
)
NOT_KEPT: Final = (
    "The compiled loops can't be kept in {folder} ({reason}), so every run compiles them; make room there, "
    "or name another folder with NUMBA_CACHE_DIR."
)
UNREADABLE: Final = (
    "The compiled loops kept in {folder} can't be read ({reason}), so this run compiles them; delete them, "
    "or name another folder with NUMBA_CACHE_DIR."
)


def compiled(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Have a function compiled by numba; arrays are not checked for indices outside them."""
    return _compiled(function, numba.njit(function))


def compiled_as_numpy(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """The same for a loop that counts as numpy does: a float divided by 0 is infinite, or NaN."""
    return _compiled(function, numba.njit(error_model="numpy")(function))


def _compiled(function: Callable[_Parameters, _Result], loop: Any) -> Callable[_Parameters, _Result]:
    try:
        loop._cache = _Cache(function)
    except RuntimeError:  # there is no folder to keep it in
        _notice.text = NO_FOLDER
    LOOPS.append(loop)
    return cast("Callable[_Parameters, _Result]", loop)


class _Cache(FunctionCache):
    """numba's own, without which everything works: its faults end nothing.

    What is kept counts as long as the code is the same, wherever and whenever it was copied; numba itself
    asks for the time of the file.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._function = function
        self._stamped = False

    def load_overload(self, sig: object, target_context: object) -> object | None:
        """numba asks for this before it compiles and saves anything."""
        if not self._stamped:  # not sooner: what a function names may stand below it
            self._stamped = True
            self._cache_file._source_stamp = _stamp(self._function)
        try:
            rtsys.initialize(target_context)  # numba's own method gets ready to compile, too: 0.1 s
            with self._guard_against_spurious_io_errors():
                kept: object | None = self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]
                return kept
        except Exception as error:  # whatever a damaged file makes of pickle and LLVM
            _say_once(UNREADABLE.format(folder=self.cache_path, reason=error))
            return None

    def save_overload(self, sig: object, data: object) -> None:
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except (OSError, EOFError, PickleError) as error:
            reason = getattr(error, "strerror", None) or error
            _say_once(NOT_KEPT.format(folder=self.cache_path, reason=reason))


def _stamp(function: Callable[..., object]) -> str:
    """A digest of all that machine code is made of: the text of the modules of a function and of the compiled
    ones and intrinsics that it calls, and the constants that these name, which numba writes into the code."""
    found: dict[str, bytes] = {}
    _gather(function, found, set())
    digest = sha256()
    for name in sorted(found):
        digest.update(f"{name}\0{len(found[name])}\0".encode() + found[name])
    return digest.hexdigest()


def _gather(function: Any, found: dict[str, bytes], seen: set[int]) -> None:
    if id(function) in seen:
        return
    seen.add(id(function))
    path = Path(function.__code__.co_filename)
    if path.is_file():  # and not inside a zip
        found[f"text of {function.__module__}"] = path.read_bytes()
    names = _names(function.__code__)
    for name in names & function.__globals__.keys():
        value = function.__globals__[name]
        inside = (
            {f"{name}.{each}": vars(value)[each] for each in names & vars(value).keys()}
            if isinstance(value, ModuleType)
            else {name: value}
        )
        for named, each in inside.items():
            if isinstance(each, (Dispatcher, _Intrinsic)):
                _gather(each.py_func if isinstance(each, Dispatcher) else each._defn, found, seen)
            elif (constant := _constant(each)) is not None:
                found[f"{function.__module__}.{named}"] = constant


def _names(code: CodeType) -> set[str]:
    """The names that code looks up, and functions inside it."""
    inside = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*inside)


def _constant(value: object) -> bytes | None:
    """What numba writes into code in place of a name; None for what it does not, as modules and types."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype!r} {value.shape}".encode() + value.tobytes()
    if isinstance(value, tuple):
        return b"(%s)" % b",".join(_constant(each) or b"" for each in value)
    if isinstance(value, type) and issubclass(value, tuple):  # a NamedTuple: which of its fields is which
        return repr(getattr(value, "_fields", ())).encode()
    known = isinstance(value, (bool, int, float, complex, str, bytes, Enum, np.generic, np.dtype))
    return f"{type(value).__name__} {value!r}".encode() if known else None


_said: Final[set[str]] = set()


def _say_once(sentence: str) -> None:
    """One sentence in a run, however many loops it is true of."""
    if not _said:
        _said.add(sentence)
        print(sentence, file=sys.stderr, flush=True)


def prepare() -> None:
    """Load all that numba needs before the first loop, so that copies of this process don't load it again."""
    rtsys.initialize(cpu_target.target_context)


def variants(function: Callable[..., object]) -> int:
    """For how many sets of types a function was compiled, or read from the cache, in this process."""
    return len(cast("numba.core.dispatcher.Dispatcher", function).signatures)


class _Notice(Listener):
    """Says on standard error that code is being made, so that nobody wonders about the pause."""

    def __init__(self) -> None:
        self._said = False
        self.text = NOTICE

    def on_start(self, event: Event) -> None:
        if not self._said:
            self._said = True
            print(self.text, file=sys.stderr, flush=True)

    def on_end(self, event: Event) -> None:
        pass


def seconds_of_compiling() -> float:
    """Seconds of wall clock that this process has compiled loops for."""
    return cast("float", _timing.duration) if _timing.done else 0.0


_notice: Final = _Notice()
_timing: Final = TimingListener()  # type: ignore[no-untyped-call]
register("numba:compile", _notice)  # type: ignore[no-untyped-call]
register("numba:compile", _timing)  # type: ignore[no-untyped-call]
