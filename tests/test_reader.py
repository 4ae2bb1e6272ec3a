"""As a library: the same answers as the commands, and no folders."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from digitdrop import Gone, Limits, ModelError, Reader, Status
from digitdrop.reader import Source
from ledger import DIGITDROP, ROOT, a_picture

SAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in {".jpg", ".png"})
SEVEN = ROOT / "examples" / "seven-on-squared-paper.jpg"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def test_answers_are_those_of_the_command_to_the_last_digit(
    reader: Reader, tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    pictures = [*SAMPLES, tmp_path / "bad.png"]
    report = tmp_path / "report.csv"
    command = [
        *DIGITDROP,
        "batch",
        *map(str, pictures),
        "--report",
        str(report),
    ]
    subprocess.run(command, cwd=ROOT, check=False, capture_output=True)

    answers = dict(zip([path.name for path in pictures], reader.read_many(pictures), strict=True))

    with report.open(newline="", encoding="utf-8") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert rows.keys() == answers.keys()
    for name, one in answers.items():
        share = "" if one.confidence is None else f"{one.confidence:.4f}"
        second = "" if one.runner_up_confidence is None else f"{one.runner_up_confidence:.4f}"
        said = (one.status, one.reason, one.prediction, share, one.runner_up, second)
        row = rows[name]
        assert said == (
            row["status"], row["reason"], row["prediction"] or None, row["confidence"],
            row["runner_up"] or None, row["runner_up_confidence"],
        )  # fmt: skip
        assert row["model"] == reader.model


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_picture_reads_alike_as_path_bytes_and_pillow_image(
    sample: Path, reader: Reader
) -> None:
    content = sample.read_bytes()
    sources: list[Source] = [
        str(sample), content, bytearray(content), memoryview(content), Image.open(sample),
    ]  # fmt: skip

    answers = {reader.read(source) for source in sources}

    assert answers == {reader.read(sample)}


@pytest.mark.parametrize(
    "kind", [np.uint8, np.uint16, np.int32, np.float32, np.bool_], ids=lambda kind: kind.__name__
)
def test_arrays_of_any_depth_and_with_a_channel_of_their_own_are_read(
    kind: type, reader: Reader
) -> None:
    grey = np.asarray(Image.open(io.BytesIO(a_picture(7))).convert("L"))
    array: npt.NDArray[np.generic] = (grey > 127 if kind is np.bool_ else grey).astype(kind)

    answers = [
        reader.read(array), reader.read(array[..., None]), *reader.read_many([array, array]),
    ]  # fmt: skip

    assert {(one.status, one.prediction) for one in answers} == {(Status.OK, "7")}


def test_ink_is_found_out_and_colours_are_read(reader: Reader) -> None:
    grey = np.asarray(Image.open(io.BytesIO(a_picture(7))).convert("L"))
    blue = np.stack([grey, grey, np.full_like(grey, 255)], axis=2)

    assert [reader.read(one).prediction for one in (255 - grey, blue)] == ["7", "7"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (7, "int is no picture: expected a path"),
        (None, "NoneType is no picture"),
        (np.zeros((0, 5), np.uint8), r"shape \(0, 5\) and type uint8 is no picture"),
        (np.zeros((2, 3, 7), np.uint8), r"shape \(2, 3, 7\)"),
        (np.zeros((4, 4), np.complex64), "type complex64"),
    ],
)
def test_what_is_no_picture_at_all_is_a_type_error_that_says_what_was_expected(
    source: Source, told: str, reader: Reader
) -> None:
    with pytest.raises(TypeError, match=told):
        reader.read(source)
    with pytest.raises(TypeError, match=told):
        list(reader.read_many([SEVEN, source]))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", "ends after 0 bytes"),
        (b"buy milk, buy milk, buy milk, buy milk", "not a picture"),
        (Image.new("L", (0, 3)), "0x3 pixels"),
        (Image.open(io.BytesIO(a_picture(7)[:-40])), "ends before"),
    ],
)
def test_a_bad_picture_is_an_answer_that_says_why(
    source: Source, reason: str, reader: Reader
) -> None:
    answer = reader.read(source)

    assert answer.status is Status.UNREADABLE
    assert reason in answer.reason


def test_a_file_that_is_not_there_is_raised_alone_and_an_answer_among_others(
    reader: Reader, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.png"

    with pytest.raises(Gone, match=r"no such file: .*missing\.png"):
        reader.read(missing)
    many = list(reader.read_many([missing, SEVEN]))

    assert [one.status for one in many] == [Status.UNREADABLE, Status.OK]


def test_a_link_that_is_named_is_followed(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "link.jpg").symlink_to(SEVEN)

    assert reader.read(tmp_path / "link.jpg").prediction == "7"
    for command in (["predict", "--json"], ["batch", f"--report={tmp_path / 'report.csv'}"]):
        named = [*DIGITDROP, *command, str(tmp_path / "link.jpg")]
        done = subprocess.run(named, cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_limits_hold_for_every_kind_of_source() -> None:
    reader = Reader(limits=Limits(pixels=1000))
    content = a_picture(7)
    sources: list[Source] = [content, Image.open(io.BytesIO(content)), np.zeros((80, 60), "uint8")]

    answers = [reader.read(source) for source in sources]

    assert {one.reason for one in answers} == {
        "60x80 pixels, at most 1,000 in all are allowed",
    }


def test_many_are_read_ahead_but_never_all_at_once(reader: Reader) -> None:
    taken = 0

    def endless() -> "object":
        nonlocal taken
        while True:
            taken += 1
            yield a_picture(taken % 10)

    answers = reader.read_many(endless(), workers=2)  # type: ignore[arg-type]
    first = [next(answers).prediction for _ in range(3)]

    assert first == ["1", "2", "3"]
    assert taken < 300


def test_a_reader_serves_several_threads(reader: Reader) -> None:
    alone = [reader.read(path) for path in SAMPLES]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(reader.read, SAMPLES * 5))

    assert together == alone * 5


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model at"):
        Reader(tmp_path)
    shutil.copy(ROOT / "models" / "digits.json", tmp_path)
    with pytest.raises(ModelError, match=r"expected digits\.tflite"):
        Reader(str(tmp_path))


def test_fewer_than_one_worker_is_refused_at_once(reader: Reader) -> None:
    with pytest.raises(ValueError, match="workers is 0: expected 1 or more"):
        reader.read_many([], workers=0)


def test_the_import_is_light_and_what_is_not_there_is_an_attribute_error() -> None:
    script = (
        "import sys, json, digitdrop\n"
        "loaded = [name for name in ('numpy', 'cv2', 'PIL', 'typer') if name in sys.modules]\n"
        "print(json.dumps([loaded, 'Reader' in dir(digitdrop), hasattr(digitdrop, 'Nothing')]))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == [[], True, False]


@pytest.mark.slow
def test_a_users_program_passes_the_strictest_type_check(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "from collections.abc import Iterator\n"
        "from pathlib import Path\n\n"
        "import numpy as np\n"
        "from PIL import Image\n"
        "from digitdrop import Gone, InputError, Limits, Reader, SetupError, Status, Verdict\n\n"
        "reader = Reader('models', limits=Limits(pixels=10), digits='2-4')\n"
        "one: Verdict = reader.read(Path('a.png'))\n"
        "many: Iterator[Verdict] = reader.read_many(['a', b'', np.zeros((28, 28), np.uint8)])\n"
        "number: str | None = reader.read(Image.new('L', (1, 1))).prediction\n"
        "if one.status is Status.OK and one.confidence is not None:\n"
        "    print(f'{one.confidence:.2f}')\n"
    )
    (tmp_path / "wrong.py").write_text("from digitdrop import Reader\nReader().read(7)\n")

    def checked(name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", name],
            cwd=tmp_path,
            env={**os.environ, "MYPYPATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    right, wrong = checked("program.py"), checked("wrong.py")

    assert right.returncode == 0, right.stdout
    assert 'has incompatible type "int"' in wrong.stdout
