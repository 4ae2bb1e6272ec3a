"""A pool that is ready, and what it reads."""

import time

from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Outcome
from digitdrop.pool.pool import WorkerPool
from digitdrop.pool.settings import PoolOptions
from digitdrop.pool.slow_lane import SlowLane
from digitdrop.pool.task import Task
from digitdrop.values import ANY_COUNT, DigitCount, Drop, Failure, Limits, Reading


def options(workers: int = 2, digits: DigitCount = ANY_COUNT) -> PoolOptions:
    """Make options for a run that is not stopped."""
    return PoolOptions(workers=workers, limits=Limits(), digits=digits, is_stopping=lambda: False)


def a_pool(classifier: Classifier, digits: DigitCount = ANY_COUNT) -> WorkerPool:
    """Start a pool of two processes, and wait until it can read."""
    pool = WorkerPool(options(digits=digits), classifier, SlowLane(options()))
    pool.start()
    until = time.monotonic() + 60
    while not pool.is_ready():
        assert time.monotonic() < until
        time.sleep(0.02)
    return pool


def read_by(pool: WorkerPool, drops: list[Drop]) -> list[Outcome]:
    """Have drops read by a pool; return the outcomes that it has."""
    tasks = [Task(one) for one in drops]
    pool.begin(tasks)
    until = time.monotonic() + 60
    while not all(task.is_done for task in tasks):
        assert time.monotonic() < until
        pool.advance(0.1)
    return [task.result for task in tasks if isinstance(task.result, Reading | Failure)]
