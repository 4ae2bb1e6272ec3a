"""GIF: blocks up to a trailer (CompuServe, Graphics Interchange Format, version 89a)."""

from typing import Final

from digitdrop.decoding.container.checked import HOLE, Checked, cut_off, damaged, heavy, unwritten

_EXTENSION: Final = 0x21
_PICTURE: Final = 0x2C
_TRAILER: Final = 0x3B
_GRAPHIC_CONTROL: Final = 0xF9
_MOST_EXTENSIONS: Final = 50_000


def check_gif(content: bytes) -> Checked:
    """Walk a GIF from block to block; leave out comments and other extensions.

    Raises:
        Incomplete: the file ends within a picture or before the first, or has zeros in it.
        Unreadable: there is something else between blocks, or there are too many extensions.
    """
    if len(content) < 13:
        raise cut_off("GIF", len(content))
    kept = [content[: 13 + _colour_table(content[10])]]
    at, frames, extensions = len(kept[0]), 0, 0
    while at < len(content) and content[at] != _TRAILER:
        start, kind = at, content[at]
        if kind == _EXTENSION:
            extensions += 1
            at = _end_of_blocks(content, at + 2)
            if content[start + 1] == _GRAPHIC_CONTROL:
                kept.append(content[start:at])
        elif kind == _PICTURE:
            frames += 1
            if at + 10 > len(content):
                raise cut_off("GIF", len(content))
            at = _end_of_blocks(content, at + 11 + _colour_table(content[at + 9]))
            kept.append(content[start:at])
        elif not any(content[at : at + HOLE]):
            raise unwritten("GIF")
        else:
            raise damaged("GIF", f"byte {at:,} begins no block")
        if extensions > _MOST_EXTENSIONS:
            raise heavy("GIF", f"more than {_MOST_EXTENSIONS:,} extensions")
    if not frames:
        raise cut_off("GIF", len(content))
    doubt = "" if at < len(content) else "the GIF has no end yet"
    return Checked(b"".join([*kept, bytes([_TRAILER])]), range(frames), doubt=doubt)


def _colour_table(flags: int) -> int:
    """Return the bytes of the colour table that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _end_of_blocks(content: bytes, at: int) -> int:
    """Return the index behind a chain of sub-blocks.

    Raises:
        Incomplete: the chain has no end.
    """
    try:
        while length := content[at]:
            at += length + 1
    except IndexError:
        raise cut_off("GIF", len(content)) from None
    return at + 1
