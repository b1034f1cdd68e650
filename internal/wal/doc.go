// Package wal is an append-only log of records: what was appended is durable when [Log.Append] returns, and [Replay] gives
// back every record, or says that the file is damaged.
//
// # Format
//
// All integers are little-endian; every checksum is CRC-32C (Castagnoli). A log is a file header and records, without
// gaps.
//
//	file header, 36 bytes
//	+-----------+-------------+----------------+--------+---------+
//	| magic (8) | version (4) | log number (4) | id (16)| CRC (4) |
//	+-----------+-------------+----------------+--------+---------+
//
//	record: a header of 32 bytes, and the payload
//	+---------+-----------------+------------+----------+-----------+----------------+--------------+-----------------+---------+
//	| CRC (4) | payload CRC (4) | length (4) | kind (1) | zeros (3) | log number (4) | previous (4) | sync offset (8) | payload |
//	+---------+-----------------+------------+----------+-----------+----------------+--------------+-----------------+---------+
//
// CRC is over the id of the file, the offset of the record in the file, and the rest of the record's header. It covers the payload
// through the payload's own checksum; being apart, it tells whether the length can be believed before a byte of the
// payload is read, and lets a reader find a later record without trusting an earlier length. As id, number and offset go into it, the bytes of another log, of an older
// file on the same disk blocks, or of the same log at another place are no record.
//
// Previous is the CRC of the record before (of the file header, for the first). It refuses a stale record that once
// stood at this very place, behind a tail that was cut off.
//
// Kind is 1 for data; 2 for a mark and 3 for the end of a log that was closed, both without payload.
//
// Sync offset is a promise: when this record was written, the log was durable up to that offset. A mark is written behind
// each group of records once they are durable, unless the next group follows at once, and is not synced itself.
// It costs 32 bytes and no wait, and is there to vouch for the last group: without it, nothing behind that group would.
//
// # A torn tail, and corruption
//
// Power fails while records are being written: sectors of them reach the disk in any order or not at all, and in place of the others there are zeros or old bytes.
// Such a tail holds nothing that was acknowledged; [Replay] reports it, and [Reopen] cuts it off. A
// changed byte in a record that was acknowledged is corruption, and an error that matches [ErrCorrupt].
//
// The rule: let X be the offset of the first record that is not whole. If any intact record header behind X has a sync offset beyond X, or
// the caller knows from elsewhere that the log was durable beyond X ([ReplayOptions.Durable]), it is corruption. Otherwise it is
// a torn tail. Whether a whole record stands behind X decides nothing by itself: the records of one group are written at once, and the
// second may survive where the first does not.
//
// So a changed byte is found whatever it is, a length included, in
//   - a log that was closed: every record is followed by the end record;
//   - a log whose program ended without closing it (the page cache survives it): every record is followed by a later group or by a mark;
//   - every group but the last of a log after a power failure, and the last one too when the operating system had the time to write its mark.
//
// What cannot be told from a torn tail, because the bytes on the disk could be the same in both cases: damage to the last group, when the power
// failed before its mark was written; and a file cut at the start of a group or anywhere in its last group and
// all that vouches for it (a copy that ended early). A caller that keeps the length of a closed log elsewhere, or knows that a log must have been closed
// ([Result.Clean]), closes that too.
//
// # Failures
//
// A write that fails (a full disk) is cut off again, and the log stays usable. A sync that fails ends the log:
// nobody can know what is on the disk, and asking the kernel again may get a lie for an answer. See [ErrFailed].
package wal
