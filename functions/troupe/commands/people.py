"""Administrators, and grants of tokens."""

from __future__ import annotations

import argparse
import getpass
import sys

from pydantic import ValidationError

from troupe.accounts.errors import CannotSuspendAdmin, EmailUnproved, UserNotFound
from troupe.accounts.records import UserRecord
from troupe.accounts.schemas import RegisterBody
from troupe.adapters.firestore import Write
from troupe.app.container import Container
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.caller import Device
from troupe.errors import TroupeError
from troupe.wallet.records import Meter

_OPERATOR = Actor(uid="operator", email=None)


def create_admin(options: argparse.Namespace, services: Container) -> int:
    """Makes a registered user an administrator; with --create, registers the user first."""
    user = services.directory.find(options.email)
    if user is None:
        if not options.create:
            print(
                f"no user has the address {options.email}; register first, or use --create",
                file=sys.stderr,
            )
            return 1
        user = _register(services, options.email)
        if user is None:
            return 1
    try:
        services.administration.make_admin(user.id, _promotion)
    except UserNotFound:
        print(f"{options.email} no longer exists", file=sys.stderr)
        return 1
    except CannotSuspendAdmin:
        print(f"{options.email} is suspended", file=sys.stderr)
        return 1
    except EmailUnproved:
        print(
            f"{options.email} is not verified, so anybody may have registered it; its owner must "
            "verify it first, for example by resetting the password",
            file=sys.stderr,
        )
        return 1
    print(f"{options.email} ({user.id}) is an administrator")
    return 0


def grant(options: argparse.Namespace, services: Container) -> int:
    """Adds tokens to a wallet, once per id."""
    if options.tokens <= 0:
        print("the number of tokens must be greater than 0", file=sys.stderr)
        return 2
    user = services.directory.find(options.email)
    if user is None:
        print(f"no user has the address {options.email}", file=sys.stderr)
        return 1
    entry_id = f"grant-{options.id}"
    fresh = services.wallet.grant(user.id, entry_id, Meter.TOKENS, options.tokens, "operator")
    print(f"{options.tokens} tokens granted" if fresh else f"{entry_id} was already granted")
    return 0


def _register(services: Container, email: str) -> UserRecord | None:
    """Registers an address that the operator vouches for; None if that failed. Prompts for a
    password without echo at a terminal, else reads a line from stdin."""
    terminal = sys.stdin.isatty()
    password = getpass.getpass() if terminal else sys.stdin.readline().rstrip("\n")
    try:
        body = RegisterBody(email=email, password=password)
        signed_in = services.accounts.register(
            email=body.email,
            password=body.password,
            name=None,
            username=None,
            picture=None,
            device=Device("operator"),
            verified=True,
        )
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            print(f"{problem['loc'][0]}: {problem['msg']}", file=sys.stderr)
        return None
    except TroupeError as error:
        print(error.text, file=sys.stderr)
        return None
    return signed_in.user


def _promotion(user: UserRecord) -> list[Write]:
    before, after = {"role": user.role}, {"role": "admin"}
    return entry_writes(_OPERATOR, "create-admin", f"users/{user.id}", before, after)
