"""Kinds of pictures that are not read are named, with what to do."""

from pathlib import Path

import pytest

from digitdrop.batch.batch import batch
from digitdrop.decoding.decode import decode
from digitdrop.decoding.formats import FORMATS, format_of
from digitdrop.errors import Unreadable
from digitdrop.inference.classifier import Classifier
from digitdrop.system.shutdown import Stopper
from digitdrop.values import ANY_COUNT, Limits, Status
from encoded import KINDS, a_page, encoded
from ledger import ROOT, a_picture, drop

CASES = Path(__file__).parent / "cases"
UNREAD = {
    "PDF": b"%PDF-1.7\n1 0 obj",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "SVG": b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg">',
    "JPEG XL": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40),
    "PSD": b"8BPS\0\1" + bytes(40),
    "XCF": b"gimp xcf v011\0" + bytes(20),
    "ICO": encoded(a_page(), "ICO"),
    "camera raw (CR3)": b"\0\0\0\x18ftypcrx " + bytes(40),
    "camera raw (RAF)": b"FUJIFILMCCD-RAW 0201" + bytes(40),
    "camera raw (ORF)": b"IIRO\x08\0\0\0" + bytes(40),
    "camera raw (CR2)": b"II*\0\x10\0\0\0CR\2\0" + bytes(60),
    "OpenEXR": b"v/1\1\2\0\0\0" + bytes(40),
    "QOI": b"qoif" + bytes(40),
    "DICOM": bytes(1) + b"x" * 127 + b"DICM" + bytes(40),
    "DjVu": b"AT&TFORM" + bytes(40),
    "PAM": b"P7\nWIDTH 4\nHEIGHT 4\nDEPTH 1\nMAXVAL 255\nENDHDR\n" + bytes(16),
}


@pytest.mark.parametrize("kind", UNREAD)
def test_a_kind_that_is_not_read_is_named_with_what_to_do(kind: str) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(UNREAD[kind])

    assert str(caught.value).startswith(f"{kind} is not read: save ")


def test_a_folder_of_such_pictures_is_counted_and_named(
    tmp_path: Path, classifier: Classifier
) -> None:
    folder = tmp_path / "scans"
    drop(folder, [("7.png", a_picture(7)), ("a.pdf", UNREAD["PDF"]), ("notes.txt", b"milk")])
    drop(folder, [("below/no suffix", UNREAD["PDF"]), ("b.SVG", b"<svg"), ("c.psd", b"?")])

    summary = batch(
        [folder],
        tmp_path / "report.csv",
        classifier,
        limits=Limits(),
        digits=ANY_COUNT,
        workers=1,
        stopper=Stopper(),
        progress=lambda _: None,
    )

    assert summary.failed
    assert dict(summary.unread) == {"PDF": 2, "SVG": 1, "PSD": 1}
    assert summary.counts == {Status.OK: 1}
    assert str(summary).startswith("1 picture: 1 ok; passed over, since these are not read: 2 PDF")


def test_a_picture_of_another_kind_is_no_such_picture() -> None:
    assert all(format_of(make()) for make in KINDS.values())


def test_the_list_of_formats_has_each_that_is_read_and_each_that_is_not() -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    read, unread = text.split("## Not read")

    rows = [line.split("|")[1] for line in read.splitlines() if line.startswith("| ")]
    assert all(any(form.name in row for row in rows) for form in FORMATS)
    assert all(kind.split(" (")[0] in unread for kind in UNREAD)


@pytest.mark.parametrize(
    "name",
    ["a-three-10-bit.tif", "a-three-12-bit-big-endian.tif", "a-three-14-bit.tif"],
)
def test_tiffs_of_odd_depths_are_read(name: str) -> None:
    seen = decode((CASES / name).read_bytes())

    assert seen.shape == (120, 120)
    assert int(seen.max()) - int(seen.min()) > 150


def test_a_photo_of_fifty_megapixels_is_read() -> None:
    seen = decode((CASES / "pixel-50mp-8160x6144.jpg").read_bytes())

    assert seen.shape == (768, 1020)
