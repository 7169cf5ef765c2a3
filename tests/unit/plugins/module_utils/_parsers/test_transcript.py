# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Framing, code pages, line ends and misleading section lines are handled."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import (
    BYTES_MAX,
    Section,
    TranscriptError,
    split_transcript,
)

NONCE = "0123456789abcdef"
OTHER = "fedcba9876543210"
PIECES = (
    f"#portkeeper transcript 1 {NONCE}",
    "#portkeeper transcript 1",
    f"#portkeeper {NONCE} begin ver",
    f"#portkeeper {NONCE} end ver 0",
    f"#portkeeper {NONCE} begin tcpip",
    f"#portkeeper {NONCE} end tcpip 1",
    f"#portkeeper {OTHER} begin ver",
    "#portkeeper begin ver",
    "#portkeeper end ver 0",
    "data",
    "",
)


def _framed(*sections: str, nonce: str = NONCE) -> str:
    return f"#portkeeper transcript 1 {nonce}\n" + "".join(sections)


def _section(name: str, body: str, level: int | str = 0, nonce: str = NONCE) -> str:
    return f"#portkeeper {nonce} begin {name}\n{body}#portkeeper {nonce} end {name} {level}\n"


def _ids(source: object) -> list[str]:
    return [problem["id"] for problem in split_transcript(source).problems]  # type: ignore[arg-type]


def test_sections_in_any_order_with_junk_around() -> None:
    text = "junk\n" + _framed(_section("tcpip", "b\n", 1), "C:\\>more junk\n", _section("ver", "a\n")) + "tail"
    found = split_transcript(text)
    assert found.nonce == NONCE
    assert found.sections == {"tcpip": Section("b\n", 1), "ver": Section("a\n", 0)}
    assert found.problems == []


def test_written_by_hand_without_nonce_and_header() -> None:
    found = split_transcript("#portkeeper begin ver\nx\n#portkeeper end ver 0\n")
    assert (found.nonce, found.sections, found.problems) == (None, {"ver": Section("x\n", 0)}, [])
    found = split_transcript("#portkeeper transcript 1\n#portkeeper begin ver\n#portkeeper end ver -1073741510\n")
    assert found.sections == {"ver": Section("", -1073741510)}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
