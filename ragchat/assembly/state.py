"""The database of a home: what was asked of whom, what it took, what was consented to, and who is well."""

from __future__ import annotations

from functools import partial

from ragchat.generation.memory.answers import CREATE_ANSWERS
from ragchat.privacy.consent import CREATE_CONSENTS, TELL_PURPOSES_APART
from ragchat.resilience.breaker import CREATE_BREAKERS
from ragchat.resilience.limits import CREATE_LIMITS
from ragchat.storage.database import open_database
from ragchat.usage.budgets import CREATE_BUDGET_WARNINGS
from ragchat.usage.calibration import CREATE_CALIBRATIONS
from ragchat.usage.ledger import CREATE_ATTEMPTS, NOTE_TRUNCATION, WIDEN_ATTEMPTS
from ragchat.usage.prices import CREATE_PRICES
from ragchat.usage.quotes import CREATE_QUOTES

STATE_FILE = "state.db"

# Append only: a script's position is the version of the schema it leads to.
_MIGRATIONS = (
    CREATE_ATTEMPTS,
    CREATE_CONSENTS,
    TELL_PURPOSES_APART,
    WIDEN_ATTEMPTS,
    CREATE_BREAKERS,
    CREATE_LIMITS,
    CREATE_BUDGET_WARNINGS,
    CREATE_PRICES,
    CREATE_CALIBRATIONS,
    CREATE_ANSWERS,
    NOTE_TRUNCATION,
    CREATE_QUOTES,
)
open_state = partial(open_database, migrations=_MIGRATIONS)
"""Open such a database by its path, made if need be; raises `StorageError`."""
