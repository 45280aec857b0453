"""`make up`: the stack with its seed data, until Ctrl-C."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from local.ports import STRIPE
from local.recovery import Recovery
from local.seed import accounts, seed_stack
from local.stack import Stack, wanted


def up(*, ports: str, port: Mapping[str, int], seed: bool) -> int:
    begun = time.monotonic()
    print("Starting the local stack (Ctrl-C stops it)", flush=True)
    with Stack.start(
        ports=ports,
        port=port,
        components=wanted(),
        watch=True,
        say=lambda line: print(line, flush=True),
    ) as stack:
        if seed:
            print(f"  {'seeded':<10} {seed_stack(stack)}")
        print(f"\nReady after {time.monotonic() - begun:.1f} s")
        print(f"  the studio  {stack.base_url}/")
        print(f"  the API     {stack.base_url}/api/docs")
        if seed:
            for account in accounts():
                print(f"  {account.email:<20} {account.password:<24} {account.role}")
        if STRIPE in stack.served:
            url = f"http://{stack.host(STRIPE)}"
            print(f"The fake Stripe's dashboard, with refunds, disputes and its clock: {url}")
            print("  how to buy and cancel: docs/trying-payments.md")
        print(f"Logs: {os.path.relpath(stack.folder / 'logs')}", flush=True)
        recovery = Recovery(
            stack,
            seed=lambda: seed_stack(stack) if seed else "nothing",
            say=lambda line: print(line, flush=True),
        )
        try:
            recovery.run()
        except KeyboardInterrupt:
            print("\nstopping", flush=True)
    return 0
