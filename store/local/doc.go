// Package local is the embedded store: it keeps chunks, their vectors and
// words, and the records of documents in a directory or in memory, in the
// process that uses them.
//
// # Why
//
// A program that wants to find passages should not need a server, and what it
// was told is written must be there when the power comes back. The store has
// files of its own because nothing less checks every byte that it reads: a
// flipped bit is an error here, never another text or vector.
//
// # How it works
//
// A change goes through five hands, each a file of this package:
//
//	namespace.go  checks it and encodes it
//	commit.go     puts it in line; whoever is at work takes all that wait as a group
//	journal.go    writes the group to the log and syncs once
//	table         puts it into memory, beside the state before it, and publishes it
//	commit.go     tells the callers
//
// All of the store is in memory, a table for each namespace: chunks by ID, document and source, an
// inverted index of the words, and the vectors in contiguous pages. Each record knows the change
// that wrote it and the one that ended it, so a reader picks a sequence number and sees the state
// after that change, whatever is written meanwhile; what no reader can see any more is freed.
// Opening reads the logs again.
//
// Search is exact. Filters come before ranking: one that names IDs, documents or
// sources leads to its chunks at once, any other is asked of each chunk. Words are ranked
// by BM25 with the statistics of the whole namespace (package internal/bm25),
// vectors by the cosine, and ties by ID.
//
// A log that has grown to [Options.LogBytes] is followed by another. When most
// of what the logs hold is dead, the state is written to a checkpoint, and the
// logs before it are removed.
//
// # Promises
//
// Each names the tests that hold it, or says that it does not hold yet.
//
// P1 durable: after Write or Drop returned nil, the change survives the death
// of the program, of the system, and a power failure, on a disk that honours
// flushes. TestCrash, TestKill, TestSabotage.
//
// P2 atomic: of a change there is all or nothing, for readers and after a
// crash. TestCrash, TestKill, TestConcurrent.
//
// P3 snapshot: a call sees the state after some change, whole, no older than
// what was acknowledged before it; a Snapshot shows one state to several
// calls; readers never wait for the disk. TestConcurrent, TestHistories,
// TestReadersDoNotWait.
//
// P4 integrity: a byte of any file that is changed, missing or elsewhere gives
// the right data or store.ErrCorrupt, never wrong data and never a panic.
// TestDamage, TestManifestBits, FuzzOpen, FuzzManifest. See the caveat on the
// last change before a power failure.
//
// P5 derived: indexes are made anew from the logs whenever the store is
// opened, so that none can be lost. TestHistories.
//
// P6 one writer: a store that is open is refused to everybody else, with the
// process that has it. TestLock, TestKill.
//
// P7 faults: a disk that fails, is full or read-only gives an error that wraps
// the cause; what was published stays readable, and opening again recovers.
// TestFaults, TestFullDisk, TestFullTmpfs, TestReadOnlyDisk, TestReadOnlyMount.
//
// P8 same answers: after opening again, searches give the same IDs and the
// same bits of scores. TestHistories, TestCrash, TestConformanceOnDisk.
//
// P9 old files open: does not hold yet; there is no release to keep. What an entry of the log
// looks like is held by TestGolden.
//
// P10 erasure: does not hold yet. What was deleted stays in the logs until a
// checkpoint replaces them.
//
// P11 quiet: after Close there is no goroutine, open file or lock.
// TestQuiet, TestCrash.
//
// P12 bounded memory: does not hold yet, since all of the store is in memory.
// What is dead takes no more than a third of what lives, unless a snapshot
// keeps it. TestDeadIsFreed.
//
// # Format
//
// A store is a directory with these files. Integers are little-endian, and every
// checksum is CRC-32C.
//
//	LOCK         locked while the store is open; the process that has it
//	MANIFEST     which files make up the store; replaced as a whole
//	log-NNNNNN   changes, in the order of the manifest (package internal/wal)
//	base-NNNNNN  a checkpoint: in the form of a log, the state before the logs
//
// The manifest:
//
//	 8 bytes  "QuarryDB"
//	 4        version of the format, 1
//	16        random identity of the store, which the logs carry too
//	 4        the number that the next file gets
//	 8        sequence number of the state in the checkpoint; 0: there is none
//	 8        segments: 0 in this version
//	 4        how many files follow, the checkpoint first:
//	            4  number
//	            8  length up to which the file is known to be durable
//	 4        checksum of what is before it
//
// A record of a log is a byte of flags (1: a group begins, 2: it ends) and a
// part of a group: the entries of one or more changes, as package
// store/local/internal/record describes them. A group without its end was never acknowledged,
// and is passed over. Each entry carries the sequence number of its change, without
// gaps from the checkpoint on, so that a log that is missing or cut is noticed.
//
// What makes a crash at any moment harmless is an order: a log is listed
// before it takes changes, a change is in the log and synced before it is seen
// or acknowledged, a checkpoint is synced before it is listed, and what it
// replaces is removed after that. A log that is not listed holds nothing, or
// the store is corrupt.
//
// # Caveats
//
//   - The whole store is in memory: a chunk of 1 KB of text takes 3.2 KB, and
//     4 bytes more for each dimension of its vector. The garbage collector lets
//     a process that fills a store grow to about twice that: 83,000 chunks of
//     the source of Go peak at 760 MB, and with GOMEMLIMIT=400MiB at 470 MB.
//     Opening reads the logs and indexes the words, some 20 MB of text a second.
//   - A namespace costs no open file and about 5 KB of memory when it holds
//     one small document; 10,000 of them open in less than a second
//     (BenchmarkNamespaces prints both).
//   - Writes wait while a checkpoint is written, and while [DB.Check] runs; readers
//     do not.
//   - If power fails within moments of the last change, before the system wrote
//     the mark behind it, later damage to the bytes of that very change looks like a write that the
//     power cut short. The change is then missing, and nothing says so. After
//     Close, or one more change, the damage is noticed.
//   - After a failed sync the DB takes no more writes, since nobody can know
//     what is on the disk; open it again.
//   - The lock is advisory (flock, LockFileEx): it keeps other users of this
//     package out, not other programs. On a network file system it is as good as
//     that file system makes it. Where the system has no locks, Open
//     fails with [errors.ErrUnsupported].
//   - A filter that is not by ID, document or source is asked of every chunk.
package local
