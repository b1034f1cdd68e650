//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// setUser makes a command run as another user.
func setUser(c *exec.Cmd, id uint32) {
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
}
