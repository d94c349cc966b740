"""A real MQTT broker for tests: Eclipse Mosquitto."""

import os
import shutil
import socket

from tests.services.server import HOST, Server, ServiceError

# Debian keeps it where only root looks
PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))


class MosquittoServer(Server):
    name = "mosquitto"

    def _prepare(self) -> None:
        settings = f"listener {self.port} {HOST}\nallow_anonymous true\npersistence false\nlog_dest stderr\n"
        (self.folder / "mosquitto.conf").write_text(settings)

    def _command(self) -> list[str]:
        program = shutil.which("mosquitto", path=PLACES)
        if program is None:
            raise ServiceError("mosquitto is not installed. Run tests/services/setup.sh, or install it")
        return [program, "-c", str(self.folder / "mosquitto.conf")]

    def _ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                # CONNECT of MQTT 3.1.1 with a client id of its own; the answer is CONNACK
                connection.sendall(b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06probe1")
                return connection.recv(4) == b"\x20\x02\x00\x00"
        except OSError:
            return False
