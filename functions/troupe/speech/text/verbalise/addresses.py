"""What is spelled out: web and e-mail addresses, handles, tags, telephone numbers, versions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.rules import Kind, Rules

_DOMAINS = "com|org|net|edu|gov|io|dev|app|info|eu|co\\.uk|de|fr|nl|pl|ru|br|jp|cn|kr"
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?+"
_HOST = rf"{_PART}(?:\.{_PART}){{0,6}}"
_PATH = r"(?:/[\w\-.~/%+]{0,200}(?<![.]))?"
_QUERY = r"(?:[?#][^\s<>\"”)]{0,500}(?<![.,;:!?]))?"
_MARKS = {".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", "+": "plus"}
_MARK = re.compile(r"[./\-_@+]")


def kinds(rules: Rules) -> Iterator[Kind]:
    words, left = rules.words, rules.left
    if "at" in words and "dot" in words:
        yield Kind(
            "e-mail",
            rf"{left}(?P<address>[\w][\w.+\-]{{0,63}}@{_PART}(?:\.{_PART}){{1,6}}){rules.right}(?!@)",
            lambda m, r: spoken(r, m["address"]),
            "cw",
        )
    if "dot" in words:
        yield Kind(
            "web address",
            rf"{left}(?:(?i:https?://|ftp://)(?:www\.)?|(?i:www)\.)"
            rf"(?P<address>{_HOST}(?::\d{{2,5}})?{_PATH}){_QUERY}",
            lambda m, r: spoken(r, m["address"].rstrip("/")),
            "w",
        )
        yield Kind(
            "domain",
            rf"{left}(?P<address>(?:{_PART}\.){{1,5}}(?:{_DOMAINS}){rules.right}(?!@|\.\w){_PATH})",
            lambda m, r: spoken(r, m["address"].rstrip("/")) if m[0][:1].isalpha() else None,
            "w",
        )
    if "at" in words:
        yield Kind("handle", r"(?<![\w@.])@(?P<name>\w{1,64})", _read_handle, "m")
    if "hashtag" in words:
        yield Kind("tag", r"(?<![\w#&])#(?P<name>[^\W\d_]\w{0,99})", _read_tag, "m")
    yield Kind(
        "telephone",
        r"(?<![\w.,/])(?:\+\d{1,3}[ .\-]?(?:\(\d{1,4}\)[ .\-]?)?\d{1,4}(?:[ .\-]?\d{2,4}){1,5}"
        r"|\+\d{8,15}"
        r"|\(\d{2,5}\)[ \-]?\d{2,5}(?:[ .\-]\d{2,5}){1,4}"
        r"|(?:1-)?\d{3}-\d{3}-\d{4}|(?:1\.)?\d{3}\.\d{3}\.\d{4}"
        r"|0\d{1,4}(?:[ /]\d{2,8}){1,5}|0\d{2,4}-\d{4,9}"
        r"|\d{3}-\d{4})(?![\w-])(?![.,/]\d)",
        lambda m, r: telephone(r, m[0]),
        "dm",
    )
    # 1.000.000 is a number where the full stop divides thousands.
    grouped = r"(?!\d{1,3}(?:\.\d{3}){1,5}(?![\d.]))" if "." in rules.groups else ""
    if "point" in words:
        yield Kind(
            "version",
            rf"(?<!\w)(?P<v>v)(?P<version>\d{{1,6}}(?:\.\d{{1,6}}){{0,6}}){rules.right}(?!\.\d)",
            _read_version,
            "cw",
        )
        yield Kind(
            "version",
            rf"{left}{grouped}(?P<v>)(?P<version>\d{{1,6}}(?:\.\d{{1,6}}){{2,6}}){rules.right}(?!\.\d)",
            _read_version,
            "cw",
        )


def spoken(rules: Rules, address: str) -> str:
    """An address with its marks in words."""
    said = _MARK.sub(lambda m: f" {rules.words.get(_MARKS[m[0]], m[0])} ", address)
    return re.sub(" +", " ", said).strip()


def telephone(rules: Rules, text: str) -> str:
    """Digits one by one, with a pause between groups."""
    groups = [numbers.digits(rules, group) for group in re.split(r"[^\d+]+", text) if group]
    plus = f"{rules.words['plus']} " if text[0] == "+" and "plus" in rules.words else ""
    return plus + ", ".join(groups)


def _name(rules: Rules, name: str) -> str:
    word = rules.words.get("underscore")
    name = name.replace("_", f" {word} ") if word else name
    return re.sub(" +", " ", name).strip()


def _read_handle(match: re.Match[str], rules: Rules) -> str:
    return f"{rules.words['at']} {_name(rules, match['name'])}"


def _read_tag(match: re.Match[str], rules: Rules) -> str:
    # "#OpenSource" is two words.
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", match["name"]).replace("_", " ")
    return f"{rules.words['hashtag']} {words.strip()}"


def _read_version(match: re.Match[str], rules: Rules) -> str | None:
    parts = match["version"].split(".")
    octets = all(int(part) < 256 and str(int(part)) == part for part in parts)
    is_address = not match["v"] and len(parts) == 4 and octets
    # 1.000.000 where numbers are grouped so
    grouped = "." in rules.groups and len(parts[0]) < 4 and {*map(len, parts[1:])} == {3}
    if grouped and not match["v"] and not is_address:
        return None
    # Where numbers have a comma, the point of a version is said as it is written.
    point = rules.words.get("dot") if is_address or rules.decimal != "." else None
    point = point or rules.words.get("version_point") or rules.words["point"]
    said = f" {point} ".join(numbers.say(rules, numbers.Number(part, "")) for part in parts)
    word = rules.words.get("version", "") if match["v"] else ""
    return f"{word} {said}".strip()
