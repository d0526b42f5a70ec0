package casepack

// A custody gathers what the chain of custody is told from, file by file.
type custody struct{}

func (c *custody) see(name string, content []byte) {}

func (c *custody) encode(x *Index) ([]byte, error) { return []byte("{}"), nil }
