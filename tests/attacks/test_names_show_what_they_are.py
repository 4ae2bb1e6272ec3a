"""A name is shown so that nothing of it is hidden, and can be had back: every code point."""

import re
import sys
import unicodedata

import pytest

from digitdrop.escape import escape, one_line, printable, unescape

EVERY = [
    "".join(map(chr, range(start, start + 0x400))) for start in range(0, sys.maxunicode + 1, 0x400)
]
"""Every code point, 1,024 at a time: one by one they take a minute."""
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
TRICKS = {
    "arabic letter mark": "\u061c",
    "soft hyphen": "\xad",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "right-to-left override": "\u202e",
    "narrow no-break space": "\u202f",
    "line separator": "\u2028",
    "word joiner": "\u2060",
    "first strong isolate": "\u2068",
    "byte order mark": "\ufeff",
    "Hangul filler": "\u3164",
    "Hangul choseong filler": "\u115f",
    "halfwidth Hangul filler": "\uffa0",
    "Khmer inherent vowel": "\u17b4",
    "combining grapheme joiner": "\u034f",
    "blank Braille cell": "\u2800",
    "variation selector": "\ufe0f",
    "variation selector 256": "\U000e01ef",
    "tag letter": "\U000e0041",
    "interlinear annotation": "\ufffa",
    "musical format character": "\U0001d173",
    "private use": "\ue000",
    "unassigned": "\u0378",
    "C1 control": "\x9b",
}


@pytest.mark.slow
def test_every_code_point_is_written_so_that_it_is_seen_and_is_had_back_exactly() -> None:
    for characters in EVERY:
        name = "a".join(characters)

        text = escape(name)

        assert unescape(text) == name
        assert not HIDDEN & set(map(unicodedata.category, text.replace(" ", "")))


def test_a_code_point_before_hex_digits_or_a_backslash_is_had_back_too() -> None:
    for characters in EVERY:
        name = "".join(f"\\{one}41\\u0041{one}00e9\\" for one in characters[::37])

        assert unescape(escape(name)) == name
        assert unescape(printable(name)) == name


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_what_shows_nothing_or_turns_text_around_is_spelled_out(trick: str) -> None:
    spelled = f"\\u{ord(trick):04x}" if ord(trick) <= 0xFFFF else f"\\U{ord(trick):08x}"

    assert escape(f"7{trick}.png") == f"7{spelled}.png"
    assert one_line(f"7{trick}.png") == f"7{spelled}.png"


@pytest.mark.parametrize(
    "name", ["größe 7.png", "\uff17.png", "\u6570\u5b57.png", "\u0667.png", "7\U0001f600.png"]
)
def test_what_can_be_read_stays_as_it_is(name: str) -> None:
    assert escape(name) == name


def test_what_an_earlier_version_wrote_is_had_back_as_it_was() -> None:
    earlier = re.compile(
        "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
        "\\ud800-\\udfff\\\\]"
    )

    def spelled(match: re.Match[str]) -> str:
        code = ord(match[0])
        if match[0] == "\\":
            return "\\\\"
        return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"

    for characters in EVERY:
        name = "".join(f"{one}U0001f600\\U000e0041 {one}" for one in characters[::37])

        assert unescape(earlier.sub(spelled, name)) == name


def test_a_message_that_holds_an_escaped_name_is_not_escaped_twice() -> None:
    assert one_line("cannot read 'a\\u000ab.png': no\nsuch file") == (
        "cannot read 'a\\u000ab.png': no\\u000asuch file"
    )
