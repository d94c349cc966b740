"""Compiled: loops over bytes and columns as machine code, made by numba when one of them is first called.

The code is kept for later runs beside the module, or else in the user's cache folder. Where neither can be
written to, it is made anew in each run. NUMBA_CACHE_DIR names another folder.

A loop calls only compiled functions of its own module, and takes tables that other modules make as arguments:
the cache notices a change in the loop's own module only.
"""

import sys
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar, cast

import numba
from numba.core.event import Event, Listener, register

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

LOOPS: Final[list[Callable[..., object]]] = []
"""All compiled functions of the modules that are imported."""
NOTICE: Final = "Compiling the loops that read AIS; this takes some seconds, once."


def compiled(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Have a function compiled by numba; arrays are not checked for indices outside them."""
    try:
        loop = numba.njit(function, cache=True)
    except RuntimeError:  # there is no folder to keep it in
        loop = numba.njit(function)
    LOOPS.append(loop)
    return cast("Callable[_Parameters, _Result]", loop)


def variants(function: Callable[..., object]) -> int:
    """For how many sets of types a function was compiled, or read from the cache, in this process."""
    return len(cast("numba.core.dispatcher.Dispatcher", function).signatures)


class _Notice(Listener):
    """Says on standard error that code is being made, so that nobody wonders about the pause."""

    def __init__(self) -> None:
        self._said = False

    def on_start(self, event: Event) -> None:
        if not self._said:
            self._said = True
            print(NOTICE, file=sys.stderr, flush=True)

    def on_end(self, event: Event) -> None:
        pass


register("numba:compile", _Notice())  # type: ignore[no-untyped-call]
