"""Hooks of the documentation site (mkdocs.yml): pages from outside docs/, the reference of the API,
the examples, and links that lead out of docs/."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from posixpath import dirname, normpath, relpath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "functions" / "openapi.json"
# Where pages from outside docs/ are in the site.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "clients/python/README.md": "python.md",
    "clients/typescript/README.md": "typescript.md",
    "studio/README.md": "studio.md",
}
EXAMPLES = ("clients/python/examples", "clients/typescript/examples")
_ORIGINS = {uri: path for path, uri in PAGES.items()}
# A link or a picture in Markdown, and a picture in HTML.
_LINK = re.compile(r"(?P<before>\]\(|\bsrc=\")(?P<target>[^)\s\"]+)(?P<after>\)|\")")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_METHODS = ("get", "post", "put", "patch", "delete")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds the decisions and the reference to the navigation."""
    decisions = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    pages = ["decisions/README.md", *(f"decisions/{name}" for name in decisions)]
    config.nav = [
        *(config.nav or []),
        {"API": ["reference/index.md", *(f"reference/{tag}.md" for tag in _by_tag())]},
        {"Decisions": pages},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for path, uri in PAGES.items():
        files.append(File.generated(config, uri, content=(ROOT / path).read_text()))
    files.append(File.generated(config, "examples.md", content=_examples()))
    files.append(File.generated(config, "openapi.json", content=DOCUMENT.read_text()))
    for tag, operations in _by_tag().items():
        page = _reference(tag, operations)
        files.append(File.generated(config, f"reference/{tag}.md", content=page))
    files.append(File.generated(config, "reference/index.md", content=_contents()))
    for path in sorted(set(_sources(files))):
        content = (ROOT / path).read_bytes()
        files.append(File.generated(config, f"source/{path}.txt", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links lead to where their targets are in the site."""
    uri = page.file.src_uri
    origin = _origin(uri)

    def link(found: re.Match[str]) -> str:
        path, anchor = _target(origin, found["target"])
        if path is None:
            return found[0]
        to = relpath(_place(path), dirname(uri) or ".")
        return f"{found['before']}{to}{anchor}{found['after']}"

    return _outside_code(markdown, lambda text: _LINK.sub(link, text))


def _origin(uri: str) -> str:
    """The path in the repository of a page."""
    return _ORIGINS.get(uri, f"docs/{uri}")


def _target(origin: str, target: str) -> tuple[str | None, str]:
    """The path in the repository, and the anchor; None for one that is not there."""
    path, mark, anchor = target.partition("#")
    if not path or "://" in path or path.startswith(("mailto:", "/")):
        return None, ""
    return normpath(f"{dirname(origin)}/{path}".lstrip("/")), mark + anchor


def _place(path: str) -> str:
    """Where a file of the repository is in the site."""
    if path in PAGES:
        return PAGES[path]
    if path in EXAMPLES:
        return "examples.md"
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"source/{path}.txt"


def _sources(files: Files) -> Iterator[str]:
    """The files that pages link to, and that are no pages."""
    for file in files.documentation_pages():
        text = _outside_code(file.content_string, lambda text: text, "")
        for found in _LINK.finditer(text):
            path, _ = _target(_origin(file.src_uri), found["target"])
            if path and _place(path).startswith("source/") and (ROOT / path).is_file():
                yield path


def _outside_code(markdown: str, change: Any, code: str | None = None) -> str:
    """Changes what is not in a fenced block; `code`: what such blocks become."""
    parts, at = [], 0
    for fenced in _FENCED.finditer(markdown):
        parts += [change(markdown[at : fenced.start()]), fenced[0] if code is None else code]
        at = fenced.end()
    return "".join([*parts, change(markdown[at:])])


def _examples() -> str:
    parts = ["# Examples\n\nThe tests run these programs against the whole stack."]
    for folder in EXAMPLES:
        for path in sorted((ROOT / folder).iterdir()):
            parts.append(f"## {path.name}\n\n```{path.suffix[1:]}\n{path.read_text()}```")
    return "\n\n".join(parts) + "\n"


def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return found


def _by_tag() -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """(method, path, operation), by tag."""
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, item in _document()["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = item[method]["tags"][0]
                found.setdefault(tag, []).append((method.upper(), path, item[method]))
    return dict(sorted(found.items()))


def _title(tag: str) -> str:
    return re.sub(r"[_-]", " ", tag).capitalize()


def _contents() -> str:
    document = _document()
    lines = [f"| [{_title(tag)}]({tag}.md) | {len(found)} |" for tag, found in _by_tag().items()]
    return "\n".join(
        [
            *("# API", "", document["info"]["description"], ""),
            *("The whole document is [openapi.json](../openapi.json).", ""),
            *("| | operations |", "|---|---|", *lines, ""),
        ]
    )


def _reference(tag: str, operations: list[tuple[str, str, dict[str, Any]]]) -> str:
    document = _document()
    parts = [f"# {_title(tag)}"]
    for method, path, operation in operations:
        parts += [
            f"## {method} {path}",
            f"`{operation['operationId']}`: {operation.get('summary', '')}",
            operation.get("description", ""),
        ]
        rows = [*_parameters(operation, document), *_body(operation, document)]
        if rows:
            parts.append("\n".join(["| | in | type | |", "|---|---|---|---|", *rows]))
        parts.append(f"Answers: {', '.join(f'`{status}`' for status in operation['responses'])}.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _resolved(value: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in value:
        found: Any = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def _parameters(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    for each in operation.get("parameters", []):
        found = _resolved(each, document)
        yield _row(found["name"], found["in"], found.get("required"), found["schema"], found)


def _body(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(media.get("schema", {}), document)
        for name, value in schema.get("properties", {}).items():
            required = name in schema.get("required", [])
            yield _row(name, "body", required, value, value)


def _row(
    name: str, where: str, required: object, schema: Mapping[str, Any], about: Mapping[str, Any]
) -> str:
    told = " ".join(str(about.get("description", "")).split()).replace("|", "\\|")
    mark = " *" if required else ""
    return f"| `{name}`{mark} | {where} | {_type(schema)} | {told} |"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rsplit('/', 1)[-1]}`"
    if "anyOf" in schema:
        kinds = [_type(each) for each in schema["anyOf"] if each.get("type") != "null"]
        return " or ".join(kinds)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("type", "any"))
