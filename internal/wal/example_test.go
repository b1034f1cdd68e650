package wal_test

import (
	"fmt"

	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/internal/wal"
)

func Example() {
	disk := memfs.New() // or vfs.OpenDir
	o := wal.Options{ID: [16]byte{1, 2, 3}, Number: 1}
	log, err := wal.Create(disk, "000001.wal", o)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(log.Append([]byte("one record, "), []byte("of two parts")))

	// The power fails here.
	disk = disk.Crash(memfs.Nothing, nil)
	found, err := wal.Replay(disk, "000001.wal", &wal.ReplayOptions{ID: o.ID, Number: 1}, func(payload []byte) error {
		fmt.Printf("%s\n", payload)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	log, err = wal.Reopen(disk, "000001.wal", o, found)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(log.Append([]byte("another")), log.Close())
	// Output:
	// <nil>
	// one record, of two parts
	// <nil> <nil>
}
