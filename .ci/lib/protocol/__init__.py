"""A second implementation of Protocol.md, written from that text alone: no code of AskOnce was looked at.

It encodes pushes, decodes blocks and runs, recomputes sums, folds states and computes digests, and it is a small HTTP
client. What it computes is compared with what AskOnce says, so two readings of the text must agree. It is meant to be
read beside Protocol.md; the section numbers are those of that file.
"""
from .blocks import block_text, follows, gzip_member, gzip_members, parse_blocks, zlib_stream
from .change import Change, Damaged, checked_line, new_replica, split_id
from .client import Client, Refused
from .states import digest, stubbed
