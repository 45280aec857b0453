"""All migrations, in the order in which they run. Numbers are never reused, and a migration that
has been released is not changed."""

from __future__ import annotations

from troupe.migrations import m001_users_show_plans_and_minutes as m001
from troupe.migrations import m002_audit_entries_say_whom as m002
from troupe.migrations import m003_characters_say_who_sees_them as m003
from troupe.migrations import m004_subscriptions_say_which_minutes_were_carried as m004
from troupe.migrations import m005_api_keys_say_when_they_are_told_of as m005
from troupe.migrations.records import Migration

MIGRATIONS: tuple[Migration, ...] = (
    m001.MIGRATION,
    m002.MIGRATION,
    m003.MIGRATION,
    m004.MIGRATION,
    m005.MIGRATION,
)
