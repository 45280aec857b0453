# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.growth import is_linear, repeated
from troupe.speech.text.plain import plain_text


@pytest.mark.parametrize(
    ("markdown", "spoken"),
    [
        ("# Title #\nText", "Title\n\nText"),
        ("# About C#", "About C#"),
        ("**bold** *it* __b__ _i_ ***both*** **a *b***", "bold it b i both a b"),
        ("(*a*) “**b**”, *c*.", "(a) “b”, c."),
        ("这是**重要**的，한국어**강조**는", "这是重要的，한국어강조는"),
        ("~~old~~ new", "old new"),
        ('[the *site*](https://a.b/c_(d) "title")!', "the site!"),
        ("![a cat](cat.png) and [![b](x.png)](/y)", "a cat and b"),
        ("[one][r] and [r]\n\n[r]: https://x.y", "one and [r]"),
        ("<https://a.b/c>", "https://a.b/c"),
        ("`*args*` and ``a ` b``", "*args* and a ` b"),
        ("```python\nprint(*a, **b)\n```\nafter", "print(*a, **b)\n\nafter"),
        ("~~~\n# no heading\n~~~", "# no heading"),
        ("- one\n* two\n+ [x] three\n1. four", "one\n\ntwo\n\nthree\n\n1. four"),
        ("> said\n> > he", "said\nhe"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |\n\nx | y", "a, b\n\n1, 2\n\nx | y"),
        ("<b>one</b>two<br>three<p class='x'>four</p>", "onetwo three four"),
        ("a<!-- not -->b", "ab"),
        ("AT&amp;T &lt;3 &copy; &nosuch;", "AT&T <3 © &nosuch;"),
        (r"\*not\* 5\. \_x", "*not* 5. _x"),
        ("above\n\n---\n\nbelow\n===", "above\n\nbelow"),
        ("noted[^1].\n\n[^1]: the note", "noted.\n\nthe note"),
        ("one\r\ntwo\rthree\u2028four\u2029five", "one\ntwo\nthree\nfour\n\nfive"),
        ("a\x00b\x01c\x1b[0m", "abc[0m"),
    ],
)
def test_marks_are_removed(markdown: str, spoken: str) -> None:
    assert plain_text(markdown) == spoken


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4",
        "2*3*4 and 5*x - 3*y",
        "snake_case and __init__x and a_b_c",
        "#1 of #2",
        "a < b and c > d",
        "x <b and c> y",
        "if a<b: pass",
        "<sighs> Well.",
        "[Bob]: hello",
        "[sic](really)",
        "[music]",
        "it's * not",
        "*args, **kwargs",
        "5 ~ 6 ~~7",
        "-5 degrees",
        "a | b || c",
        "C:\\dir",
        "1986. A good year",
        "100% & more; R&D",
        "f(x)[0](y)",
        "`unclosed",
        "<!-- unclosed",
        "**unclosed",
        "__",
    ],
)
def test_what_may_not_be_markup_stays(text: str) -> None:
    assert plain_text(text) == text


MARKS = [
    "word", "other", "*", "**", "_", "`", "``", "[", "]", "(", ")", "> ", "# ", "- ", "\n",
    "\n\n", " ", "|", "|-|", "~~", "<b>", "</b>", "!", "```\n", "\\", "1. ", "](", "](/",
]  # fmt: skip


@given(st.lists(st.sampled_from(MARKS), max_size=60))
@example(["~~", "~~", "word"])
@settings(max_examples=500, deadline=None)
def test_no_word_is_lost(parts: list[str]) -> None:
    text = "".join(parts)
    # Addresses may be dropped with text attached to them, and so may the language names of fences.
    kept = re.sub(r"\]\(/[^\s)]*\)?", "", text)
    kept = re.sub(r"(~{3,}|`{3,})[ \t]*(word|other)+", "", kept)
    assert len(re.findall("word|other", plain_text(text))) >= len(re.findall("word|other", kept))


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_raises(text: str) -> None:
    plain_text(text)


HOSTILE = [
    "[", "*", ">", "![", "[a](", "*a ", "**a *b ", "_a", "`", "``a`", "<", "<a ", '<a b="',
    "<!--", "](", '](a "', "](http://((", "&a", "\\", "# ", "- ", "> ", "|", "|-", "\n|-\n",
    "~~a", "*[", "[^", "*]", "[[]]", "</", "_ *", "a*", "\n\n*a", "[a]: /b\n", "``` \n",
    "(" * 50 + "](",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_linear_time_on_hostile_input(unit: str) -> None:
    assert is_linear(lambda size: plain_text(repeated(unit, size)), 50_000)
