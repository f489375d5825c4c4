"""Where the work is done: in this process, or on the workers of a Dask cluster.

An engine has two methods. ``map`` brings the results here, in the order of the jobs. ``keep`` leaves them where they
are made and returns handles, which may stand in the jobs of later calls: what is large never passes through here.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from modelselect.errors import ConfigurationError, ModelSelectError

if TYPE_CHECKING:
    from modelselect.experiment.requests import Engine as Settings

Result = TypeVar("Result")
#: How long a scheduler may take to answer.
PATIENCE = "10s"
#: Called with the place of a job and its result as soon as it is done, in whatever order that is.
Done = Callable[[int, Any], None]

#: Dask's workers give every freed array back to the system, and fits, which make and free many, take three times as
#: long; these are the largest thresholds that malloc knows.
_SPAWN = "distributed.nanny.pre-spawn-environ"
_MEMORY = {"MALLOC_TRIM_THRESHOLD_": 2**28, "MALLOC_MMAP_THRESHOLD_": 2**25}

#: What must be the same on all machines: numbers depend on these.
_COMPARED = ("numpy", "scipy", "pandas", "duckdb")


class Engine(Protocol):
    """Anything that applies a function to jobs."""

    def map(self, function: Callable[[Any], Result], jobs: Iterable[Any], done: Done | None = None) -> list[Result]:
        """Apply a function to each job."""

    def keep(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> list[Any]:
        """Apply a function to each job; the results are handles, to be used in other jobs."""


class Local:
    """One job after the other, in this process.

    Examples
    --------
    >>> Local().map(abs, [-1, 2])
    [1, 2]
    """

    def map(self, function: Callable[[Any], Result], jobs: Iterable[Any], done: Done | None = None) -> list[Result]:
        """Apply a function to each job."""
        results = []
        for place, job in enumerate(jobs):
            results.append(function(job))
            if done is not None:
                done(place, results[-1])
        return results

    def keep(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> list[Any]:
        """Apply a function to each job; here a handle is the result itself."""
        return self.map(function, jobs)


class Dask:
    """The workers of a Dask cluster.

    A worker that dies costs what it was doing and what it kept: both are done again by the others.

    Raises
    ------
    ConfigurationError
        A worker has another version of Python, modelselect, or what it computes with.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        check_versions(versions(), client.run(_versions_there()))

    def map(self, function: Callable[[Any], Result], jobs: Iterable[Any], done: Done | None = None) -> list[Result]:
        """Apply a function to each job."""
        from distributed import as_completed

        handles = self.keep(function, jobs)
        places = {handle.key: place for place, handle in enumerate(handles)}
        results: list[Any] = [None] * len(handles)
        try:
            for handle in as_completed(handles):
                place = places[handle.key]
                results[place] = self._result(handle)
                if done is not None:
                    done(place, results[place])
        except BaseException:
            self._client.cancel(handles)
            raise
        return results

    def keep(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> list[Any]:
        """Apply a function to each job; the results stay on the workers."""
        return [self._client.submit(function, job, pure=False) for job in jobs]

    @staticmethod
    def _result(handle: Any) -> Any:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            return handle.result()
        except (KilledWorker, CancelledError) as error:
            reason = str(error).split("\n")[0]
            sentence = f"engine: the cluster did not finish its work ({reason})"
            raise ModelSelectError(f"{sentence}; finished groups are kept for --resume") from None


@contextmanager
def started(settings: Settings, place: str = "") -> Iterator[Engine]:
    """Start what the settings of an experiment ask for, and stop it afterwards; a cluster at an address goes on.

    Raises
    ------
    ConfigurationError
        Dask is not installed, there is no scheduler at the address, or its workers have other versions.
    """
    if settings.type == "local":
        yield Local()
        return
    before = f"{place}: " if place else ""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        sentence = "engine.type: dask is not installed; pip install 'modelselect[dask]'"
        raise ConfigurationError(f"{before}{sentence}") from None
    if settings.address is None:
        # what goes wrong in a job is said here, once; no page is served on a port that may be taken
        quiet: dict[str, Any] = {"dashboard_address": ":0", "silence_logs": logging.CRITICAL}
        with (
            dask.config.set({_SPAWN: {**dask.config.get(_SPAWN), **_MEMORY}}),
            LocalCluster(n_workers=settings.workers, threads_per_worker=1, **quiet) as cluster,
            Client(cluster) as client,
        ):
            yield Dask(client)
        return
    try:
        connection = Client(settings.address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        sentence = f"engine.address: no scheduler answers at {settings.address} ({error})"
        raise ConfigurationError(f"{before}{sentence}") from None
    with connection as client:
        yield Dask(client)


def versions() -> dict[str, str]:
    """Versions of what numbers depend on, in this process."""
    from modelselect import __version__

    numerical = {name: version(name) for name in _COMPARED}
    return {"python": platform.python_version(), "modelselect": __version__, **numerical}


def check_versions(here: dict[str, str], there: dict[str, dict[str, str]]) -> None:
    """Refuse workers whose versions are not those of this process.

    Raises
    ------
    ConfigurationError
        With the worker, and each version that differs.

    Examples
    --------
    >>> check_versions({"numpy": "2.4.1"}, {"tcp://a:1": {"numpy": "2.3.0"}})
    Traceback (most recent call last):
    modelselect.errors.ConfigurationError: engine: the worker tcp://a:1 has numpy 2.3.0 (here 2.4.1); expected the same
    """
    if not there:
        raise ConfigurationError("engine: the cluster has no workers")
    problems = []
    for worker, found in there.items():
        other = [
            f"{name} {found.get(name, 'not installed')} (here {own})"
            for name, own in here.items()
            if found.get(name) != own
        ]
        if other:
            problems.append(f"engine: the worker {worker} has {', '.join(other)}; expected the same")
    if problems:
        raise ConfigurationError("\n".join(problems))


def _versions_there() -> Callable[[], dict[str, str]]:
    """Make a function that says what a worker has, and needs nothing to be there: it is sent as a whole."""
    names = ("modelselect", *_COMPARED)

    def found() -> dict[str, str]:
        import platform
        from importlib import import_module

        known = {"python": platform.python_version()}
        for name in names:
            try:
                known[name] = str(import_module(name).__version__)
            except ImportError:
                continue
        return known

    return found
