"""Companies: ids and paths, in Firestore and of the site."""

from __future__ import annotations

import hashlib
import re
import secrets

from troupe.companies.records import COLLECTION

_LICENSE = re.compile(r"li([0-9a-f]{20})[0-9a-f]{12}")


def company_path(company_id: str) -> str:
    return f"{COLLECTION}/{company_id}"


def slug_path(slug: str) -> str:
    return f"companySlugs/{slug}"


def number_path(country: str, number: str) -> str:
    return f"companyNumbers/{country}-{number}"


def members_path(company_id: str) -> str:
    return f"{company_path(company_id)}/members"


def licenses_path(company_id: str) -> str:
    return f"{company_path(company_id)}/licences"


def license_path(license_id: str) -> str:
    return f"{licenses_path(company_of_license(license_id))}/{license_id}"


def license_id_of(company_id: str, cause: str, number: int) -> str:
    """The id of the license that a request creates as its `number`th. `cause`: the request."""
    digest = hashlib.sha256(f"{cause}\n{number}".encode()).hexdigest()[:12]
    return f"li{company_id.removeprefix('co')}{digest}"


def company_of_license(license_id: str) -> str:
    """The company that a license id names; empty if it is no such id."""
    found = _LICENSE.fullmatch(license_id)
    return f"co{found[1]}" if found else ""


def invitations_path(company_id: str) -> str:
    return f"{company_path(company_id)}/invitations"


def invitation_path(company_id: str, invitation_id: str) -> str:
    return f"{invitations_path(company_id)}/{invitation_id}"


def invitation_id_of(email: str) -> str:
    """One per address and company."""
    return hashlib.sha256(email.encode()).hexdigest()[:20]


def link_of(token: str) -> str:
    """The path of the site that an invited person opens."""
    return f"/invitation#{token}"


def new_company_id() -> str:
    return f"co{secrets.token_hex(10)}"
