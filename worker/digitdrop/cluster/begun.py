"""Which shares were begun, and how often: one that is begun again has lost its reader."""

from collections import Counter

import ray
from ray.actor import ActorHandle


class StartedShares:
    """Counts; lives in a process of its own, which any reader can ask.

    Proves nothing: where a machine died, its shares were not to blame, and are only
    read with more care than they need.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._times: Counter[int] = Counter()

    def begin(self, number: int) -> int:
        """Note that a share is begun; say how often it was by now."""
        self._times[number] += 1
        return self._times[number]


def start() -> ActorHandle:
    """Start the one process that counts; it takes no core."""
    return ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(StartedShares).remote()


def is_begun_again(begun: ActorHandle, number: int) -> bool:
    """Note that a share is begun, and say whether it was before."""
    return bool(ray.get(begun.begin.remote(number)) > 1)
