"""Kinds of pictures that are not read, by their first bytes and by their names."""

import re
from typing import Final

UNSUPPORTED_HEAD: Final = 512
"""First bytes that are compared."""
_ANY: Final = "save it as PNG"
_PAGE: Final = "save the page as PNG"
_RAW: Final = "save the picture as JPEG or PNG"
_NO: Final = rb"(?!)"
"""Matches nothing: these kinds are known by their names alone."""

_KINDS: Final = tuple(
    (name, re.compile(pattern, re.DOTALL), suffixes.split(), advice)
    for name, pattern, suffixes, advice in (
        ("PDF", rb"\s{0,16}%PDF-", ".pdf", _PAGE),
        ("PostScript", rb"(\xc5\xd0\xd3\xc6|%!PS)", ".ps .eps", _PAGE),
        (
            "SVG",
            rb"(\xef\xbb\xbf)?\s{0,64}(<\?xml.*?|<!--.*?|<!DOCTYPE svg.*?)?<svg[\s>:]",
            ".svg .svgz",
            _ANY,
        ),
        ("JPEG XL", rb"(\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n)", ".jxl", _ANY),
        ("PSD", rb"8BP[SB]\0[\x01\x02]", ".psd .psb", _ANY),
        ("XCF", rb"gimp xcf", ".xcf", _ANY),
        ("ICO", rb"\0\0[\x01\x02]\0[^\0]\0.{4}[\0\x01]\0", ".ico .cur", _ANY),
        ("ICNS", rb"icns\0", ".icns", _ANY),
        ("camera raw (CR3)", rb".{4}ftypcrx ", "", _RAW),
        ("camera raw (ORF)", rb"(IIR[OS]|MMOR)", "", _RAW),
        ("camera raw (RW2)", rb"IIU\0", "", _RAW),
        ("camera raw (RAF)", rb"FUJIFILMCCD-RAW", "", _RAW),
        ("camera raw (X3F)", rb"FOVb", "", _RAW),
        ("camera raw (MRW)", rb"\0MRM", "", _RAW),
        (
            "camera raw",
            _NO,
            ".dng .cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .orf .rw2 .raf .pef .x3f",
            _RAW,
        ),
        ("PCX", rb"\n[\0\x02\x03\x05]\x01[\x01\x02\4\x08]", ".pcx", _ANY),
        ("TGA", _NO, ".tga", _ANY),
        ("OpenEXR", rb"v/1\x01", ".exr", _ANY),
        ("Radiance HDR", rb"#\?(RADIANCE|RGBE)", ".hdr", _ANY),
        ("DDS", rb"DDS ", ".dds", _ANY),
        ("QOI", rb"qoif", ".qoi", _ANY),
        ("FITS", rb"SIMPLE  =", "", _ANY),
        ("DICOM", rb".{128}DICM", ".dcm", _ANY),
        ("DjVu", rb"AT&TFORM", ".djvu .djv", _PAGE),
        ("JPEG XR", rb"II\xbc", ".jxr .wdp .hdp", _ANY),
        ("JBIG2", rb"\x97JB2\r\n\x1a\n", ".jb2 .jbig2", _PAGE),
        ("Sun raster", rb"\x59\xa6\x6a\x95", "", _ANY),
        ("SGI", rb"\x01\xda[\0\x01][\x01\x02]\0", "", _ANY),
        ("PAM", rb"P7\n", ".pam", _ANY),
        ("Windows metafile", _NO, ".wmf .emf", _ANY),
    )
)


def refusal(head: bytes) -> str:
    """Return the reason why a picture of a known kind is not read, with advice; else "".

    Args:
        head: at least the first `UNSUPPORTED_HEAD` bytes, or the whole file if it is shorter.

    >>> refusal(b"%PDF-1.7")
    'PDF is not read: save the page as PNG'
    """
    head = head[:UNSUPPORTED_HEAD]
    for name, pattern, _, advice in _KINDS:
        if pattern.match(head):
            return f"{name} is not read: {advice}"
    return ""


def unsupported_kind(name: str, head: bytes) -> str:
    """Return the kind of a picture that is not read, by its first bytes or its name; else ""."""
    if reason := refusal(head):
        return reason.partition(" is not read")[0]
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    return next((kind for kind, _, suffixes, _ in _KINDS if suffix in suffixes), "")
