"""What is measured, by part and name."""

from functools import partial

from benchmarks.corruptions import FAMILIES
from benchmarks.emptiness import KINDS
from benchmarks.made import (
    WAYS,
    corruption,
    empty,
    mnist_by_batch,
    mnist_direct,
    on_paper,
)
from benchmarks.papers import KINDS as PAPERS
from benchmarks.reading import Source
from benchmarks.variants import LARGE, VARIANTS
from benchmarks.wild import ancestors_way, digits, letters, strings, variant

PARTS: dict[str, dict[str, Source]] = {
    "wild": {"digits": digits},
    "variants": {name: partial(variant, name) for name in [*VARIANTS, LARGE]},
    "mnist": {
        "direct": mnist_direct,
        **{way: partial(mnist_by_batch, way) for way in WAYS},
    },
    "papers": {kind: partial(on_paper, kind) for kind in PAPERS},
    "others": {"letters": letters, "strings": strings},
    "empty": {kind: partial(empty, kind) for kind in KINDS},
    "corruptions": {family: partial(corruption, family) for family in FAMILIES},
    "ancestor": {"ancestor": ancestors_way},
}
NEEDS = {"variants": "wild", "others": "wild", "ancestor": "wild"}
"""Parts that are compared with another."""
