"""WebP: chunks within one RIFF chunk (RFC 9649)."""

from typing import Final

from digitdrop.decoding.container.checked import (
    Checked,
    cut_off,
    damaged,
    heavy,
    number,
    unfinished_coding,
)

_MOST_CHUNKS: Final = 10_000
_PICTURES: Final = {b"VP8 ", b"VP8L", b"ANMF"}


def check_webp(content: bytes) -> Checked:
    """Walk a WebP from chunk to chunk.

    Raises:
        Incomplete: the file is shorter than it says, or has no picture yet.
        Unreadable: the last chunk is longer than the file says, or there are too many.
    """
    end = 8 + number(content, 4, 4, "little")
    if end > len(content):
        raise cut_off("WebP", len(content))
    kinds: list[bytes] = []
    at = 12
    while at + 8 <= end:
        kinds.append(content[at : at + 4])
        at += 8 + number(content, at + 4, 4, "little")
        at += at % 2
        if len(kinds) > _MOST_CHUNKS:
            raise heavy("WebP", f"more than {_MOST_CHUNKS:,} chunks")
    if at > end + 1:
        raise damaged("WebP", "its last chunk is longer than the file says it is")
    if not _PICTURES.intersection(kinds):
        raise cut_off("WebP", len(content))
    doubt = unfinished_coding("WebP", content)
    return Checked(content, range(max(1, kinds.count(b"ANMF"))), doubt=doubt)
