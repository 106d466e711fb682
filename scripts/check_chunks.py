#!/usr/bin/env python3
"""Runs the checks of the PyPI package `chunk-invariance` against `keysieve redact`.

usage: pip install chunk-invariance && scripts/check_chunks.py [BINARY]

Every split of each text in two, and every split of short ones in three, is written into the command piece by piece, the
next one once the last one has been read. What comes out must be what the whole text gives. Texts are bytes, so that UTF-8
sequences are split, too. Linux only: it asks the pipe whether it is empty.
"""
import array
import fcntl
import random
import string
import subprocess
import sys
import termios
import time

from chunk_invariance import assert_chunk_invariant

BINARY = sys.argv[1] if len(sys.argv) > 1 else "target/release/keysieve"


def is_read(pipe):
    left = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, left)
    return left[0] == 0


def stream(chunks):
    with subprocess.Popen([BINARY, "redact"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as command:
        for chunk in chunks:
            command.stdin.write(chunk)
            while not is_read(command.stdin):
                time.sleep(0.0002)
        command.stdin.close()
        yield command.stdout.read()
    assert command.returncode == 0, command.returncode


def whole(text):
    return subprocess.run([BINARY, "redact"], input=text, check=True, stdout=subprocess.PIPE).stdout


def texts():
    """Texts, how each is split (in two, or in up to so many parts), and whether there is a secret in it."""
    number = random.Random(1)

    def some(length, alphabet=string.ascii_letters + string.digits):
        return "".join(number.choice(alphabet) for _ in range(length))

    begin = "-----BEGIN " + "PRIVATE KEY-----"
    two = "all-two-part"
    yield f"a password = '{some(14)}' b\n", 3, True
    yield f"postgres://app:{some(16)}@db.internal/x é\r\n", two, True
    yield f"x\n{begin}\n{some(64)}\n{some(64)}", two, True
    yield f"line é {chr(27)}[31mred{chr(27)}[0m \0 user@host:~$ ", 3, False
    yield f'{{"aws": "AKIA{some(16, string.ascii_uppercase + "234567")}", "api_key": "{some(32)}"}}\n', two, True


def main():
    for text, splits, has_secret in texts():
        text = text.encode()
        assert has_secret == (b"[REDACTED:" in whole(text)), "a text does not hold what it should"
        count = assert_chunk_invariant(stream, whole, text, splits=splits)
        print(f"{len(text)} bytes, {splits}: the same for {count} splits")


if __name__ == "__main__":
    main()
