"""Feed damaged pictures to `decode` and `glyph`: each gives a picture or an `InputError`.

    python tests/fuzz.py --count 200000

Mutates whole pictures of every format: flips, cuts, splices, stretches, and numbers in headers
set to what breaks programs. The n-th mutant of a seed is the same on every machine, and what
was once found to be bad stays in `corpus/`.
"""

import argparse
import io
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "worker"), str(ROOT / "tests")]

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from digitdrop.decoding.decode import decode  # noqa: E402
from digitdrop.errors import InputError  # noqa: E402
from digitdrop.preprocess.normalise import normalise  # noqa: E402
from digitdrop.values import Limits  # noqa: E402

LIMITS = Limits(pixels=2_000_000, bytes=2**20)
_BREAKING = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def seeds(*, shrink: int = 1) -> list[bytes]:
    """Make one whole picture of each format and kind, of 60 x 80 pixels or as much smaller."""
    from ledger import a_picture

    grey = Image.open(io.BytesIO(a_picture(7))).reduce(shrink)
    colour = Image.merge("RGB", (grey, grey.point(lambda value: value // 2), grey))
    clear = colour.convert("RGBA")
    clear.putalpha(grey.point(lambda value: 255 - value))
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: list[tuple[Image.Image, str, dict[str, object]]] = [
        (grey, "PNG", {}),
        (clear, "PNG", {}),
        (deep, "PNG", {}),
        (grey.convert("1"), "PNG", {}),
        (colour.convert("P"), "PNG", {"transparency": 3}),
        (colour, "JPEG", {"exif": exif, "progressive": True}),
        (colour.convert("CMYK"), "JPEG", {}),
        (grey, "GIF", {"save_all": True, "append_images": [grey, grey], "loop": 0}),
        (colour, "BMP", {}),
        (grey.convert("1"), "BMP", {}),
        (deep, "TIFF", {"compression": "tiff_lzw"}),
        (colour, "TIFF", {"compression": "jpeg"}),
        (grey.convert("1"), "TIFF", {"compression": "group4"}),
        (clear, "TIFF", {"save_all": True, "append_images": [clear]}),
        (clear, "WEBP", {}),
        (colour, "WEBP", {"lossless": True, "exif": exif}),
        (grey, "PPM", {}),
        (colour, "PPM", {}),
        (grey.convert("1"), "PPM", {}),
    ]
    return [_saved(*kind) for kind in kinds]


def _saved(picture: Image.Image, form: str, options: dict[str, object]) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def mutants(seed: int, count: int) -> Iterator[bytes]:
    """Give damaged pictures, the same for the same seed."""
    wholes = seeds()
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        content = bytearray(wholes[number % len(wholes)])
        for _ in range(chance.choice((1, 1, 1, 2, 4, 8, 32))):
            if content:
                chance.choice(DAMAGES)(content, chance, wholes)
        yield bytes(content)


def _flip(content: bytearray, chance: random.Random, _: list[bytes]) -> None:
    content[_somewhere(content, chance)] ^= 1 << chance.randrange(8)


def _set(content: bytearray, chance: random.Random, _: list[bytes]) -> None:
    content[_somewhere(content, chance)] = chance.randrange(256)


def _number(content: bytearray, chance: random.Random, _: list[bytes]) -> None:
    size, at = chance.choice((1, 2, 4)), _somewhere(content, chance)
    value = chance.choice(_BREAKING) % (1 << 8 * size)
    content[at : at + size] = value.to_bytes(size, chance.choice(("little", "big")))


def _cut(content: bytearray, chance: random.Random, _: list[bytes]) -> None:
    del content[_somewhere(content, chance) :]


def _remove(content: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = _somewhere(content, chance)
    del content[at : at + chance.randint(1, 32)]


def _repeat(content: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = _somewhere(content, chance)
    content[at:at] = content[at : at + chance.randint(1, 64)] * chance.choice((1, 2, 50))


def _splice(content: bytearray, chance: random.Random, wholes: list[bytes]) -> None:
    other = chance.choice(wholes)
    at, start = _somewhere(content, chance), chance.randrange(len(other))
    content[at : at + 64] = other[start : start + chance.randint(1, 64)]


DAMAGES = [_flip, _set, _number, _cut, _remove, _repeat, _splice]


def _somewhere(content: bytearray, chance: random.Random) -> int:
    """Choose a place, half of the time in the header."""
    return chance.randrange(min(len(content), 64) if chance.random() < 0.5 else len(content))


def outcome(content: bytes) -> str:
    """Read one, and say what came of it.

    Raises:
        Exception: anything but an `InputError`: this is what the search is for.
    """
    try:
        grey = decode(content, limits=LIMITS)
    except InputError as error:
        return type(error).__name__
    assert grey.dtype == np.uint8
    assert grey.ndim == 2
    assert grey.size
    sight = normalise(grey)
    assert all(frame.shape == (28, 28) and frame.dtype == np.uint8 for frame in sight.frames)
    assert len(sight.frames) == len(sight.priors)
    return "picture"


def main() -> None:
    """Search, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    longest, began = 0.0, time.monotonic()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for content in mutants(options.seed, options.count):
        start = time.monotonic()
        try:
            outcomes[outcome(content)] += 1
        except Exception as error:
            kept = ROOT / "tests" / "corpus" / f"{options.seed}-{outcomes.total()}.bin"
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(content)
            outcomes[f"FAULT {type(error).__name__}"] += 1
            print(f"{error!r}: kept as {kept}", file=sys.stderr)
        longest = max(longest, time.monotonic() - start)
        if start - began > options.seconds:
            break
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{outcomes.total():,} mutants in {time.monotonic() - began:.0f} s: {dict(outcomes)}; "
        f"longest {longest:.2f} s; memory {before // 1024} -> {after // 1024} MiB"
    )
    sys.exit(any(kind.startswith("FAULT") for kind in outcomes))


if __name__ == "__main__":
    main()
