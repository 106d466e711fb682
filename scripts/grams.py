#!/usr/bin/env python3
"""Counts how often four characters follow one another in source text, for the prefilter's choice of grams.

usage: scripts/grams.py TREE... > src/engine/grams.txt

Letters count in either case, and all digits as one, written 0. A line has three characters, and then what follows them,
each with a digit of base 36: twice the binary logarithm of how many of ten million grams are this one. What is rarer than
three in ten million, and what has another character than those of ALPHABET, is left out.
"""
import collections
import math
import os
import sys

ALPHABET = b"abcdefghijklmnopqrstuvwxyz0_-./:=\" "
ENDINGS = (
    ".c .h .cc .cpp .go .rs .py .pyi .js .mjs .ts .tsx .java .rb .php .sh .sql .tcl .lua .css .html .xml .json .yml "
    ".yaml .toml .ini .cfg .md .rst .txt .tf .vue .adoc .properties .gradle"
).split()
LARGEST = 200_000
LEAST = 3
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def folded():
    table = bytearray(256)
    for byte in ALPHABET:
        table[byte] = byte
        table[ord(chr(byte).upper())] = byte
    for digit in b"0123456789":
        table[digit] = b"0"[0]
    return bytes(table)


def files(trees):
    for tree in trees:
        for folder, folders, names in os.walk(tree):
            folders[:] = sorted(name for name in folders if name != ".git")
            for name in sorted(names):
                if os.path.splitext(name)[1] in ENDINGS:
                    yield os.path.join(folder, name)


def main(trees):
    table, counts = folded(), collections.Counter()
    for path in files(trees):
        try:
            with open(path, "rb") as file:
                text = file.read(LARGEST).translate(table)
        except OSError:
            continue
        counts.update(zip(text, text[1:], text[2:], text[3:]))
    total = counts.total()
    lines = collections.defaultdict(str)
    for gram, count in sorted(counts.items()):
        share = count * 1e7 / total
        if 0 not in gram and share >= LEAST:
            digit = DIGITS[min(35, round(2 * math.log2(share)))]
            lines[bytes(gram[:3]).decode()] += chr(gram[3]) + digit
    for head, tail in lines.items():
        print(head + tail)
    print(f"{total} grams", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
