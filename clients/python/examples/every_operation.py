"""Calls operations of the API by their names, uploads a file, and loads it again."""

import os

from troupe_client import Troupe
from troupe_client.generated.api.api_keys import create_key
from troupe_client.generated.api.files import list_files
from troupe_client.generated.api.tokens import get_token_ledger
from troupe_client.generated.models import CreateKey

with Troupe.sign_in(os.environ["TROUPE_EMAIL"], os.environ["TROUPE_PASSWORD"]) as troupe:
    made = troupe.call(create_key, body=CreateKey.from_dict({"name": "Demo", "scopes": ["speech"]}))
    print("a key:", made.secret[:4], "…")
    program = Troupe(key=made.secret)
    program.speak("A program says this.", language="en-US").save("program.mp3")
    for entry in troupe.call(get_token_ledger, limit=3).entries:
        print(entry.kind, entry.amount)
    troupe.upload("program.mp3")
    for file in troupe.call(list_files).files:
        print(file.name, file.size)
