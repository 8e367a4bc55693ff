"""An S3 server: `server.py BUCKET PORT TLS_PORT DEAF_PORT CERTIFICATE KEY`.

It keeps what it stores in memory, and checks no password.
"""

import io
import logging
import sys
import threading

from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import run_simple
from werkzeug.wsgi import get_input_stream


class OneAtATime:
    """S3 checks a condition and writes in one step; moto, in two, between which no request may come."""

    def __init__(self, application):
        self.application = application
        self.turn = threading.Lock()

    def __call__(self, environ, start_response):
        # Read before its turn, so that a client that stalls holds up no other.
        try:
            body = get_input_stream(environ).read()
        except ClientDisconnected as cut_off:
            return cut_off(environ, start_response)
        environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        with self.turn:
            return self.application(environ, start_response)


class Deaf:
    """Creates an object over one that is there, whatever is asked, as s3rver 3.7.1 does. What is below
    `forbidden` and `malformed` it refuses with 403 and 400."""

    REFUSED = {"forbidden": ("403 Forbidden", "AccessDenied"), "malformed": ("400 Bad Request", "InvalidArgument")}

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        asked = environ["PATH_INFO"] + environ["QUERY_STRING"]
        for name, (status, code) in self.REFUSED.items():
            if name in asked:
                start_response(status, [("Content-Type", "application/xml")])
                return [f"<Error><Code>{code}</Code></Error>".encode()]
        environ.pop("HTTP_IF_NONE_MATCH", None)
        return self.application(environ, start_response)


def main(bucket, port, tls_port, deaf_port, certificate, key):
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    s3 = create_backend_app("s3")
    s3.test_client().put(f"/{bucket}").close()
    application = OneAtATime(s3)

    def serve(port, application, **tls):
        run_simple("127.0.0.1", int(port), application, threaded=True, **tls)

    encrypted = {"ssl_context": (certificate, key)}
    threading.Thread(target=serve, args=[tls_port, application], kwargs=encrypted, daemon=True).start()
    threading.Thread(target=serve, args=[deaf_port, Deaf(application)], daemon=True).start()
    serve(port, application)


if __name__ == "__main__":
    main(*sys.argv[1:])
