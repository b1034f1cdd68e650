package realdata

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"module/pkg/sub", "shared/data/set", "other/set"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "module/go.mod"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(root, "module/pkg/sub"))
	t.Setenv(Variable, "")
	if dir, err := Find("set"); err != nil || filepath.Base(filepath.Dir(filepath.Dir(dir))) != "shared" {
		t.Errorf("beside the module: %q, %v", dir, err)
	}
	if dir, err := Find("absent"); err == nil {
		t.Errorf("found %q", dir)
	}
	t.Setenv(Variable, filepath.Join(root, "other"))
	if dir, err := Find("set"); err != nil || dir != filepath.Join(root, "other", "set") {
		t.Errorf("by the environment: %q, %v", dir, err)
	}
}
