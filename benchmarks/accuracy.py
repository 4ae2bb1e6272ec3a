"""Make every accuracy figure again: python -m benchmarks.accuracy --data DIR.

Reads the pictures of DIR (`mnist/`, `wild/`), and those that it makes of them,
with the model that ships, and prints the tables of docs/notes/accuracy-figures.md; those lines
that have a goal are the table of docs/accuracy.md. What is random has a fixed seed.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import cv2
import typer

from benchmarks.lines import Line, lines
from benchmarks.marks import put
from benchmarks.parts import NEEDS, PARTS
from benchmarks.reading import BySet
from digitdrop.cli.options import MODEL
from digitdrop.inference.classifier import Classifier

PROCESSES = 2

TITLES = {
    "wild": "Pictures of other people's digits",
    "variants": "The same handwriting in another dress",
    "mnist": "MNIST's test set",
    "papers": "MNIST's test digits on paper, photographed",
    "others": "What is no single digit",
    "empty": "Random pictures of nothing",
    "corruptions": "MNIST's test set, corrupted as in MNIST-C",
    "ancestor": "The ancestor's way beside ours",
}


def main(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="mnist/ and wild/.")],
    model: Annotated[Path, typer.Option(help="Folder of the model.")] = MODEL,
    only: Annotated[
        list[str] | None, typer.Option(help=f"A part: {', '.join(PARTS)}; several times.")
    ] = None,
    count: Annotated[int, typer.Option(help="Pictures of MNIST's test set to use.")] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    write: Annotated[
        list[Path] | None,
        typer.Option(help="Put the tables into this page, between its marks; several times."),
    ] = None,
) -> None:
    """Measure, and print Markdown."""
    wanted = only or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(PARTS)}")
    name = Classifier.load(model).name
    results = measure(wanted, data, model, count)
    found = [line for line in lines(results) if line.part.split(",")[0] in wanted]
    if as_json:
        typer.echo(
            json.dumps({"model": name, "lines": [asdict(line) for line in found]}, indent=2)
        )
        return
    tables = {
        "goals": "".join(markdown([line for line in found if line.goal], name)),
        "figures": "".join(markdown(found, name)),
    }
    for page in write or []:
        put(tables, page)
    if not write:
        typer.echo(tables["figures"], nl=False)


def measure(
    wanted: Sequence[str], data: Path, model: Path, count: int
) -> dict[str, dict[str, BySet]]:
    """Read all pictures of some parts, and of those that they are compared with."""
    parts = [part for part in PARTS if part in {*wanted, *_needed(wanted)}]
    results: dict[str, dict[str, BySet]] = {part: {} for part in parts}
    started = time.monotonic()
    with _processes(model) as pool:
        jobs = {
            pool.submit(_run, part, name, data, count): (part, name)
            for part in parts
            for name in PARTS[part]
        }
        for job in as_completed(jobs):
            part, name = jobs[job]
            results[part][name] = job.result()
            typer.echo(f"{time.monotonic() - started:6.0f} s  {part}: {name}", err=True)
    return {part: {name: found[name] for name in PARTS[part]} for part, found in results.items()}


def markdown(found: Sequence[Line], model: str) -> Iterator[str]:
    """Write the tables of the parts that were measured."""
    yield f"Read by `{model}`.\n"
    for part, title in TITLES.items():
        rows = [line for line in found if line.part == part]
        if rows:
            yield f"\n### {title}\n\n"
            yield from _table(rows)
    if any(line.part.startswith("ancestor") for line in found):
        yield f"\n### {TITLES['ancestor']}\n\n"
        yield from _comparison(found)


def _table(rows: Sequence[Line]) -> Iterator[str]:
    last = "training saw" if any(row.note for row in rows) else ""
    yield f"| on | figure | counts | goal | reached |{f' {last} |' if last else ''}\n"
    yield f"| --- | ---: | ---: | --- | --- |{' --- |' if last else ''}\n"
    for row in rows:
        reached = {True: "yes", False: "**no**", None: ""}[row.reached]
        end = f" {row.note} |" if last else ""
        yield f"| {row.on} | {row.text} | {row.counts} | {row.goal} | {reached} |{end}\n"


def _comparison(found: Sequence[Line]) -> Iterator[str]:
    ways = ("ancestor, resize", "ancestor, inverted", "ancestor, ours")
    cells = {(line.part, line.on): f"{line.text} ({line.counts})" for line in found}
    yield "| kind of picture | grey, resize to 28x28 | the same, inverted when light | ours |\n"
    yield "| --- | ---: | ---: | ---: |\n"
    for on in [line.on for line in found if line.part == ways[-1]]:
        row = " | ".join(cells[way, on] for way in ways)
        yield f"| {on} | {row} |\n"


def _needed(wanted: Sequence[str]) -> set[str]:
    return {NEEDS[part] for part in wanted if part in NEEDS}


def _processes(model: Path) -> Executor:
    context = get_context("spawn")  # a fork would share the runtime's threads
    return ProcessPoolExecutor(PROCESSES, context, initializer=_prepare, initargs=(model,))


def _prepare(model: Path) -> None:
    global _classifier  # noqa: PLW0603 - one network for each process
    os.nice(10)
    cv2.setNumThreads(1)
    _classifier = Classifier.load(model)


def _run(part: str, name: str, data: Path, count: int) -> BySet:
    return PARTS[part][name](data, _classifier, count)


_classifier: Classifier

if __name__ == "__main__":
    typer.run(main)
