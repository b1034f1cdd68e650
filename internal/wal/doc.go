// Package wal is an append-only log of records: what was appended is durable when [Log.Append] returns, and [Replay]
// gives back every record, or says that the file is damaged.
//
// # Format
//
// Integers are little-endian; every checksum is CRC-32C (Castagnoli). A log is a file header and records, without gaps.
//
//	file header, 36 bytes
//	+-----------+-------------+----------------+---------+---------+
//	| magic (8) | version (4) | log number (4) | id (16) | CRC (4) |
//	+-----------+-------------+----------------+---------+---------+
//
//	record: a header of 32 bytes, and the payload
//	+---------+-----------------+------------+----------+-----------+
//	| CRC (4) | payload CRC (4) | length (4) | kind (1) | zeros (3) |
//	+---------+----------+------+-------+----+----------+----+------+--+
//	| log number (4)     | previous (4) | sync offset (8)    | payload |
//	+--------------------+--------------+--------------------+---------+
//
// CRC is over the id of the file and the rest of the record's header, and so over the checksum of the payload. It
// lets a reader believe the length before it reads the payload, and find a header anywhere in the file without
// trusting a length. With id and number in it, no byte of another log is taken for a record of this one.
//
// Previous is the CRC of the record before (of the file header, for the first). It gives each record its one place: a
// record that is missing, moved, or left over from an earlier life of the file breaks the chain.
//
// Kind is 1 for data; 2 for a mark and 3 for the end of a log that was closed, both without payload. Where something
// was cut off, a failed write or a torn tail, a mark comes first whose payload CRC is a random number, so that
// nothing that once stood behind that place can ever continue the chain.
//
// Sync offset is a promise: when this record was written, the log was durable up to that offset. A mark is written
// behind each group of records when they are durable, unless the next group follows at once; it is not synced itself.
// It costs 32 bytes and no wait, and vouches for the last group, behind which there is nothing else that could.
//
// # A torn tail, and corruption
//
// When the power fails while records are being written, sectors of them reach the disk in any order or not at all,
// and in place of the others there are zeros or old bytes. Such a tail holds nothing that was acknowledged: [Replay]
// reports it, and [Reopen] cuts it off. A changed byte in a record that was acknowledged is corruption, and an error
// that matches [ErrCorrupt].
//
// The rule: let X be the offset of the first record that is not whole. If an intact record header anywhere behind X
// promises more than X, or the caller knows that the log was durable beyond X ([ReplayOptions.Durable]), it is
// corruption. Otherwise it is a torn tail. That a whole record stands behind X decides nothing: the records of one
// group are written at once, and the second may survive where the first does not.
//
// So a change is found whatever byte it hits, a length included, in
//   - a log that was closed: the end record vouches for all;
//   - a log whose program ended without closing it, while the system went on: so does the last mark;
//   - after a power failure, every group but the last, and the last too when the system had written its mark.
//
// What cannot be told from a torn tail, because a crash could have left the same bytes: damage to the last group,
// when the power failed before its mark was on the disk; damage that takes, with the last records, also all that
// vouches for them, such as a file cut short. A caller closes that gap where it keeps the length of a log elsewhere,
// or knows that a log must have been closed ([Result.Clean]).
//
// A log of another store, or an old log under a new name, is intact in itself. Give [ReplayOptions] the id and the
// number.
//
// # Failures
//
// A write that fails (a full disk) is cut off again, and the log stays usable. A sync that fails ends the log: nobody
// can know what is on the disk, and a second sync may say yes to what the first has lost. See [ErrFailed].
//
// [Log] keeps no goroutine and no timer.
package wal
