package remote

// Options are the settings of a DB. The zero value is the default.
type Options struct {
	Name    string // begins every error: "pgstore"
	Retries int    // of a request that may succeed later; 0 means 4, negative none
}
