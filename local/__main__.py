"""The local stack's command line: `python -m local up|demo|seed|doctor`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from local.errors import StackError


def _port(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isdigit() or not 0 < int(number) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PORT, for example hosting=5005")
    return name, int(number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="Troupe's local stack: all emulators together."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser(
        "up", help="start and seed everything, and run until Ctrl-C; nothing is kept between runs"
    )
    up.add_argument(
        "--ports",
        choices=("default", "auto"),
        default="default",
        help="default: those of firebase.json; auto: free ports",
    )
    up.add_argument(
        "--port",
        action="append",
        type=_port,
        default=[],
        metavar="NAME=PORT",
        help="sets one port, for example hosting=5005; may be repeated",
    )
    up.add_argument("--no-seed", action="store_true", help="start without accounts and plans")
    demo = commands.add_parser(
        "demo", help="start on free ports, speak four texts, render a video, fill a room, stop"
    )
    demo.add_argument(
        "--out", type=Path, default=Path("out"), help="folder for the results (default: out)"
    )
    seed = commands.add_parser("seed", help="seed a running stack with accounts, plans and a cast")
    seed.add_argument(
        "--port",
        action="append",
        type=_port,
        default=[],
        metavar="NAME=PORT",
        help="a port of the running stack that is not the default; may be repeated",
    )
    commands.add_parser("doctor", help="check what the stack needs")
    return parser


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """Ends the command, once: a process group gets a signal from the terminal and from make, and a
    second exception could strike while the first one stops the stack."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _dispatch(args: argparse.Namespace) -> int:
    if args.command == "doctor":
        from local import tools  # noqa: PLC0415 - must work without the other packages

        return _doctor(tools.doctor())
    # Imported here, so that a missing package gives a message instead of a traceback.
    if args.command == "up":
        from local.up import up  # noqa: PLC0415

        return up(ports=args.ports, port=dict(args.port), seed=not args.no_seed)
    if args.command == "demo":
        from local.demo import demo  # noqa: PLC0415

        return demo(args.out)
    from local.seed import seed_running_stack  # noqa: PLC0415

    return seed_running_stack(dict(args.port))


def _doctor(findings: list[tuple[str, bool, str]]) -> int:
    for name, found, text in findings:
        lines = text.splitlines()
        print(f"  {'ok     ' if found else 'MISSING'}  {name:<10} {lines[0]}")
        for line in lines[1:]:
            print(f"{'':<22}{line}")
    return 0 if all(found for _, found, _ in findings) else 1


def main() -> int:
    args = _parser().parse_args()
    return run(lambda: _dispatch(args))


def run(command: Callable[[], int]) -> int:
    """Runs a command; returns its exit code: 130 if a signal ended it, 1 after an error."""
    # SIGINT too: a shell script starts a command with `&` with it ignored.
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        return command()
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except ModuleNotFoundError as missing:
        print(f"{missing.name} is not installed.\nInstall it: make setup", file=sys.stderr)
        return 1
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
