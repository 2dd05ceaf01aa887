"""Copies the dialogues with the given numbers, byte for byte, in the order of the file."""
import json
import sys

wanted = {int(number) for number in sys.argv[1:]}
for line in sys.stdin.buffer:
    if json.loads(line)["DialogueID"] in wanted:
        sys.stdout.buffer.write(line)
