"""Video calls of companies with their customers."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="calls",
    endpoints={
        "calls": (
            "troupe.calls.endpoints",
            "troupe.calls.live_endpoints",
            "troupe.calls.signal_endpoints",
        ),
        "live": ("troupe.calls.event_endpoints",),
    },
    erasers={"calls": "troupe.calls.lifecycle:erase"},
    exporters={"calls": "troupe.calls.lifecycle:export"},
    chores={"calls": "call_endings.sweep", "call_signals": "call_signals.expire"},
    limits={
        "call": Limit("60/3600, 300/3600", "calls created"),
        "call_look": Limit("0, 30/60", "calls looked at by their code, from one address"),
        "call_code": Limit("0, 20/600", "wrong codes of calls, from one address"),
        "call_guest": Limit("0, 10/600", "calls entered as a guest, from one address"),
        "call_signal": Limit("300/60, 0", "signals sent in calls"),
        "call_ice": Limit("20/60, 0", "servers and credentials asked for in calls"),
    },
)
