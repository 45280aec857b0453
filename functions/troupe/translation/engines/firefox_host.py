"""The child process that translates with the models of Firefox.

It is a script that uses the standard library and fxtranslate. The first argument is the directory
of that package. Standard input is a connection, over which it gets one request at a time as JSON:

- `route`: the pairs to go through, each a name and the paths of its files;
- `texts`: what to translate, each on its own.

It answers with `texts`, or with `error` if a model cannot be loaded, and ends when the connection
closes.
"""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_MOST_LOADED = 4  # pairs; each takes 40 to 70 MB


class Models:
    """Translators by the names of their pairs, the last used ones. They may be used only by the
    thread that made them."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[str, Any] = OrderedDict()

    def get(self, pair: str, paths: list[str]) -> Any:
        """`paths`: of the model, the vocabularies and the shortlist, which may be "". Raises
        OSError, ValueError."""
        from fxtranslate import Translator

        if pair not in self._loaded:
            while len(self._loaded) >= _MOST_LOADED:
                self._loaded.popitem(last=False)
            model, source, target, shortlist = paths
            self._loaded[pair] = Translator(
                Path(model).read_bytes(),
                Path(source).read_bytes(),
                Path(target).read_bytes(),
                Path(shortlist).read_bytes() if shortlist else None,
            )
        self._loaded.move_to_end(pair)
        return self._loaded[pair]


def answered(request: dict[str, Any], models: Models) -> dict[str, Any]:
    texts = request["texts"]
    for pair, paths in request["route"]:
        try:
            translator = models.get(pair, paths)
        except (OSError, ValueError) as error:
            return {"error": f"{pair}: {error}"}
        # `translate` would cut what is longer than a sentence of the model.
        texts = [translator.translate_long(text) for text in texts]
    return {"texts": texts}


def serve(connection: Connection) -> None:
    models = Models()
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except EOFError:
            return
        connection.send_bytes(json.dumps(answered(request, models)).encode())


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    serve(Connection(sys.stdin.fileno()))
