# SPDX-License-Identifier: ISC
"""OpenDKIM's library as a signer, for messages that others have signed. None of it is needed to build;
Unavailable says that the library is not here."""
import ctypes

SIMPLE, RELAXED = 0, 1
ALGORITHMS = {"rsa-sha1": 0, "rsa-sha256": 1, "ed25519-sha256": 2}
OK = 0
FIELD_MAX = 16384


class Unavailable(Exception):
    """There is no libopendkim."""


class Signer:
    def __init__(self):
        try:
            self.library = ctypes.CDLL("libopendkim.so.11")
        except OSError as reason:
            raise Unavailable(str(reason)) from reason
        self.library.dkim_init.restype = ctypes.c_void_p
        self.library.dkim_sign.restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.library.dkim_init(None, None))

    def sign(self, message, key, selector, domain, algorithm, canon):
        """The message (CRLF) with a signature in front; key: PEM; canon: "relaxed/simple"."""
        status = ctypes.c_int(0)
        forms = [RELAXED if c == "relaxed" else SIMPLE for c in canon.split("/")]
        dkim = self.library.dkim_sign(
            self.handle, b"test", None, key, selector.encode(), domain.encode(), forms[0], forms[1],
            ALGORITHMS[algorithm], ctypes.c_ssize_t(-1), ctypes.byref(status))
        assert dkim, "dkim_sign: %d" % status.value
        dkim = ctypes.c_void_p(dkim)
        head, body = message.split(b"\r\n\r\n", 1)
        for field in head.replace(b"\r\n ", b"\0 ").replace(b"\r\n\t", b"\0\t").split(b"\r\n"):
            field = field.replace(b"\0", b"\r\n")
            assert self.library.dkim_header(dkim, field, ctypes.c_size_t(len(field))) == OK
        assert self.library.dkim_eoh(dkim) == OK
        assert self.library.dkim_body(dkim, body, ctypes.c_size_t(len(body))) == OK
        assert self.library.dkim_eom(dkim, None) == OK
        buffer = ctypes.create_string_buffer(FIELD_MAX)
        assert self.library.dkim_getsighdr(dkim, buffer, ctypes.c_size_t(FIELD_MAX),
                                           ctypes.c_size_t(len("DKIM-Signature: "))) == OK
        self.library.dkim_free(dkim)
        value = buffer.value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return b"DKIM-Signature: " + value + b"\r\n" + message
