"""Search for faults in `decode` and `look`, guided by the code that each picture reaches.

    python tests/guided.py --seconds 900 --keep

Atheris (libFuzzer for Python) counts the edges of Python bytecode that an input runs through,
in this project and in Pillow's plugins, and goes on from what reached something new. Pillow's,
libjpeg's and OpenCV's native code is not counted; a fault in there is noticed all the same,
for it ends the process. What is worth going on from is kept in `corpus/guided.zip`; with `--keep`,
that file is made anew from what this search found, with as little as reaches all of it.

Atheris itself takes some 5 KB more with each input, so a long search is made in rounds, each a
process of its own. What is searched does not grow: see `soak.py`, and `fuzz.py` at its end.

Inputs are bent in two ways: as libFuzzer does, and as `fuzz.py` does, which knows formats. After
either, a PNG mostly gets its checksums put right, for a wrong one ends the reading at once.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "worker"), str(HERE)]

KEPT = HERE / "corpus" / "guided.zip"
SHRINK = 3  # 20 x 27 pixels: the less there is to draw, the more inputs a second
LONGEST = 8192  # bytes: the whole pictures of every format are shorter
MEMORY = 1024  # MiB
ROUND = 90  # seconds
TIMEOUT = 20  # seconds for one picture
_PNG = b"\x89PNG\r\n\x1a\n"


def with_checksums(content: bytes) -> bytes:
    """Put right the checksum of each chunk of a PNG, as far as its lengths make sense."""
    bent, at = bytearray(content), len(_PNG)
    while at + 12 <= len(bent):
        end = at + 8 + int.from_bytes(bent[at : at + 4], "big")
        if end + 4 > len(bent):
            break
        bent[end : end + 4] = zlib.crc32(bent[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(bent)


def bend(
    content: bytes,
    most: int,
    seed: int,
    *,
    wholes: list[bytes],
    otherwise: Callable[[bytes, int], bytes],
) -> bytes:
    """Change an input a little; the same for the same seed, but for `otherwise`."""
    from fuzz import DAMAGES

    chance = random.Random(seed)
    bent = bytearray(content)
    if chance.random() < 0.5 or not bent:
        bent = bytearray(otherwise(content, most))
    else:
        for _ in range(chance.choice((1, 1, 2, 4))):
            if bent:
                chance.choice(DAMAGES)(bent, chance, wholes)
    whole = bytes(bent[:most])
    if whole.startswith(_PNG) and chance.random() < 0.8:
        return with_checksums(whole)
    return whole


def search(arguments: list[str]) -> None:
    """Run libFuzzer in this process, which it ends."""
    import atheris

    # Before anything else imports them: what is imported here is counted.
    with atheris.instrument_imports(include=["PIL", "digitdrop"]):
        from fuzz import outcome, seeds

    wholes = seeds(shrink=SHRINK)

    def mutate(content: bytes, most: int, seed: int) -> bytes:
        return bend(content, most, seed, wholes=wholes, otherwise=atheris.Mutate)

    def try_one(content: bytes) -> None:
        outcome(content)

    # As libFuzzer starts itself once more where it merges.
    atheris.Setup([os.environ["GUIDED"], *arguments], try_one, custom_mutator=mutate)
    atheris.Fuzz()


def run(work: Path, *arguments: str) -> tuple[int, str]:
    """Run libFuzzer in a process of its own; give its exit code and what it told."""
    again = work / "again"
    again.write_text(f'#!/bin/sh\nexec {sys.executable} {HERE}/guided.py --libfuzzer "$@"\n')
    again.chmod(0o755)
    with (work / "told").open("w+b") as told:
        done = subprocess.run(
            [again, *arguments],
            check=False,
            stdout=told,
            stderr=told,
            cwd=work,
            env={**os.environ, "GUIDED": str(again)},
        )
        told.seek(0)
        return done.returncode, told.read().decode(errors="replace")


def prepare(work: Path) -> None:
    """Lay out what to begin with: the kept corpus, and one whole picture of each kind."""
    from fuzz import seeds

    for folder in ("found", "begin", "least"):
        (work / folder).mkdir()
    for number, whole in enumerate(seeds(shrink=SHRINK)):
        (work / "begin" / f"{number}.bin").write_bytes(whole)
    for name, content in kept():
        (work / "begin" / name).write_bytes(content)


def kept() -> list[tuple[str, bytes]]:
    """Give what earlier searches found, by name."""
    if not KEPT.exists():
        return []
    with ZipFile(KEPT) as file:
        return [(name, file.read(name)) for name in file.namelist()]


def guided(work: Path, *, seconds: int, seed: int) -> tuple[int, list[str]]:
    """Search, round after round, until the time is over or there is a fault."""
    told: list[str] = []
    for number, start in enumerate(range(0, seconds, ROUND)):
        code, text = run(
            work,
            f"-max_total_time={min(ROUND, seconds - start)}",
            f"-seed={seed + number}",
            f"-max_len={LONGEST}",
            f"-rss_limit_mb={MEMORY}",
            f"-timeout={TIMEOUT}",
            "-print_final_stats=1",
            f"-artifact_prefix={work}/fault-",
            str(work / "found"),
            str(work / "begin"),
        )
        told.append(text)
        if code:
            return code, told
    return 0, told


def keep(work: Path) -> None:
    """Make the kept corpus anew: the fewest and shortest inputs that reach what was reached."""
    code, told = run(
        work,
        "-merge=1",
        f"-max_len={LONGEST}",
        str(work / "least"),
        str(work / "found"),
        str(work / "begin"),
    )
    least = sorted((work / "least").iterdir())
    if code or not least:
        sys.exit(f"could not merge:\n{told[-2000:]}")
    with ZipFile(KEPT, "w", ZIP_DEFLATED) as file:
        for path in least:  # with one date for all: the same bytes for the same content
            file.writestr(ZipInfo(path.name), path.read_bytes(), ZIP_DEFLATED)
    size = sum(path.stat().st_size for path in least)
    print(f"kept {len(least)} inputs, {size:,} bytes, in {KEPT}")


def summary(told: list[str]) -> str:
    """Add up what the rounds say at their end."""
    text = "\n".join(told)
    executed = sum(map(int, re.findall(r"number_of_executed_units: +(\d+)", text)))
    edges = max(map(int, re.findall(r" cov: (\d+)", text)), default=0)
    return f"stat::number_of_executed_units: {executed:,} in {len(told)} rounds; {edges:,} edges"


def main() -> None:
    """Search, and say what came of it; exit 1 if there is a fault."""
    if sys.argv[1:2] == ["--libfuzzer"]:
        search(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="make the kept corpus anew")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="guided-"))
    prepare(work)
    code, told = guided(work, seconds=options.seconds, seed=options.seed)
    print("\n".join(told[-1].splitlines()[-20:]))
    print(summary(told))
    faults = sorted(work.glob("fault-*"))
    for fault in faults:
        shutil.copy(fault, HERE / "corpus" / f"{fault.name}.bin")
        print(f"FAULT: kept as tests/corpus/{fault.name}.bin")
    if options.keep and not faults:
        keep(work)
    shutil.rmtree(work)
    sys.exit(bool(code or faults))


if __name__ == "__main__":
    main()
