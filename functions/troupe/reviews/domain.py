"""Reviews of calls, companies and characters."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="reviews",
    endpoints={"calls": ("troupe.reviews.endpoints",)},
    erasers={"reviews": "troupe.reviews.lifecycle:erase"},
    exporters={"reviews": "troupe.reviews.lifecycle:export"},
    limits={
        "review": Limit("10/3600, 100/3600", "reviews written or changed"),
        "review_response": Limit("30/600, 300/600", "companies' answers to reviews"),
    },
)
