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
        ("Photoshop's PSD", rb"8BP[SB]\0[\x01\x02]", _DRAWN),
        ("GIMP's XCF", rb"gimp xcf", _DRAWN),
        ("an icon (ICO)", rb"\0\0[\x01\x02]\0[^\0]\0.{4}[\0\x01]\0", _DRAWN),
        ("Apple's icon (ICNS)", rb"icns\0", _DRAWN),
        ("a camera's raw picture (CR3)", rb".{4}ftypcrx ", _RAW),
        ("a camera's raw picture (ORF)", rb"(IIR[OS]|MMOR)", _RAW),
        ("a camera's raw picture (RW2)", rb"IIU\0", _RAW),
        ("a camera's raw picture (RAF)", rb"FUJIFILMCCD-RAW", _RAW),
        ("a camera's raw picture (X3F)", rb"FOVb", _RAW),
        ("a camera's raw picture (MRW)", rb"\0MRM", _RAW),
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
        ("a Sun raster", rb"\x59\xa6\x6a\x95", _DRAWN),
        ("SGI", rb"\x01\xda[\0\x01][\x01\x02]\0", _DRAWN),
        ("PAM", rb"P7\n", _DRAWN),
    )
)
HEAD: Final = 512
"""First bytes that are looked at."""

_CAMERAS: Final = (
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf"),
    *(".rw2", ".raf", ".pef", ".x3f"),
)
SUFFIXES: Final = {
    **dict.fromkeys((".pdf",), "PDF"),
    **dict.fromkeys((".ps", ".eps"), "PostScript"),
    **dict.fromkeys((".svg", ".svgz"), "SVG"),
    **dict.fromkeys((".jxl",), "JPEG XL"),
    **dict.fromkeys((".psd", ".psb"), "Photoshop's PSD"),
    **dict.fromkeys((".xcf",), "GIMP's XCF"),
    **dict.fromkeys((".ico", ".cur"), "an icon (ICO)"),
    **dict.fromkeys((".icns",), "Apple's icon (ICNS)"),
    **dict.fromkeys(
        _CAMERAS,
        "a camera's raw picture",
    ),
    **dict.fromkeys((".pcx",), "PCX"),
    **dict.fromkeys((".tga",), "Targa (TGA)"),
    **dict.fromkeys((".exr",), "OpenEXR"),
    **dict.fromkeys((".hdr",), "Radiance HDR"),
    **dict.fromkeys((".dds",), "DDS"),
    **dict.fromkeys((".qoi",), "QOI"),
    **dict.fromkeys((".dcm",), "DICOM"),
    **dict.fromkeys((".djvu", ".djv"), "DjVu"),
    **dict.fromkeys((".jxr", ".wdp", ".hdp"), "JPEG XR"),
    **dict.fromkeys((".jb2", ".jbig2"), "JBIG2"),
    **dict.fromkeys((".pam",), "PAM"),
    **dict.fromkeys((".wmf", ".emf"), "a Windows metafile"),
}
"""Names of the kinds, by what names of files end in."""


def refusal(head: bytes) -> str:
    """Return why a file is not read and what to do, if it is a picture of a known kind; else "".

    Args:
        head: at least the first `HEAD` bytes, or the whole file if it is shorter.
    """
    for name, pattern, todo in _KINDS:
        if pattern.match(head[:HEAD]):
            return f"{name} is not read: {todo}"
    return ""


def kind_of(name: str, head: bytes) -> str:
    """Name the kind of a picture that is not read, by its first bytes or its name; else ""."""
    known = next((kind for kind, pattern, _ in _KINDS if pattern.match(head[:HEAD])), "")
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    return known or SUFFIXES.get(suffix, "")
