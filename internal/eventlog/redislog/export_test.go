package redislog

// CanWaitForDisk reports whether a server of that version has WAITAOF.
func CanWaitForDisk(version string) bool { return canWaitForDisk(version) }

// EnoughOnDisk judges a reply of WAITAOF for a server with an append-only file.
func EnoughOnDisk(want int, acked []int64, err error) error {
	return replication{want: want, fsync: true, local: 1}.enoughOnDisk(acked, err)
}
