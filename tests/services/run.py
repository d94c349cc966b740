"""Start Kafka and Redis for work by hand: `python -m tests.services.run [FOLDER]`, until Ctrl-C.

With a folder the data stay there for the next start, on other ports; without one they end with it.
"""

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.services.kafka import KafkaServer
from tests.services.redis import RedisServer
from tests.services.server import ServiceError


def main() -> int:
    with ExitStack() as stack:
        folder = Path(
            sys.argv[1] if len(sys.argv) > 1 else stack.enter_context(tempfile.TemporaryDirectory())
        )
        try:
            kafka = stack.enter_context(KafkaServer(folder / "kafka"))
            redis = stack.enter_context(RedisServer(folder / "redis"))
        except ServiceError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"TANKERWATCH_TEST_KAFKA={kafka.address}")
        print(f"TANKERWATCH_TEST_REDIS={redis.url}")
        print("Ctrl-C stops both.", file=sys.stderr, flush=True)
        sys.stdout.flush()
        stop = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, stop)
        signal.sigwait(stop)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # while they start
        sys.exit(130)