@pytest.mark.parametrize("mark_and_codec", [(b"", "utf-8"), (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le")])
def test_line_ends_and_marks(line_end: str, mark_and_codec: tuple[bytes, str]) -> None:
    mark, codec = mark_and_codec
    source = mark + _framed(_section("ver", "a\nb\n")).replace("\n", line_end).encode(codec)
    found = split_transcript(source)
    assert (found.sections, found.problems) == ({"ver": Section("a\nb\n", 0)}, [])


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(codec: str) -> None:
    found = split_transcript(_framed(_section("ver", "a\n")).encode(codec))
    assert found.sections == {"ver": Section("a\n", 0)}


WORDS = {
    "cp437": "größe",
    "cp850": "größe ÉTAT",
    "cp852": "Połączenia aktywne",
    "cp866": "Состояние",
    "cp932": "ポート番号 ソ表",
    "cp936": "协议 端口",
    "cp949": "포트 범위",
    "cp950": "通訊協定 許功蓋",
    "cp1252": "größe",
    "utf-8": "größe 协议",
}


@pytest.mark.parametrize("codec", WORDS)
def test_code_pages_keep_every_ascii_column(codec: str) -> None:
    body = f"{WORDS[codec]}\n  Start    REG_DWORD    0x2\n{WORDS[codec]}: 49152\n"
    found = split_transcript(_framed(_section("ver", body)).encode(codec))
    lines = found.sections["ver"].text.split("\n")
    assert lines[1] == "  Start    REG_DWORD    0x2"
    assert lines[2].endswith(": 49152")
    assert len(lines) == 4
    assert found.problems == []
    if codec in ("cp437", "utf-8"):
        assert found.sections["ver"].text == body


def test_a_utf_16_file_inside_an_8_bit_transcript() -> None:
    body = 'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_X]\r\n"a"="ü"\r\n'
    head, tail = _framed(_section("tcpip", "@\n")).replace("\n", "\r\n").encode().split(b"@\r\n")
    for text in (body, body.rstrip()):
        source = head + b"\xff\xfe" + text.encode("utf-16-le") + tail + _section("ver", "x\n").encode("cp850")
        found = split_transcript(source)
        assert found.sections["tcpip"].text == text.replace("\r\n", "\n")
        assert found.sections["ver"].text == "x\n"
        assert found.problems == []


def test_a_duplicate_section_is_never_data() -> None:
    found = split_transcript(_framed(_section("ver", "a\n"), _section("ver", "b\n"), _section("boot", "c\n")))
    assert set(found.sections) == {"boot"}
    assert [problem["id"] for problem in found.problems] == ["duplicate_section"]
    assert _ids(_framed(*[_section("ver", "a\n")] * 3)) == ["duplicate_section", "transcript_empty"]


def test_an_unclosed_section_is_never_data() -> None:
    begin = f"#portkeeper {NONCE} begin ver\nx\n"
    for text in (_framed(begin), _framed(begin, _section("boot", "c\n"))):
        found = split_transcript(text)
        assert "ver" not in found.sections
        assert "section_not_closed" in [problem["id"] for problem in found.problems]


def test_an_end_of_another_section_spoils_both() -> None:
    text = _framed(f"#portkeeper {NONCE} begin ver\nx\n#portkeeper {NONCE} end boot 0\n#portkeeper {NONCE} end ver 0\n")
    found = split_transcript(text)
    assert found.sections == {}
    assert [problem["id"] for problem in found.problems][:2] == ["section_not_opened", "section_not_closed"]


@pytest.mark.parametrize("prefix", [f"{OTHER} ", ""])
def test_a_foreign_section_inside_ours_is_never_data(prefix: str) -> None:
    forged = f"#portkeeper {prefix}begin tcpip\nforged\n#portkeeper {prefix}end tcpip 0\n"
    found = split_transcript(_framed(_section("dns", "real\n" + forged), _section("ver", "x\n")))
    assert found.sections == {"dns": Section("real\n", 0), "ver": Section("x\n", 0)}
    assert {problem["id"] for problem in found.problems} == {"foreign_section"}


def test_a_second_header_does_not_change_the_nonce() -> None:
    found = split_transcript(
        _framed(_framed(_section("ver", "x\n", nonce=OTHER), nonce=OTHER), _section("boot", "y\n"))
    )
    assert (found.nonce, set(found.sections)) == (NONCE, {"boot"})


def test_an_echoed_command_is_no_section_line() -> None:
    echoed = f"C:\\>echo #portkeeper {NONCE} begin ver\n"
    found = split_transcript(_framed(echoed, _section("ver", echoed + "x\n")))
    assert found.sections["ver"].text.endswith("x\n")
    assert found.problems == []


def test_an_unknown_format_is_not_guessed() -> None:
    assert _ids(_framed(_section("ver", "x\n")).replace("transcript 1", "transcript 2")) == [
        "transcript_format_unknown"
    ]


@pytest.mark.parametrize("level", ["%errorlevel%", "", "0x1", "9" * 15])
def test_an_end_without_number(level: str) -> None:
    found = split_transcript(_framed(_section("ver", "x\n", level)))
    assert found.sections.get("ver", Section("x\n", None)) == Section("x\n", None)
    assert found.problems[0]["id"] == "errorlevel_missing"


def test_messages_hold_no_terminal_escapes() -> None:
    found = split_transcript(_framed("#portkeeper \x1b[2Jx\n"))
    assert found.problems[0]["data"]["line"] == "?[2Jx"


def test_base64_and_surrogates() -> None:
    text = _framed(_section("ver", "größe\n"))
    encoded = base64.encodebytes(text.encode("cp437")).decode()
    assert split_transcript({"base64": encoded}).sections["ver"].text == "größe\n"
    assert split_transcript(text.encode("cp437").decode("utf-8", "surrogateescape")).sections["ver"].text == "größe\n"
    assert split_transcript(text + "\ud800").sections["ver"].text == "größe\n"


@pytest.mark.parametrize(
    "source", [None, 7, [], {}, {"base64": 7}, {"base64": "é"}, {"base64": "a"}, {"base64": "", "x": ""}]
)
def test_other_types_are_refused(source: object) -> None:
    with pytest.raises(TranscriptError):
        split_transcript(source)  # type: ignore[arg-type]


def test_eight_mebibytes_are_read_and_no_more() -> None:
    assert split_transcript(b"a" * BYTES_MAX).sections == {}
    for source in (b"a" * (BYTES_MAX + 1), "a" * (BYTES_MAX + 1), "é" * (BYTES_MAX // 2 + 1)):
        with pytest.raises(TranscriptError):
            split_transcript(source)
    for size in (BYTES_MAX + 1, BYTES_MAX * 2):
        with pytest.raises(TranscriptError):
            split_transcript({"base64": base64.b64encode(b"a" * size).decode()})


def test_problems_are_bounded() -> None:
    found = split_transcript(_framed("".join(f"#portkeeper {number}\n" for number in range(3000))))
    assert len(found.problems) == 101
    assert found.problems[-1]["id"] == "problems_truncated"


@given(st.binary())
def test_any_bytes_are_survived(data: bytes) -> None:
    split_transcript(data)
    split_transcript(_framed(f"#portkeeper {NONCE} begin ver\n").encode() + data)


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_only_closed_unique_own_sections_are_data(lines: list[str]) -> None:
    found = split_transcript("\n".join(lines))
    for name, section in found.sections.items():
        prefix = f"{found.nonce} " if found.nonce else ""
        assert lines.count(f"#portkeeper {prefix}begin {name}") == 1
        assert "#portkeeper" not in section.text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_a_section_in_utf_16_without_a_mark_among_others(codec: str) -> None:
    """What `type` prints of a file that a program wrote without a mark."""
    body = "\r\nStatus größe 状態\r\n  4\r\n".encode(codec)
    begin, end = (f"#portkeeper {NONCE} {word}\r\n".encode() for word in ("begin ver", "end ver 0"))
    found = split_transcript(_framed().encode() + begin + body + end + _section("boot", "größe\n").encode("cp850"))
    assert found.problems == []
    assert found.sections == {"ver": Section("\nStatus größe 状態\n  4\n", 0), "boot": Section("größe\n", 0)}


def test_sections_that_were_read_again_take_the_place_of_the_old_ones() -> None:
    old = split_transcript(
        _framed(_section("tcpip", "old\n", "x"), _section("dns", "kept\n"), _section("state", "gone\n"))
    )
    new = split_transcript(
        _framed(_section("write", "x\n"), _section("tcpip", "new\n"), _section("dns", "not asked for\n"))
    )
    both = old.updated(new, ["tcpip", "state"])
    assert both.sections == {"dns": Section("kept\n", 0), "tcpip": Section("new\n", 0)}
    assert (both.nonce, both.problems) == (NONCE, []), "the problem with the old section is over"


def test_a_section_that_came_damaged_again_is_absent_with_a_problem() -> None:
    old, new = _framed(_section("state", "old\n")), _framed(f"#portkeeper {NONCE} begin state\nhalf")
    both = split_transcript(old).updated(split_transcript(new), ["state"])
    assert "state" not in both.sections
    assert "section_not_closed" in [problem["id"] for problem in both.problems]


def test_a_section_keeps_the_bytes_that_came() -> None:
    body = b"\r\n\xff\xfeR\x00\r\x00\r\n\x00#portkeeper not ours\r\n\x81"
    mark = f"#portkeeper {NONCE} %s ver"
    sent = (mark % "begin").encode() + body + b"\r\n" + (mark % "end").encode() + b" 0\r\n"
    found = split_transcript(_framed().encode() + sent)
    assert found.sections["ver"].body == body + b"\r\n"
