"""The database of a home: the attempts at answers, and what was consented to."""

from __future__ import annotations

from functools import partial

from ragchat.privacy.consent import CREATE_CONSENTS, TELL_PURPOSES_APART
from ragchat.storage.database import open_database
from ragchat.usage.ledger import CREATE_ATTEMPTS

STATE_FILE = "state.db"

# Append only: a script's position is the version of the schema it leads to.
open_state = partial(open_database, migrations=(CREATE_ATTEMPTS, CREATE_CONSENTS, TELL_PURPOSES_APART))
"""Open such a database by its path, made if need be; raises `StorageError`."""
