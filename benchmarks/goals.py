"""What was aimed at, beside what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.speed import Found

Stages = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Measured:
    """All figures of one run."""

    speed: Found
    """Every way, as many pictures as people have at once."""
    sustained: Found
    """Ours and the bare loop, for long enough to be at full speed."""
    service: dict[str, dict[str, float]]
    latency: dict[str, dict[str, dict[str, float]]]
    stages: Stages


def goals(found: Measured) -> str:
    """Write the goals as a table."""
    lines = ["| | goal | measured |", "| --- | --- | --- |"]
    rows = [
        *_beside_the_limit(found.sustained),
        *_beside_others(found.speed),
        *_stages(found.stages),
        *_waits(found),
        *_costs(found.service),
    ]
    return "\n".join(lines + [f"| {what} | {goal} | {told} |" for what, goal, told in rows])


def in_short(found: Found) -> str:
    """Write what matters to people as a table: pictures a second, starts included."""
    ways = {
        "`digitdrop batch`": "batch",
        "`digitdrop watch`, all guarantees": "watch",
        "a good Keras script (`tf.data`, batches of 256)": "Keras, batches",
        "grey, resize, `model.predict` for each picture": "the ancestor's way",
        "`yolo classify predict`": "yolo classify predict",
        "the limit: a bare loop, nothing kept": "bare loop, disk",
    }
    lines = [
        f"| pictures a second | {' | '.join(_NAMES[kind] for kind in found.counts)} |",
        f"| --- |{' ---: |' * len(found.counts)}",
    ]
    for name, way in ways.items():
        if all(way in figures for figures in found.kinds.values()):
            rates = [_rate(found.kinds[kind][way]["a second"]) for kind in found.counts]
            lines.append(f"| {name} | {' | '.join(rates)} |")
    return "\n".join(lines)


def _rate(a_second: float) -> str:
    return f"{a_second:,.0f}" if a_second >= 10 else f"{a_second:.1f}"


_NAMES = {"small": "28x28 PNGs", "scans": "300x300 scans", "photos": "12-megapixel photos"}

Row = tuple[str, str, str]


def _beside_the_limit(found: Found) -> Iterator[Row]:
    for kind, aim in (("small", "0.7"), ("scans", "0.85"), ("photos", "0.85")):
        ways = found.kinds[kind]
        yield (
            f"{found.counts[kind]:,} {_NAMES[kind]}, beside the bare loop from disk",
            aim,
            f"{_both(found, kind, 'bare loop, disk')}; starts included "
            f"{_both(found, kind, 'bare loop, disk', by='a second')}",
        )
        if kind != "small":
            one = ways["batch, one worker"]["start left out"]
            two = ways["batch"]["start left out"]
            yield f"{_NAMES[kind]}, two cores beside one", "1.7 x", f"{two / one:.2f} x"


def _beside_others(found: Found) -> Iterator[Row]:
    yield (
        "28x28 PNGs, beside the ancestor's way",
        "150 x",
        _both(found, "small", "the ancestor's way"),
    )
    ways = found.kinds["small"]
    ratios = [
        ways[our]["a second"] / ways["Keras, batches"]["a second"] for our in ("batch", "watch")
    ]
    told = f"`batch` {ratios[0]:.1f} x, `watch` {ratios[1]:.1f} x"
    yield "28x28 PNGs, beside the Keras script, starts included", "2 x", told
    start, other = found.start["predict"], found.start["Keras, batches"]
    yield "`digitdrop predict`, one picture, whole process", "0.35 s", f"{start:.2f} s"
    yield "the same, beside the Keras script", "a tenth", f"{start / other:.3f}"


def _both(found: Found, kind: str, other: str, *, by: str = "start left out") -> str:
    ways = found.kinds[kind]
    ratios = [ways[our][by] / ways[other][by] for our in ("batch", "watch")]
    return f"`batch` {ratios[0]:,.2f}, `watch` {ratios[1]:,.2f}"


def _stages(stages: Stages) -> Iterator[Row]:
    small, photos = stages["small"], stages["photos"]
    share = photos["decode"] / photos["full decode (Pillow)"]
    yield "a 12-megapixel JPEG, beside its full decode", "a third", f"{share:.2f}"
    ready, work = small["normalise: no work to do"], small["normalise: work to do"]
    yield "28x28 picture that needs no work, normalised", "30 µs", f"{ready:.0f} µs"
    yield "another small one", "250 µs", f"{work:.0f} µs"
    yield "a photo, beyond its decode", "8 ms", f"{photos['normalise'] / 1000:.1f} ms"


def _waits(found: Measured) -> Iterator[Row]:
    for way, ends in found.latency.items():
        row = ends["row"]
        told = f"{row['median']:.0f} ms, {row['p99']:.0f} ms"
        yield f"from drop to row, by {way}: median, 99 %", "30 ms, 150 ms", told


def _costs(service: dict[str, dict[str, float]]) -> Iterator[Row]:
    waiting = {title: one for title, one in service.items() if title.endswith("waiting")}
    most = list(waiting)[-1]
    yield f"to the first row, {most}", "1.5 s", f"{waiting[most]['s to the first row']:.2f} s"
    idle = service["idle"]
    told = (
        f"{idle['% of a core']:.2f} % of one core (a bare Python that wakes as often: "
        f"{idle['% of a bare Python that wakes as often']:.2f} %), {idle['MB']:.0f} MB"
    )
    yield "idle", "0.2 % of one core, 100 MB", told
    memory = [one["MB at most"] for one in waiting.values()]
    yield f"memory, by backlog up to {most}", "50 MB of growth", _span(memory, "MB")
    photos = [one["MB at most"] for title, one in service.items() if title.endswith("photos")]
    yield "memory, batches of few and of many photos", "50 MB of growth", _span(photos, "MB")
    costs = [one["CPU, µs a picture"] for one in waiting.values()]
    spread = 100 * (max(costs) / min(costs) - 1)
    told = f"{_span(costs, 'µs')}: {spread:.0f} %"
    yield f"CPU time a picture, by backlog up to {most}", "within 10 %", told


def _span(values: list[float], unit: str) -> str:
    return f"{', '.join(f'{value:.0f}' for value in values)} {unit}"
