"""The wheel alone does the main job: in a fresh environment, far from the clone."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_wheel_installed_alone_reads_a_picture_as_command_and_library_and_makes_the_page(
    tmp_path: Path,
) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path / "dist"), "."]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    install = [str(scripts / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, cwd=tmp_path)

    sample = ROOT / "examples" / "seven-on-squared-paper.jpg"
    read = [str(scripts / "digitdrop"), "predict", str(sample), "--json"]
    done = subprocess.run(read, check=True, capture_output=True, cwd=tmp_path)

    (answer,) = json.loads(done.stdout)
    assert answer["prediction"] == "7"

    program = f"from digitdrop import Reader; print(Reader().read({str(sample)!r}).prediction)"
    script = [str(scripts / "python"), "-c", program]
    printed = subprocess.run(script, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert printed.stdout == "7\n"

    (tmp_path / "outbox").mkdir()
    subprocess.run([str(scripts / "digitdrop"), "report"], check=True, cwd=tmp_path)
    assert "Nothing here yet" in (tmp_path / "outbox" / "report.html").read_text()
