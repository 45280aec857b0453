"""Rooms in which people write and speak, each in their own language."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="rooms",
    endpoints={
        "rooms": (
            "troupe.rooms.endpoints",
            "troupe.rooms.member_endpoints",
            "troupe.rooms.message_endpoints",
            "troupe.rooms.translation_endpoints",
            "troupe.rooms.speech_endpoints",
        ),
        "captions": ("troupe.rooms.caption_endpoints",),
        "live": ("troupe.rooms.event_endpoints",),
    },
    erasers={
        "messages": "troupe.rooms.lifecycle:erase_messages",
        "rooms": "troupe.rooms.lifecycle:erase",
    },
    exporters={
        "messages": "troupe.rooms.lifecycle:export_messages",
        "rooms": "troupe.rooms.lifecycle:export",
    },
    chores={
        "room_invitations": "room_invitations.expire",
        "messages": "messages.expire",
        "room_clearing": "room_clearing.resume_due",
        "message_translations": "message_translations.complete_due",
        "message_speech": "speech_cleanup.sweep",
    },
    job_specs={
        "room_clearing": "troupe.rooms.clearing_specs:ROOM_CLEARING",
        "message_speech": "troupe.rooms.speech_specs:MESSAGE_SPEECH",
        "message_transcript": "troupe.rooms.transcript_specs:MESSAGE_TRANSCRIPT",
    },
    limits={
        "room": Limit("10/3600, 30/3600", "rooms created"),
        "room_look": Limit("0, 30/60", "rooms looked at without joining, from one address"),
        "room_join": Limit("20/600, 300/600", "rooms joined"),
        "room_password": Limit("5/900, 30/900", "wrong passwords of rooms"),
        "room_translation": Limit(
            "3000/3600, 0", "messages translated in rooms, each language and 500 characters"
        ),
        "guest_room_translation": Limit(
            "600/3600, 0",
            "messages of guests translated in rooms, each language and 500 characters",
        ),
        "room_caption": Limit("90/60, 0", "live captions sent to rooms"),
        "room_sound": Limit("240/60, 0", "seconds of sound in live captions, silence included"),
        "room_sound_hour": Limit(
            "7200/3600, 0",
            "seconds of sound in live captions, silence included, over a longer time",
        ),
        "guest_room_sound": Limit(
            "300/3600, 0", "seconds of sound in live captions of guests, silence included"
        ),
        "room_all_sound": Limit(
            "14400/3600, 0",
            "seconds of sound in captions and messages of one room, from all members but its "
            "payer, silence included",
        ),
        "room_guest_sound": Limit(
            "1800/3600, 0",
            "seconds of sound in captions and messages of one room, from all its guests, silence "
            "included",
        ),
        "room_file": Limit("300/3600, 1000/3600", "sounds and pictures sent in rooms"),
        "guest_room_file": Limit("40/3600, 200/3600", "sounds and pictures sent by guests"),
        "room_transcript": Limit("1800/3600, 0", "seconds of sound messages that are transcribed"),
        "guest_room_transcript": Limit(
            "300/3600, 0", "seconds of guests' sound messages that are transcribed"
        ),
        "room_speech": Limit("30/60, 0", "messages spoken in rooms"),
        "guest_room_speech": Limit("10/60, 0", "messages that guests have spoken in rooms"),
        "room_speech_total": Limit(
            "500/86400, 0",
            "speech in a room that others pay for, each message and 1,000 characters",
        ),
        "room_invite": Limit("50/3600, 200/3600", "invitations to rooms"),
    },
)
