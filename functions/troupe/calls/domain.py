"""Video calls of companies with their customers."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="calls",
    endpoints={"calls": ("troupe.calls.invitation_endpoints",)},
    erasers={"call_invitations": "troupe.calls.invitation_lifecycle:erase"},
    exporters={"call_invitations": "troupe.calls.invitation_lifecycle:export"},
    chores={
        "call_messages": "call_messages.resume_due",
        "after_calls": "after_calls.send_due",
    },
    job_specs={"call_message": "troupe.calls.message_specs:CALL_MESSAGE"},
    limits={
        "call_invite": Limit("20/3600, 0", "people whom a member of a company invites to calls"),
        "call_messages": Limit("500/86400, 0", "messages about calls of one company"),
        "call_message_to_one": Limit(
            "3/86400, 0", "messages about calls to one number or email address"
        ),
    },
)
