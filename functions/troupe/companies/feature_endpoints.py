"""The features of companies over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.companies import feature_schemas as schemas
from troupe.companies.schemas import CompanyPath
from troupe.errors import CompanyNotFound, Forbidden
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.companies.features import Features

api = Api("company-features", "Companies")


@api.get(
    "/api/companies/<companyId>/features",
    auth=Auth.COMPANY,
    data=schemas.FeatureList,
    errors=(CompanyNotFound, Forbidden),
)
def company_features(path: CompanyPath, caller: Caller, features: Features) -> Reply:
    """Lists the features that a company has, and where each comes from."""
    found = features.page(caller, path.company_id)
    data = schemas.FeatureList(features=[schemas.FeatureView.of(each) for each in found])
    return Reply(data, "Features fetched successfully")
