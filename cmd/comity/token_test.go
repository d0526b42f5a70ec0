//go:build pkcs11 && cgo

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestTokenScripts play with officers whose keys are on a software token (SoftHSM):
// $TOKENS has the token "officers", the PIN is in pin.
func TestTokenScripts(t *testing.T) {
	util, module := os.Getenv("SOFTHSM2_UTIL"), os.Getenv("SOFTHSM2_MODULE")
	if util == "" {
		util = "softhsm2-util"
	}
	if _, err := exec.LookPath(util); err != nil {
		t.Skip("no softhsm2-util: make test-token gets it")
	}
	if module == "" {
		module = "/usr/lib/softhsm/libsofthsm2.so"
	}
	testscript.Run(t, scripts(t, filepath.Join("testdata", "token"), func(e *testscript.Env) error {
		dir := filepath.Join(e.WorkDir, "softhsm")
		conf := filepath.Join(e.WorkDir, "softhsm2.conf")
		text := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", dir)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			return err
		}
		e.Setenv("SOFTHSM2_CONF", conf)
		e.Setenv("MODULE", module)
		init := exec.Command(util, "--module", module, "--init-token", "--free", "--label", "officers",
			"--so-pin", "so-secret", "--pin", "officer-pin")
		init.Env = append(os.Environ(), "SOFTHSM2_CONF="+conf)
		if out, err := init.CombinedOutput(); err != nil {
			return fmt.Errorf("init the token: %w: %s", err, out)
		}
		return nil
	}))
}
