"""Video calls of companies with their customers."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="calls",
    endpoints={
        "calls": (
            "troupe.calls.endpoints",
            "troupe.calls.live_endpoints",
            "troupe.calls.invitation_endpoints",
            "troupe.calls.signal_endpoints",
            "troupe.calls.livekit_endpoints",
        ),
        "live": ("troupe.calls.event_endpoints",),
    },
    erasers={
        "calls": "troupe.calls.lifecycle:erase",
        "call_invitations": "troupe.calls.invitation_lifecycle:erase",
    },
    exporters={
        "calls": "troupe.calls.lifecycle:export",
        "call_invitations": "troupe.calls.invitation_lifecycle:export",
    },
    chores={
        "calls": "call_endings.sweep",
        "call_departures": "call_departures.sweep",
        "call_signals": "call_signals.expire",
        "livekit_rooms": "livekit_rooms.sweep",
        "call_messages": "call_messages.resume_due",
        "after_calls": "after_calls.send_due",
    },
    job_specs={"call_message": "troupe.calls.message_specs:CALL_MESSAGE"},
    limits={
        "call": Limit("60/3600, 300/3600", "calls created"),
        "call_look": Limit("0, 30/60", "calls looked at by their code, from one address"),
        "call_code": Limit("0, 20/600", "wrong codes of calls, from one address"),
        "call_guest": Limit("0, 10/600", "calls entered as a guest, from one address"),
        "call_invite": Limit("20/3600, 0", "people whom a member of a company invites to calls"),
        "call_messages": Limit("500/86400, 0", "messages about calls of one company"),
        "call_message_to_one": Limit(
            "3/86400, 0", "messages about calls to one number or email address"
        ),
        "call_signal": Limit("300/60, 0", "signals sent in calls"),
        "call_ice": Limit("20/60, 0", "servers and credentials asked for in calls"),
    },
)
