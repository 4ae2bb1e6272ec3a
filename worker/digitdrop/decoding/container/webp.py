"""WebP: chunks within one RIFF chunk (RFC 9649)."""

from typing import Final

from digitdrop.decoding.container.checked import (
    Checked,
    cut_off,
    damaged,
    heavy,
    unfinished_coding,
)

_MOST_CHUNKS: Final = 10_000
_PICTURES: Final = {b"VP8 ", b"VP8L", b"ANMF"}


def check_webp(content: bytes) -> Checked:
    """Walk a WebP from chunk to chunk.

    Raises:
        Incomplete: it is shorter than it says, or has no picture yet.
        Unreadable: it says that it ends before its chunks do, or has too many of them.
    """
    size = len(content)
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > size:
        raise cut_off("WebP", size)
    kinds: list[bytes] = []
    at = 12
    while at + 8 <= end:
        kinds.append(content[at : at + 4])
        at += 8 + int.from_bytes(content[at + 4 : at + 8], "little")
        at += at % 2
        if len(kinds) > _MOST_CHUNKS:
            raise heavy("WebP", f"more than {_MOST_CHUNKS:,} chunks")
    if at > end + 1:
        raise damaged("WebP", "its last chunk is longer than the file says it is")
    if not _PICTURES.intersection(kinds):
        raise cut_off("WebP", size)
    doubt = unfinished_coding("WebP", content)
    return Checked(content, range(max(1, kinds.count(b"ANMF"))), doubt=doubt)
