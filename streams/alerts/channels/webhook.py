"""Webhooks with signatures as Standard Webhooks defines them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer

from streams.alerts.channel import Outcome
from streams.alerts.channels.http import Poster
from streams.alerts.message import Message, payload


class WebhookChannel:
    def __init__(self, poster: Poster, secret: str) -> None:
        """Raises ValueError for a text that is not a secret."""
        try:
            self._signer = Signer(secret)
        except Exception as error:  # the package has no common base class of its exceptions
            raise ValueError(f"is not a secret of Standard Webhooks, whsec_ and base64 ({error})") from None
        self._poster = poster

    async def send(self, message: Message) -> Outcome:
        body, now = payload(message), datetime.now(UTC)
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message.id, now, body.decode()),
        }
        return await self._poster.post(body, headers)
