#!/usr/bin/env python3
"""Counts how often three characters follow one another in source text, for the prefilter's choice of grams.

usage: scripts/trigrams.py TREE... > src/engine/trigrams.txt

Letters count in either case. The table has a line for each pair of first and second character and a column for the
third, in the order of ALPHABET, where the last stands for everything else. A value is twice the binary logarithm of
how many of a billion trigrams are this one, as a digit of base 36, 0 where there is none.
"""
import math
import os
import sys

ALPHABET = b"abcdefghijklmnopqrstuvwxyz0_-./:=\" "
OTHER = len(ALPHABET)
WIDTH = OTHER + 1
ENDINGS = (
    ".c .h .cc .cpp .go .rs .py .pyi .js .mjs .ts .tsx .java .rb .php .sh .sql .tcl .lua .css .html .xml .json .yml "
    ".yaml .toml .ini .cfg .md .rst .txt .tf"
).split()
LARGEST = 200_000
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def kinds():
    table = [OTHER] * 256
    for number, byte in enumerate(ALPHABET):
        table[byte] = number
        table[ord(chr(byte).upper())] = number
    for digit in b"0123456789":
        table[digit] = ALPHABET.index(b"0")
    return bytes(table)


def files(trees):
    for tree in trees:
        for folder, folders, names in os.walk(tree):
            folders[:] = [name for name in folders if name != ".git"]
            for name in names:
                if os.path.splitext(name)[1] in ENDINGS:
                    yield os.path.join(folder, name)


def main(trees):
    table, counts = kinds(), [0] * WIDTH**3
    for path in files(trees):
        try:
            with open(path, "rb") as file:
                text = file.read(LARGEST).translate(table)
        except OSError:
            continue
        for first, second, third in zip(text, text[1:], text[2:]):
            counts[(first * WIDTH + second) * WIDTH + third] += 1
    total = sum(counts)
    for row in range(WIDTH**2):
        line = counts[row * WIDTH : (row + 1) * WIDTH]
        shares = (count * 1e9 / total for count in line)
        print("".join(DIGITS[min(35, max(0, round(2 * math.log2(share)))) if share > 1 else 0] for share in shares))
    print(f"{total} trigrams", file=sys.stderr)


main(sys.argv[1:])
