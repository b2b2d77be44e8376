"""What stands on every volume for a person who finds it decades later without this program."""

README_TEXT = """\
THIS IS A VOLUME OF A RESEARCH DATA ARCHIVE (Lagan, volume format 1)

You can read everything here with ordinary programs. Please change nothing: if you can, make the
volume read-only first, and copy it before you try anything.

What is where
  .lagan/volume.json       what this volume is called, its unique id, when it was prepared (UTC)
  .lagan/journal/*.jsonl   what was stored here, in the order it was stored (see below)
  .lagan/snapshots/        copies of the archive's catalogue, if any
  .lagan/anchors/*.jsonl   how far the archive's record of events had come, and its seal then, in
                           entries like the journal's: whoever rewrote the record is found out
  .lagan/incoming/         files that were still arriving; never acknowledged to anybody
  everything else          the stored files, unchanged, under readable names

The journal
  Text in UTF-8, one entry a line: eight hexadecimal digits, a space, a JSON object. The digits are
  the CRC-32C (Castagnoli, RFC 3720) of the bytes after the space up to but not including the line
  feed. A last line without line feed, and any line that ends in "#torn", was cut short by a crash:
  pass over it. In a bucket, each file "N.jsonl" is a folder of pieces: put them together in the
  order of their names.

  kind "file"   a file that was stored:
      id        unique id of this entry
      file      the archive's id of the file; version: 1, 2, ... of the same file
      name      what its owner called it
      object    which object (file on this volume) holds its bytes
      offset, length   where in that object, in bytes
      size      of the file, in bytes
      crc32c, crc32    in hexadecimal, the latter as in zip; sha256, blake3 if they were taken
      stored    when, in seconds since 1970-01-01 UTC
      belongs   whose it is: dataset, path within it, owner and the like
  kind "void"   the entry with this id does not count; at: when
  kind "note"   anything else worth telling: about, data, at

Small files are kept together in packs: objects that end in .tar are plain tar archives (POSIX pax).
"tar -xf" unpacks them. Their members' digests are in the extended headers LAGAN.sha256,
LAGAN.crc32c, LAGAN.crc32; GNU tar says that it ignores these (--warning=no-unknown-keyword).

To get one file back without tar: copy "length" bytes from "offset" of "object" and compare its
SHA-256. To get all of them back with names: go through the journal, leave out the voided ids, and
copy each file to the dataset and path that "belongs" names. For each file and path the highest
version is the latest.
"""
