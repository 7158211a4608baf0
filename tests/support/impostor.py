# SPDX-License-Identifier: ISC
"""Something else than the daemon at its control socket."""
import os
import shutil
import socket
import tempfile
import threading


class Impostor:
    """Listens in place of the daemon and answers what it is told to; None: nothing, ever."""

    def __init__(self, *answers):
        self.folder = tempfile.mkdtemp(prefix="gatepost-test.")
        self.path = os.path.join(self.folder, "control")
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(5)
        self.kept = []
        threading.Thread(target=self.serve, args=(answers,), daemon=True).start()

    def serve(self, answers):
        for answer in answers:
            connection = self.server.accept()[0]
            if answer is None:
                self.kept.append(connection)
                continue
            try:
                connection.recv(65536)
                for part in answer:
                    connection.sendall(part)
            except OSError:
                pass
            connection.close()

    def close(self):
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)
