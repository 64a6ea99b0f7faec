"""Serve a published super-resolution model: POST a PNG or JPEG to /inference, get the enlarged PNG.

    MODEL=saved_models/sesr_x2_subpixel python examples/serving/server.py --address 127.0.0.1 --port 8000
    curl --fail --data-binary @photo.jpg http://127.0.0.1:8000/inference --output large.png

Connections are refused until the model is loaded. Requests that arrive together are enlarged together. WORKERS
processes (1) take up to BATCH pictures each (8), and wait up to WAIT milliseconds for them (5). `--help` lists the
server's own options, such as --timeout and --max-request-size.
"""

import os
import sys
from pathlib import Path

from mosec import Server, ValidationError, Worker
from pictures import PictureError, decode, encode


MODEL = os.environ.get("MODEL", "saved_models/sesr_x2_subpixel")


class Decoding(Worker):
    """Decode one picture at a time: a batch has one status, and a picture that cannot be read must fail alone."""

    def deserialize(self, data: bytes):
        """Return the pixels of a request's body."""
        try:
            return decode(data)
        except PictureError as error:
            raise ValidationError(str(error)) from error

    def forward(self, data):
        """Return the pixels as they are."""
        return data


class Enlarging(Worker):
    """Enlarge batches of pictures."""

    def __init__(self) -> None:
        super().__init__()
        # Only this stage's processes load TensorFlow.
        from enlarging import Enlarger

        self._enlarger = Enlarger(MODEL)

    def forward(self, data):
        """Return the enlargements, in order."""
        return self._enlarger.enlarge(data)


class Encoding(Worker):
    """Encode one picture at a time, while the next batch is enlarged."""

    resp_mime_type = "image/png"

    def forward(self, data):
        """Return the pixels as they are."""
        return data

    def serialize(self, data) -> bytes:
        """Return the answer's body."""
        return encode(data)


if __name__ == "__main__":
    if not (Path(MODEL) / "saved_model.pb").is_file():
        sys.exit(f"MODEL={MODEL} is not the folder of a SavedModel; name one, such as saved_models/sesr_x2_subpixel")
    # The server's usual limit of three seconds drops requests that many others are before.
    os.environ.setdefault("MOSEC_TIMEOUT", "60000")
    workers, batch, wait = (int(os.environ.get(*each)) for each in (("WORKERS", "1"), ("BATCH", "8"), ("WAIT", "5")))
    server = Server()
    server.append_worker(Decoding)
    # With a batch of one the server would hand over a picture, not a list of pictures.
    server.append_worker(Enlarging, num=workers, max_batch_size=max(2, batch), max_wait_time=wait)
    server.append_worker(Encoding)
    server.run()
