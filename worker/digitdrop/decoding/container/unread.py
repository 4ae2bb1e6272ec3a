"""Kinds of pictures that are not read, by their first bytes and by their names."""

import re
from typing import Final

_RAW: Final = "save the picture as JPEG or PNG"
_PAGE: Final = "save the page as PNG"
_DRAWN: Final = "save it as PNG"

_KINDS: Final = tuple(
    (name, re.compile(pattern, re.DOTALL), todo)
    for name, pattern, todo in (
        ("PDF", rb"\s{0,16}%PDF-", _PAGE),
        ("PostScript", rb"(\xc5\xd0\xd3\xc6|%!PS)", _PAGE),
        (
            "SVG",
            rb"(\xef\xbb\xbf)?\s{0,64}(<\?xml.*?|<!--.*?|<!DOCTYPE svg.*?)?<svg[\s>:]",
            _DRAWN,
        ),
        ("JPEG XL", rb"(\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n)", _DRAWN),
        ("PSD", rb"8BP[SB]\0[\x01\x02]", _DRAWN),
        ("XCF", rb"gimp xcf", _DRAWN),
        ("ICO", rb"\0\0[\x01\x02]\0[^\0]\0.{4}[\0\x01]\0", _DRAWN),
        ("ICNS", rb"icns\0", _DRAWN),
        ("camera raw (CR3)", rb".{4}ftypcrx ", _RAW),
        ("camera raw (ORF)", rb"(IIR[OS]|MMOR)", _RAW),
        ("camera raw (RW2)", rb"IIU\0", _RAW),
        ("camera raw (RAF)", rb"FUJIFILMCCD-RAW", _RAW),
        ("camera raw (X3F)", rb"FOVb", _RAW),
        ("camera raw (MRW)", rb"\0MRM", _RAW),
        ("PCX", rb"\n[\0\x02\x03\x05]\x01[\x01\x02\4\x08]", _DRAWN),
        ("OpenEXR", rb"v/1\x01", _DRAWN),
        ("Radiance HDR", rb"#\?(RADIANCE|RGBE)", _DRAWN),
        ("DDS", rb"DDS ", _DRAWN),
        ("QOI", rb"qoif", _DRAWN),
        ("FITS", rb"SIMPLE  =", _DRAWN),
        ("DICOM", rb".{128}DICM", _DRAWN),
        ("DjVu", rb"AT&TFORM", _PAGE),
        ("JPEG XR", rb"II\xbc", _DRAWN),
        ("JBIG2", rb"\x97JB2\r\n\x1a\n", _PAGE),
        ("Sun raster", rb"\x59\xa6\x6a\x95", _DRAWN),
        ("SGI", rb"\x01\xda[\0\x01][\x01\x02]\0", _DRAWN),
        ("PAM", rb"P7\n", _DRAWN),
    )
)
UNSUPPORTED_HEAD: Final = 512
"""First bytes that are looked at."""

_SUFFIXES: Final = {
    "PDF": ".pdf",
    "PostScript": ".ps .eps",
    "SVG": ".svg .svgz",
    "JPEG XL": ".jxl",
    "PSD": ".psd .psb",
    "XCF": ".xcf",
    "ICO": ".ico .cur",
    "ICNS": ".icns",
    "camera raw": ".dng .cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .orf .rw2 .raf .pef .x3f",
    "PCX": ".pcx",
    "TGA": ".tga",
    "OpenEXR": ".exr",
    "Radiance HDR": ".hdr",
    "DDS": ".dds",
    "QOI": ".qoi",
    "DICOM": ".dcm",
    "DjVu": ".djvu .djv",
    "JPEG XR": ".jxr .wdp .hdp",
    "JBIG2": ".jb2 .jbig2",
    "PAM": ".pam",
    "Windows metafile": ".wmf .emf",
}
_KIND_OF: Final = {suffix: kind for kind, them in _SUFFIXES.items() for suffix in them.split()}


def refusal(head: bytes) -> str:
    """Return why a file is not read and what to do, if it is a picture of a known kind; else "".

    Args:
        head: at least the first `UNSUPPORTED_HEAD` bytes, or the whole file if it is shorter.
    """
    for name, pattern, todo in _KINDS:
        if pattern.match(head[:UNSUPPORTED_HEAD]):
            return f"{name} is not read: {todo}"
    return ""


def unsupported_kind(name: str, head: bytes) -> str:
    """Name the kind of a picture that is not read, by its first bytes or its name; else ""."""
    known = next(
        (kind for kind, pattern, _ in _KINDS if pattern.match(head[:UNSUPPORTED_HEAD])), ""
    )
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    return known or _KIND_OF.get(suffix, "")
