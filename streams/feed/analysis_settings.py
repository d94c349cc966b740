"""Settings of what the feed works out from all events that are kept: the ledger, and facilitators.

They are the sections `[ledger]` and `[facilitators]` of the settings file, which the commands of these names
read too.
"""

import msgspec

from streams.facilitators.settings import FacilitatorSettings
from streams.ledger.settings import LedgerSettings


class AnalysisSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ledger: LedgerSettings = LedgerSettings()
    facilitators: FacilitatorSettings = FacilitatorSettings()
