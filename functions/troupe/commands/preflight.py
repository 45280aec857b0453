"""What a project lacks before and after a deploy, each with the command that mends it. Reads only,
and no secret's value."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from troupe.adapters.google_rest import (
    Denied,
    Disabled,
    GoogleRest,
    NoCredentials,
    Unreachable,
)
from troupe.app.container import Container
from troupe.commands.declared import FUNCTIONS, Function, declared, env_of
from troupe.commands.stripe_check import stripe_problems

_ROOT = FUNCTIONS.parent
INDEXES = _ROOT / "firestore.indexes.json"
DATABASE = "databases/(default)"
# Objects there are of no use after a few days, and a crash may leave some behind.
SHORT_LIVED = ("speech/", "uploads/")
# The headers that a page sends and reads when it uploads a file in parts.
SENDING = ("Content-Range", "Content-Type", "Location", "Range")
_CORS = {"origin": ["*"], "method": ["GET", "PUT"], "responseHeader": [*SENDING]}

# Of every deploy, besides those that the triggers of the functions name.
SERVICES = (
    "artifactregistry",
    "cloudbuild",
    "cloudfunctions",
    "firebasehosting",
    "firebaserules",
    "firestore",
    "iamcredentials",
    "identitytoolkit",
    "run",
    "secretmanager",
    "storage",
)
# Settings whose values name a service, by words in them.
CHOSEN = {
    ("SPEECH_ENGINES", "google"): "texttospeech",
    ("TRANSCRIBER", "google"): "speech",
    ("TRANSLATOR", "google"): "translate",
    ("PUSH", "fcm"): "fcm",
}
# Roles of the functions' account in the project, and wider ones that contain them.
PROJECT_ROLES = {
    "roles/datastore.user": ("roles/editor", "roles/owner", "roles/datastore.owner"),
    "roles/storage.objectAdmin": ("roles/editor", "roles/owner", "roles/storage.admin"),
    "roles/firebaseauth.admin": ("roles/editor", "roles/owner", "roles/firebase.admin"),
    "roles/cloudtasks.enqueuer": ("roles/editor", "roles/owner", "roles/cloudtasks.admin"),
    "roles/cloudtasks.viewer": ("roles/editor", "roles/owner", "roles/cloudtasks.admin"),
}
OWN_ROLES = ("roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator")
INVOKER = "roles/run.invoker"


@dataclass(frozen=True)
class Lack:
    """What is not as it should be, and the command that mends it."""

    what: str
    command: str


@dataclass
class Result:
    """Of one check. `unknown`: why it could not be made."""

    name: str
    lacks: list[Lack] = field(default_factory=list)
    unknown: str = ""
    skipped: str = ""


class Preflight:
    """The checks of one project."""

    def __init__(
        self,
        google: GoogleRest,
        settings: Mapping[str, str],
        *,
        webhook: str | None,
        services: Callable[[], Container],
    ) -> None:
        self._google = google
        self._project = google.project
        self._settings = settings
        self._webhook = webhook
        self._services = services
        self._functions, self._apis = declared(settings)
        self._bucket = settings.get("STORAGE_BUCKET") or f"{self._project}.firebasestorage.app"
        self._region = self._functions[0].region

    def results(self) -> Iterator[Result]:
        """Raises NoCredentials, Unreachable."""
        checks: dict[str, Callable[[], Iterator[Lack]]] = {
            "services": self._enabled,
            "database": self._database,
            "sign-in": self._sign_in,
            "secrets": self._secrets,
            "roles of the functions' account": self._roles,
            "bucket": self._bucket_rules,
        }
        after: dict[str, Callable[[], Iterator[Lack]]] = {
            "functions": self._deployed,
            "callers of private functions": self._invokers,
            "indexes": self._indexes,
            "expiry of documents (TTL)": self._ttl,
            "rules": self._rules,
        }
        for name, check in checks.items():
            yield self._result(name, check)
        try:
            deployed = bool(self._found)
        except Denied as denied:
            yield Result("functions", unknown=denied.reason)
            deployed = True
        for name, check in after.items():
            if deployed:
                yield self._result(name, check)
            else:
                yield Result(name, skipped="nothing is deployed yet")
        if self._settings.get("PAYMENTS") == "stripe":
            yield self._stripe()

    @staticmethod
    def _result(name: str, check: Callable[[], Iterator[Lack]]) -> Result:
        result = Result(name)
        try:
            result.lacks.extend(check())
        except Disabled:
            result.unknown = "its service is not enabled"
        except Denied as denied:
            result.unknown = denied.reason
        return result

    @cached_property
    def _found(self) -> dict[str, dict[str, Any]]:
        """The deployed functions, by name."""
        path = f"v2/projects/{self._project}/locations/-/functions"
        try:
            found = list(self._google.pages("cloudfunctions", path, "functions"))
        except Disabled:
            return {}
        return {each["name"].rsplit("/", 1)[-1]: each for each in found}

    @cached_property
    def _number(self) -> str:
        path = f"v1/projects/{self._project}"
        found = self._google.get("cloudresourcemanager", path)
        if found is None:
            raise Denied(f"there is no project {self._project}, or it is not yours")
        return str(found["projectNumber"])

    @cached_property
    def _account(self) -> str:
        """The service account of the functions: as deployed, or the default."""
        for each in self._found.values():
            if account := each.get("serviceConfig", {}).get("serviceAccountEmail"):
                return str(account)
        return f"{self._number}-compute@developer.gserviceaccount.com"

    def _enabled(self) -> Iterator[Lack]:
        path = f"v1/projects/{self._project}/services"
        found = self._google.pages("serviceusage", path, "services", filter="state:ENABLED")
        enabled = {each["config"]["name"] for each in found}
        wanted = {f"{name}.googleapis.com" for name in SERVICES} | set(self._apis)
        for (setting, word), name in CHOSEN.items():
            if word in self._settings.get(setting, "").split(","):
                wanted.add(f"{name}.googleapis.com")
        for name in sorted(wanted - enabled):
            yield Lack(
                f"{name} is not enabled", f"gcloud services enable {name} --project={self._project}"
            )

    def _database(self) -> Iterator[Lack]:
        found = self._google.get("firestore", f"v1/projects/{self._project}/{DATABASE}")
        if found is None:
            yield Lack(
                "there is no Firestore database",
                f"gcloud firestore databases create --location={self._region} "
                f"--project={self._project}",
            )
        elif found.get("type") != "FIRESTORE_NATIVE":
            yield Lack(
                "the database is in Datastore mode, not in native mode",
                f"gcloud firestore databases update --type=firestore-native "
                f"--project={self._project}",
            )

    def _sign_in(self) -> Iterator[Lack]:
        path = f"admin/v2/projects/{self._project}/config"
        found = self._google.get("identitytoolkit", path)
        console = f"https://console.firebase.google.com/project/{self._project}/authentication"
        if found is None:
            yield Lack("Authentication is not set up", f"open {console}, and press Get started")
            return
        if not found.get("signIn", {}).get("email", {}).get("enabled"):
            yield Lack(
                "sign-in with e-mail and password is off",
                f"open {console}/providers, and enable Email/Password",
            )

    def _secrets(self) -> Iterator[Lack]:
        for name in sorted({secret for each in self._functions for secret in each.secrets}):
            path = f"v1/projects/{self._project}/secrets/{name}/versions/latest"
            found = self._google.get("secretmanager", path)
            state = found and found.get("state")
            if state != "ENABLED":
                told = "is not set" if found is None else f"is {str(state).lower()}"
                yield Lack(
                    f"the secret {name} {told}",
                    f"npx firebase functions:secrets:set {name} --project {self._project}",
                )

    def _roles(self) -> Iterator[Lack]:
        account = self._account
        member = f"serviceAccount:{account}"
        policy = self._google.policy("cloudresourcemanager", f"v1/projects/{self._project}")
        has = _roles_of(policy, member)
        for role, wider in PROJECT_ROLES.items():
            if has.isdisjoint({role, *wider}):
                yield Lack(
                    f"{account} lacks {role}",
                    f"gcloud projects add-iam-policy-binding {self._project} "
                    f"--member={member} --role={role}",
                )
        path = f"v1/projects/{self._project}/serviceAccounts/{account}"
        own = self._google.policy("iam", path)
        if own is None:
            yield Lack(
                f"the service account {account} does not exist",
                f"gcloud services enable compute.googleapis.com --project={self._project}",
            )
            return
        has |= _roles_of(own, member)
        for role in OWN_ROLES:
            if role not in has:
                yield Lack(
                    f"{account} lacks {role} on itself",
                    f"gcloud iam service-accounts add-iam-policy-binding {account} "
                    f"--member={member} --role={role} --project={self._project}",
                )

    def _bucket_rules(self) -> Iterator[Lack]:
        found = self._google.get("storage", f"storage/v1/b/{self._bucket}")
        if found is None:
            yield Lack(
                f"there is no bucket {self._bucket}",
                f"open https://console.firebase.google.com/project/{self._project}/storage, and "
                "press Get started; or set STORAGE_BUCKET",
            )
            return
        update = f"gcloud storage buckets update gs://{self._bucket}"
        rules = found.get("cors", [])
        # The commands replace all rules, so they keep those that are there. Ours is first: before
        # one that lets pages PUT without these headers.
        cors = f"{_echo([_CORS, *rules])} > cors.json && {update} --cors-file=cors.json"
        if not any(_lets(rule, "GET") for rule in rules):
            yield Lack("the bucket has no CORS rule that lets any origin GET", cors)
        elif not any(_lets(rule, "PUT", SENDING) for rule in rules):
            shown = ", ".join(SENDING)
            yield Lack(
                f"the bucket has no CORS rule that lets any origin PUT, with the headers {shown}",
                cors,
            )
        rules = found.get("lifecycle", {}).get("rule", [])
        left = [each for each in SHORT_LIVED if not any(_deletes(rule, each) for rule in rules)]
        if left:
            more = {"action": {"type": "Delete"}, "condition": {"age": 8, "matchesPrefix": left}}
            lifecycle = _echo({"rule": [*rules, more]})
            yield Lack(
                f"the bucket keeps objects below {' and '.join(left)} that a crash has left behind",
                f"{lifecycle} > lifecycle.json && {update} --lifecycle-file=lifecycle.json",
            )

    def _deployed(self) -> Iterator[Lack]:
        for each in self._functions:
            found = self._found.get(each.name)
            state = found and found.get("state")
            if state != "ACTIVE":
                told = "is not deployed" if found is None else f"is {str(state).lower()}"
                yield Lack(
                    f"the function {each.name} {told}",
                    f"npx firebase deploy --only functions:{each.name} --project {self._project}",
                )
        for name in sorted(self._found.keys() - {each.name for each in self._functions}):
            yield Lack(
                f"the function {name} is deployed, but this version has none of that name",
                f"npx firebase functions:delete {name} --project {self._project}",
            )

    def _invokers(self) -> Iterator[Lack]:
        member = f"serviceAccount:{self._account}"
        project = self._google.policy("cloudresourcemanager", f"v1/projects/{self._project}")
        everywhere = _roles_of(project, member)
        for each in self._functions:
            if each.private and each.name in self._found:
                yield from self._invoker(each, member, everywhere)

    def _invoker(self, function: Function, member: str, everywhere: set[str]) -> Iterator[Lack]:
        # Cloud Run's names have no capitals.
        service = function.name.lower()
        path = f"v2/projects/{self._project}/locations/{function.region}/services/{service}"
        policy = self._google.policy("run", path, post=False)
        at = f"{service} --region={function.region} --project={self._project} --role={INVOKER}"
        if function.is_task and INVOKER not in _roles_of(policy, member) | everywhere:
            yield Lack(
                f"tasks may not call {function.name}",
                f"gcloud run services add-iam-policy-binding {at} --member={member}",
            )
        if INVOKER in _roles_of(policy, "allUsers"):
            yield Lack(
                f"anybody may call {function.name}, which is private",
                f"gcloud run services remove-iam-policy-binding {at} --member=allUsers",
            )

    def _indexes(self) -> Iterator[Lack]:
        path = f"v1/projects/{self._project}/{DATABASE}/collectionGroups/-/indexes"
        states = {
            _index(each, each["name"].split("/")[-3]): each.get("state", "READY")
            for each in self._google.pages("firestore", path, "indexes")
        }
        deploy = f"npx firebase deploy --only firestore:indexes --project {self._project}"
        wanted = json.loads(INDEXES.read_text())["indexes"]
        missing = [each for each in wanted if _index(each, each["collectionGroup"]) not in states]
        building = [
            each
            for each in wanted
            if states.get(_index(each, each["collectionGroup"]), "READY") != "READY"
        ]
        for each in missing:
            fields = ", ".join(part["fieldPath"] for part in each["fields"])
            yield Lack(f"the index of {each['collectionGroup']} by {fields} is missing", deploy)
        if building:
            yield Lack(
                f"{len(building)} indexes are being built, or need repair",
                f"gcloud firestore indexes composite list --project={self._project}",
            )

    def _ttl(self) -> Iterator[Lack]:
        path = f"v1/projects/{self._project}/{DATABASE}/collectionGroups/-/fields"
        # Google asks for a filter: these are the fields that are not as by default.
        told = "indexConfig.usesAncestorConfig:false OR ttlConfig:*"
        active = {
            tuple(each["name"].split("/")[-3::2])
            for each in self._google.pages("firestore", path, "fields", filter=told)
            if each.get("ttlConfig", {}).get("state") in ("ACTIVE", "CREATING")
        }
        for each in json.loads(INDEXES.read_text())["fieldOverrides"]:
            group, name = each["collectionGroup"], each["fieldPath"]
            if each.get("ttl") and (group, name) not in active:
                yield Lack(
                    f"documents of {group} do not expire by {name}",
                    f"gcloud firestore fields ttls update {name} --collection-group={group} "
                    f"--enable-ttl --project={self._project}",
                )

    def _rules(self) -> Iterator[Lack]:
        path = f"v1/projects/{self._project}/releases"
        found = self._google.pages("firebaserules", path, "releases")
        names = {each["name"].partition("/releases/")[2] for each in found}
        for name, what in (
            ("cloud.firestore", "firestore:rules"),
            (f"firebase.storage/{self._bucket}", "storage"),
        ):
            if name not in names:
                yield Lack(
                    f"the rules of {name} are not deployed",
                    f"npx firebase deploy --only {what} --project {self._project}",
                )

    def _stripe(self) -> Result:
        """The price table, the webhook endpoint and the portal, as `stripe check`."""
        result = Result("prices and webhook at Stripe")
        if not os.environ.get("STRIPE_SECRET_KEY"):
            result.unknown = (
                "STRIPE_SECRET_KEY is not set here: export "
                'STRIPE_SECRET_KEY="$(npx firebase functions:secrets:access STRIPE_SECRET_KEY)"'
            )
            return result
        try:
            services = self._services()
            problems = stripe_problems(services, self._webhook)
        except Exception as error:  # a setting is missing, or Stripe or Firestore refuse
            result.unknown = f"{type(error).__name__}: {error}"
            return result
        url = self._webhook or "https://YOUR-SITE/api/payments/webhook"
        setup = f"venv/bin/python -m troupe stripe setup --webhook {url}"
        result.lacks = [Lack(problem, setup) for problem in problems]
        return result


def _roles_of(policy: Mapping[str, Any] | None, member: str) -> set[str]:
    """Without those that only hold under a condition."""
    return {
        binding["role"]
        for binding in (policy or {}).get("bindings", [])
        if member in binding.get("members", []) and "condition" not in binding
    }


def _echo(data: object) -> str:
    """The command that prints it as JSON."""
    return f"echo {shlex.quote(json.dumps(data))}"


def _lets(rule: Mapping[str, Any], method: str, headers: Collection[str] = ()) -> bool:
    """Whether a CORS rule lets pages of any origin use a method and these headers."""
    named = {each.lower() for each in rule.get("responseHeader", [])}
    return (
        "*" in rule.get("origin", [])
        and not {method, "*"}.isdisjoint(rule.get("method", []))
        and named >= {each.lower() for each in headers}
    )


def _deletes(rule: Mapping[str, Any], prefix: str) -> bool:
    condition = rule.get("condition", {})
    return (
        rule.get("action", {}).get("type") == "Delete"
        and prefix in condition.get("matchesPrefix", [])
        and "age" in condition
    )


def _index(index: Mapping[str, Any], group: str) -> tuple[Any, ...]:
    """What makes an index another one. Firestore adds the name of the document to the fields."""
    fields = tuple(
        (each["fieldPath"], each.get("order") or each.get("arrayConfig"))
        for each in index["fields"]
        if each["fieldPath"] != "__name__"
    )
    return group, index["queryScope"], fields


def preflight(options: argparse.Namespace, services: Callable[[], Container]) -> int:
    """Prints what the project lacks."""
    if os.environ.get("FUNCTIONS_EMULATOR") == "true":
        print("not possible on the emulators: unset FUNCTIONS_EMULATOR", file=sys.stderr)
        return 3
    project = options.project or os.environ.get("GCLOUD_PROJECT")
    if not project:
        print("which project? --project, or GCLOUD_PROJECT", file=sys.stderr)
        return 2
    base = os.environ.get("GOOGLE_APIS_URL") or "https://{host}.googleapis.com"
    settings = env_of(project, FUNCTIONS)
    if "PAYMENTS" not in settings:
        print("functions/.env does not set PAYMENTS: no function would start", file=sys.stderr)
        print("  cp functions/.env.example functions/.env, and choose", file=sys.stderr)
    results: list[Result] = []
    try:
        checks = Preflight(
            GoogleRest(project, base), settings, webhook=options.webhook, services=services
        )
        for result in checks.results():
            _show(result)
            results.append(result)
    except NoCredentials as error:
        print(f"no credentials for Google: {error}", file=sys.stderr)
        print("  gcloud auth application-default login", file=sys.stderr)
        return 1
    except Unreachable as error:
        print(f"{error}: check the network, and run this again", file=sys.stderr)
        return 1
    lacks = sum(len(result.lacks) for result in results) + ("PAYMENTS" not in settings)
    unknown = sum(bool(result.unknown) for result in results)
    skipped = any(result.skipped for result in results)
    print(
        f"preflight of {project}: {lacks} missing, {unknown} not looked at"
        + (", and nothing is deployed yet: run it again after the deploy" if skipped else "")
    )
    return 1 if lacks or unknown or (skipped and options.deployed) else 0


def _show(result: Result) -> None:
    if result.skipped:
        print(f"later    {result.name}: {result.skipped}")
    elif result.unknown:
        print(f"unknown  {result.name}: {result.unknown}")
    elif not result.lacks:
        print(f"ok       {result.name}")
    for lack in result.lacks:
        print(f"missing  {lack.what}\n           {lack.command}")
