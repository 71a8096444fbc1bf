"""Writes the packed seeds of this directory as the files that libFuzzer reads.

usage: expand_seeds.py <kind> <directory>

The seeds of a kind are <kind>_seeds.txt here, one a line: bytes as hexadecimal digits, a text as a
JSON string.
"""

import json
import pathlib
import sys

TEXTS = ("address", "command", "source_list", "text")
BYTES = ("control", "datagram", "handshake", "packet", "stream")


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[1] not in TEXTS + BYTES:
        print(__doc__.strip().splitlines()[2], file=sys.stderr)
        return 2
    kind, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    seeds = pathlib.Path(__file__).with_name(kind + "_seeds.txt").read_text(encoding="utf-8")
    for number, line in enumerate(seeds.splitlines()):
        data = bytes.fromhex(line) if kind in BYTES else json.loads(line).encode("utf-8")
        (directory / f"seed_{number:04}").write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
